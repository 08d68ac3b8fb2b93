"""Offsets into a text -> lines and columns, in code points or UTF-16 units; one pass over the text, then bisection."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class Position(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int


class Lines:
    """The lines of a text; a line ends with a newline, and a carriage return before it belongs to the line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._astral = [] if text.isascii() else [match.start() for match in _ASTRAL.finditer(text)]

    def at(self, offset: int) -> Position:
        """Return line and column, in code points."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def utf16(self, offset: int) -> Position:
        """Return line and column, in UTF-16 units, which editors and SARIF count in."""
        line, column = self.at(offset)
        pairs = bisect_left(self._astral, offset) - bisect_left(self._astral, self._starts[line - 1])
        return Position(line, column + pairs)

    def span(self, line: int) -> tuple[int, int]:
        """Return start and end of a line, its newline left out."""
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return self._starts[line - 1], end
