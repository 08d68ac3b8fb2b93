"""What a call leaves behind."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from ledger_kit import (
    COST,
    FAILED,
    HOLD,
    SETTLED,
    UNKNOWN,
    intent,
    query,
    record,
    summed,
)

from o1magic import catalog, cost
from o1magic.answer import Usage
from o1magic.errors import LedgerError
from o1magic.ledger import (
    Ledger,
    Total,
)


def test_row_holds_what_is_known_of_a_call(ledger):
    """A settled row tells all about a call but its prompt and answer."""
    held = record(ledger, replace(SETTLED, provider_id="chatcmpl-1"))

    (row,) = ledger.rows()

    assert (
        row.state,
        row.model,
        row.answered,
        row.effort,
        row.notebook,
    ) == ("settled", "o3", "o3-2025-04-16", "low", "plan.ipynb")
    assert (
        row.prompt_tokens,
        row.cached_tokens,
        row.reasoning_tokens,
        row.completion_tokens,
        row.visible_tokens,
    ) == (100, 20, 64, 80, 16)
    assert (held.id, HOLD, COST, "o3@1", 1, 1.5, "stop", "chatcmpl-1", False) == (
        row.id,
        row.hold_nano_usd,
        row.cost_nano_usd,
        row.price_id,
        row.attempts,
        row.seconds,
        row.finish_reason,
        row.provider_id,
        row.simulated,
    )
    assert (row.lint_found, row.lint_fixed) == (("COT001", "DEL001"), ("DEL001",))


def test_hold_counts_until_settled(ledger):
    """A call in flight counts as a call and holds its worst case, and its cost is not called unknown."""
    held = intent()
    ledger.hold(held)

    assert Total(calls=1, held_nano_usd=HOLD) == ledger.total()
    assert ledger.settle(held.id, SETTLED)
    assert Total(1, 100, 20, 64, 16, COST, completion_tokens=80) == ledger.total()


def test_second_settle_changes_nothing(ledger, path):
    """A second settle of the same call returns False and changes neither row nor totals."""
    held = record(ledger)
    before = ledger.rows(), ledger.total()

    assert not ledger.settle(held.id, UNKNOWN)
    assert not ledger.settle(held.id, replace(SETTLED, cost_nano_usd=9))
    assert before == (ledger.rows(), ledger.total())
    assert summed(path) == ledger.total()


def test_settling_an_unknown_call_tells(ledger):
    """Settling a call that was never held names it."""
    with pytest.raises(LedgerError, match="No call nobody is on record"):
        ledger.settle("nobody", SETTLED)


def test_holding_the_same_id_twice_is_refused(ledger):
    """An id is held once; the second hold says so and counts nothing."""
    held = intent()
    ledger.hold(held)

    with pytest.raises(LedgerError, match="holds this call already"):
        ledger.hold(held)
    assert ledger.total().calls == 1


def test_a8_unknown_cost_keeps_its_hold(ledger):
    """A8: usage that could not be read is kept raw; its cost is unknown, not zero, and its hold stays."""
    usage = Usage(raw='{"prompt_tokens": -5}')
    record(ledger, replace(SETTLED, usage=usage, cost_nano_usd=None))

    (row,) = ledger.rows()
    assert (row.prompt_tokens, row.cost_nano_usd, row.usage_raw) == (None, None, '{"prompt_tokens": -5}')
    assert Total(calls=1, unknown_calls=1, held_nano_usd=HOLD) == ledger.total()


@pytest.mark.parametrize("count", [-5, 2**63, 10**30, 1.5, float("nan"), "11", True])
def test_a8_absurd_counts_are_unknown(ledger, count):
    """A8: what is no count is never stored as one, and is kept as it came."""
    record(ledger, replace(SETTLED, usage=Usage(prompt=count, completion=7)))

    (row,) = ledger.rows()
    assert (row.prompt_tokens, row.completion_tokens) == (None, 7)
    assert '"completion": 7' in row.usage_raw


def test_a9_flags_are_recorded(ledger):
    """A9: contradictory and estimated counts are stored as reported, with their flags."""
    record(ledger, replace(SETTLED, usage=Usage(1, 0, 9, 5, estimated=True, inconsistent=True)))

    (row,) = ledger.rows()
    assert (
        row.reasoning_tokens,
        row.completion_tokens,
        row.visible_tokens,
        row.estimated,
        row.inconsistent,
    ) == (9, 5, 0, True, True)


@pytest.mark.parametrize("amount", [-1, 1.5, float("nan"), True, "5", 2**63])
def test_b3_money_is_whole_nano_dollars(amount):
    """B3: an amount that is no integer number of nano-dollars is refused before it can be recorded."""
    with pytest.raises(ValueError, match="nano-dollars"):
        intent(hold_nano_usd=amount)
    with pytest.raises(ValueError, match="nano-dollars"):
        replace(SETTLED, cost_nano_usd=amount)


def test_failed_call_frees_its_hold(ledger):
    """A call that failed was not billed: nothing held, nothing unknown."""
    record(ledger, FAILED)

    assert Total(calls=1) == ledger.total()


def test_unknown_call_never_counts_its_money_twice(ledger):
    """An unknown outcome keeps its hold, and a cost guessed beside it is not added."""
    record(ledger, replace(UNKNOWN, cost_nano_usd=COST))

    assert Total(calls=1, unknown_calls=1, held_nano_usd=HOLD) == ledger.total()


def test_simulated_money_is_apart(ledger):
    """The simulator bills nothing: its tokens count, its cost and holds stand apart."""
    record(ledger, simulated=True)
    ledger.hold(intent(simulated=True))

    expected = Total(
        calls=2,
        prompt_tokens=100,
        cached_tokens=20,
        reasoning_tokens=64,
        visible_tokens=16,
        completion_tokens=80,
        simulated_calls=2,
        simulated_cost_nano_usd=COST,
        simulated_held_nano_usd=HOLD,
    )
    assert expected == ledger.total()


def test_reply_may_turn_out_simulated(ledger, path):
    """A call held as real whose reply says simulated moves to the simulated totals whole."""
    record(ledger, replace(SETTLED, simulated=True))

    total = ledger.total()
    assert (
        total.calls,
        total.simulated_calls,
        total.cost_nano_usd,
        total.held_nano_usd,
        total.simulated_cost_nano_usd,
    ) == (1, 1, 0, 0, COST)
    assert summed(path) == total


def test_spend_tells_session_today_and_total_apart(path, monkeypatch):
    """A session, the local calendar day and all time are three sums; another day is not today."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    now = [datetime(2026, 11, 22, 14, 59, tzinfo=UTC).timestamp()]  # 23:59 in Seoul
    with Ledger(path, clock=lambda: now[0]) as ledger:
        record(ledger, session="a")
        now[0] += 120
        record(ledger, session="a")
        record(ledger, session="b")

        spend = ledger.spend("a")
        assert (spend.session.calls, spend.today.calls, spend.total.calls) == (2, 2, 3)
        assert ledger.total(day=date(2026, 11, 22)).calls == 1
        assert ledger.total(session="b").calls == 1
        assert Total() == ledger.total(session="nobody")
        assert [row.day for row in ledger.rows()] == ["2026-11-23", "2026-11-23", "2026-11-22"]
    monkeypatch.undo()
    time.tzset()


