"""The lines of a prompt and what kind each is of, held in columns: a line costs a few bytes until somebody asks for it.

Equal lines are classified once. Called by `segments`; what makes a kind stands in `lines`.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeVar, overload

from o1magic.lint import lines
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from o1magic.lint.document import Document

_LONGEST_LOOK = 2000
# Lines are looked at in order, with their neighbours; kept, all of them would take many times the text's memory.
_KEPT = 1000
SEPARATORS = (",", "\t", ";", "|")
_RUN = late(rb"([^\0])\1\1+", re.DOTALL)
_COLUMNS = late(r"\S(?: {2,}|\t)\S")
_BULLET = late(r"(?:[-*+•#>]{1,3}|\(?\w{1,3}[.)])\s+")
_MOST_CELLS = 255
# Beside its kind, a line's code tells whether it opens a bracket, so that it may start a JSON value whatever else it
# looks like, and whether it holds a mark that begins or ends a long string or comment.
_KIND, _LITERAL, _BRACKET = 15, 32, 64
KINDS = (
    lines.BLANK, lines.PROSE, lines.HEADING, lines.RULE, lines.PROTECTED,
    lines.CERTAIN, lines.CODE, lines.WEAK, lines.KEY, lines.TRACE, lines.LOG, lines.DIFF, lines.TABLE,
)  # fmt: skip
_CODES = {kind: code for code, kind in enumerate(KINDS)}


def _told(*kinds: str) -> bytes:
    """Return the table that translates the codes of some kinds to 1 and all others to 0."""
    return bytes(code & _KIND in [_CODES[kind] for kind in kinds] for code in range(256))


_FREE = _told(*(kind for kind in KINDS if kind not in (lines.BLANK, lines.PROTECTED, lines.CERTAIN)))
_DRAWN, _WORDS = _told(lines.RULE, lines.TABLE), _told(lines.PROSE, lines.WEAK)
_NOT_BLANK = late(b"[^%c]" % _CODES[lines.BLANK])
_MAY_START = late(
    b"[%b]" % re.escape(bytes(n for n in range(128) if n & _BRACKET or _CODES[lines.CERTAIN] <= n & _KIND < len(KINDS)))
)


_Result = TypeVar("_Result")


class Line(NamedTuple):
    """One line of the prompt: its span without the line break, its kind, its text without the blanks around it."""

    start: int
    end: int
    kind: str
    text: str
    indented: bool


def look(line: str) -> str:
    """Return so much of the words of a line as is looked at."""
    return line[:_LONGEST_LOOK].strip()


class _Codes(dict[str, int]):
    """The code of each different line of a text, worked out when first asked for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._literals = [mark for mark in lines.LITERALS if mark in text]

    def __missing__(self, line: str) -> int:
        text = look(line)
        code = _CODES[lines.classify(text)]
        code |= (_BRACKET if text[:1] in ("{", "[") else 0) | (_LITERAL if self._holds_literal(text) else 0)
        self[line] = code
        return code

    def _holds_literal(self, text: str) -> bool:
        return bool(self._literals) and any(map(text.__contains__, self._literals))


