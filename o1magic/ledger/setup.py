"""What is done to a SQLite file when it is opened: journal, schema, check, a backup before a migration.

Layer 3. Imports `sqlite3` on first use. Called by `sqlite`.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from o1magic.ledger import migrations, place

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

# "o1mg": tells our file from any other program's database.
_APPLICATION_ID = 0x6F316D67
# A whole check takes 7 ms per MB; beyond this size, some 15,000 rows, only the totals are checked on opening.
_CHECK_WHOLE_BYTES = 4_000_000


def connect(uri: str, busy_s: float) -> sqlite3.Connection:
    """Return a connection for any thread, in which transactions begin and end only where we say so."""
    import sqlite3

    return sqlite3.connect(uri, uri=True, timeout=busy_s, isolation_level=None, check_same_thread=False)


def version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema's number, 0 for an empty file; LedgerError for the database of another program."""
    # One statement, and so one moment: between two, another kernel may finish making the file.
    statement = (
        "SELECT (SELECT COUNT(*) FROM sqlite_master), user_version, application_id"
        " FROM pragma_user_version, pragma_application_id"
    )
    tables, number, application = connection.execute(statement).fetchone()
    if tables and application != _APPLICATION_ID:
        how = f"It was left as it is. Set {place.VARIABLE} to another file."
        raise place.refusal(path, "it is the database of another program", how)
    return int(number)


def start_journal(connection: sqlite3.Connection, busy_s: float) -> str:
    """Return the journal in force: "wal", or "delete" on file systems that lack what it takes."""
    if _switched(connection, "WAL", busy_s) == "wal":
        return "wal"
    return _switched(connection, "DELETE", busy_s) or "unknown"


def migrate(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Bring the schema to the newest in one transaction; return the backup made first, if one was due."""
    backup: Path | None = None
    try:
        connection.execute("BEGIN IMMEDIATE")
        number = version(connection, path)  # another kernel may have done it while this one waited
        if 0 < number < len(migrations.STEPS):
            backup = _back_up(path, number)
        for step in migrations.STEPS[number:]:
            step(connection.execute)
        connection.execute(f"PRAGMA user_version = {max(number, len(migrations.STEPS))}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return backup


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerError when the file's pages contradict each other: SQLite would go on inserting into it."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    size = pages * connection.execute("PRAGMA page_size").fetchone()[0]
    what = "1" if size <= _CHECK_WHOLE_BYTES else "total"
    finding = connection.execute(f"PRAGMA quick_check({what})").fetchone()[0]
    if finding != "ok":
        raise place.damaged(path, str(finding).partition("\n")[0])


def _back_up(path: Path, number: int) -> Path:
    # Over a second connection, as one that is writing cannot be the source; copying the file would drop its
    # locks.
    backup = _new_file(path, number)
    with (
        contextlib.closing(connect(f"{path.as_uri()}?mode=ro", place.BUSY_S)) as source,
        contextlib.closing(connect(f"{backup.as_uri()}?mode=rw", place.BUSY_S)) as target,
    ):
        source.backup(target)
    return backup


def _new_file(path: Path, number: int) -> Path:
    copy = 1
    while True:
        backup = path.with_name(f"{path.name}.schema-{number}.{copy}.bak")
        try:
            os.close(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            copy += 1
        else:
            return backup


def _switched(connection: sqlite3.Connection, journal: str, busy_s: float) -> str | None:
    """Return the journal in force after asking for one, None when asking failed."""
    import sqlite3

    deadline = time.monotonic() + busy_s
    while True:
        try:
            return str(connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0])
        except sqlite3.OperationalError as error:
            # Here, unlike elsewhere, SQLite does not wait by itself while another kernel switches too.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                return None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
