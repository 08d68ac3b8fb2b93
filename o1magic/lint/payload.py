"""Joining classified lines to segments of pasted payload: code, data in columns, JSON, logs, tracebacks.

Called by `segments`, which decides whether a segment stands among instructions.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

from o1magic.lint import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from o1magic.lint.segments import Line, Segment

_CODE_KINDS = frozenset((lines.CERTAIN, lines.CODE, lines.WEAK, lines.DIFF))
_SCORE = {lines.CERTAIN: 3, lines.CODE: 2, lines.WEAK: 1, lines.DIFF: 3}
_ENOUGH = 3
_MIN_CHARS = 40
_FEW_ROWS = 3
_FEW_WORDS = 3
_LONG_JSON = 40
_LONGEST_CELL = 60
_NUMBER = re.compile(r"[-+$€£]?\d[\d.,:%/ -]*$")
_COLUMNS = re.compile(r"\S(?: {2,}|\t)\S")
_SEPARATORS = (",", "\t", ";", "|")
_NAMES = {"aligned": "csv", **{f"csv{separator}": "csv" for separator in _SEPARATORS}}
_SENTENCE_ENDS = (".", "?", "!", ";", "{")
_COMMENT = ("#", "//", "/*", "--", "*", '"""', "'''")


def segments(text: str, rows: Sequence[Line]) -> list[Segment]:
    """Return the payload segments, in order, none overlapping another."""
    from o1magic.lint.segments import Segment

    found: list[Segment] = []
    scan = _Scan(text, rows)
    i = 0
    while i < len(rows):
        last, kind = scan.at(i)
        if last < 0:
            i += 1
            continue
        found.append(Segment(i, last, kind))
        i = last + 1
    return _joined(found, rows)


class _Scan:
    """Tries each kind of payload at a line; a run that was looked through in vain is not looked through again."""

    def __init__(self, text: str, rows: Sequence[Line]) -> None:
        self._text = text
        self._rows = rows
        self._parsed = 0
        self._vain: dict[str, int] = {}

    def at(self, i: int) -> tuple[int, str]:
        """Return the last line of the payload that starts at line i, and its kind; -1 where none does."""
        rows, row = self._rows, self._rows[i]
        if row.kind in (lines.BLANK, lines.PROTECTED):
            return -1, ""
        if row.text[0] in "{[" and row.start >= self._parsed:
            last, self._parsed = _json_end(self._text, rows, i)
            if last >= 0:
                return last, "json"
        for name, kinds, ending in _KINDS_OF_PAYLOAD:
            if (not kinds or row.kind in kinds) and i > self._vain.get(name, -1):
                last, seen = ending(rows, i)
                if last >= 0:
                    return last, "diff" if row.kind == lines.DIFF else _NAMES.get(name, name)
                self._vain[name] = seen
        return -1, ""


def _trace_end(rows: Sequence[Line], first: int) -> tuple[int, int]:
    last, count = first, 0
    head = rows[first].text.startswith(("Traceback", "Exception in", "panic:", "thread '"))
    for i in range(first, len(rows)):
        row = rows[i]
        if row.kind == lines.TRACE:
            last, count = i, count + 1
        elif not (row.indented and row.text):
            break
    return (last if last > first and (head or count > 1) else -1), last


def _log_end(rows: Sequence[Line], first: int) -> tuple[int, int]:
    last = first
    while last + 1 < len(rows) and (rows[last + 1].kind in (lines.LOG, lines.TRACE) or _continues(rows[last + 1])):
        last += 1
    return (last if last - first + 1 >= _FEW_ROWS else -1), last


def _continues(row: Line) -> bool:
    return row.indented and bool(row.text) and row.kind != lines.PROTECTED


def _table_end(rows: Sequence[Line], first: int) -> tuple[int, int]:
    last = first
    while last + 1 < len(rows) and (rows[last + 1].kind == lines.TABLE or " | " in rows[last + 1].text):
        last += 1
    return (last if last - first + 1 >= _FEW_ROWS else -1), last


def _columns_end(separator: str, rows: Sequence[Line], first: int) -> tuple[int, int]:
    """Return the last row of a run of lines with equally many cells (-1 where that is chance), and how far it went.

    Up to two lines above the data may have as many commas by chance: a run is in vain only if it is so without them.
    """
    cells = _cells(rows[first], separator)
    if len(cells) < 2:  # noqa: PLR2004 - one cell is no row
        return -1, -1
    table = [cells]
    while first + len(table) < len(rows) and len(cells) == len(row := _cells(rows[first + len(table)], separator)):
        table.append(row)
    last = first + len(table) - 1
    if _is_data(table, separator):
        return last, last
    if _is_data(table[1:], separator) or _is_data(table[2:], separator):
        return -1, first
    return -1, last


def _cells(row: Line, separator: str) -> list[str]:
    if separator not in row.text or row.kind in (lines.PROTECTED, lines.CERTAIN):
        return []
    if '"' in row.text and separator == ",":
        # Separators inside quotes do not part cells.
        parts = row.text.split('"')
        return ",".join(part if i % 2 == 0 else "q" for i, part in enumerate(parts)).replace(",q,", "q").split(",")
    return row.text.split(separator)


