"""Phrases for rules that need no grammar: lists per language in cues/<CODE>.toml, found within sentences.

Written in the shorthand of `shorthand`. Called by the rules; judges nothing itself.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

from o1magic.lint.data import tables
from o1magic.lint.shorthand import Phrases

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from o1magic.lint.document import Document


class Lists(dict[str, Phrases]):
    """The list of one name in each language, searched as one."""

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """Return the first phrase in the text."""
        found = [match for one in self.values() if (match := one.search(text, start, end))]
        return min(found, key=_start, default=None)

    def match(self, text: str) -> re.Match[str] | None:
        """Return the phrase that begins the text."""
        return next((match for one in self.values() if (match := one.match(text))), None)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the phrase that is the whole text."""
        return next((match for one in self.values() if (match := one.fullmatch(text))), None)

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """Yield each phrase in the text, in order, none overlapping another."""
        for match in sorted((match for one in self.values() for match in one.finditer(text, start, end)), key=_start):
            if match.start() >= start:
                yield match
                start = match.end()


def _start(match: re.Match[str]) -> int:
    return match.start()


@cache
def lists(code: str, name: str) -> Lists:
    """Return the lists of that name in a rule's data: for folded text."""
    return Lists(
        (language, Phrases(table[name], words=table.get("words", True), squeezed=False))
        for language, table in tables(code).items()
        if name in table
    )


def sentences(document: Document, anchors: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans, in the folded prose, of the sentences that hold one of the anchors."""
    text, starts, ends = document.prose.text, document.sentence_starts, document.sentence_ends
    wanted: set[int] = set()
    for anchor in anchors:
        position = text.find(anchor)
        while position >= 0:
            index = bisect_right(starts, position) - 1
            wanted.add(index)
            position = text.find(anchor, max(ends[index], position + 1))
    yield from ((starts[index], ends[index]) for index in sorted(wanted))


def source(document: Document, start: int, end: int) -> tuple[int, int]:
    """Return the span in the text of a span in the folded prose."""
    return document.prose.source(start), document.prose.source(end - 1) + 1 if end > start else start
