"""Budgets: who is admitted, what is counted, what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ledger_kit import COST, HOLD, SETTLED, UNKNOWN, finish, intent, query, record, work

from o1magic.answer import Usage
from o1magic.errors import ArgumentError, BudgetError
from o1magic.ledger import Ledger, Standing


def limit(ledger, nano=10 * HOLD, **options):
    return ledger.set_budget(nano, **{"session": "s1", **options})


def only(ledger, session="s1"):
    (standing,) = ledger.standings(session)
    return standing


def test_a_call_is_held_and_settled_in_its_budget(ledger):
    """A call in flight holds its worst case, an ended one has spent its cost."""
    limit(ledger)
    held = intent()
    ledger.hold(held)

    assert (only(ledger).held, only(ledger).spent, only(ledger).left) == (HOLD, 0, 9 * HOLD)
    ledger.settle(held.id, SETTLED)
    assert (only(ledger).held, only(ledger).spent) == (0, COST)


def test_b1_what_does_not_fit_is_refused_with_the_numbers(ledger):
    """B1: a refusal names limit, spent, held and worst case; its row is failed and cost nothing; no hold is left."""
    limit(ledger, 3 * HOLD, name="class-7", per="day")
    record(ledger)
    ledger.hold(intent())

    with pytest.raises(BudgetError) as refused:
        ledger.hold(intent(hold_nano_usd=2 * HOLD))
    assert (
        "The budget class-7, $0.015 per day, has $0.0088 left ($0.0012 spent, $0.005 held); "
        "this call may cost up to $0.01. It was not sent."
    ) in str(refused.value)
    assert "Nothing was billed." in str(refused.value)
    row = ledger.rows()[0]
    assert (row.state, row.cost_nano_usd, row.attempts, row.finish_reason) == ("failed", 0, 0, "BudgetError")
    assert (only(ledger).held, ledger.total().held_nano_usd, ledger.total().calls) == (HOLD, HOLD, 3)


def test_b1_all_budgets_or_none(ledger):
    """B1: where one budget refuses, no other keeps a hold, in either order."""
    limit(ledger, 9 * HOLD, name="wide")
    limit(ledger, HOLD - 1, name="narrow")
    limit(ledger, 9 * HOLD, name="last")

    with pytest.raises(BudgetError, match="narrow") as refused:
        ledger.hold(intent())
    assert [one.name for one in refused.value.standings] == ["narrow"]
    assert [(one.spent, one.held) for one in ledger.standings("s1")] == [(0, 0)] * 3


def test_b1_fifty_processes_race(path):
    """B1: fifty processes race for one dollar: never over it, rows equal the budget, nothing is held at the end."""
    with Ledger(path) as ledger:
        limit(ledger, 10**9, per="total")
    workers = [work("race", path, 20) for _ in range(50)]

    assert [finish(worker, timeout=300)[0] for worker in workers] == [0] * 50
    with Ledger(path) as ledger:
        standing, total = only(ledger), ledger.total()
    ((admitted, spent),) = query(path, "SELECT COUNT(*), SUM(cost_nano) FROM call WHERE state = 'settled'")
    assert total.calls == 50 * 20
    assert 0 < admitted < 50 * 20
    assert 980_000_000 < standing.spent <= 10**9
    assert (standing.spent, standing.held, total.held_nano_usd) == (spent, 0, 0)
    assert total.cost_nano_usd == spent


def test_b2_zero_lets_nothing_through(ledger):
    """B2: under a limit of 0 not even a free call is sent."""
    limit(ledger, 0)

    with pytest.raises(BudgetError, match=r"\$0\.00 left"):
        ledger.hold(intent(hold_nano_usd=0))


@pytest.mark.parametrize("amount", [-1, 1.5, float("nan"), float("inf"), True, "5", None, 10**17 + 1])
def test_b2_what_is_no_limit_is_refused_and_the_old_one_kept(ledger, amount):
    """B2: a limit that is no whole amount is refused when it is set; the old one holds."""
    limit(ledger)

    with pytest.raises(ArgumentError, match="whole number"):
        limit(ledger, amount)
    assert only(ledger).limit == 10 * HOLD


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_b2_a_name_is_a_word(ledger, name):
    """B2: a budget without a readable name is refused."""
    with pytest.raises(ArgumentError, match="named by a word"):
        limit(ledger, name=name)


def test_b5_a_call_over_its_hold_shows(ledger):
    """B5: what cost more than its worst case is settled at its cost; the budget shows by how much it is over."""
    limit(ledger, HOLD)
    record(ledger, replace(SETTLED, cost_nano_usd=HOLD + 7))

    assert (only(ledger).over, only(ledger).left) == (7, 0)
    assert ledger.rows()[0].over_hold
    assert "over by" in "".join(ledger.notes())
    with pytest.raises(BudgetError):
        ledger.hold(intent(hold_nano_usd=0))


def test_the_session_counts_whole_and_alone(ledger):
    """A session's budget counts what it spent before it was set, and no other session."""
    record(ledger)
    record(ledger, session="s2")
    waiting = intent()
    ledger.hold(waiting)
    limit(ledger)

    assert (only(ledger).spent, only(ledger).held) == (COST, HOLD)
    ledger.settle(waiting.id, SETTLED)
    assert (only(ledger).spent, only(ledger).held) == (2 * COST, 0)
    assert only(ledger, "s2").spent == COST
    record(ledger, session="s2")
    assert only(ledger, "s2").spent == 2 * COST
    assert only(ledger, "s3").spent == 0


