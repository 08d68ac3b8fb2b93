"""A prompt while it is written, in a real JupyterLab: findings, fixes, keys, completion, what sending would take."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from lab import evaluate, lab_server, open_notebook, run_cell, write_notebook

import o1magic

ROOT = Path(__file__).parents[2]
CUE = "Think step by step"
CELLS = {
    "write": ["x = 1", ""],
    "wide": [f"%%o1 -m o3\n😀𝒳 这是一个问题。{CUE}. Is 391 prime? 𝒳"],
    "between": [f"%%o1 -m o3\nIs 391 prime? {CUE}."],
    "inline": [f"x = 1\n%o1 lint Is 391 prime? {CUE}.\ny = x"],
    "walk": [
        f"%%o1 -m o3\nIs 391 prime? {CUE}.",
        f"# {CUE}",
        "%%o1 --modell o3\nHello",
        "%%o1 -m o3\nFix this:\ndef f(x):\n    return x +\n\nand sum this:\na,b\n1,2\n3,4\n",
    ],
    "line": ["%load_ext o1magic\n%o1 budget 2.00\ntable = 'n,m'\ntapir = 1", "%%o1\nIs {{table}} prime?\n- *one*\n"],
    "settings": [f"%%o1 -m o3\nIs 391 prime? {CUE}."],
    "looks": [f"%%o1 -m o3 --effort high\nIs 391 prime? {CUE}. Use {{{{table}}}}.\n- a *list*", "print('Python')"],
}

SOURCE = "i => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.source"
PLACE = """([index, at]) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    notebook.mode = 'edit';
    const editor = notebook.activeCell.editor;
    editor.focus();
    editor.editor.dispatch({selection: {anchor: at}});
}"""
WHERE = """() => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const {from, to} = notebook.activeCell.editor.editor.state.selection.main;
    return [notebook.activeCellIndex, notebook.activeCell.model.sharedModel.source.slice(from, to)];
}"""
COMMAND = "([name, args]) => window.jupyterapp.commands.execute(name, args)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    for name, sources in CELLS.items():
        write_notebook(root, name, sources)
    with lab_server(root, {"PYTHONPATH": str(ROOT), "O1MAGIC_LEDGER": str(root / "ledger.sqlite3")}) as running:
        yield running


@pytest.fixture
def opened(lab, watched_page):
    """Give what opens a notebook: it returns the page and the list that its questions to the linter go to."""
    page, watch = watched_page
    asked = []

    def listen(request):
        if request.method == "POST" and request.url.partition("?")[0].endswith("/o1magic/lint"):
            asked.append(request.post_data_json)

    page.on("request", listen)

    def open_(name):
        open_notebook(page, lab, f"{name}.ipynb")
        return page, asked

    yield open_
    assert watch.errors == []
    assert watch.foreign == []


def source(page, index):
    return evaluate(page, SOURCE, index)


def place(page, index, at):
    evaluate(page, PLACE, [index, at])


def until(page, index, text):
    page.wait_for_function(f"([i, text]) => ({SOURCE})(i) === text", arg=[index, text], timeout=20_000)


def underlined(page):
    """Wait for a finding and return the words under which it stands."""
    page.wait_for_selector(".o1-finding", timeout=20_000)
    return page.locator(".o1-finding").first.inner_text()


def quiet(page):
    page.wait_for_function("() => !document.querySelector('.o1-finding')", timeout=20_000)


def card(page):
    page.locator(".o1-finding").first.hover()
    page.wait_for_selector(".o1-card", timeout=10_000)
    return page.locator(".o1-card").first


def test_a_cue_is_underlined_explained_and_fixed_while_one_types(opened):
    """One request per pause and none for Python; the card says why; the fix is one step of undo, apart from typing."""
    page, asked = opened("write")
    place(page, 0, 5)
    page.keyboard.type(f"\n# {CUE}\ny = 2", delay=20)
    place(page, 1, 0)
    page.keyboard.type("%%o1 -m o3\n")
    page.wait_for_selector("[data-o1-prompt]", timeout=20_000)
    time.sleep(1)
    asked.clear()
    page.keyboard.type(f"Is 391 prime? {CUE}.", delay=20)

    assert underlined(page) == CUE
    assert [one["cell"].splitlines()[0] for one in asked] == ["%%o1 -m o3"] * len(asked)
    assert len(asked) <= 3  # one, but for a machine so busy that two keys are a pause apart
    said = card(page).inner_text()
    assert "COT001" in said
    assert "think-step-by-step" in said
    page.locator(".o1-action", has_text="Remove").click()
    until(page, 1, "%%o1 -m o3\nIs 391 prime?")
    quiet(page)
    page.locator(".cm-content").nth(1).click()
    page.keyboard.press("Control+z")
    until(page, 1, f"%%o1 -m o3\nIs 391 prime? {CUE}.")
    assert underlined(page) == CUE
    assert page.locator(".jp-Cell").first.locator(".o1-finding, .o1-strip, .cm-gutter-lint").count() == 0
    evaluate(page, COMMAND, ["notebook:delete-cell", {}])


def test_the_line_and_the_fix_stand_where_emoji_and_cjk_leave_them(opened):
    """Places are the browser's, whatever takes two units or none of Python's code points."""
    page, _ = opened("wide")

    assert underlined(page) == CUE
    card(page).locator(".o1-action").first.click()
    until(page, 0, "%%o1 -m o3\n😀𝒳 这是一个问题。Is 391 prime? 𝒳")


def test_a_prompt_on_a_line_of_code_is_linted_and_the_code_is_not(opened):
    """`%o1 lint TEXT` is a prompt too: one question about that text, no Markdown, no line below, one fix."""
    page, asked = opened("inline")

    assert underlined(page) == CUE
    assert [one["cell"] for one in asked] == [f"Is 391 prime? {CUE}."]
    assert page.locator("[data-o1-prompt], .o1-strip").count() == 0
    assert "Ignore" not in card(page).inner_text()
    page.locator(".o1-action", has_text="Remove").click()
    until(page, 0, "x = 1\n%o1 lint Is 391 prime?\ny = x")
    quiet(page)


def test_a_text_that_changed_since_is_fixed_right_or_not_at_all(opened):
    """A fix moves with what is typed before it, and is gone where its words changed."""
    page, _ = opened("between")
    assert underlined(page) == CUE
    page.route("**/o1magic/lint*", lambda _: None)  # from here on the server is silent
    place(page, 0, 11)
    page.keyboard.type("😀 Now: ")
    place(page, 0, 11 + len("😀 Now: Is 391 prime? ") + 4)

    page.keyboard.press("Control+.")
    page.wait_for_selector(".o1-card", timeout=10_000)
    page.keyboard.press("Enter")
    until(page, 0, "%%o1 -m o3\n😀 Now: Is 391 prime?")
    page.keyboard.press("Control+z")
    until(page, 0, f"%%o1 -m o3\n😀 Now: Is 391 prime? {CUE}.")
    page.unroute("**/o1magic/lint*")
    place(page, 0, 11)
    with page.expect_response("**/o1magic/lint*", timeout=20_000):
        page.keyboard.type("So ")
    assert underlined(page) == CUE

    page.route("**/o1magic/lint*", lambda _: None)
    place(page, 0, 11 + len("So 😀 Now: Is 391 prime? ") + 1 + len("Think st"))
    page.keyboard.type("x")
    page.keyboard.press("Control+.")
    page.wait_for_timeout(500)
    assert page.locator(".o1-card").count() == 0
    assert source(page, 0) == "%%o1 -m o3\nSo 😀 Now: Is 391 prime? Think stxep by step."


def test_keys_walk_through_the_findings_and_all_safe_fixes_are_those_of_fix(opened):
    """F8 and Shift-F8 go from cell to cell, the list goes anywhere; all safe fixes are one step of undo each."""
    page, _ = opened("walk")
    page.wait_for_function("() => document.querySelectorAll('.o1-finding').length > 3", timeout=30_000)
    before = source(page, 3)
    place(page, 0, 0)

    seen = []
    for key in ("F8", "F8", "F8", "Shift+F8"):
        last = evaluate(page, WHERE)
        page.keyboard.press(key)
        page.wait_for_function(
            f"last => JSON.stringify(({WHERE})()) !== last", arg=json.dumps(last, separators=(",", ":"))
        )
        seen.append(evaluate(page, WHERE))
    assert seen[0] == [0, CUE]
    assert seen[1] == [2, "%%o1 --modell o3"]
    assert seen[2][0] == 3
    assert seen[2][1].startswith("def f(x):")
    assert seen[3] == [2, "%%o1 --modell o3"]
    assert "--model?" in page.locator(".o1-card").inner_text()

    evaluate(page, COMMAND, ["o1magic:lint-notebook", {}])
    page.wait_for_selector(".o1-walk-row", timeout=20_000)
    assert "in 3 prompts" in page.locator(".o1-walk-head").inner_text()
    page.locator(".o1-walk-row", has_text="COT001").click()
    page.wait_for_function(f"() => ({WHERE})()[0] === 0", timeout=10_000)

    evaluate(page, COMMAND, ["o1magic:fix-notebook", {}])
    until(page, 3, o1magic.fix(before, model="o3").text)
    assert source(page, 0) == CELLS["walk"][0]
    place(page, 3, 0)
    page.keyboard.press("Control+z")
    until(page, 3, before)


def test_a_rule_is_ignored_silenced_and_explained(opened):
    """Ignoring writes on the magic line; --lint off silences; the page of a rule opens below."""
    page, _ = opened("between")
    assert underlined(page) == CUE

    card(page).locator(".o1-action", has_text="About this rule").click()
    page.wait_for_selector(".o1-rule h1", timeout=20_000)
    assert page.locator(".o1-rule h1").inner_text().startswith("COT001")
    card(page).locator(".o1-action", has_text="Ignore").click()
    until(page, 0, CELLS["between"][0].replace("-m o3", "-m o3 --ignore COT001"))
    quiet(page)
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+z")
    assert underlined(page) == CUE
    place(page, 0, len("%%o1 -m o3"))
    page.keyboard.type(" --lint off")
    quiet(page)


def test_the_line_below_and_the_keys_of_a_prompt(opened):
    """Tokens, assumed model, what is not counted, the session's budget; Markdown; Tab offers what fits."""
    page, asked = opened("line")
    assert run_cell(page, 0)
    page.wait_for_selector(".o1-strip span", timeout=20_000)
    place(page, 1, len("%%o1"))
    page.keyboard.type(" -m o3")

    page.wait_for_function("() => document.querySelector('.o1-strip').innerText.includes('$2.00 left')", timeout=20_000)
    line = " ".join(page.locator(".o1-strip").inner_text().split())
    assert line.startswith("o3 prompt ")
    assert "up to 25,000 out" in line
    assert "at most $0.2" in line
    assert "not counted: {{table}}" in line
    assert asked[-1]["session"]

    def completed(text, *, index=1):
        evaluate(page, f"text => {{ {SET} }}", text.replace("|", ""))
        place(page, index, text.index("|"))
        page.keyboard.press("Tab")
        page.wait_for_timeout(1500)
        offered = page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-match").all_inner_texts()
        page.keyboard.press("Escape")
        return offered

    assert completed("%%o1 -m o3-|\nx") == ["o3-mini", "o3-pro"]
    assert completed("%%o1\nIs {{ta|}} prime?") == ["table", "tapir"]
    assert completed("%%o1\nimport ta|") == []
    assert source(page, 1) == "%%o1\nimport ta    "

    evaluate(page, f"text => {{ {SET} }}", "%%o1\n- *one*\ntwo")
    page.wait_for_selector("[data-language=markdown]", timeout=10_000)
    for at, text in ((8, "%%o1\n<!-- - *one* -->\ntwo"), (12, "%%o1\n- *one*\ntwo"), (2, "%%o1\n- *one*\ntwo")):
        place(page, 1, at)
        page.keyboard.press("Control+/")
        until(page, 1, text)
    evaluate(page, f"text => {{ {SET} }}", "x = 1")
    page.wait_for_function("() => !document.querySelector('[data-o1-prompt]')", timeout=10_000)
    assert page.locator(".o1-strip").count() == 0


