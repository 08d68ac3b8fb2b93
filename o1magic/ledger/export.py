"""The export of rows as CSV that a spreadsheet can open without running anything.

Layer 3. Knows rows, not where they come from. Called by `ledger`.
"""

from __future__ import annotations

import csv
import dataclasses
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from o1magic.errors import LedgerError
from o1magic.ledger.records import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = (*(column.name for column in dataclasses.fields(Row)), "visible_tokens")

# What makes a spreadsheet take a cell for a formula, the full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(rows: Iterable[Row], file: str | os.PathLike[str] | TextIO) -> int:
    """Write the rows in their order, to a path or an open text file, and return their number.

    Raises LedgerError when the file cannot be written. Unknown is an empty cell; times are UTC, ISO 8601.
    """
    if not isinstance(file, (str, os.PathLike)):
        return _write(rows, file)
    path = Path(file)
    try:
        path = path.expanduser()
        with path.open("w", encoding="utf-8", newline="") as stream:
            return _write(rows, stream)
    except LedgerError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # the last two: ~nobody, a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower().rstrip(".")
        how = "Name a file in a folder you can write."
        raise LedgerError(f"The export {path} cannot be written: {reason}.", how=how, path=str(path)) from error


def _write(rows: Iterable[Row], stream: TextIO) -> int:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([_cell(getattr(row, column)) for column in COLUMNS])
        count += 1
    return count


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    text = " ".join(value) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
