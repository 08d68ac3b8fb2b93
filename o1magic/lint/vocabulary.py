"""Which words a folded text holds: the question that spares most texts most searches.

What is looked for names words of which one must be there (anchors), and how those words begin (gates). One pass over
the different words of the text answers both. Called by the document and by the index of the phrases.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterable

# By how many of its first letters a word is told from others; the few are for words that have no more.
_LONG, _SHORT = 5, 3
_RUN = late(r"\w+")
_CHUNK = 1 << 18
_LONGEST_WORD = 64


def gate_of(anchor: str, *, words: bool) -> str:
    """Return the beginning by which a vocabulary tells at once that it does not hold a word."""
    if words:
        for length in (_LONG, _SHORT):
            if len(anchor) >= length and anchor[:length].isalnum():
                return anchor[:length]
    return anchor[:1]


class Vocabulary:
    """The different words of a folded text, looked through once.

    text: the words.
    gates: how the runs of letters in them begin, by three letters and by five.
    """

    def __init__(self, text: str) -> None:
        words: set[str] = set()
        for start in range(0, len(text), _CHUNK):
            # A word cut at the edge is whole in the next piece.
            piece = text[max(0, start - _LONGEST_WORD) : start + _CHUNK]
            words.update(piece.replace("\0", " ").split())
        self.text = "\n".join(words)
        self._runs = sorted(set(_RUN.findall(self.text)))
        self.gates = {run[:_SHORT] for run in self._runs}.union([run[:_LONG] for run in self._runs])

    @cached_property
    def characters(self) -> set[str]:
        """Return the different characters of the words, and the empty one."""
        return {"", *self.text}

    def begins(self, anchor: str) -> bool:
        """Return whether a word begins with an anchor, or what is not of letters only is somewhere in the text."""
        if not anchor.isalnum():
            return anchor in self.text
        at = bisect_left(self._runs, anchor)
        return at < len(self._runs) and self._runs[at].startswith(anchor)

    def spelt(self, anchors: Iterable[str]) -> frozenset[str]:
        """Return those of the words of which every character is in the text, wherever blanks part them."""
        return frozenset(filter(self.characters.issuperset, anchors))