SET = "window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.setSource(text);"


@pytest.fixture
def settings(lab):
    """Give what changes the user's settings; they are as they were at the end."""

    def put(wanted):
        request = Request(
            f"{lab.url}/lab/api/settings/o1magic:prompts?token={lab.token}",
            data=json.dumps({"raw": json.dumps(wanted)}).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        with urlopen(request, timeout=30) as answer:
            assert answer.status == 204

    yield put
    put({})


def test_without_lint_the_line_below_stays(settings, opened):
    """A person who wants no findings still learns what sending would take."""
    settings({"lint": False})
    page, asked = opened("settings")
    page.wait_for_selector(".o1-strip span", timeout=20_000)

    assert page.locator(".o1-finding").count() == 0
    assert not asked[-1]["lint"]


def test_without_an_estimate_there_is_no_line_and_ignored_rules_are_not_found(settings, opened):
    """The settings' rules are ignored in every cell."""
    settings({"estimate": False, "ignore": ["COT"], "delay": 100})
    page, asked = opened("settings")
    page.wait_for_selector("[data-o1-prompt]", timeout=20_000)
    with page.expect_response("**/o1magic/lint*", timeout=20_000):
        place(page, 0, 11)
        page.keyboard.type("So: ")
    page.wait_for_timeout(300)

    assert page.locator(".o1-finding, .o1-strip span").count() == 0
    assert (asked[-1]["ignore"], asked[-1]["estimate"]) == (["COT"], False)


def test_a_server_without_the_extension_is_said_to_be_one(opened, watched_page):
    """Where nothing answers, the line below says so, and what to look at."""
    page, _ = watched_page
    page.route("**/o1magic/lint*", lambda route: route.fulfill(status=404, body="<html>"))
    opened("settings")

    page.wait_for_selector(".o1-strip .o1-mod-warns", timeout=20_000)
    assert "server extension is not enabled" in page.locator(".o1-strip").inner_text()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_it_can_be_read_in_every_theme(opened, theme, tmp_path):
    """Card, line and marks take the theme's colours, and stand out from what is behind them."""
    page, _ = opened("looks")
    underlined(page)
    evaluate(page, COMMAND, ["apputils:change-theme", {"theme": theme}])
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme, timeout=20_000)
    card(page)

    shown = evaluate(page, LOOK)

    assert page.screenshot(path=tmp_path / f"{theme}.png")
    for name, ratio in shown.items():
        assert ratio >= 4.5, (name, ratio)


LOOK = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = color => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = node => {
        const layers = [];
        for (; node; node = node.parentElement) { layers.push(rgb(getComputedStyle(node).backgroundColor)); }
        return layers.reverse().reduce(
            (under, [r, g, b, a]) => [r, g, b].map((c, i) => c * a / 255 + under[i] * (1 - a / 255)),
            [255, 255, 255]
        );
    };
    const names = ['.o1-strip span', '.o1-card-said', '.o1-card-head span:last-child', '.o1-action', '.o1-magic',
        '.o1-flag', '.o1-value', '.o1-name'];
    return Object.fromEntries(names.map(name => {
        let node = document.querySelector(name);
        const back = light(behind(node));
        while (node.firstElementChild) { node = node.firstElementChild; }
        const front = light(rgb(getComputedStyle(node).color));
        return [name, (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)];
    }));
}"""
