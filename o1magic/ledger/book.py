"""The book that calls are written into: hold, settle, and catching up with what other processes left undone.

Layer 3. `Ledger` adds to it what is read and what people say of calls, budgets and prices.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from o1magic import log
from o1magic.errors import LedgerError
from o1magic.ledger import budgets, calls, owner, place, records, rows, schema, spool
from o1magic.ledger.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from o1magic.catalog import Catalog
    from o1magic.ledger.allowance import Learned
    from o1magic.ledger.counted import Counted
    from o1magic.ledger.records import Intent, Outcome, Standing
    from o1magic.ledger.store import Store

logger = log.named(__name__)


class Book:
    """A ledger in one file or database, for any number of threads and processes.

    `clock` returns seconds since 1970; the day of a call is the local calendar day on which it was held.
    `owner` and `temp` are for tests: the process that holds the calls, the folder of last resort.
    """

    def __init__(
        self,
        location: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        owner: Callable[[], owner.Owner] = owner.me,
        temp: Path | None = None,
    ) -> None:
        self._store: Store
        if isinstance(location, str) and place.is_url(location):
            from o1magic.ledger.postgres import PostgresStore

            self.path = place.waiting_room(location, os.environ, sys.platform)
            self._store = PostgresStore(location)
        else:
            self.path = Path(location).absolute()
            self._store = SQLiteStore(self.path)
        self.name = self._store.name
        self._clock = clock
        self._owner = owner
        self._spool = spool.Room(self.path, temp, self._store.say)
        self._seen_opening = 0
        self._fresh = 0
        self._priced: tuple[int, Catalog, Catalog] | None = None
        self._learned: dict[tuple[str, str, int], tuple[Learned, int]] = {}
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

    def hold(self, intent: Intent, *, wait: bool = True) -> None:
        """Record the call and what it may cost, durably. Raises LedgerError: then nothing may be sent.

        Raises BudgetError: a budget has no room for the worst case, and the call is on record as failed.
        Raises LedgerBusyError, without `wait` at once: another program is writing; nothing is on record.
        """
        self._catch_up()
        created_ms = self._now_ms()
        with self._store.transaction(wait=wait) as execute:
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
            raise LedgerError(f"No call {call_id} is on record in {self.name}.", billed="maybe", path=self.name)
        self._held.pop(call_id, None)
        self._warn(reached)
        return settled

    def accepted(self, call_id: str, provider_id: str) -> None:
        """Record by what id the endpoint can be asked for a call that is not over yet."""
        with self._store.transaction() as execute:
            execute(schema.ACCEPTED, (records.name(provider_id), call_id))

    def leave(self, call_id: str) -> None:
        """Record that nobody waits for a call any more; what it may cost stays held until somebody tells its end."""
        with self._store.transaction() as execute:
            calls.give_up(execute, call_id)

    def _warn(self, reached: Iterable[Standing]) -> None:
        for standing in reached:
            self._store.say(budgets.warning(standing))

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

    def _nobody(self, session: str) -> Counted:
        """Return a call of this session, today, that costs nothing."""
        return budgets.nobody(records.name(session) or "", rows.local_day(self._clock()), self._store.user)

    def _who(self) -> tuple[owner.Owner, str]:
        return self._owner(), self._store.user

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
