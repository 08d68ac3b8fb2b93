"""The ledger: each call is held before it is sent and settled when it ends; totals cost the same at any size.

Layer 3. The only module that its callers (`call`, `session`, `commands`) need of the ledger. No prompt, no answer
and no key is stored. Its neighbours: `records` (the values), `schema` (the SQL), `rows`
(between the two), `sqlite` and `setup` (the file), `place` (where), `owner` (who
lives), `spool` (what waits), `export` (as CSV).

    with open_ledger() as ledger:
        ledger.hold(intent)                  # durable before the request leaves, or LedgerError
        ledger.settle(intent.id, outcome)    # True once, False for the same id again
        ledger.spend(session).total.cost_nano_usd
"""

from __future__ import annotations

import logging
import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

from o1magic.errors import ArgumentError, LedgerError
from o1magic.ledger import budget_schema, budgets, calls, owner, place, records, rows, schema, spool
from o1magic.ledger.records import (
    BudgetChange,
    Counted,
    Intent,
    Outcome,
    Per,
    Row,
    Spend,
    Standing,
    State,
    Total,
    Unaccounted,
    Unit,
)
from o1magic.ledger.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

__all__ = [
    "BudgetChange",
    "Intent",
    "Ledger",
    "Outcome",
    "Row",
    "Spend",
    "Standing",
    "State",
    "Total",
    "Unaccounted",
    "open_ledger",
]

logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # else a bare event name lands in the cell

_PAGE = 1000


def open_ledger(
    location: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    clock: Callable[[], float] = time.time,
) -> Ledger:
    """Return the ledger at a path, or the one in the user's data folder; the file is opened on first use."""
    return Ledger(place.ledger_path(location, environ=environ, platform=platform), clock=clock)


