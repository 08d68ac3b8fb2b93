"""Phrases as data for rules that need no grammar: lists per language in cues/<CODE>.toml, found within sentences.

A phrase is folded text with a small shorthand: `(a|b)` either, `[a ]` optional, `a?` the character or none, `%` any
ending of the word, `~` a few words between, `#` a number from 0 to 2, `@` a number of two to six digits. Every gap is
bounded, so no pattern can backtrack far. Called by the rules; judges nothing itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, Final

from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.phrases import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from o1magic.lint.document import Document

# "show [me]" reads better than "show[ me]", and must not demand the blank when the option is not taken.
_OPTION = late(r" \[([^\[\]]*[^\[\] ])\]")
_SYNTAX: Final = {
    "(": "(?:",
    ")": ")",
    "|": "|",
    "[": "(?:",
    "]": ")?",
    "%": r"\w{0,12}",
    "~": r"[^\0\n.!?;:。！？]{0,40}?",
    "?": "?",
    "@": r"\d{2,6}",
    "#": r"(?:[01](?:[.,]\d{1,2})?|2(?:[.,]0)?)(?![\d.,]*\d)(?! ?[°%k])",
}


@cache
def patterns(code: str, name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the list of that name in each language of a rule's data, compiled: for folded text."""
    return tuple(
        (language, _compile(table[name], words=table.get("words", True)))
        for language, table in tables(code).items()
        if name in table
    )


@cache
def pattern(code: str, name: str) -> re.Pattern[str]:
    """Return the lists of that name in all languages as one pattern."""
    return re.compile("|".join(one.pattern for _, one in patterns(code, name)))


def _compile(raw: str, *, words: bool) -> re.Pattern[str]:
    lines = [_OPTION.sub(r"[ (\1)]", fold(line.strip()).text) for line in raw.splitlines() if line.strip()]
    body = "|".join("".join(_syntax(c, words=words) for c in line) for line in lines)
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)" if words else f"(?:{body})")


def _syntax(character: str, *, words: bool) -> str:
    if character == " " and not words:
        return " ?"
    return _SYNTAX.get(character) or re.escape(character)


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
