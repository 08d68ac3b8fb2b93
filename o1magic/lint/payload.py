"""Joining classified lines to segments of pasted payload: code, data in columns, JSON, logs, tracebacks.

Called by `segments`, which decides whether a segment stands among instructions.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from o1magic.lint import code, lines
from o1magic.lint.patterns import late
from o1magic.lint.rows import KINDS, SEPARATORS, cells_of, in_columns

if TYPE_CHECKING:
    import json
    from collections.abc import Callable

    from o1magic.lint.rows import Line, Rows
    from o1magic.lint.segments import Segment

    # Its name, the kinds of lines it starts at (none: any), and what tells how far it goes.
    _Payload = tuple[str, frozenset[str], Callable[[Rows, int], tuple[int, int]]]

_FEW_ROWS = 3
_SHORT = 4
_NEAR = 2
_LONG_JSON = 40
_WINDOW = 2048
_LONGEST_TOKEN = 16
# A text with more brackets that start nothing is not worth trying further.
_MOST_FAILURES = 300
_LONGEST_CELL, _LONGEST_TABBED = 60, 200
_SAMPLE = 60
_NUMBER = late(r"[-+$€£]?\d[\d.,:%/ -]*$")
_NAMES = {"aligned": "csv", **{f"csv{separator}": "csv" for separator in SEPARATORS}}
_BULLET = late(r"[^\w\s]{1,2}|o|\(?\w{1,3}[.)]")
_IN_DIFF = ("+", "-", "\\ No newline", "index ", "new file ", "deleted file ", "rename ", "similarity ")
_SENTENCE_ENDS = (".", "?", "!", ";", "{")


def segments(text: str, rows: Rows) -> list[Segment]:
    """Return the payload segments, in order, none overlapping another."""
    from o1magic.lint.segments import Segment

    found: list[Segment] = []
    scan = _Scan(text, rows)
    free = 0
    for i in rows.candidates():
        if i < free:
            continue
        last, kind = scan.at(i)
        if last >= 0:
            found.append(Segment(code.start(rows, i, last, free) if kind == "code" else i, last, kind))
            free = last + 1
    return _joined(found, rows)


class _Scan:
    """Tries each kind of payload at a line; a run that was looked through in vain is not looked through again."""

    def __init__(self, text: str, rows: Rows) -> None:
        self._text = text
        self._rows = rows
        self._parsed = self._failed = 0
        self._vain: dict[str, int] = {}
        self._wanted = _wanted(frozenset(rows.columns))

    def at(self, i: int) -> tuple[int, str]:
        """Return the last line of the payload that starts at line i, and its kind; -1 where none does."""
        rows, kind = self._rows, self._rows.kind(i)
        if kind in (lines.BLANK, lines.PROTECTED):
            return -1, ""
        if self._failed < _MOST_FAILURES and rows.opens(i) and rows.span(i)[0] >= self._parsed:
            last, self._parsed = _json_end(self._text, rows, i)
            if last >= 0:
                return last, "json"
            self._failed += 1
        for name, _, ending in self._wanted[kind]:
            if i > self._vain.get(name, -1):
                last, seen = ending(rows, i)
                if last >= 0:
                    return last, _named(name, rows[i])
                self._vain[name] = seen
        return -1, ""


@cache
def _wanted(columns: frozenset[str]) -> dict[str, list[_Payload]]:
    """Return the kinds of payload that may start at a line of each kind, in a text with columns of some kinds."""
    found = {f"csv{name}" if name in SEPARATORS else name for name in columns}
    wanted = [one for one in _KINDS_OF_PAYLOAD if one[0] in found or not one[0].startswith(("csv", "al"))]
    return {kind: [one for one in wanted if not one[1] or kind in one[1]] for kind in KINDS}


def _named(name: str, row: Line) -> str:
    """Return what to call the payload that starts with a line."""
    if name != "code":
        return _NAMES.get(name, name)
    # JSON cut short, or with an error in it.
    return "json" if row.text[0] in "{[" and '"' in row.text[:_SHORT] else name


def _trace_end(rows: Rows, first: int) -> tuple[int, int]:
    last, count = first, 0
    head = rows[first].text.startswith(("Traceback", "Exception in", "panic:", "thread '"))
    for i in range(first, len(rows)):
        row = rows[i]
        if row.kind == lines.TRACE:
            last, count = i, count + 1
        elif not _continues(row):
            break
    return (last if last > first and (head or count > 1) else -1), last


def _diff_end(rows: Rows, first: int) -> tuple[int, int]:
    """Return the last line of a diff: marked lines and those around them, up to a blank line with no new part."""
    last = first
    for i in range(first, len(rows)):
        row = rows[i]
        if row.kind == lines.DIFF or _continues(row) or (row.kind != lines.PROTECTED and row.text.startswith(_IN_DIFF)):
            last = i
        elif row.text or i + 1 == len(rows) or rows[i + 1].kind != lines.DIFF:
            break
    return (last if last > first else -1), last


def _log_end(rows: Rows, first: int) -> tuple[int, int]:
    last = first
    while last + 1 < len(rows) and (rows[last + 1].kind in (lines.LOG, lines.TRACE) or _continues(rows[last + 1])):
        last += 1
    return (last if last - first + 1 >= _FEW_ROWS else -1), last


def _continues(row: Line) -> bool:
    return row.indented and bool(row.text) and row.kind != lines.PROTECTED


def _table_end(rows: Rows, first: int) -> tuple[int, int]:
    last = first
    while last + 1 < len(rows) and rows[last + 1].kind != lines.PROTECTED:
        if rows[last + 1].kind != lines.TABLE and " | " not in rows[last + 1].text:
            break
        last += 1
    return (last if last - first + 1 >= _FEW_ROWS else -1), last


def _columns_end(separator: str, rows: Rows, first: int) -> tuple[int, int]:
    """Return the last row of a run of lines with equally many cells (-1 where that is chance), and how far it went.

    Up to two lines above the data may have as many commas by chance: a run is in vain only if it is so without them.
    """
    column = rows.columns.get(separator)
    if not column or not column[first]:
        return -1, -1
    last, count = first, column[first]
    while last + 1 < len(column) and column[last + 1] == count:
        last += 1
    if last - first + 1 < _FEW_ROWS:
        return -1, last
    table = [cells_of(row.text, separator) for row in rows[first : min(last, first + _SAMPLE) + 1]]
    if _is_data(table, separator):
        return last, last
    if _is_data(table[1:], separator) or _is_data(table[2:], separator):
        return -1, first
    return -1, last


def _is_data(table: list[list[str]], separator: str) -> bool:
    """Return whether rows of equally many cells are data, not sentences with equally many commas."""
    cells = [cell for row in table for cell in row]
    if len(table) < _FEW_ROWS or max(map(len, cells)) > (_LONGEST_TABBED if separator == "\t" else _LONGEST_CELL):
        return False
    if separator == "\t":
        # A tab may also indent a line, or stand after a bullet.
        return all(len(row) > 1 for row in table) and not all(_BULLET.fullmatch(row[0].strip()) for row in table)
    if any(row[-1].rstrip().endswith(_SENTENCE_ENDS) for row in table):
        return False
    spaced = [cell.startswith(" ") for cell in cells]
    width = len(table[0])
    a_sentence_above = any(spaced[:width]) and not any(spaced[width:])
    if a_sentence_above or any("(" in cell or "=" in cell for cell in cells):
        return False
    numbers = sum(any(_NUMBER.match(cell.strip()) for cell in row) for row in table[1:])
    tight, numeric = sum(spaced) * 3 < len(cells), numbers * 2 >= len(table) - 1
    # Of two columns more is asked: any sentence with one comma looks like a row.
    return (tight and numeric) if width == 2 else (tight or numeric)  # noqa: PLR2004 - two columns


def _aligned_end(rows: Rows, first: int) -> tuple[int, int]:
    """Return the last row of a table aligned by blanks, as pandas prints it (-1: none), and how far it went."""
    if not rows.columns["aligned"][first]:
        return -1, -1
    last, numbers = first - 1, 0
    while last + 1 < len(rows) and rows[last + 1].kind in (lines.PROSE, lines.WEAK, lines.RULE, lines.TABLE):
        text = rows[last + 1].text
        if not in_columns(text) and rows[last + 1].kind not in (lines.RULE, lines.TABLE):
            break
        numbers += any(_NUMBER.match(cell) for cell in text.split())
        last += 1
    found = last - first + 1 >= _FEW_ROWS and numbers * 2 >= last - first + 1
    return (last if found else -1), last


def _json_end(text: str, rows: Rows, i: int) -> tuple[int, int]:
    """Return the last line of the JSON value that starts here (-1: none worth fencing), and how far was read."""
    start = rows[i].start + text[rows[i].start : rows[i].end].find(rows[i].text[0])
    value, end = _decoded(text, start)
    if value is None:
        return -1, end
    last = max(i, rows.at(end - 1))
    whole = not text[end : rows[last].end].strip(" \t\r,;")
    worth = value and (last > i or end - start >= _LONG_JSON)
    return (last if whole and worth else -1), end


@cache
def _decoder() -> json.JSONDecoder:
    import json

    # What the objects hold is not asked for, and would take many times the text's memory.
    return json.JSONDecoder(object_pairs_hook=bool)


def _decoded(text: str, start: int) -> tuple[bool | None, int]:
    """Return whether the JSON value that starts here holds anything, None where it is none; and how far was read."""
    # A failure counts the lines before it: looking at a window keeps that cheap, and finds out early.
    size = _WINDOW
    while True:
        window = text[start : start + size]
        try:
            value, end = _decoder().raw_decode(window)
        except (RecursionError, ValueError) as error:
            position = getattr(error, "pos", None)
            if position is None:
                return None, len(text)
            if position < len(window) - _LONGEST_TOKEN and not str(error).startswith("Unterminated"):
                return None, start + position
        else:
            return isinstance(value, dict | list | bool) and bool(value), start + end
        if start + size >= len(text):
            return None, len(text)
        size *= 8


def _joined(found: list[Segment], rows: Rows) -> list[Segment]:
    """Return the segments with neighbours of one kind made one: code across blank lines, others across one at most."""
    from o1magic.lint.segments import Segment

    joined: list[Segment] = []
    for segment in found:
        before = joined[-1] if joined else None
        if (
            before
            and before.kind == segment.kind
            and (segment.first - before.last <= _NEAR or segment.kind == "code")
            and all(row.kind == lines.BLANK for row in rows[before.last + 1 : segment.first])
        ):
            joined[-1] = Segment(before.first, segment.last, before.kind)
        else:
            joined.append(segment)
    return joined


_KINDS_OF_PAYLOAD: tuple[_Payload, ...] = (
    ("diff", frozenset((lines.DIFF,)), _diff_end),
    ("traceback", frozenset((lines.TRACE,)), _trace_end),
    ("log", frozenset((lines.LOG,)), _log_end),
    ("table", frozenset((lines.TABLE,)), _table_end),
    *((f"csv{separator}", frozenset[str](), partial(_columns_end, separator)) for separator in SEPARATORS),
    ("aligned", frozenset((lines.PROSE, lines.WEAK)), _aligned_end),
    ("code", code.KINDS, code.end),
)