class Ledger:
    """A ledger in one file, for any number of threads and processes.

    `clock` returns seconds since 1970; the day of a call is the local calendar day on which it was held.
    `owner` and `temp` are for tests: the process that holds the calls, the folder of last resort.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        owner: Callable[[], owner.Owner] = owner.me,
        temp: Path | None = None,
    ) -> None:
        self.path = Path(path).absolute()
        self._clock = clock
        self._owner = owner
        self._store = SQLiteStore(self.path)
        self._spool = spool.Room(self.path, temp, self._store.say)
        self._seen_opening = 0
        self._fresh = 0
        self._held: dict[str, tuple[Intent, int]] = {}

    def __enter__(self) -> Self:
        """Return the ledger."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; using the ledger again opens it again."""
        self._store.close()

    def notes(self) -> tuple[str, ...]:
        """Return, once, what the user should be told: a call in a spool, a moved file, a migration."""
        return self._store.said()

    def hold(self, intent: Intent) -> None:
        """Record the call and what it may cost, durably. Raises LedgerError: then nothing may be sent.

        Raises BudgetError: a budget has no room for the worst case, and the call is on record as failed.
        """
        self._catch_up()
        created_ms = self._now_ms()
        with self._store.transaction() as execute:
            refused = calls.hold(execute, intent, created_ms, self._who())
        if refused is not None:
            raise refused
        self._held[intent.id] = (intent, created_ms)

    def settle(self, call_id: str, outcome: Outcome) -> bool:
        """Record what became of a call; True the first time, False (and nothing changed) after that.

        Where the ledger cannot be written the outcome waits in a file, `notes()` says so, and it is read in
        when the ledger next opens. Raises LedgerError when that fails as well, or when no such call was ever
        held.
        """
        if call_id in self._spool.ids:
            return False
        held = self._held.get(call_id)
        spooled = spool.Spooled(call_id, outcome, self._now_ms(), *(held or (None, None)))
        try:
            with self._store.transaction() as execute:
                settled, reached = calls.settle(execute, spooled, self._who())
        except LedgerError as error:
            self._spool.set_aside(spooled, error)
            settled, reached = True, []
        if settled is None:
            raise LedgerError(f"No call {call_id} is on record in {self.path}.", billed="maybe", path=str(self.path))
        self._held.pop(call_id, None)
        for standing in reached:
            self._store.say(budgets.warning(standing))
        return settled

    def standings(self, session: str | None = None) -> tuple[Standing, ...]:
        """Return how each budget stands: for this session, today, this month.

        A budget's simulated calls, which have the same limit to themselves, follow as a standing of their own.
        """
        self._store.open()
        key, day = records.name(session) or "", rows.local_day(self._clock())
        return tuple(budgets.standings(self._store.read, key, day, self._store.user))

    def set_budget(
        self,
        limit: int,
        *,
        session: str,
        per: Per | None = None,
        name: str | None = None,
        unit: Unit = "nano_usd",
        allow_unpriced: bool = False,
    ) -> int | None:
        """Limit what calls may spend, in nano-dollars or tokens; return the limit the budget had before.

        Without a name the budget is called after its span, without a span it is per session, or, named, in all. A
        session's, day's and month's budget counts all of it; one in all counts from now. A limit of 0: nothing goes.
        """
        if type(limit) is not int or not 0 <= limit <= budgets.MOST:
            raise ArgumentError(
                f"A budget is a whole number of nano-dollars or tokens from 0 to 10**17, not {limit!r}."
            )
        per = per or ("session" if name is None else "total")
        wanted = Standing(budgets.named(name, per), per, unit, limit, 0, 0, allow_unpriced=allow_unpriced)
        self._catch_up()
        with self._store.transaction() as execute:
            now_ms, call = self._now_ms(), self._nobody(session)
            return budgets.set_limit(execute, wanted, call=call, shared=self._store.owns, at_ms=now_ms)

    def remove_budget(self, name: str, *, session: str) -> None:
        """Take a budget away; its history stays. Raises ArgumentError: there is none of that name."""
        self._catch_up()
        with self._store.transaction() as execute:
            budgets.remove(execute, name, call=self._nobody(session), at_ms=self._now_ms())

    def budget_changes(self, limit: int = 100) -> tuple[BudgetChange, ...]:
        """Return the newest changes of budgets first."""
        self._store.open()
        return tuple(budgets.change(values) for values in self._store.read(budget_schema.CHANGES, (limit,)))

    def _nobody(self, session: str) -> Counted:
        """Return a call of this session, today, that costs nothing."""
        return budgets.nobody(records.name(session) or "", rows.local_day(self._clock()), self._store.user)

    def _who(self) -> tuple[owner.Owner, str]:
        return self._owner(), self._store.user

    def total(self, session: str | None = None, day: date | None = None) -> Total:
        """Return the totals of a session, of a local calendar day, or of all time."""
        if session is not None and day is not None:
            message = "total() adds up a session or a day, not a day of a session"
            raise ValueError(message)
        totals = self._totals(session, day)
        return totals["session" if session is not None else "day" if day is not None else "all"]

    def session_total(self, session: str) -> Total:
        """Return a session's totals without looking for calls that died: cheap enough for after each call."""
        return self._totals(session, None, again=False)["session"]

    def spend(self, session: str | None = None) -> Spend:
        """Return the totals of this session (empty for None), of today, and of all time."""
        totals = self._totals(session, date.fromisoformat(rows.local_day(self._clock())))
        return Spend(session=totals["session"], today=totals["day"], total=totals["all"])

    def unaccounted(self) -> Unaccounted:
        """Return the calls that nobody told the end of, and what is held for them."""
        self._catch_up(again=True)
        found = {bool(simulated): (calls, held) for simulated, calls, held in self._store.read(schema.UNACCOUNTED)}
        real, simulated = found.get(False, (0, 0)), found.get(True, (0, 0))
        return Unaccounted(
            calls=real[0] + simulated[0],
            held_nano_usd=real[1],
            simulated_held_nano_usd=simulated[1],
            fresh=self._fresh,
        )

    def rows(self, limit: int = 100, *, session: str | None = None) -> tuple[Row, ...]:
        """Return the newest rows first, at most `limit`, of one session or of all."""
        self._catch_up(again=True)
        if session is None:
            found = self._store.read(schema.NEWEST, (limit,))
        else:
            found = self._store.read(schema.NEWEST_OF_SESSION, (records.name(session), limit))
        return tuple(rows.row(values) for values in found)

    def export_csv(self, file: str | os.PathLike[str] | TextIO) -> int:
        """Write every row as CSV, the newest last, to a path or an open text file; return their number."""
        from o1magic.ledger import export

        self._catch_up(again=True)
        return export.export(self._oldest_first(), file)

    def _oldest_first(self) -> Iterator[Row]:
        seq = 0
        while page := self._store.read(schema.OLDEST_AFTER, (seq, _PAGE)):
            yield from (rows.row(values) for _, *values in page)
            seq = page[-1][0]

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _totals(self, session: str | None, day: date | None, *, again: bool = True) -> dict[str, Total]:
        self._catch_up(again=again)
        found: dict[str, dict[bool, tuple[int, ...]]] = {"session": {}, "day": {}, "all": {}}
        key = records.name(session)
        for scope, simulated, *sums in self._store.read(schema.TOTALS, (key, day and day.isoformat())):
            found[scope][bool(simulated)] = tuple(sums)
        return {scope: rows.total(sums) for scope, sums in found.items()}

    def _catch_up(self, *, again: bool = False) -> None:
        """Read in what waited and give up on calls whose process is gone: on opening, and when asked to."""
        self._store.open()
        if not again and self._seen_opening == self._store.openings:
            return
        opened = self._seen_opening != self._store.openings
        self._seen_opening = self._store.openings
        if self._store.read_only is not None:
            return
        if opened or self._spool.ids:
            self._spool.read_in(self._settle_all)
        try:
            self._give_up_on_the_gone()
        except LedgerError:  # on a full disk, say: what is held counts either way, and reading must go on
            logger.debug("ledger_give_up_failed", exc_info=True)

    def _give_up_on_the_gone(self) -> None:
        me, now_ms = self._owner(), self._now_ms()
        gone = [
            call_id
            for call_id, host, boot, pid, started, lease_ms in self._store.read(schema.IN_FLIGHT)
            if lease_ms < now_ms or owner.is_gone(owner.Owner(host, boot, pid, started), me)
        ]
        for call_id in gone:
            with self._store.transaction() as execute:
                self._fresh += calls.give_up(execute, call_id)

    def _settle_all(self, waiting: Sequence[spool.Spooled]) -> None:
        for spooled in waiting:
            with self._store.transaction() as execute:
                calls.settle(execute, spooled, self._who())
