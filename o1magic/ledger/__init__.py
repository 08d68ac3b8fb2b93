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

from o1magic.errors import LedgerError
from o1magic.ledger import owner, place, records, rows, schema, spool
from o1magic.ledger.records import Counted, Intent, Outcome, Row, Spend, State, Total, Unaccounted
from o1magic.ledger.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from o1magic.ledger.schema import Execute

__all__ = ["Intent", "Ledger", "Outcome", "Row", "Spend", "State", "Total", "Unaccounted", "open_ledger"]

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
        self._spools = spool.places(self.path, temp)
        self._seen_opening = 0
        self._fresh = 0
        self._held: dict[str, tuple[Intent, int]] = {}
        self._waiting: set[str] = set()

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
        """Record the call and what it may cost, durably. Raises LedgerError: then nothing may be sent."""
        self._catch_up()
        created_ms = self._now_ms()
        with self._store.transaction() as execute:
            self._insert(execute, intent, created_ms)
        self._held[intent.id] = (intent, created_ms)

    def settle(self, call_id: str, outcome: Outcome) -> bool:
        """Record what became of a call; True the first time, False (and nothing changed) after that.

        Where the ledger cannot be written the outcome waits in a file, `notes()` says so, and it is read in
        when the ledger next opens. Raises LedgerError when that fails as well, or when no such call was ever
        held.
        """
        if call_id in self._waiting:
            return False
        held = self._held.get(call_id)
        spooled = spool.Spooled(call_id, outcome, self._now_ms(), *(held or (None, None)))
        try:
            with self._store.transaction() as execute:
                settled = self._finish(execute, spooled)
        except LedgerError as error:
            self._set_aside(spooled, error)
            settled = True
        if settled is None:
            raise LedgerError(f"No call {call_id} is on record in {self.path}.", billed="maybe", path=str(self.path))
        self._held.pop(call_id, None)
        return settled

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
        if opened or self._waiting:
            self._read_spools()
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
        if not gone:
            return
        with self._store.transaction() as execute:
            for call_id in gone:
                *values, _ = execute(schema.COUNTED, (call_id,)).fetchone()
                before = Counted(*values)
                if execute(schema.GIVE_UP, (call_id,)).rowcount == 1:
                    rows.add_up(execute, before, before._replace(state="unknown"))
                    self._fresh += 1

    def _insert(self, execute: Execute, intent: Intent, created_ms: int) -> None:
        me = self._owner()
        day = rows.local_day(created_ms / 1000)
        execute(schema.INTENT, rows.intent_values(intent, me, created_ms, day))
        rows.add_up(execute, None, rows.opening(intent, day))

    def _finish(self, execute: Execute, spooled: spool.Spooled) -> bool | None:
        """Record an outcome; False where one is on record, None where file and memory know no such call."""
        found = execute(schema.COUNTED, (spooled.id,)).fetchone()
        if found is None:
            if spooled.intent is None or spooled.created_ms is None:
                return None
            # The file that took the intent was deleted or replaced since.
            self._insert(execute, spooled.intent, spooled.created_ms)
            found = execute(schema.COUNTED, (spooled.id,)).fetchone()
        *values, closed_ms = found
        if closed_ms is not None:
            return False
        before = Counted(*values)
        after, parameters = rows.ending(before, spooled.outcome)
        if execute(schema.OUTCOME, (*parameters, spooled.closed_ms, spooled.id)).rowcount != 1:
            return False
        rows.add_up(execute, before, after)
        return True

    def _set_aside(self, spooled: spool.Spooled, error: LedgerError) -> None:
        for file in self._spools:
            try:
                spool.append(file, spooled)
            except OSError:
                continue
            self._waiting.add(spooled.id)
            self._store.say(f"{error.what} The call's tokens and cost wait in {file} and will be read in.")
            return
        how = f"Its tokens and cost are not recorded, only what was held for it. {error.how}"
        raise LedgerError(error.what, how=how, billed="maybe", path=str(self.path)) from error

    def _read_spools(self) -> None:
        for file in self._spools:
            try:
                # Commits before it empties: killed between, the same lines come again and change nothing.
                with spool.emptied(file) as waiting:
                    self._finish_all(waiting)
            except OSError as error:  # a LedgerError is one: what waits goes on waiting
                logger.debug("ledger_spool_unread", exc_info=True)
                if not self._waiting:  # else it was said when it was spooled
                    self._store.say(f"The calls waiting in {file} could not be read in: {error}")

    def _finish_all(self, waiting: Sequence[spool.Spooled]) -> None:
        if not waiting:
            return
        with self._store.transaction() as execute:
            for spooled in waiting:
                self._finish(execute, spooled)
        self._waiting.difference_update(spooled.id for spooled in waiting)
