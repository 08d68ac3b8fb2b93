"""Calls whose cost nobody knows: listed, and settled by a person's word, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_kit import COST, FAILED, HOLD, PARTIAL, SETTLED, UNKNOWN, gone, intent, query, record, summed

from o1magic import account, session
from o1magic.errors import ArgumentError
from o1magic.ledger import Ledger, Total

UNPRICED = replace(SETTLED, cost_nano_usd=None)


@pytest.fixture
def ledger(ledger):
    """Return a ledger with a budget in money and one in tokens."""
    ledger.set_budget(10**12, session="s1", per="total")
    ledger.set_budget(10**9, session="s1", unit="tokens", name="tok")
    return ledger


def killed(path, **fields):
    """Hold a call in a process that is gone since."""
    held = intent(hold_tokens=900, **fields)
    with Ledger(path, owner=gone) as other:
        other.hold(held)
    return held


def stands(ledger):
    return [(one.spent, one.held) for one in ledger.standings("s1")]


def test_uncosted_calls_are_listed(ledger, path):
    """Killed calls, lost replies and replies without usage are listed; settled, failed and running ones are not."""
    record(ledger)
    record(ledger, FAILED)
    ledger.hold(intent())
    expected = [killed(path).id, record(ledger, UNKNOWN).id, record(ledger, UNPRICED).id]
    expected.append(record(ledger, replace(PARTIAL, cost_nano_usd=None)).id)

    assert sorted(expected) == sorted(row.id for row in ledger.uncosted())


@pytest.mark.parametrize("outcome", [None, UNKNOWN, UNPRICED, replace(PARTIAL, cost_nano_usd=None)])
@pytest.mark.parametrize(
    ("said", "word", "cost"),
    [(COST, "amount", COST), (0, "zero", 0), (None, "hold", HOLD), (3 * HOLD, "amount", 3 * HOLD)],
)
def test_a_word_settles_a_call_once(ledger, path, outcome, said, word, cost):
    """An amount, zero and the hold each free what was held, in totals and budgets; a second word changes nothing."""
    held = killed(path) if outcome is None else record(ledger, outcome, hold_tokens=900)

    assert ledger.reconcile(held.id, said, session="s9")
    assert not ledger.reconcile(held.id, 1, session="s9")
    assert not ledger.settle(held.id, SETTLED)
    (row,) = ledger.rows()
    assert (row.cost_nano_usd, row.reconciled) == (cost, word)
    assert row.state == ("failed" if said == 0 else "partial" if outcome and outcome.state == "partial" else "settled")
    total = ledger.total()
    assert (total.cost_nano_usd, total.held_nano_usd, total.unknown_calls) == (cost, 0, 0)
    assert summed(path) == total
    assert ledger.unaccounted().calls == 0
    tokens = 0 if said == 0 else 180 if outcome is UNPRICED else 900
    assert stands(ledger) == [(cost, 0), (tokens, 0)]


def test_what_was_known_stays_beside_it(ledger, path):
    """A correction keeps state and cost as they were, when it was said and by which session."""
    held = killed(path)
    ledger.reconcile(held.id, COST, session="s9")

    columns = "call_id, why, state_before, cost_before, cost_after, session"
    assert query(path, f"SELECT {columns} FROM correction") == [  # noqa: S608 - our own text
        (held.id, "amount", "unknown", None, COST, "s9")
    ]


def test_only_uncosted_calls_are_reconciled(ledger, path):
    """A settled, a failed, a running and an unknown id are left as they are."""
    running = intent()
    ledger.hold(running)
    ids = [record(ledger).id, record(ledger, FAILED).id, running.id, "nobody"]
    before = ledger.rows(), ledger.total(), stands(ledger)

    assert not any(ledger.reconcile(call_id, 1, session="s1") for call_id in ids)
    assert before == (ledger.rows(), ledger.total(), stands(ledger))
    assert query(path, "SELECT COUNT(*) FROM correction") == [(0,)]


def test_a_call_that_holds_nothing_needs_an_amount(path):
    """The hold of a call without a price cannot be accepted."""
    with Ledger(path) as ledger:
        held = record(ledger, UNKNOWN, hold_nano_usd=None)

        with pytest.raises(ArgumentError, match="give an amount"):
            ledger.reconcile(held.id, None, session="s1")
        with pytest.raises(ValueError, match="nano-dollars"):
            ledger.reconcile(held.id, -1, session="s1")
        assert ledger.reconcile(held.id, COST, session="s1")
        assert ledger.total() == Total(calls=1, cost_nano_usd=COST)


@pytest.fixture
def lost():
    """Return three lost calls in the ledger of the process."""
    return [record(session.ledger(), UNKNOWN, id=f"{number}abc-{number}").id for number in range(3)]


def shown(*words):
    return account.run("reconcile", words)["text/plain"]


def test_the_command_lists_and_settles(lost):
    """The list says what is held; a call is named by the first letters of its id, and all of them by `all`."""
    assert "3 unaccounted, $0.015 held" in shown()
    assert shown(lost[0][:4], "0.12").startswith("1 call reconciled at $0.12. 2 unaccounted, $0.01 held")
    assert shown(lost[1], "0").startswith("1 call reconciled at $0.00. 1 unaccounted")
    assert shown("all", "hold") == "1 call reconciled at $0.005. Every call is accounted for."
    assert shown() == "Every call is accounted for."


@pytest.mark.parametrize(
    "words",
    [("0abc",), ("0", "1"), ("nope", "1"), *((("0abc-0"), word) for word in ("NaN", "5,00", "inf", "1e3", "", "held"))],
)
def test_a_word_that_is_none_changes_nothing(lost, words):
    """A call that is not named, and a word that is no amount, are refused."""
    with pytest.raises(ArgumentError):
        shown(*words)
    assert len(session.ledger().uncosted()) == len(lost)
