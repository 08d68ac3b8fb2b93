"""Where the ledger lies, and words for why it cannot.

Layer 3. Creates the folder and the empty file, and touches nothing else. Called by `ledger` and
`sqlite`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from o1magic.errors import ConfigError, LedgerBusyError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The busy handler of SQLite is unfair: with 8 writers one waited 4.2 s.
BUSY_S = 20.0
_BUSY = 5  # SQLITE_BUSY
VARIABLE = "O1MAGIC_LEDGER"
ELSEWHERE = f"Set {VARIABLE} to a file that can be written."
_KEPT = f"It was left as it is. Set {VARIABLE} to another file to go on"
_KEPT_DAMAGED = f"{_KEPT}; the sqlite3 command `.recover` may save its rows."


def ledger_path(location: str | None, *, environ: Mapping[str, str], platform: str) -> Path:
    """Return the absolute path of the ledger: the location given, else the platform's folder for user data.

    Raises LedgerError where there is no home folder.
    """
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


def is_url(location: str | Path | None) -> bool:
    """Tell whether this names a server, not a file."""
    return isinstance(location, str) and "://" in location


def shown_url(url: str) -> str:
    """Return the URL of a server as it may be shown: without password and options.

    Raises ConfigError: it is none of a PostgreSQL server.
    """
    scheme = url.partition("://")[0]
    how = f"Set {VARIABLE} to a path, or to postgresql://user@host/database."
    if scheme not in ("postgresql", "postgres"):
        raise ConfigError(
            f"The ledger is a file or a PostgreSQL database, and {VARIABLE} holds a {scheme}:// URL.", how=how
        )
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ConfigError(f"{VARIABLE} holds a postgresql:// URL that cannot be read.", how=how) from None
    user = f"{parts.username}@" if parts.username else ""
    return f"postgresql://{user}{parts.hostname or ''}{port}{parts.path}"


def secrets_of(url: str) -> tuple[str, ...]:
    """Return the passwords in the URL, as written and as meant."""
    parts = urlsplit(url)
    written = [parts.password or "", *(value for key, value in parse_qsl(parts.query) if "pass" in key)]
    return tuple({text for secret in written if secret for text in (secret, unquote(secret))})


def waiting_room(url: str, environ: Mapping[str, str], platform: str) -> Path:
    """Return a path in the user's data folder for what waits until this server can be reached."""
    import hashlib
    import tempfile

    name = f"postgresql-{hashlib.sha256(shown_url(url).encode()).hexdigest()[:16]}"
    try:
        return ledger_path(None, environ=environ, platform=platform).with_name(name)
    except LedgerError:
        return Path(tempfile.gettempdir()).absolute() / name


def make_room(path: Path) -> None:
    """Create the folder (0700) and the empty file (0600) where they are missing; LedgerError says why not."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Only ever with O_EXCL: closing a second descriptor of an open database drops SQLite's locks on it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
    except FileExistsError as error:
        if path.is_dir():
            how = f"Set {VARIABLE} to a file, such as {path / 'ledger.sqlite3'}."
            raise unusable(path, "it is a folder", how) from error
        if not path.exists():
            raise unusable(path, f"{error.filename} is not a folder", ELSEWHERE) from error
    except OSError as error:
        if _is_file(path):
            return  # in a folder that takes no new ones: it can still be read
        reason = f"{(error.strerror or str(error)).lower()}: {error.filename}"
        raise unusable(path, reason, ELSEWHERE) from error


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
        _BUSY: (f"another program kept it locked for {waited_s:.0f} s", "Try again when that program is done."),
        8: ("it is read-only", ELSEWHERE),
        10: (f"reading or writing the disk failed ({error})", f"Check the disk, or: {ELSEWHERE}"),
        11: ("it is damaged", _KEPT_DAMAGED),
        13: ("the disk is full", f"Make room, or: {ELSEWHERE}"),
        14: ("SQLite cannot open it or the files beside it", ELSEWHERE),
        19: (f"it holds this call already ({error})", "Every call needs an id of its own."),
        26: ("it is not a ledger, not even a database", f"{_KEPT}, or move it away."),
    }.get(code, (str(error), ELSEWHERE))
    error_of = LedgerBusyError if code == _BUSY else LedgerError
    return error_of(f"The ledger {path} cannot be used: {reason}.", how=how, path=str(path))


def unusable(name: Path | str, reason: str, how: str) -> LedgerError:
    """Return the LedgerError for a ledger that cannot even be read."""
    return LedgerError(f"The ledger {name} cannot be used: {reason}.", how=how, path=str(name))


def refusal(name: Path | str, reason: str, how: str = ELSEWHERE) -> LedgerError:
    """Return the LedgerError for a ledger that can be read and not written."""
    return LedgerError(f"The ledger {name} cannot be written: {reason}.", how=how, path=str(name))


def damaged(path: Path, finding: str) -> LedgerError:
    """Return the LedgerError for a database whose pages contradict each other."""
    return unusable(path, f"it is damaged ({finding})", _KEPT_DAMAGED)