class Rows(Sequence[Line]):
    """The lines of the prompt, each made when it is asked for."""

    def __init__(self, document: Document) -> None:
        body = document.text[document.start :]
        self._body = body
        self._lines = body.split("\n")
        self._starts = array("Q", accumulate(map(len, self._lines), lambda at, n: at + n + 1, initial=document.start))
        self._codes = bytearray(map(_Codes(body).__getitem__, self._lines))
        self._made: dict[int, Line] = {}
        protected, codes, starts = _CODES[lines.PROTECTED], self._codes, self._starts
        i = 0
        for start, end in document.delimited:
            first = i = max(0, min(bisect_right(starts, start, i), len(codes)) - 1)
            while i == first or (i < len(codes) and starts[i] < end):
                if codes[i] and (i > first or starts[i] + len(self._lines[i]) > start):
                    codes[i] = protected
                i += 1

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        """Return a line, or several."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self._lines)))]
        made = self._made.get(index)
        if made is None:
            if len(self._made) > _KEPT:
                self._made.clear()
            made = self._made[index] = self._make(index)
        return made

    def __iter__(self) -> Iterator[Line]:
        """Yield each line, keeping none."""
        return map(self._make, range(len(self._lines)))

    def _make(self, i: int) -> Line:
        text = self.text(i)
        return Line(*self.span(i), self.kind(i), text, bool(text) and self._lines[i][0] in " \t")

    def span(self, i: int) -> tuple[int, int]:
        """Return where a line starts and ends in the text, its line break left out."""
        line, start = self._lines[i], self._starts[i]
        return start, start + len(line) - (self._codes[i] > 0 and line[-1] == "\r")

    def kind(self, i: int) -> str:
        """Return what kind of line a line is."""
        return KINDS[self._codes[i] & _KIND]

    def text(self, i: int) -> str:
        """Return the words of a line, without making all that is known of it."""
        return look(self._lines[i])

    def opens(self, i: int) -> bool:
        """Return whether a line opens a bracket."""
        return self._codes[i] & _BRACKET > 0

    def quotes(self, i: int) -> bool:
        """Return whether a line holds a mark that begins or ends a long string or comment."""
        return self._codes[i] & _LITERAL > 0

    def indent(self, i: int) -> int:
        """Return how many blanks a line starts with."""
        line = self._lines[i][:_LONGEST_LOOK]
        return len(line) - len(line.lstrip())

    def at(self, offset: int) -> int:
        """Return the number of the line that holds an offset into the text."""
        return max(0, min(bisect_right(self._starts, offset), len(self._lines)) - 1)

    def said(self, first: int = 0, *, backwards: bool = False) -> Iterator[int]:
        """Yield the numbers of the lines that are not blank, from the first on or backwards from the last."""
        if not backwards:
            yield from (match.start() for match in _NOT_BLANK.finditer(self._codes, first))
            return
        end = len(self._codes.rstrip(b"\0"))
        while end:
            yield end - 1
            end = len(self._codes[: end - 1].rstrip(b"\0"))

    def each(self, work: Callable[[str], _Result | None], *marks: str) -> Iterator[tuple[int, _Result]]:
        """Yield where each line that holds one of the marks starts, and what work on it comes to, if to anything.

        Equal lines are worked on once.
        """
        known: dict[str, _Result | None] = {}
        present = [mark for mark in marks if mark in self._body]
        for line, start in zip(self._lines, self._starts, strict=False) if present else ():
            for mark in present:
                if mark in line:
                    break
            else:
                continue
            if line not in known:
                if len(known) > _KEPT:
                    known.clear()
                known[line] = work(line)
            if found := known[line]:
                yield start, found

    def candidates(self) -> Iterator[int]:
        """Yield the numbers of the lines at which payload may start: all others are prose, headings or delimited."""
        may = bytearray(len(self._codes))
        for match in _MAY_START.finditer(self._codes):
            may[match.start()] = 1
        for column in self.columns.values():
            for match in _RUN.finditer(column):
                may[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        i = may.find(1)
        while i >= 0:
            yield i
            i = may.find(1, i + 1)

    @cached_property
    def columns(self) -> dict[str, bytes]:
        """Return how many separators each line has, by separator; and under "aligned" which lines have wide gaps."""
        found: dict[str, bytes] = {}
        free = self._codes.translate(_FREE)
        for separator in SEPARATORS:
            if self._body.count(separator) > 1:
                quotes = separator != "\t" and '"' in self._body
                found[separator] = bytes(
                    min(_count(line, separator) if quotes and '"' in line else line.count(separator), _MOST_CELLS)
                    if may and separator in line
                    else 0
                    for line, may in zip(self._lines, free, strict=True)
                )
        if "  " in self._body or "\t" in self._body:
            found["aligned"] = bytes(
                drawn or (words and ("  " in line or "\t" in line) and in_columns(look(line)))
                for line, drawn, words in zip(
                    self._lines, self._codes.translate(_DRAWN), self._codes.translate(_WORDS), strict=True
                )
            )
        return found


def _count(line: str, separator: str) -> int:
    return len(cells_of(look(line), separator)) - 1


def in_columns(text: str) -> bool:
    """Return whether a line has wide gaps, not counting the one after a bullet or a number."""
    bullet = _BULLET.match(text)
    return _COLUMNS.search(text, bullet.end() if bullet else 0) is not None


def cells_of(text: str, separator: str) -> list[str]:
    """Return the cells of a row; separators inside quotes part none."""
    if '"' in text and separator != "\t":
        return "q".join(text.split('"')[::2]).split(separator)
    return text.split(separator)
