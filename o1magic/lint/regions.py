"""Where the prompt's own words stop: the protected regions, computed once per text and shared by all rules.

Every scanner here reads the text once, by patterns without nested or competing quantifiers.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args, overload

from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal[
    "fence", "indented", "code", "quote", "triple", "tag", "html", "blockquote", "placeholder", "data", "inserted"
]


_KINDS: tuple[Kind, ...] = get_args(Kind)


class Region(NamedTuple):
    """A span that is not the person's instruction, and what makes it so."""

    start: int
    end: int
    kind: Kind


class Regions(Sequence[Region]):
    """Regions held in columns, each made when it is asked for."""

    def __init__(self, found: Sequence[Region]) -> None:
        self._starts = array("Q", (one.start for one in found))
        self._ends = array("Q", (one.end for one in found))
        self._kinds = bytes(_KINDS.index(one.kind) for one in found)

    def __len__(self) -> int:
        """Return how many regions there are."""
        return len(self._kinds)

    @overload
    def __getitem__(self, index: int) -> Region: ...
    @overload
    def __getitem__(self, index: slice) -> list[Region]: ...
    def __getitem__(self, index: int | slice) -> Region | list[Region]:
        """Return a region, or several."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return Region(self._starts[index], self._ends[index], _KINDS[self._kinds[index]])

    def __iter__(self) -> Iterator[Region]:
        """Yield each region, keeping none."""
        return map(Region, self._starts, self._ends, map(_KINDS.__getitem__, self._kinds))


# Small strings take many times the memory of their characters.
_MANY_PIECES = 20_000


class Spans:
    """Disjoint sorted spans that answer whether a position or a range lies in one."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[tuple[int, int]], *, ordered: bool = False) -> None:
        self._starts, self._ends = array("Q"), array("Q")
        # Sorting holds all of them at once: half a text may be short quotes.
        for start, end in spans if ordered else sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            elif end > start:
                self._starts.append(start)
                self._ends.append(end)

    def __len__(self) -> int:
        """Return how many spans there are."""
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield the spans in order."""
        return iter(zip(self._starts, self._ends, strict=True))

    def touches(self, start: int, end: int) -> bool:
        """Return whether the range shares a character with a span."""
        i = bisect_right(self._ends, start)
        return i < len(self._starts) and self._starts[i] < max(end, start + 1)

    def end_after(self, position: int) -> int:
        """Return the end of the span holding the position, or the position itself."""
        i = bisect_right(self._starts, position) - 1
        return max(position, self._ends[i]) if i >= 0 else position

    def mask(self, text: str, filler: str = "\0") -> str:
        """Return the text with each character inside a span replaced by the filler."""
        pieces: list[str] = []
        position = 0
        for start, end in self:
            pieces += (text[position:start], filler * (end - start))
            position = end
            if len(pieces) > _MANY_PIECES:
                pieces = ["".join(pieces)]
        return "".join((*pieces, text[position:])) if pieces else text


_FENCE = late(r"^ {0,3}(`{3,}|~{3,})([^\n]*)", re.MULTILINE)
# What a line of a block quote begins with.
_QUOTING = (">", " >", "  >", "   >")
_QUOTED = tuple(f"\n{mark}" for mark in _QUOTING)
_BLOCKQUOTE = late(r"^ {0,3}>[^\n]*(?:\n {0,3}>[^\n]*)*+", re.MULTILINE)
_BACKTICKS = late(r"``*|\n[ \t\r]*\n")
_PLACEHOLDER = late(r"\{\{[^{}\n]{1,200}\}\}")
# The first character is one class, so that the search skips to it.
_TRIPLE = late("[\"'](?:(?<=\")\"\"|(?<=')'')")
_TAG = late(r"<(/?)([A-Za-z][\w.:-]{0,60})((?:\s[^<>\n]{0,300})?)>")
# A quoted passage as far as its closing mark, or where none comes the end of its paragraph, so that each character is
# read once. Straight and single quotes open at the start of a word and are apostrophes within one.
_REST = r"|\n(?![ \t\r]*\n))*+"
_SINGLE = r"|(?<=\s)['’]|['’](?=[A-Za-z0-9])"
_QUOTES = late(
    "[\"“„«»「『《〈‹‘＂'](?:"
    rf"(?<=(?<![A-Za-z0-9])\")(?=\S)(?:[^\"\n]{_REST}\"?|(?<=“)(?:[^”\n]{_REST}”?|(?<=„)(?:[^“”\n]{_REST}[“”]?"
    rf"|(?<=«)(?:[^»\n]{_REST}»?|(?<=»)(?:[^«\n]{_REST}«?|(?<=「)(?:[^」\n]{_REST}」?|(?<=『)(?:[^』\n]{_REST}』?"
    rf"|(?<=《)(?:[^》\n]{_REST}》?|(?<=〈)(?:[^〉\n]{_REST}〉?|(?<=‹)(?:[^›\n]{_REST}›?|(?<=＂)(?:[^＂\n]{_REST}＂?"
    rf"|(?<=(?<![A-Za-z0-9])‘)(?:[^’\n]{_SINGLE}{_REST}’?|(?<=(?<![A-Za-z0-9])')(?=\S)(?:[^'\n]{_SINGLE}{_REST}'?)"
)

# Inside these tags stand instructions, not data.
_INSTRUCTION_TAGS = frozenset([
    "instruction", "instructions", "task", "tasks", "prompt", "system", "user", "assistant", "developer", "question",
    "query", "request", "goal", "goals", "role", "rule", "rules", "requirements", "constraints", "steps",
    "guidelines", "persona", "objective", "message", "ask", "problem",
])  # fmt: skip
# These are more often markup someone pasted than delimiters someone chose.
_HTML_TAGS = frozenset([
    "html", "head", "body", "div", "span", "p", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th",
    "h1", "h2", "h3", "h4", "h5", "h6", "img", "br", "hr", "form", "button", "select", "option", "label", "script",
    "style", "link", "meta", "nav", "section", "header", "footer", "main", "aside", "b", "i", "u", "em", "strong",
    "small", "svg", "path", "g", "rect", "circle", "canvas", "video", "audio", "iframe", "template", "slot", "title",
    "center", "font",
])  # fmt: skip
_LONGEST_QUOTE = 2000
_COMMENT_MARK = 6
_CLOSING = frozenset("\"”“»«」』》〉›＂’'")


def fences(text: str, start: int) -> Iterator[Region]:
    """Yield fenced blocks, fence lines included; one never closed runs to the end, as in Markdown."""
    opened: tuple[int, str] | None = None
    for line in _FENCE.finditer(text, start):
        marks, rest = line.group(1), line.group(2)
        if opened is None:
            if marks[0] == "~" or "`" not in rest:
                opened = (line.start(), marks)
        elif marks[0] == opened[1][0] and len(marks) >= len(opened[1]) and not rest.strip():
            yield Region(opened[0], line.end(), "fence")
            opened = None
    if opened is not None:
        yield Region(opened[0], len(text), "fence")


def triples(text: str, start: int) -> Iterator[Region]:
    """Yield the blocks between triple quotes, marks included; docstrings and string literals in code open none."""
    position = start
    while (mark := _TRIPLE.search(text, position)) and (end := text.find(mark.group(), mark.end())) >= 0:
        position = end + len(mark.group())
        if _opens_block(text, mark.start(), start):
            yield Region(mark.start(), position, "triple")


def _opens_block(text: str, position: int, start: int) -> bool:
    head = text[max(text.rfind("\n", max(start, position - 200), position) + 1, start, position - 200) : position]
    return not head or head.rstrip().endswith((":", "："))


def tags(text: str, start: int) -> Iterator[Region]:
    """Yield tagged payload from opening to closing tag; instruction tags keep their content readable."""
    found = list(_TAG.finditer(text, start))
    closers: dict[str, list[int]] = {}
    ends: dict[int, int] = {}
    for tag in found:
        if tag.group(1):
            closers.setdefault(tag.group(2).lower(), []).append(tag.start())
            ends[tag.start()] = tag.end()
    covered = start
    for tag in found:
        name = tag.group(2).lower()
        if tag.group(1) or tag.start() < covered or name not in closers or name in _INSTRUCTION_TAGS:
            continue
        if "//" in text[max(start, tag.start() - _COMMENT_MARK) : tag.start()]:
            # Documentation in a comment of pasted code.
            continue
        i = bisect_left(closers[name], tag.end())
        if i < len(closers[name]):
            covered = ends[closers[name][i]]
            yield Region(tag.start(), covered, "html" if name in _HTML_TAGS else "tag")


def inline_code(text: str, start: int) -> Iterator[Region]:
    """Yield `code` between equally long runs of backticks within one paragraph."""
    paragraph = 0
    runs: dict[tuple[int, int], list[int]] = {}
    marks: list[tuple[int, int, int]] = []
    for mark in _BACKTICKS.finditer(text, start):
        if mark.group()[0] != "`":
            paragraph += 1
            continue
        marks.append((mark.start(), mark.end(), paragraph))
        runs.setdefault((paragraph, mark.end() - mark.start()), []).append(mark.start())
    covered = start
    for begin, end, inside in marks:
        if begin < covered:
            continue
        same = runs[inside, end - begin]
        i = bisect_left(same, end)
        if i < len(same):
            covered = same[i] + end - begin
            yield Region(begin, covered, "code")


def quotes(text: str, start: int) -> Iterator[Region]:
    """Yield quoted passages: a mark and its partner within the paragraph; apostrophes are not quotes."""
    for match in _QUOTES.finditer(text, start):
        first, end = match.span()
        if 2 < end - first <= _LONGEST_QUOTE and text[end - 1] in _CLOSING:  # noqa: PLR2004 - a pair with nothing in it
            yield Region(first, end, "quote")


def simple(text: str, start: int) -> Iterator[Region]:
    """Yield block quotes and {{placeholders}}."""
    if text.startswith(_QUOTING, start) or any(map(text.__contains__, _QUOTED)):
        yield from (Region(m.start(), m.end(), "blockquote") for m in _BLOCKQUOTE.finditer(text, start))
    if "{{" in text:
        yield from (Region(m.start(), m.end(), "placeholder") for m in _PLACEHOLDER.finditer(text, start))