def test_a_day_and_a_month_count_whole(path):
    """A day's and a month's budget count all of it, what came before they were set too, and start anew after it."""
    now = [datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()]
    with Ledger(path, clock=lambda: now[0]) as ledger:
        record(ledger)
        now[0] += 86_400
        record(ledger, session="s2")
        limit(ledger, per="day")
        limit(ledger, per="month")
        record(ledger)
        assert [(one.name, one.spent) for one in ledger.standings("s1")] == [("day", 2 * COST), ("month", 3 * COST)]

        now[0] += 86_400
        record(ledger)
        assert [one.spent for one in ledger.standings("s1")] == [COST, 4 * COST]
        now[0] += 86_400 * 15
        assert [one.spent for one in ledger.standings("s1")] == [0, 0]


def test_in_all_counts_from_when_it_was_set(ledger):
    """A budget in all starts at nothing, and a call in flight by then is not its own."""
    record(ledger)
    before = intent()
    ledger.hold(before)
    limit(ledger, name="class-7")
    ledger.settle(before.id, SETTLED)
    record(ledger, session="s2")

    assert (only(ledger).per, only(ledger).spent, only(ledger).held) == ("total", COST, 0)


def test_tokens(ledger):
    """A budget in tokens holds prompt and allowance, and counts prompt and output."""
    limit(ledger, 1_000, unit="tokens")
    held = intent(hold_tokens=900, hold_nano_usd=None)
    ledger.hold(held)
    assert (only(ledger).unit, only(ledger).held) == ("tokens", 900)

    with pytest.raises(BudgetError, match=r"1,000 tokens per session, has 100 tokens left .* up to 101 tokens"):
        ledger.hold(intent(hold_tokens=101))
    ledger.settle(held.id, SETTLED)
    assert (only(ledger).spent, only(ledger).held) == (180, 0)


def test_tokens_of_a_cut_answer_stay_held(ledger):
    """What a cut answer thought is not known: its tokens stay held."""
    limit(ledger, 1_000, unit="tokens")
    cut = replace(SETTLED, state="partial", usage=Usage(100, completion=3, estimated=True), cost_nano_usd=None)
    record(ledger, cut, hold_tokens=900)

    assert (only(ledger).spent, only(ledger).held) == (0, 900)


def test_a12_what_has_no_price_is_refused_unless_allowed(ledger):
    """A12: under a budget in money a call nobody can price is refused; allowed, it goes and counts as unknown."""
    limit(ledger)
    with pytest.raises(BudgetError, match=r"not known.*%o1 price MODEL.*--allow-unpriced"):
        ledger.hold(intent(hold_nano_usd=None))

    limit(ledger, allow_unpriced=True)
    record(ledger, replace(SETTLED, cost_nano_usd=None), hold_nano_usd=None)
    assert (only(ledger).allow_unpriced, only(ledger).spent, ledger.total().unknown_calls) == (True, 0, 1)


def test_unknown_keeps_its_hold(ledger):
    """A call whose end is not known goes on holding its worst case."""
    limit(ledger)
    record(ledger, UNKNOWN)

    assert (only(ledger).spent, only(ledger).held) == (0, HOLD)