def _is_data(table: list[list[str]], separator: str) -> bool:
    """Return whether rows of equally many cells are data, not sentences with equally many commas."""
    cells = [cell for row in table for cell in row]
    if len(table) < _FEW_ROWS or max(map(len, cells)) > _LONGEST_CELL:
        return False
    if any(row[-1].rstrip().endswith(_SENTENCE_ENDS) for row in table):
        return False
    if separator == "\t":
        return True
    spaced = [cell.startswith(" ") for cell in cells]
    width = len(table[0])
    a_sentence_above = any(spaced[:width]) and not any(spaced[width:])
    if a_sentence_above or any("(" in cell or "=" in cell for cell in cells):
        return False
    numbers = sum(any(_NUMBER.match(cell.strip()) for cell in row) for row in table[1:])
    tight, numeric = sum(spaced) * 3 < len(cells), numbers * 2 >= len(table) - 1
    # Of two columns more is asked: any sentence with one comma looks like a row.
    return (tight and numeric) if width == 2 else (tight or numeric)  # noqa: PLR2004 - two columns


def _aligned_end(rows: Sequence[Line], first: int) -> tuple[int, int]:
    """Return the last row of a table aligned by blanks, as pandas prints it (-1: none), and how far it went."""
    last, numbers = first - 1, 0
    while last + 1 < len(rows) and rows[last + 1].kind in (lines.PROSE, lines.WEAK, lines.RULE, lines.TABLE):
        text = rows[last + 1].text
        if not _COLUMNS.search(text) and rows[last + 1].kind not in (lines.RULE, lines.TABLE):
            break
        numbers += any(_NUMBER.match(cell) for cell in text.split())
        last += 1
    found = last - first + 1 >= _FEW_ROWS and numbers * 2 >= last - first + 1
    return (last if found else -1), last


def _json_end(text: str, rows: Sequence[Line], i: int) -> tuple[int, int]:
    """Return the last line of the JSON value that starts here (-1: none worth fencing), and how far was read."""
    start = rows[i].start + text[rows[i].start : rows[i].end].find(rows[i].text[0])
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        return -1, error.pos
    except (RecursionError, ValueError):
        return -1, len(text)
    last = i
    while last + 1 < len(rows) and rows[last + 1].start < end:
        last += 1
    whole = not text[end : rows[last].end].strip(" \t\r,;")
    worth = isinstance(value, dict | list) and value and (last > i or end - start >= _LONG_JSON)
    return (last if whole and worth else -1), end


def _code_end(rows: Sequence[Line], first: int) -> tuple[int, int]:
    """Return the last line of the code that starts here (-1: a few marks only look like code), and how far it went."""
    last = i = first
    score, certain, blanks = 0, False, 0
    while i < len(rows):
        row = rows[i]
        if row.kind in _CODE_KINDS:
            score += _SCORE[row.kind]
            certain = certain or row.kind in (lines.CERTAIN, lines.DIFF)
            last, blanks = i, 0
        elif row.kind == lines.BLANK:
            blanks += 1
            if blanks > 2:  # noqa: PLR2004 - PEP 8 parts functions by two
                break
        elif row.kind in (lines.PROTECTED, lines.RULE, lines.LOG, lines.TRACE) or not _belongs(rows, i, blanks):
            break
        i += 1
    chars = rows[last].end - rows[first].start
    strong = any(row.kind in (lines.CERTAIN, lines.CODE, lines.DIFF) for row in rows[first : last + 1])
    enough = score >= _ENOUGH and strong and last > first and chars >= _MIN_CHARS
    return (last if certain or enough else -1), last


def _belongs(rows: Sequence[Line], i: int, blanks: int) -> bool:
    """Return whether a line that is not code by itself stands within code: indented, or between two lines of it."""
    row = rows[i]
    if row.indented and not lines.reads_as_prose(row.text):
        return True
    if row.indented and not blanks:
        return True
    if blanks or (lines.reads_as_prose(row.text) and not row.text.startswith(_COMMENT)):
        return False
    following = rows[i + 1] if i + 1 < len(rows) else None
    if following is None or following.kind not in (lines.CERTAIN, lines.CODE):
        return False
    return row.text.startswith(_COMMENT) or (not row.text[0].isupper() and len(row.text.split()) <= _FEW_WORDS)


def _joined(found: list[Segment], rows: Sequence[Line]) -> list[Segment]:
    """Return the segments with neighbours of one kind made one, across at most one blank line."""
    from o1magic.lint.segments import Segment

    joined: list[Segment] = []
    for segment in found:
        before = joined[-1] if joined else None
        gap = rows[before.last + 1 : segment.first] if before else ()
        if before and before.kind == segment.kind and len(gap) <= 1 and all(row.kind == lines.BLANK for row in gap):
            joined[-1] = Segment(before.first, segment.last, before.kind)
        else:
            joined.append(segment)
    return joined


_KINDS_OF_PAYLOAD: tuple[tuple[str, frozenset[str], Callable[[Sequence[Line], int], tuple[int, int]]], ...] = (
    ("traceback", frozenset((lines.TRACE,)), _trace_end),
    ("log", frozenset((lines.LOG,)), _log_end),
    ("table", frozenset((lines.TABLE,)), _table_end),
    *((f"csv{separator}", frozenset[str](), partial(_columns_end, separator)) for separator in _SEPARATORS),
    ("aligned", frozenset((lines.PROSE, lines.WEAK)), _aligned_end),
    ("code", _CODE_KINDS, _code_end),
)
