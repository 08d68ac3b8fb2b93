"""Where the ledger lies, and words for why it cannot.

Layer 3. Creates the folder and the empty file, and touches nothing else. Called by `ledger` and
`sqlite`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from o1magic.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The busy handler of SQLite is unfair: with 8 writers one waited 4.2 s.
BUSY_S = 20.0
VARIABLE = "O1MAGIC_LEDGER"
ELSEWHERE = f"Set {VARIABLE} to a file that can be written."
_KEPT = f"It was left as it is. Set {VARIABLE} to another file to go on"
_KEPT_DAMAGED = f"{_KEPT}; the sqlite3 command `.recover` may save its rows."


def ledger_path(location: str | None, *, environ: Mapping[str, str], platform: str) -> Path:
    """Return the absolute path of the ledger: the location given, else the platform's folder for user data.

    Raises ConfigError for a URL, LedgerError where there is no home folder.
    """
    if location and "://" in location:
        scheme = location.partition("://")[0]
        raise ConfigError(
            f"The ledger is a file, and {VARIABLE} holds a {scheme}:// URL.", how=f"Set {VARIABLE} to a path."
        )
    try:
        path = Path(location).expanduser() if location else _data_folder(environ, platform) / "ledger.sqlite3"
    except RuntimeError as error:
        raise LedgerError("There is no home folder to keep the ledger in.", how=ELSEWHERE, path=None) from error
    return path.absolute()


def _data_folder(environ: Mapping[str, str], platform: str) -> Path:
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else _home(environ) / "AppData" / "Local") / "o1magic"
    if platform == "darwin":
        return _home(environ) / "Library" / "Application Support" / "o1magic"
    data = environ.get("XDG_DATA_HOME", "")
    # The XDG specification has a relative path ignored.
    return (Path(data) if data.startswith("/") else _home(environ) / ".local" / "share") / "o1magic"


def _home(environ: Mapping[str, str]) -> Path:
    if environ.get("HOME") == "":
        message = "HOME is empty"  # Path.home() would answer with the root folder
        raise RuntimeError(message)
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def make_room(path: Path) -> None:
    """Create the folder (0700) and the empty file (0600) where they are missing; LedgerError says why not."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Only ever with O_EXCL: closing a second descriptor of an open database drops SQLite's locks on it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
    except FileExistsError as error:
        if path.is_dir():
            how = f"Set {VARIABLE} to a file, such as {path / 'ledger.sqlite3'}."
            raise _unusable(path, "it is a folder", how) from error
        if not path.exists():
            raise _unusable(path, f"{error.filename} is not a folder", ELSEWHERE) from error
    except OSError as error:
        if _is_file(path):
            return  # in a folder that takes no new ones: it can still be read
        reason = f"{(error.strerror or str(error)).lower()}: {error.filename}"
        raise _unusable(path, reason, ELSEWHERE) from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not even be searched
        return False


def why_read_only(path: Path) -> str | None:
    """Return why nothing can be written to this existing file, None when it can."""
    options = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
    if not os.access(path, os.W_OK, **options):
        return "the file is read-only"
    if not os.access(path.parent, os.W_OK | os.X_OK, **options):
        return f"the folder {path.parent} is read-only, and SQLite needs to put a file beside the ledger"
    return None


def explain(path: Path, error: Exception, *, waited_s: float) -> LedgerError:
    """Return the LedgerError that says in words what an sqlite3.Error means for the ledger."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reason, how = {
        5: (f"another program kept it locked for {waited_s:.0f} s", "Try again when that program is done."),
        8: ("it is read-only", ELSEWHERE),
        10: (f"reading or writing the disk failed ({error})", f"Check the disk, or: {ELSEWHERE}"),
        11: ("it is damaged", _KEPT_DAMAGED),
        13: ("the disk is full", f"Make room, or: {ELSEWHERE}"),
        14: ("SQLite cannot open it or the files beside it", ELSEWHERE),
        19: (f"it holds this call already ({error})", "Every call needs an id of its own."),
        26: ("it is not a ledger, not even a database", f"{_KEPT}, or move it away."),
    }.get(code, (str(error), ELSEWHERE))
    return _unusable(path, reason, how)


def _unusable(path: Path, reason: str, how: str) -> LedgerError:
    return LedgerError(f"The ledger {path} cannot be used: {reason}.", how=how, path=str(path))


def refusal(path: Path, reason: str, how: str = ELSEWHERE) -> LedgerError:
    """Return the LedgerError for a ledger that can be read and not written."""
    return LedgerError(f"The ledger {path} cannot be written: {reason}.", how=how, path=str(path))


def damaged(path: Path, finding: str) -> LedgerError:
    """Return the LedgerError for a database whose pages contradict each other."""
    return _unusable(path, f"it is damaged ({finding})", _KEPT_DAMAGED)
