"""What the ledger's two databases have in common: one connection, one transaction at a time, notes, forks.

Layer 3. Knows neither SQL nor files. Called by `sqlite` and `postgres`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from o1magic import log
from o1magic.ledger import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from o1magic.errors import LedgerError
    from o1magic.ledger.schema import Execute

logger = log.named(__name__)

_FORK_WAIT_S = 5.0


class Store(ABC):
    """A database opened on first use; transactions from any thread, one after the other.

    `read_only` says why nothing can be written, None when it can. `openings` counts the connections made so far: it
    grows when the file was replaced under us, or the server came back. `say` collects what the user should be told.
    `user` is whose calls these are, `owns` whether the ledger, and so every budget, is this user's.
    """

    def __init__(self, name: str, *, busy_s: float = place.BUSY_S) -> None:
        self.name = name
        self.user, self.owns = "", True
        self.busy_s = busy_s
        self.read_only: str | None = None
        self.read_only_how = place.ELSEWHERE
        self.openings = 0
        self._said: list[str] = []
        self._lock = threading.Lock()
        _stores.add(self)

    def say(self, note: str) -> None:
        """Keep a note for the user, and log it."""
        self._said.append(note)
        logger.warning("ledger_note", extra={"note": note, "path": self.name})

    def said(self) -> tuple[str, ...]:
        """Return the notes kept since the last call."""
        notes, self._said = tuple(self._said), []
        return notes

    @contextlib.contextmanager
    def transaction(self, *, wait: bool = True) -> Iterator[Execute]:
        """Run a writing transaction; it commits at the end of the block and rolls back on any exception.

        Raises LedgerBusyError: another program writes, for longer than one waits, or right now without `wait`.
        """
        with self._lock, self._explained():
            execute = self._opened()
            if self.read_only is not None:
                raise place.refusal(self.name, self.read_only, self.read_only_how)
            try:
                self._begin(wait=wait)
                yield execute
                execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def read(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of one reading statement."""
        with self._lock, self._explained():
            return self._opened()(statement, parameters).fetchall()

    def open(self) -> None:
        """Connect now, or again where the file was deleted or replaced."""
        with self._lock, self._explained():
            self._opened()

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            self._close()

    def before_fork(self) -> bool:
        """Close the connection and hold the lock; False when another thread keeps it busy for too long."""
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
        _abandoned.append(self._forget())

    def __del__(self) -> None:
        """Close the connection, which Python warns about otherwise."""
        self._close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._errors() as error:
            raise self._explanation(error) from error

    @abstractmethod
    def _opened(self) -> Execute:
        """Connect where there is no connection, and return what runs a statement on it."""

    @abstractmethod
    def _begin(self, *, wait: bool) -> None:
        """Begin a writing transaction."""

    @abstractmethod
    def _roll_back(self) -> None:
        """End the transaction, if there is one, as if it had not been."""

    @abstractmethod
    def _close(self) -> None:
        """Close the connection, if there is one."""

    @abstractmethod
    def _forget(self) -> object:
        """Return the connection, and know it no more."""

    @abstractmethod
    def _errors(self) -> type[Exception]:
        """Return the database's own kind of error."""

    @abstractmethod
    def _explanation(self, error: Exception) -> LedgerError:
        """Return such an error in words."""


# SQLite forbids that a connection, or the locks it holds, cross a fork, and even that the child closes it; two
# processes on one socket to PostgreSQL would garble it. So connections are closed before a fork (a shell line in a
# notebook is one), and opened again at the next call.
_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_abandoned: list[object] = []
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