def test_warned_once_at_80_percent(ledger):
    """At four fifths it is said, once; after the limit was raised, once more."""
    limit(ledger, 5 * COST + HOLD, name="class-7")
    said = []
    for _ in range(5):
        record(ledger)
        said.append(len(ledger.notes()))
    assert sum(said) == 0
    limit(ledger, 6 * COST, name="class-7")
    record(ledger, hold_nano_usd=COST)
    (note,) = ledger.notes()
    assert note.startswith("80 % of the budget class-7, $0.0074 in all, are reached: $0.0074 spent, $0.00 held")
    assert only(ledger).warned

    limit(ledger, 40 * COST, name="class-7")
    assert not only(ledger).warned


def test_simulated_calls_have_the_limit_to_themselves(ledger):
    """The simulator's money neither uses up a budget nor goes without one."""
    limit(ledger, 3 * HOLD)
    for _ in range(3):
        ledger.hold(intent(simulated=True))
    record(ledger)

    real, simulated = ledger.standings("s1")
    assert (real.simulated, real.spent, real.held) == (False, COST, 0)
    assert (simulated.simulated, simulated.spent, simulated.held) == (True, 0, 3 * HOLD)
    with pytest.raises(BudgetError, match="simulated money"):
        ledger.hold(intent(simulated=True))


def test_a_reply_that_turns_out_simulated_changes_sides(ledger):
    """What was held as real money and answered by a simulator leaves nothing in the real budget."""
    limit(ledger)
    record(ledger, replace(SETTLED, simulated=True))

    assert [(one.simulated, one.spent, one.held) for one in ledger.standings("s1")] == [
        (False, 0, 0),
        (True, COST, 0),
    ]


def test_changes_are_recorded(ledger):
    """Setting, raising, lowering and removing each leave a line; the removed budget no longer counts."""
    assert limit(ledger, 2 * HOLD, name="class-7", per="day") is None
    assert limit(ledger, 3 * HOLD, name="class-7", per="day") == 2 * HOLD
    assert limit(ledger, HOLD, name="class-7", per="month") == 3 * HOLD
    ledger.remove_budget("class-7", session="s1")

    ledger.hold(intent(hold_nano_usd=10**12))
    assert ledger.standings("s1") == ()
    assert [(one.per, one.before, one.after) for one in reversed(ledger.budget_changes())] == [
        ("day", None, 2 * HOLD),
        ("day", 2 * HOLD, 3 * HOLD),
        ("month", 3 * HOLD, HOLD),
        ("month", HOLD, None),
    ]
    with pytest.raises(ArgumentError, match="no budget class-7"):
        ledger.remove_budget("class-7", session="s1")


def test_removed_while_a_call_is_in_flight(ledger):
    """A call held under a budget that was removed since settles, and a new budget of that name owes nothing to it."""
    limit(ledger, name="class-7")
    held = intent()
    ledger.hold(held)
    ledger.remove_budget("class-7", session="s1")
    limit(ledger, name="class-7")

    assert ledger.settle(held.id, SETTLED)
    assert (only(ledger).spent, only(ledger).held) == (0, 0)


def test_a_standing_has_the_documented_fields(ledger):
    """name, per, unit, limit, spent, held, warned, allow_unpriced and simulated are what the panel reads."""
    limit(ledger, 7, per="month")

    assert only(ledger) == Standing("month", "month", "nano_usd", 7, 0, 0, False, False, False)  # noqa: FBT003 - order


def test_k6_a_killed_call_goes_on_holding(path):
    """K6: the worst case of a call whose process was killed stays held in its budget."""
    with Ledger(path) as ledger:
        limit(ledger, per="total")
        worker = work("call", path)
        worker.stdout.readline()
        worker.kill()
        finish(worker)

        assert ledger.unaccounted().calls == 1
        assert only(ledger).held == 7_000_000


def test_rows_name_what_counts_them(ledger, path):
    """The gauges of a budget are the sum of the rows that name them."""
    limit(ledger)
    limit(ledger, 10**6, name="tok", unit="tokens")
    record(ledger, hold_tokens=500)
    ledger.hold(intent(hold_tokens=500))

    marked = query(path, "SELECT gauges, state FROM call")
    assert marked == [("n1,t3,", "settled"), ("n1,t3,", "intent")]
