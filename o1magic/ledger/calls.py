"""The states of a call and the guarded steps between them; each step keeps row, totals and budgets equal.

Layer 3. Runs statements inside the transactions of `ledger`, which calls it.

    intent ──> settled, partial, failed, unknown     the outcome, once (`closed_ms` is the guard)
       │
       └─────> unknown ──> any of them               given up: the process is gone, and may yet tell

    unknown, settled, partial without a cost ──> settled, partial, failed     reconciled by a person's word, once

Gauges are locked before totals in every step, and in one order: PostgreSQL would deadlock otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.answer import Usage
from o1magic.errors import ArgumentError
from o1magic.ledger import budgets, records, rows, schema
from o1magic.ledger.counted import Counted
from o1magic.ledger.records import Outcome

if TYPE_CHECKING:
    from o1magic.errors import BudgetError
    from o1magic.ledger.owner import Owner
    from o1magic.ledger.records import Intent, Standing, Word
    from o1magic.ledger.schema import Execute
    from o1magic.ledger.spool import Spooled

_DENIED = Outcome("failed", None, Usage(), 0, None, attempts=0, seconds=0.0, finish_reason="BudgetError")


def hold(execute: Execute, intent: Intent, created_ms: int, who: tuple[Owner, str]) -> BudgetError | None:
    """Record a call before it is sent and hold its worst case; what a budget refuses is recorded as failed.

    `who` is the process and the user whose call it is.
    """
    opened = rows.opening(intent, rows.local_day(created_ms / 1000), who[1])
    gauges = budgets.applying(execute, opened)
    refusing = budgets.admit(execute, gauges, opened) if gauges else []
    if not refusing:
        _insert(execute, intent, created_ms, who[0], opened._replace(gauges="".join(one.mark() for one in gauges)))
        return None
    _insert(execute, intent, created_ms, who[0], opened)
    _close(execute, intent.id, opened, _DENIED, created_ms)
    return budgets.refusal(refusing, opened)


def settle(execute: Execute, spooled: Spooled, who: tuple[Owner, str]) -> tuple[bool | None, list[Standing]]:
    """Record an outcome, and return the budgets that now stand at 80 %.

    False where one is on record, None where neither file nor memory know such a call.
    """
    found = execute(schema.COUNTED, (spooled.id,)).fetchone()
    if found is not None:
        *values, closed_ms = found
        return (False, []) if closed_ms is not None else _close(execute, spooled.id, Counted(*values), *_end(spooled))
    if spooled.intent is None or spooled.created_ms is None:
        return None, []
    # The file that took the intent was deleted or replaced since.
    opened = rows.opening(spooled.intent, rows.local_day(spooled.created_ms / 1000), who[1])
    opened = budgets.count(execute, opened)
    _insert(execute, spooled.intent, spooled.created_ms, who[0], opened)
    return _close(execute, spooled.id, opened, *_end(spooled))


def give_up(execute: Execute, call_id: str) -> bool:
    """Record that the process of a call is gone; False when it told meanwhile what became of it."""
    *values, _ = execute(schema.COUNTED, (call_id,)).fetchone()
    before = Counted(*values)
    if execute(schema.GIVE_UP, (call_id,)).rowcount != 1:
        return False
    rows.add_up(execute, before, before._replace(state="unknown"))
    return True


def reconcile(
    execute: Execute, call_id: str, cost_nano: int | None, at: tuple[int, str]
) -> tuple[bool, list[Standing]]:
    """Settle a call of unknown cost by a person's word; False when it is no such call (any more).

    None accepts what is held, zero is "was not billed". `at` is when, and in which session, it was said.
    """
    found = execute(schema.COUNTED, (call_id,)).fetchone()
    before = Counted(*found[:-1]) if found else None
    if before is None or not before.uncosted:
        return False, []
    after, word = _by_word(before, cost_nano)
    execute(schema.RECONCILE, (after.state, after.cost_nano, word, at[0], call_id))
    after, reached = budgets.move(execute, before, after)
    rows.add_up(execute, before, after)
    was = (before.state, before.cost_nano, after.cost_nano, None, None)
    execute(schema.CORRECTION, (before.owner, call_id, at[0], word, *was, at[1]))
    return True, reached


def _by_word(before: Counted, cost_nano: int | None) -> tuple[Counted, Word]:
    at = before.hold_nano if cost_nano is None else cost_nano
    if at is None:
        raise ArgumentError("The call holds nothing, since it has no price: give an amount.")
    records.require_money("cost_nano_usd", at)
    if cost_nano == 0:
        return before._replace(state="failed", cost_nano=0), "zero"
    # A cut answer stays one; its cost is known now.
    after = before._replace(state="partial" if before.state == "partial" else "settled", cost_nano=at)
    return after, "hold" if cost_nano is None else "amount"


def _end(spooled: Spooled) -> tuple[Outcome, int]:
    return spooled.outcome, spooled.closed_ms


def _insert(execute: Execute, intent: Intent, created_ms: int, owner: Owner, opened: Counted) -> None:
    execute(schema.INTENT, rows.intent_values(intent, owner, created_ms, opened))
    rows.add_up(execute, None, opened)


def _close(
    execute: Execute, call_id: str, before: Counted, outcome: Outcome, closed_ms: int
) -> tuple[bool, list[Standing]]:
    after, parameters = rows.ending(before, outcome)
    after, reached = budgets.move(execute, before, after)
    execute(schema.OUTCOME, (*parameters, after.gauges, closed_ms, call_id))
    rows.add_up(execute, before, after)
    return True, reached
