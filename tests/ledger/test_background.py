"""A call that goes on at its endpoint: how it is found again, and that its row is told once."""

from __future__ import annotations

from dataclasses import replace

from ledger_kit import HOLD, SETTLED, gone, intent, record, summed

from o1magic.ledger import Ledger


def test_a_call_that_was_left_is_found_by_its_id_at_the_endpoint(ledger):
    """Accepted and then left, it is unknown, goes on holding its worst case, and can be resumed."""
    held = intent()
    ledger.hold(held)
    ledger.accepted(held.id, "resp_1")
    assert [row.state for row in ledger.resumable()] == ["intent"]

    ledger.leave(held.id)

    (row,) = ledger.resumable()
    assert (row.id, row.provider_id, row.state, row.hold_nano_usd) == (held.id, "resp_1", "unknown", HOLD)
    assert (ledger.unaccounted().resumable, ledger.total().held_nano_usd) == (1, HOLD)


def test_a_resumed_call_is_settled_once_in_its_own_row(ledger, path):
    """Whoever tells first is believed; there is no second row, and the totals are those of the rows."""
    held = intent()
    ledger.hold(held)
    ledger.accepted(held.id, "resp_1")
    ledger.leave(held.id)

    assert ledger.settle(held.id, replace(SETTLED, provider_id="resp_1")) is True
    assert ledger.settle(held.id, replace(SETTLED, cost_nano_usd=1)) is False

    assert ledger.resumable() == ()
    assert [(row.state, row.cost_nano_usd) for row in ledger.rows()] == [("settled", SETTLED.cost_nano_usd)]
    assert ledger.total() == summed(path)


def test_a_call_whose_process_died_is_resumable_if_it_was_accepted(path, tmp_path):
    """Of two calls of a process that is gone, the one with an id at its endpoint goes on there."""
    with Ledger(path, temp=tmp_path, owner=gone) as dead:
        for number in (1, 2):
            dead.hold(intent(id=f"call-{number}-of-the-dead"))
        dead.accepted("call-2-of-the-dead", "resp_2")

    with Ledger(path, temp=tmp_path) as ledger:
        assert [(row.id, row.state) for row in ledger.resumable()] == [("call-2-of-the-dead", "unknown")]
        lost = ledger.unaccounted()

    assert (lost.calls, lost.resumable) == (2, 1)


def test_what_is_over_is_not_accepted_or_left_any_more(ledger):
    """A row that was told its end keeps it."""
    held = record(ledger, replace(SETTLED, provider_id="resp_1"))

    ledger.accepted(held.id, "resp_2")
    ledger.leave(held.id)

    (row,) = ledger.rows()
    assert (row.state, row.provider_id) == ("settled", "resp_1")
