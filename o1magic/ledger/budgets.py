"""Budgets: what admits a call or refuses it, what moves when it ends, and how each budget stands.

Layer 3. Runs the statements of `budget_schema` inside the transactions of `calls` and `ledger`, which call it.

A gauge is one budget over one span (a session, a day, a month, all time); simulated calls have gauges of their own. A
row names the gauges that count it, as in "n3,t7,": nano-dollars of gauge 3, tokens of gauge 7.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from o1magic import cost
from o1magic.errors import ArgumentError, BudgetError
from o1magic.ledger import budget_schema as sql
from o1magic.ledger import records
from o1magic.ledger.counted import Counted
from o1magic.ledger.records import BudgetChange, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from o1magic.ledger.records import Per, Unit
    from o1magic.ledger.schema import Execute

    Read = Callable[[str, Sequence[object]], list[Any]]

# A hundred million dollars: room enough to add to it in 64 bits.
MOST = 10**17

_A = {"session": "per session", "day": "per day", "month": "per month", "total": "in all"}


class Gauge(NamedTuple):
    """One row of `APPLYING`: a budget and, where `id` is not None, the gauge of the span asked for."""

    budget: int
    name: str
    per: Per
    unit: Unit
    cap: int
    allow_unpriced: int
    shared: int
    id: int | None
    spent: int | None
    held: int | None
    warned: int | None

    def standing(self, *, simulated: int) -> Standing:
        """Return the same in words of the public interface."""
        numbers = (self.cap, self.spent or 0, self.held or 0)
        flags = (bool(self.warned), bool(self.allow_unpriced), bool(simulated))
        return Standing(self.name, self.per, self.unit, *numbers, *flags)

    def mark(self) -> str:
        """Return what a row that this gauge counts says of it."""
        return f"{self.unit[0]}{self.id},"


def amount(value: int, unit: Unit) -> str:
    """Return an amount of a budget for people."""
    return cost.dollars(value) if unit == "nano_usd" else f"{value:,} tokens"


def named(name: str | None, per: Per) -> str:
    """Return a budget's name: the one given, else that of its span.

    Raises ArgumentError: the name given is empty, or holds what a name cannot.
    """
    known = records.name(per if name is None else name)
    if known is None or not known.strip() or not known.isprintable():
        raise ArgumentError(f"A budget is named by a word such as class-7, not by {name!r}.")
    return known


def described(standing: Standing) -> str:
    """Return a budget for people: "class-7, $2.00 per day"."""
    whose = " of simulated money" if standing.simulated else ""
    return f"{standing.name}, {amount(standing.limit, standing.unit)}{whose} {_A[standing.per]}"


# ---- a call


def applying(execute: Execute, call: Counted, *, look_back: bool = False) -> list[Gauge]:
    """Return the gauges that count this call, each made where it is the first of its span.

    `look_back`: the budget may be younger than its day or month. That reads all rows, and no call waits for it.
    """
    gauges = _found(execute, call)
    missing = [gauge for gauge in gauges if gauge.id is None]
    for gauge in missing:
        _make(execute, gauge, call, past=gauge.per == "session" or (look_back and gauge.per != "total"))
    return _found(execute, call) if missing else gauges


def admit(execute: Execute, gauges: Sequence[Gauge], call: Counted) -> list[Standing]:
    """Hold the call's worst case in every gauge; or in none, and return those that refuse it."""
    unknown = [gauge for gauge in gauges if _worst(gauge, call) is None and not gauge.allow_unpriced]
    if unknown:
        return [gauge.standing(simulated=call.simulated) for gauge in unknown]
    for index, gauge in enumerate(gauges):
        worst = _worst(gauge, call) or 0
        if execute(sql.HOLD, (worst, gauge.id, worst)).rowcount != 1:
            for before in gauges[:index]:
                execute(sql.CHARGE, (-(_worst(before, call) or 0), 0, before.id))
            return [
                stand
                for now in _found(execute, call)
                if (stand := now.standing(simulated=call.simulated)).left < (_worst(now, call) or 0)
                or now.budget == gauge.budget
            ]
    return []


