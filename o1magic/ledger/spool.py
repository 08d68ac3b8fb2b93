"""The waiting room for outcomes the ledger could not take: lines of JSON beside it, or in the temp folder.

Layer 3. Knows no SQL. Called by `ledger`, which reads the spool in when the ledger next opens.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from o1magic import log
from o1magic.errors import LedgerError
from o1magic.ledger.records import Intent, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = log.named(__name__)

_TUPLES = ("lint_found", "lint_fixed")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, slots=True)
class Spooled:
    """One outcome that waits; `intent` and `created_ms` are known to the process that made the call."""

    id: str
    outcome: Outcome
    closed_ms: int
    intent: Intent | None
    created_ms: int | None


class Room:
    """The outcomes that wait for one ledger. `ids` are those set aside here, by this process."""

    def __init__(self, ledger: Path, temp: Path | None, say: Callable[[str], None]) -> None:
        self.ids: set[str] = set()
        self._places = places(ledger, temp)
        self._say = say

    def set_aside(self, spooled: Spooled, error: LedgerError) -> None:
        """Keep an outcome until the ledger can take it. Raises LedgerError: it cannot be written anywhere."""
        beside = self._places[0].parent
        with contextlib.suppress(OSError):  # there is no folder yet where the ledger is on a server
            beside.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in self._places:
            try:
                append(file, spooled)
            except OSError:
                continue
            self.ids.add(spooled.id)
            self._say(f"{error.what} The call's tokens and cost wait in {file} and will be read in.")
            return
        how = f"Its tokens and cost are not recorded, only what was held for it. {error.how}"
        raise LedgerError(error.what, how=how, billed="maybe", path=error.data.get("path")) from error

    def read_in(self, settle: Callable[[list[Spooled]], None]) -> None:
        """Hand what waits to `settle`, which commits before the file is emptied.

        Killed between, the same lines come again and change nothing.
        """
        for file in self._places:
            try:
                with emptied(file) as waiting:
                    settle(waiting)
                self.ids.difference_update(spooled.id for spooled in waiting)
            except OSError as error:  # a LedgerError is one: what waits goes on waiting
                logger.debug("ledger_spool_unread", exc_info=True)
                if not self.ids:  # else it was said when it was spooled
                    self._say(f"The calls waiting in {file} could not be read in: {error}")


def places(ledger: Path, temp: Path | None = None) -> tuple[Path, Path]:
    """Return the two places where this ledger's spool may lie, the better one first."""
    import hashlib

    # In the temp folder several people and several ledgers meet.
    tag = hashlib.sha256(os.fsencode(ledger)).hexdigest()[:16]
    elsewhere = temp or Path(tempfile.gettempdir())
    return ledger.with_name(f"{ledger.stem}-spool.jsonl"), elsewhere / f"o1magic-{_user()}-{tag}-spool.jsonl"


def append(place: Path, spooled: Spooled) -> None:
    """Add one line and wait until it is on the disk; on OSError the file is as it was before."""
    import json

    line = json.dumps(dataclasses.asdict(spooled)).encode("ascii") + b"\n"
    with _locked(place, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
        before = os.fstat(descriptor).st_size
        try:
            _write(descriptor, line)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise


@contextlib.contextmanager
def emptied(place: Path) -> Iterator[list[Spooled]]:
    """Hand out what waits, and empty the file once the block has ended well; unreadable lines are kept aside.

    Emptied and not removed: another process may wait for the lock of this very file.
    """
    if not place.exists() or place.stat().st_size == 0:
        yield []
        return
    with _locked(place, os.O_RDWR) as descriptor:
        lines = _contents(descriptor).splitlines(keepends=True)
        found = [(line, _parsed(line)) for line in lines]
        yield [spooled for _, spooled in found if spooled is not None]
        unreadable = [line for line, spooled in found if spooled is None]
        if unreadable:
            with _locked(place.with_name(f"{place.name}.unreadable"), os.O_WRONLY | os.O_APPEND | os.O_CREAT) as aside:
                _write(aside, b"".join(unreadable))
        os.ftruncate(descriptor, 0)


@contextlib.contextmanager
def _locked(place: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(place, flags | _NO_FOLLOW, 0o600)
    try:
        _lock(descriptor)
        if os.name == "posix" and os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to someone else", str(place))
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):  # a disk that fills up takes part of it
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _contents(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows, where a file in use cannot be removed either
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


def _parsed(line: bytes) -> Spooled | None:
    import json

    from o1magic.answer import Usage

    try:
        fields: dict[str, Any] = json.loads(line)
        outcome = fields.pop("outcome")
        intent = fields.pop("intent")
        usage = Usage(**outcome.pop("usage"))
        if intent is not None:
            intent = Intent(**intent | {name: tuple(intent[name]) for name in _TUPLES})
        return Spooled(outcome=Outcome(usage=usage, **outcome), intent=intent, **fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