def test_clock_jumping_back_keeps_the_order(path):
    """Rows keep the order they were held in, whatever the clock says."""
    now = [2_000_000_000.0]
    with Ledger(path, clock=lambda: now[0]) as ledger:
        first = record(ledger)
        now[0] -= 1_000_000
        second = record(ledger)

        assert [second.id, first.id] == [row.id for row in ledger.rows()]


def test_text_that_cannot_be_stored_is_made_so(ledger):
    """A14: lone surrogates, NUL, a megabyte of name and an echoed key neither fail nor get in."""
    record(
        ledger,
        replace(SETTLED, model="o3\ud800\0" + "x" * 10**6, finish_reason="Bearer sk-secret-0123456789"),
        notebook="plan\udcff.ipynb",
    )

    (row,) = ledger.rows()
    assert row.answered.startswith("o3\ufffd\ufffdxx")
    assert len(row.answered) == 300
    assert (row.notebook, "[key]") == ("plan\ufffd.ipynb", row.finish_reason)


def test_rows_are_newest_first_and_limited(ledger):
    """rows() gives the newest, of all sessions or of one."""
    ids = [record(ledger, session=session).id for session in "abab"]

    assert [ids[3], ids[2]] == [row.id for row in ledger.rows(limit=2)]
    assert [ids[2], ids[0]] == [row.id for row in ledger.rows(session="a")]


