"""chart.js in a real page, without a notebook: its numbers, what it draws, what it does when Stop is pressed."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from lab import evaluate
from ledgers import fill, hold

from o1magic import cost, overview, picture
from o1magic.answer import Usage
from o1magic.ledger import Ledger, Outcome

CHART = Path(__file__).parents[2] / "o1magic" / "jupyter" / "chart.js"
SOURCE = CHART.read_text(encoding="utf-8")

LOAD = """async source => {
    window.chart = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    document.body.innerHTML = '<div id="here" style="width: 880px"></div>';
    window.did = [];
    window.hands = {stop: id => window.did.push('stop ' + id), interrupt: () => window.did.push('interrupt')};
}"""
# As text: to hand over a million values one by one takes the browser's driver ten seconds.
SHOW = """async ([snapshot, options]) => {
    window.state = window.chart.read(JSON.parse(snapshot));
    window.panel ??= window.chart.mount(document.querySelector('#here'), window.hands);
    window.panel.show(window.state, options);
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


@pytest.fixture
def page(watched_page):
    page, watch = watched_page
    page.goto("about:blank")
    evaluate(page, LOAD, SOURCE)
    yield page
    assert watch.errors == watch.foreign == watch.dialogs == []


def snapshot(ledger, session="s", **more):
    """Return what the kernel would send of a ledger."""
    rows = [overview.entry(row, session) for row in reversed(ledger.rows(overview.MOST_ROWS))]
    today = f"{ledger.rows(1)[0].created.astimezone():%Y-%m-%d}" if rows else ""
    numbers = {"seq": 0, "count": 0, "today": today, "running": [], "budgets": []}
    return (
        {"columns": overview.COLUMNS, "rows": rows, "totals": overview.totals(ledger.spend(session))} | numbers | more
    )


def show(page, told, **options):
    """Draw a snapshot and wait until it is drawn."""
    evaluate(page, SHOW, [json.dumps(told), options])


def running(**more):
    told = {"id": "a", "model": "o3", "effort": "high", "said": "thinking", "elapsed_s": 61.5, "hold_nano_usd": 10**9}
    return {**told, "simulated": False, "waits": True, **more}


def test_the_module_stands_alone() -> None:
    """It imports nothing, requests nothing, builds no markup from text, and its types name what it exports."""
    types = CHART.with_suffix(".d.ts").read_text(encoding="utf-8")

    code = re.sub(r"(?m)^\s*(//|\*|/\*).*$", "", SOURCE)
    assert not re.search(r"\bimport\b|\bfetch\b|innerHTML|insertAdjacentHTML|outerHTML|\beval\b|document\.write", code)
    assert set(re.findall(r"https?://[^\s\"']+", code)) == {"http://www.w3.org/2000/svg"}
    exported = re.compile(r"^export (?:function|const) (\w+)", re.MULTILINE)
    assert sorted(exported.findall(SOURCE)) == sorted(exported.findall(types))


def test_money_reads_as_it_does_in_python(page) -> None:
    """Every amount is the same text, to the digit, on both sides."""
    chance = random.Random(4)  # noqa: S311 - numbers to try
    amounts = [0, 1, -1, 5, 999_949, 10**9, 10**9 - 1, 1_005_000_000, 1_015_000_000, None]
    amounts += [chance.randrange(10 ** chance.randrange(1, 15)) for _ in range(500)]

    shown = evaluate(page, "amounts => amounts.map(window.chart.dollars)", amounts)

    assert [cost.dollars(amount) for amount in amounts] == shown


def test_scales_end_where_the_still_picture_s_do(page) -> None:
    """The live chart and the picture of it have the same axis."""
    most = [0, 1, 3, 5, 6, 99, 100, 101, 2_049, 20_001, 5 * 10**7]

    assert evaluate(page, "most => most.map(window.chart.roundUp)", most) == [picture.nice(one) for one in most]


def test_news_change_add_and_are_missed_in_sight(page, tmp_path) -> None:
    """A known call is replaced in its place, a new one follows; news that came too late are told from old ones."""
    fill(tmp_path / "l.sqlite3", 3, session="s")
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        told = snapshot(ledger)
    changed = [*told["rows"][1][:9], 7, *told["rows"][1][10:]]
    added = ["new", *told["rows"][1][1:]]
    rest = {key: told[key] for key in ("columns", "today", "totals", "running", "budgets")}
    whole = {**rest, "rows": [changed, added], "from": 0, "seq": 2, "count": 5}
    gap = {**rest, "rows": [], "from": 4, "seq": 6, "count": 6}
    old = {**rest, "rows": [told["rows"][1]], "from": 0, "seq": 1, "count": 4}

    result = evaluate(
        page,
        """([snapshot, whole, gap, old]) => {
            const state = window.chart.read(snapshot);
            const kept = [whole, old, gap].map(news => window.chart.apply(state, news));
            return {kept, ids: state.calls.map(call => call.id), prompt: state.calls[1].prompt, seq: state.seq};
        }""",
        [told, whole, gap, old],
    )

    assert result == {
        "kept": [True, True, False],
        "ids": [*(f"{i:032x}" for i in range(3)), "new"],
        "prompt": 7,
        "seq": 2,
    }


def test_bars_and_sums_add_up_to_the_totals(page, tmp_path) -> None:
    """However many calls share a bar, bars times calls are the ledger's sums, and the line ends at the total."""
    fill(tmp_path / "l.sqlite3", 1_000, session="s")
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        told, total = snapshot(ledger), ledger.spend("s").session

    for most in (1_000, 200, 3):
        made = evaluate(
            page,
            """([snapshot, most]) => {
                const {calls, totals} = window.chart.read(JSON.parse(snapshot));
                const {each, bars} = window.chart.bars(calls, most);
                const sum = kind => bars.reduce((sum, bar) => sum + bar[kind] * (bar.to - bar.from), 0);
                const [reasoning, visible, untold] = ['reasoning', 'visible', 'untold'].map(sum).map(Math.round);
                const end = window.chart.sums(calls, bars, totals.session).at(-1);
                return {each, count: bars.length, reasoning, visible, untold, end};
            }""",
            [json.dumps(told), most],
        )
        assert made["count"] <= most
        assert made["reasoning"] == total.reasoning_tokens
        assert made["visible"] == total.visible_tokens
        assert made["untold"] == total.completion_tokens - total.reasoning_tokens - total.visible_tokens > 0
        assert made["end"] == {"reasoning": total.reasoning_tokens, "output": total.completion_tokens}


def test_unknown_and_simulated_are_said(page, tmp_path) -> None:
    """Unknown is a word, a lower bound or an open box, never 0; what is simulated is marked in every place."""
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        hold(ledger, "a")
        ledger.settle("a", Outcome("unknown", None, Usage(), None, None, 1, 1.0, "TransportError"))
        show(page, snapshot(ledger))
        cells = page.locator(".o1-table tbody tr:not([aria-hidden]) td").all_text_contents()
        assert cells[3:7] == ["unknown"] * 4
        assert page.locator(".o1-value").all_text_contents()[1:] == ["unknown", "unknown", "unknown"]
        assert "cost of 1 unknown" in page.locator(".o1-figures").inner_text()
        assert page.locator(".o1-fill-unknown").first.get_attribute("d")
        hold(ledger, "b", simulated=True)
        ledger.settle("b", Outcome("settled", None, Usage(5, 0, 6, 9, estimated=True), 10**7, None, 1, 1.0, "stop"))
        show(page, snapshot(ledger))

    assert page.locator(".o1-pill").count() == 1
    assert page.locator("td", has_text="($0.01)").count() == 1
    assert page.locator("td", has_text="≈6").count() == 1
    assert "simulated would be $0.01" in page.locator(".o1-figures").inner_text()
    assert "simulated" in page.locator(".o1-readout").inner_text()
    assert page.locator(".o1-played.o1-fill-reasoning").get_attribute("d")


def test_names_from_the_wire_stay_text(page, tmp_path) -> None:
    """Markup in a model's name, an effort, a finish reason or a budget is shown, and nothing of it runs."""
    evil = "<img src=x onerror=alert(1)>"
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        hold(ledger, "a", model=evil, effort=evil)
        ledger.settle("a", Outcome("settled", evil, Usage(5, 0, 6, 9), 1, None, 1, 1.0, evil))
        budget = {"name": evil, "per": evil, "unit": "nano_usd", "limit": 1, "spent": 2, "held": 0, "warned": True}
        told = snapshot(ledger, budgets=[budget], running=[running(model=evil, said=evil)], problem=evil)
    show(page, told)

    assert page.locator(".o1-panel img").count() == 0
    assert page.locator(".o1-panel").inner_text().count(evil) >= 6


@pytest.mark.parametrize("count", [0, 1, 40, 10_000])
def test_any_number_of_calls_fits_and_draws_in_a_frame(page, tmp_path, count) -> None:
    """Few nodes, nothing wider than the page; the news of a call are drawn within the frame of a sixtieth second."""
    fill(tmp_path / "l.sqlite3", min(count, 100), session="s")
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        told = snapshot(ledger)
    told["rows"] = [[f"{i} {row[0]}", *row[1:]] for i in range(max(1, count // 100)) for row in told["rows"]]
    assert len(told["rows"]) == count
    show(page, told)

    drawn_ms = evaluate(
        page,
        """async row => {
            const real = window.requestAnimationFrame, took = [];
            window.requestAnimationFrame = draw => real(now => {
                const began = performance.now();
                draw(now);
                document.querySelector('.o1-panel').getBoundingClientRect();
                took.push(performance.now() - began);
            });
            for (let i = 0; i < 20 && row; i++) {
                const {columns, today, totals, running, budgets} = {...window.state, columns: row.columns};
                const rows = [[`new ${i}`, ...row.row.slice(1)]];
                const news = {columns, today, totals, running, budgets, rows, from: i, seq: i + 1, count: i + 1};
                window.chart.apply(window.state, news);
                window.panel.show(window.state);
                await new Promise(done => real(() => real(done)));
            }
            window.requestAnimationFrame = real;
            return took.sort((a, b) => a - b);
        }""",
        {"columns": told["columns"], "row": told["rows"][-1]} if count else None,
    )

    assert page.locator(".o1-panel *").count() < 700
    assert evaluate(page, "() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.locator(".o1-empty").is_visible() is (count == 0)
    if count:
        assert len(drawn_ms) >= 20
        assert drawn_ms[10] < 50  # the median; 3 to 6 ms on a machine with nothing else to do


def test_stop_interrupts_only_the_call_it_was_pressed_for(page) -> None:
    """A message first; an interrupt where after 0.3 s that same call still runs and a cell waits for it."""
    empty = {"columns": overview.COLUMNS, "rows": [], "totals": {}, "budgets": [], "today": ""}

    def press(first, then, *, alive=True):
        show(page, {**empty, "running": []})
        show(page, {**empty, "running": first})
        evaluate(page, "() => { window.did.length = 0; document.querySelector('.o1-stop').click(); }")
        assert page.locator(".o1-stop").inner_text() == "Stopping …"
        show(page, {**empty, "running": then})
        evaluate(page, "alive => window.panel.alive(alive)", alive)
        page.wait_for_timeout(400)
        return evaluate(page, "() => window.did")

    one, two, three, four = (running(id=name) for name in ("one", "two", "three", "four"))
    assert press([one], [one]) == ["stop one", "interrupt"]
    assert press([two], []) == ["stop two"]
    assert press([three], [one]) == ["stop three"]
    four["waits"] = False
    assert press([four], [four]) == ["stop four"]
    five = running(id="five")
    assert press([five], [five], alive=False) == ["stop five"]
    page.wait_for_selector(".o1-problem:not([hidden])")
    assert page.locator(".o1-stop").count() == 0


def test_a_call_that_goes_over_to_something_else_keeps_its_stop_button(page) -> None:
    """A retry that counts down, say: the word changes, and a press that has begun is not lost."""
    told = {"columns": overview.COLUMNS, "rows": [], "totals": {}, "budgets": [], "today": ""}
    show(page, {**told, "running": [running()]})
    evaluate(page, "() => { window.kept = document.querySelector('.o1-stop'); }")

    show(page, {**told, "running": [running(said="writing", elapsed_s=70.2)]})

    page.wait_for_selector(".o1-doing >> text=writing")
    assert page.evaluate("() => window.kept === document.querySelector('.o1-stop')")
    page.wait_for_function("() => document.querySelector('.o1-clock').textContent >= '1:10'", timeout=3_000)


def test_the_clock_goes_on_by_itself(page) -> None:
    """It starts where the kernel says and turns without news."""
    told = {"columns": overview.COLUMNS, "rows": [], "totals": {}, "budgets": [], "today": "", "running": [running()]}

    show(page, told)

    assert page.locator(".o1-clock").inner_text() == "1:01"
    page.wait_for_function("() => document.querySelector('.o1-clock').textContent === '1:02'", timeout=3_000)


def test_budgets_show_what_is_spent_held_and_over(page) -> None:
    """Each is a meter with its numbers in words; one that is passed says by how much."""
    fields = ("name", "per", "unit", "limit", "spent", "held", "warned", "simulated")
    budgets = [
        ("session", "session", "nano_usd", 2 * 10**9, 5 * 10**8, 10**9, False, False),
        ("class-7", "month", "tokens", 1_000, 1_200, 0, True, True),
    ]
    told = {"columns": overview.COLUMNS, "rows": [], "totals": {}, "today": "", "running": []}

    show(page, {**told, "budgets": [dict(zip(fields, one, strict=True)) for one in budgets]})

    meters = page.get_by_role("meter")
    assert [meters.nth(i).get_attribute("aria-label") for i in range(2)] == [
        "Budget session",
        "Budget class-7 per month (simulated)",
    ]
    assert page.locator(".o1-state").all_text_contents() == [
        "$0.50 of $2.00 · $1.00 held · 25 % used",
        "1,200 tokens of 1,000 tokens · over by 200 tokens",
    ]
    shares = [page.locator(".o1-spent").first, page.locator(".o1-held").first]
    assert [one.evaluate("node => node.style.width") for one in shares] == ["25%", "50%"]
    assert json.loads(meters.first.get_attribute("aria-valuenow")) == 5 * 10**8
