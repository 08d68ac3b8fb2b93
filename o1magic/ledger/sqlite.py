"""The ledger's SQLite file: transactions on it from any thread, across forks, and though it be moved away.

Layer 3. Knows the file, not what the rows mean. `sqlite3` is imported on first use. Called by `ledger`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from o1magic.ledger import migrations, place, setup

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from o1magic.errors import LedgerError
    from o1magic.ledger.schema import Execute

logger = logging.getLogger(__name__)

_FORK_WAIT_S = 5.0


class SQLiteStore:
    """One SQLite file, opened on first use; transactions from any thread, one after the other.

    `read_only` says why nothing can be written, None when it can. `openings` counts the files opened so far:
    it grows when the file was deleted or replaced under us. `say` collects what the user should be told.
    """

    def __init__(self, path: Path, *, busy_s: float = place.BUSY_S) -> None:
        self.path = path
        # Who may write the file is one person here, whose budgets are everybody's.
        self.user, self.owns = "", True
        self.busy_s = busy_s
        self.read_only: str | None = None
        self.read_only_how = place.ELSEWHERE
        self.journal: str | None = None
        self.openings = 0
        self._said: list[str] = []
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._checked: tuple[int, int] | None = None
        _stores.add(self)

    def say(self, note: str) -> None:
        """Keep a note for the user, and log it."""
        self._said.append(note)
        logger.warning("ledger_note", extra={"note": note, "path": str(self.path)})

    def said(self) -> tuple[str, ...]:
        """Return the notes kept since the last call."""
        notes, self._said = tuple(self._said), []
        return notes

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Execute]:
        """Run a writing transaction; it commits at the end of the block and rolls back on any exception."""
        import sqlite3

        with self._lock, self._explained(sqlite3.Error):
            connection = self._open()
            if self.read_only is not None:
                raise place.refusal(self.path, self.read_only, self.read_only_how)
            try:
                # IMMEDIATE: a read that turns into a write would fail at once with SQLITE_BUSY_SNAPSHOT.
                connection.execute("BEGIN IMMEDIATE")
                yield connection.execute
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def read(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of one reading statement."""
        import sqlite3

        with self._lock, self._explained(sqlite3.Error):
            return self._open().execute(statement, parameters).fetchall()

    def open(self) -> None:
        """Open the file now, or again where it was deleted or replaced."""
        import sqlite3

        with self._lock, self._explained(sqlite3.Error):
            self._open()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._close()

    def before_fork(self) -> bool:
        """Close the file and hold the lock; False when another thread keeps it busy for too long."""
        if not self._lock.acquire(timeout=_FORK_WAIT_S):
            return False
        self._close()
        return True

    def after_fork_in_parent(self) -> None:
        """Release the lock that `before_fork` took."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Start afresh with a new lock; a connection that did cross is not touched again, nor closed."""
        self._lock = threading.Lock()
        _abandoned.append(self._connection)
        self._connection, self._identity = None, None

    def __del__(self) -> None:
        """Close the file, which sqlite3 warns about otherwise."""
        self._close()

    def _close(self) -> None:
        connection, self._connection, self._identity = self._connection, None, None
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _explained(self, kind: type[sqlite3.Error]) -> Iterator[None]:
        try:
            yield
        except kind as error:
            raise self._explanation(error) from error

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


# SQLite forbids that a connection, or the locks it holds, cross a fork, and even that the child closes it. So
# files are closed before a fork (a shell line in a notebook is one), and opened again at the next call.
_stores: weakref.WeakSet[SQLiteStore] = weakref.WeakSet()
_abandoned: list[sqlite3.Connection | None] = []
_forking = threading.local()


def _before_fork() -> None:
    _forking.stores = [(store, store.before_fork()) for store in list(_stores)]


def _after_fork_in_parent() -> None:
    for store, closed in _forking.stores:
        if closed:
            store.after_fork_in_parent()
    _forking.stores = []


def _after_fork_in_child() -> None:
    for store, _ in _forking.stores:
        store.after_fork_in_child()
    _forking.stores = []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