def test_csv_has_every_column_and_runs_nothing(ledger, tmp_path):
    """The export holds every row, newest last, and no cell that a spreadsheet would take for a formula."""
    record(ledger, notebook="=HYPERLINK(1)", session="-1+1")
    last = record(ledger, replace(UNKNOWN, model=" @SUM(A1)"), notebook='a,"b"\n한')

    file = tmp_path / "spend.csv"
    assert ledger.export_csv(file) == 2

    with file.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert ("'=HYPERLINK(1)", "'-1+1", "COT001 DEL001", str(COST), "16") == (
        first["notebook"],
        first["session"],
        first["lint_found"],
        first["cost_nano_usd"],
        first["visible_tokens"],
    )
    assert (last.id, "' @SUM(A1)", 'a,"b"\n한', "", "") == (
        second["id"],
        second["answered"],
        second["notebook"],
        second["cost_nano_usd"],
        second["visible_tokens"],
    )
    stream = io.StringIO()
    assert ledger.export_csv(stream) == 2
    assert file.read_text("utf-8") == stream.getvalue()


def test_csv_pages_through_all_rows(ledger, monkeypatch):
    """The export reads page by page and misses no row at their borders."""
    monkeypatch.setattr("o1magic.ledger.ledger._PAGE", 2)
    ids = [record(ledger).id for _ in range(5)]
    stream = io.StringIO()

    assert ledger.export_csv(stream) == 5
    assert ids == [line.partition(",")[0] for line in stream.getvalue().splitlines()[1:]]


def test_csv_that_cannot_be_written_names_the_file(ledger, tmp_path):
    """An export to a missing folder names the file and the reason."""
    with pytest.raises(LedgerError, match=r"nowhere/spend\.csv cannot be written: no such file"):
        ledger.export_csv(tmp_path / "nowhere" / "spend.csv")


def test_b3_odd_amounts_add_up_to_the_last_nano_dollar(ledger, path):
    """B3: costs of odd token counts are rounded once each, and rows, totals and budget agree to the nano-dollar."""
    price = catalog.load().find("gpt-5-nano").price_on(date(2026, 11, 22))
    ledger.set_budget(10**12, session="s1")
    costs = [cost.cost_nano_usd(Usage(3 * n + 1, n, 0, 7 * n), price) for n in range(40)]
    for nano in costs:
        record(ledger, replace(SETTLED, cost_nano_usd=nano))

    assert {type(nano) for nano in costs} == {int}
    assert ledger.total().cost_nano_usd == sum(costs) == ledger.standings("s1")[0].spent
    assert query(path, "SELECT SUM(cost_nano) FROM call") == [(sum(costs),)]


def test_b6_the_same_response_fetched_twice_counts_once(ledger, path):
    """B6: a response whose outcome is told twice, by two processes too, is counted once."""
    told = replace(SETTLED, provider_id="resp_1")
    held = record(ledger, told)
    with Ledger(path) as other:
        assert not other.settle(held.id, told)

    assert (ledger.total().calls, ledger.total().cost_nano_usd) == (1, COST)


def test_a_kernel_stands_for_its_newest_session(ledger):
    """The one whose call is newest, whatever its digits and whoever else calls; a kernel without calls has none."""
    kernel, other = "0b1ac2de-1111-4222-8333-44445555cafe", "0b1ac2de-1111-4222-8333-44445555caff"
    for session in (f"{kernel}-00000000", f"{kernel}-ffffffff", f"{kernel}-7a000000", f"{other}-99999999", "s1"):
        record(ledger, session=session)

    assert ledger.newest_session(kernel) == f"{kernel}-7a000000"
    assert ledger.newest_session(other) == f"{other}-99999999"
    assert ledger.newest_session("0b1ac2de-1111-4222-8333-44445555cafd") is None


def test_each_session_of_a_kernel_has_a_budget_to_itself(ledger):
    """After a restart the same kernel begins at zero."""
    kernel = "0b1ac2de-1111-4222-8333-44445555cafe"
    ledger.set_budget(10 * HOLD, session=f"{kernel}-00000001")
    record(ledger, session=f"{kernel}-00000001")

    spent = [ledger.standings(f"{kernel}-0000000{n}")[0].spent for n in (1, 2)]

    assert spent == [COST, 0]
