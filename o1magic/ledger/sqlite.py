"""The ledger's SQLite file: transactions on it from any thread, across forks, and though it be moved away.

Layer 3. Knows the file, not what the rows mean. `sqlite3` is imported on first use. Called by `ledger`.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from o1magic.ledger import migrations, place, setup
from o1magic.ledger.store import Store

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from o1magic.errors import LedgerError
    from o1magic.ledger.schema import Execute


class SQLiteStore(Store):
    """One SQLite file, which may be deleted or replaced while it is open."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        self.journal: str | None = None
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._checked: tuple[int, int] | None = None

    def _opened(self) -> Execute:
        return self._open().execute

    def _begin(self, *, wait: bool) -> None:
        if self._connection is None:
            return
        if not wait:
            self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            # IMMEDIATE: a read that turns into a write would fail at once with SQLITE_BUSY_SNAPSHOT.
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            if not wait:
                self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * self.busy_s)}")

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _close(self) -> None:
        connection = self._forget()
        if connection is not None:
            connection.close()

    def _forget(self) -> sqlite3.Connection | None:
        connection, self._connection, self._identity = self._connection, None, None
        return connection

    def _errors(self) -> type[Exception]:
        import sqlite3

        return sqlite3.Error

    def _explanation(self, error: Exception) -> LedgerError:
        return place.explain(self.path, error, waited_s=self.busy_s)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._identity == _identity(self.path):
                return self._connection
            self._leave_moved_file(self._connection)
        place.make_room(self.path)
        self.read_only = place.why_read_only(self.path)
        self.read_only_how = place.ELSEWHERE
        connection = self._connect()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._identity = connection, _identity(self.path)
        self.openings += 1
        return connection

    def _leave_moved_file(self, connection: sqlite3.Connection) -> None:
        # An insert into a deleted file succeeds and is lost. What is left in the old write-ahead log must go
        # into the old file first: SQLite would replay it over the file that now has the name.
        with contextlib.suppress(Exception):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._close()
        self.say(
            f"The ledger {self.path} was deleted or replaced while in use;"
            " recording goes on in the file that is there now."
        )

    def _connect(self) -> sqlite3.Connection:
        mode = "mode=rw"
        if self.read_only is not None:
            # Without the files beside it, which a read-only folder takes not, SQLite reads only what cannot
            # change.
            log = self.path.with_name(f"{self.path.name}-wal")
            mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
        return setup.connect(f"{self.path.as_uri()}?{mode}", self.busy_s)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous = FULL")
        version, newest = setup.version(connection, self.path), len(migrations.STEPS)
        if version > newest:
            self.read_only = f"a newer o1magic made it (schema {version}; this one knows {newest})"
            self.read_only_how = f"Upgrade o1magic, or set {place.VARIABLE} to another file."
            connection.execute("PRAGMA query_only = ON")
        if self.read_only is None:
            self._start_journal(connection)
        if self.read_only is None and version < newest:
            backup = setup.migrate(connection, self.path)
            if backup is not None:
                self.say(f"The ledger {self.path} was brought to schema {newest}; a copy as it was is {backup}.")
        identity = _identity(self.path)
        if identity != self._checked:
            setup.check(connection, self.path)
            self._checked = identity

    def _start_journal(self, connection: sqlite3.Connection) -> None:
        journal = setup.start_journal(connection, self.busy_s)
        if journal not in ("wal", self.journal):
            self.say(
                f"The file system of {self.path} refuses SQLite's write-ahead log, so the ledger uses the"
                f" slower {journal} journal. Set {place.VARIABLE} to a local disk if you can."
            )
        self.journal = journal


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - on the path of every call; Path.stat costs twice as much
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