def _worst(gauge: Gauge, call: Counted) -> int | None:
    return call.hold_nano if gauge.unit == "nano_usd" else call.hold_tokens


def refusal(refusing: Sequence[Standing], call: Counted) -> BudgetError:
    """Return the error that gives the numbers of the budgets that refuse a call."""
    first = min(refusing, key=lambda one: one.left)
    worst = call.hold_nano if first.unit == "nano_usd" else call.hold_tokens
    stands = f"{amount(first.spent, first.unit)} spent, {amount(first.held, first.unit)} held"
    if worst is None:
        what = f"What this call may cost is not known, and the budget {described(first)}, would not hold."
        how = (
            "Give the model a price (`%o1 price MODEL --in 2 --out 8`) and an allowance (--max-completion-tokens N), "
            "or set the budget with --allow-unpriced."
        )
    else:
        what = (
            f"The budget {described(first)}, has {amount(first.left, first.unit)} left ({stands}); "
            f"this call may cost up to {amount(worst, first.unit)}. It was not sent."
        )
        how = "`%o1 budget` shows the budgets and changes them."
    return BudgetError(what, how=how, standings=tuple(refusing), worst=worst)


def count(execute: Execute, call: Counted) -> Counted:
    """Have every budget count a call that was made already, whether it fits or not; return it with its marks."""
    marks = ""
    for gauge in applying(execute, call):
        held, spent = call.charge(gauge.unit)
        execute(sql.CHARGE, (held, spent, gauge.id))
        marks += gauge.mark()
    return call._replace(gauges=marks)


def move(execute: Execute, before: Counted, after: Counted) -> tuple[Counted, list[Standing]]:
    """Move what a call held to what it spent; return it with its marks, and the budgets that now stand at 80 %."""
    if not before.gauges:
        return after, []
    if before.simulated != after.simulated:  # to the other gauges of the same budgets
        for unit, gauge in marks(before.gauges):
            held, spent = before.charge(unit)
            execute(sql.CHARGE, (-held, -spent, gauge))
        after = count(execute, after)
    else:
        for unit, gauge in marks(after.gauges):
            (was_held, was_spent), (held, spent) = before.charge(unit), after.charge(unit)
            execute(sql.CHARGE, (held - was_held, spent - was_spent, gauge))
    reached = [gauge for _, gauge in marks(after.gauges) if execute(sql.WARN, (gauge,)).rowcount == 1]
    return after, [
        Gauge(*execute(sql.ONE, (gauge,)).fetchone()).standing(simulated=after.simulated) for gauge in reached
    ]


def marks(text: str) -> Iterator[tuple[Unit, int]]:
    """Return unit and gauge of each mark on a row."""
    for mark in text.split(",")[:-1]:
        yield ("nano_usd" if mark[0] == "n" else "tokens"), int(mark[1:])


def warning(standing: Standing) -> str:
    """Return the note on a budget of which little is left."""
    numbers = f"{amount(standing.spent, standing.unit)} spent, {amount(standing.held, standing.unit)} held"
    over = f", over by {amount(standing.over, standing.unit)}" if standing.over else ""
    return f"80 % of the budget {described(standing)}, are reached: {numbers}{over}"


# ---- the budgets


def standings(read: Read, session: str, day: str, user: str) -> Iterator[Standing]:
    """Return how every budget stands for this session today; for simulated calls only where there were some."""
    for simulated in (0, 1):
        call = nobody(session, day, user, simulated=simulated)
        gauges = [Gauge._make(values) for values in read(sql.APPLYING, _spans(call))]
        if not gauges:
            return  # what most calls find: nothing more is read
        for gauge in gauges:
            known = gauge
            if gauge.id is None and gauge.per == "session":
                held, spent = _sums(gauge, read(sql.of_span(gauge.per), _ours(gauge, call)))
                known = gauge._replace(held=held, spent=spent)
            if not simulated or known.spent or known.held:
                yield known.standing(simulated=simulated)


