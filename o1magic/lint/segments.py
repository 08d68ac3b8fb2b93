"""Telling pasted payload from the words around it: lines, joined to segments, judged by their neighbours.

Called by the DEL rules and, for the lines under a data heading, by the document. Linear: each line is classified once
and belongs to one segment.
"""

from __future__ import annotations

import re
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint import lines, payload
from o1magic.lint.data import tables
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.rows import Line, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_LONGEST_LABEL = 60
_LABEL_WORDS = 5
_LABEL_MARKS = "#[=*"
_CJK_LABEL = 12
_MAY_LABEL = late(r"[ \t]*+(?:[#\[=*][^\n]{0,79}|[^\s:：][^\n:：]{0,79}[:：])")
_BLANK_BELOW = late(r"\n(?=[ \t\r]*(?:\n|\Z))")
_HEADING_BELOW = late(r"\n(?=[ \t]*#)")
_WORD_OR_MARK = late(r"\S")
_LETTERS = late(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Segment(NamedTuple):
    """A run of lines that is pasted payload; `first` and `last` are line numbers, `kind` what it is."""

    first: int
    last: int
    kind: str


class Payload:
    """The lines of a prompt, and the segments of them that are payload standing without delimiters."""

    def __init__(self, document: Document) -> None:
        self.rows = Rows(document)
        self.segments = payload.segments(document.text, self.rows)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield the span of each segment."""
        return map(self.span, self.segments)

    @cached_property
    def pasted(self) -> list[Segment]:
        """Return the segments that touch an instruction."""
        inside = {i: one for one in self.segments for i in (one.first, one.last)}
        return [one for one in self.segments if _touches_instruction(self.rows, one, inside)]

    def span(self, one: Segment) -> tuple[int, int]:
        """Return where a segment starts and ends in the text."""
        return self.rows[one.first].start, self.rows[one.last].end


def _touches_instruction(rows: Rows, segment: Segment, inside: dict[int, Segment]) -> bool:
    above = _neighbour(rows, segment.first - 1, -1, inside)
    if above is not None:
        if above.kind in (lines.HEADING, lines.RULE) or is_label(above.text):
            return False
        if (segment.kind == "json" or rows[segment.first].text[0] == "{") and (
            _shows_format(above.text) or _names_value(rows, segment, above)
        ):
            return False
        if _instructs(above):
            return True
    below = _neighbour(rows, segment.last + 1, 1, inside)
    return below is not None and _instructs(below)


def _names_value(rows: Rows, segment: Segment, above: Line) -> bool:
    """Return whether a list on one line is the value of the few words above it, as in a configuration."""
    short = len(above.text.split()) <= _LABEL_WORDS and above.text.endswith((":", "："))
    return short and segment.first == segment.last and rows[segment.first].text[0] == "["


def _neighbour(rows: Rows, i: int, step: int, inside: dict[int, Segment]) -> Line | None:
    while 0 <= i < len(rows):
        if i in inside:
            i = inside[i].first - 1 if step < 0 else inside[i].last + 1
        elif rows[i].kind == lines.BLANK:
            i += step
        else:
            return rows[i]
    return None


def _instructs(line: Line) -> bool:
    return line.kind in (lines.PROSE, lines.WEAK) and _LETTERS.search(line.text) is not None


@cache
def _label_words(name: str) -> frozenset[str]:
    return frozenset(word for table in tables("labels").values() for word in fold(table.get(name, "")).text.split())


@lru_cache(maxsize=1024)
def is_label(text: str) -> bool:
    """Return whether a line only says what comes below it: `Text:`, `## Data`, `[INPUT]`."""
    if len(text) > _LONGEST_LABEL:
        return False
    marked = text[:1] in _LABEL_MARKS or text.rstrip("* ").endswith((":", "："))
    if not marked:
        return False
    folded = fold(text).text.strip(" #[]=:;\0")
    words = folded.split()
    nouns = _label_words("nouns")
    if 0 < len(words) <= _LABEL_WORDS and any(word in nouns for word in words):
        return all(word in nouns or word in _label_words("beside") or not word.isalpha() for word in words)
    if (
        re.search(r"(?:^|[\s'\"`(/])[\w./\\-]{1,50}\.[a-z]{1,5}[\s'\"`)]*$", text.strip("#*` :"))
        and len(words) <= _LABEL_WORDS + 3
    ):
        return True
    compact = "".join(words)
    return (
        0 < len(compact) <= _CJK_LABEL
        and not compact.isascii()
        and compact.endswith(tuple(nouns))
        and _only_labels(compact)
    )


def _only_labels(compact: str) -> bool:
    for word in sorted(_label_words("nouns") | _label_words("beside"), key=len, reverse=True):
        if not word.isascii():
            compact = compact.replace(word, "")
    return not compact


def _shows_format(text: str) -> bool:
    folded = fold(text).text
    words = set(re.findall(r"\w+", folded))
    return any(word in words if word.isascii() else word in folded for word in _label_words("formats"))


def data_spans(document: Document) -> list[tuple[int, int]]:
    """Return the spans of the lines under a data label, up to the next blank line or, after a heading, heading."""
    text = document.text
    spans: list[tuple[int, int]] = []
    covered = document.start
    for start, (length, opens, heads) in document.payload.rows.each(_label_in, *"#[=*:："):
        if start < covered:
            continue
        opened = start + length
        if opens:
            close = (_HEADING_BELOW if heads else _BLANK_BELOW).search(text, opened)
            covered = close.start() if close else len(text)
            first = _WORD_OR_MARK.search(text, opened)
            if first and first.start() < covered:
                # A block in delimiters is all of the data; below it the person speaks again.
                block = document.delimited.end_after(first.start())
                covered = block if block > first.start() else covered
            spans.append((opened - text.endswith("\r", 0, opened), covered - text.endswith("\r", 0, covered)))
        else:
            spans.append((start, opened))
    return spans


def _label_in(line: str) -> tuple[int, bool, bool] | None:
    """Return the length of a line that labels data, whether that stands below, and whether the label is a heading."""
    match = _MAY_LABEL.match(line)
    head = match.group().strip() if match else ""
    opens = bool(head) and is_label(line.strip() if len(head) <= _LONGEST_LABEL else head)
    return (len(line), opens, head[0] == "#") if opens or (head and _starts_data(head)) else None


@lru_cache(maxsize=1024)
def _starts_data(head: str) -> bool:
    """Return whether a line holds its label and the data: `Text: ...`."""
    label = fold(re.split("[:：]", head, maxsplit=1)[0]).text.split()
    return len(label) == 1 and label[0] in _label_words("same_line")