def set_limit(execute: Execute, wanted: Standing, *, call: Counted, shared: bool, at_ms: int) -> int | None:
    """Make a budget or change it, and record it; return the limit it had before. `call` is one it would count."""
    before = execute(sql.MINE, (call.owner, wanted.name)).fetchone()
    known = before is not None and (before[1], before[2]) == (wanted.per, wanted.unit)
    if known:
        execute(sql.CHANGE, (wanted.limit, int(wanted.allow_unpriced), before[0]))
        execute(sql.WARN_ANEW, (before[0],))
    else:
        if before is not None:
            _delete(execute, before[0])
        numbers = (wanted.limit, int(wanted.allow_unpriced))
        execute(sql.NEW, (call.owner, int(shared), wanted.name, wanted.per, wanted.unit, *numbers))
    was = None if before is None else int(before[3])
    _record(execute, wanted, call, at_ms, (was, wanted.limit))
    for simulated in (0, 1):  # what the span has spent already counts
        applying(execute, call._replace(simulated=simulated), look_back=True)
    return was


def remove(execute: Execute, name: str, *, call: Counted, at_ms: int) -> None:
    """Remove a budget and record it. Raises ArgumentError: there is none of that name."""
    found = execute(sql.MINE, (call.owner, name)).fetchone()
    if found is None:
        names = [known for (known,) in execute(sql.MY_NAMES, (call.owner,)).fetchall()]
        raise ArgumentError(f"There is no budget {name}; there are: {', '.join(names) or 'none'}.")
    budget, per, unit, cap, unpriced = found
    _delete(execute, budget)
    _record(execute, Standing(name, per, unit, cap, 0, 0, allow_unpriced=bool(unpriced)), call, at_ms, (cap, None))


def change(values: Sequence[Any]) -> BudgetChange:
    """Return the change that a row of `CHANGES` is."""
    at_ms, name, per, unit, before, after, unpriced, session = values
    at = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return BudgetChange(at, name, per, unit, before, after, bool(unpriced), session)


def _record(execute: Execute, one: Standing, call: Counted, at_ms: int, caps: tuple[int | None, int | None]) -> None:
    flags = (int(one.allow_unpriced), call.session)
    execute(sql.RECORD, (call.owner, at_ms, one.name, one.per, one.unit, *caps, *flags))


def _delete(execute: Execute, budget: int) -> None:
    execute(sql.REMOVE_GAUGES, (budget,))
    execute(sql.REMOVE, (budget,))


def nobody(session: str, day: str, user: str, *, simulated: int = 0) -> Counted:
    """Return a call that costs nothing."""
    return Counted(session, day, simulated, "intent", owner=user)


def _found(execute: Execute, call: Counted) -> list[Gauge]:
    return [Gauge._make(values) for values in execute(sql.APPLYING, _spans(call)).fetchall()]


def _spans(call: Counted) -> tuple[int, str, str, str, str]:
    """Return the parameters of `APPLYING`."""
    return call.simulated, call.session, call.day, call.day[:7], call.owner


def _make(execute: Execute, gauge: Gauge, call: Counted, *, past: bool) -> None:
    """Make the gauge of a span; `past`: with what the span has spent and held so far."""
    span, *_ = ours = _ours(gauge, call)
    owner = call.owner if gauge.per == "session" or not gauge.shared else ""
    made = execute(sql.NEW_GAUGE, (gauge.budget, owner, span, call.simulated)).fetchall()
    for (number,) in made if past else ():
        # Marked and read by one statement: no call ends between the two.
        marked = execute(sql.enlist(gauge.per), (gauge._replace(id=number).mark(), *ours)).fetchall()
        execute(sql.CHARGE, (*_sums(gauge, marked), number))


def _sums(gauge: Gauge, calls: Iterable[Sequence[Any]]) -> tuple[int, int]:
    """Return what these calls hold and have spent of a budget."""
    held = spent = 0
    for values in calls:
        more_held, more_spent = Counted(*values).charge(gauge.unit)
        held, spent = held + more_held, spent + more_spent
    return held, spent


def _ours(gauge: Gauge, call: Counted) -> tuple[str, int, int, str]:
    """Return the parameters of `of_span`."""
    span = {"session": call.session, "day": call.day, "month": call.day[:7], "total": ""}[gauge.per]
    return span, call.simulated, gauge.shared, call.owner
