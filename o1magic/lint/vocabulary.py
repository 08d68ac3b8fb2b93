"""Which words a folded text holds: the question that spares most texts most searches.

What is looked for names words of which one must be there (anchors), and how those words begin (gates). One pass over
the different words of the text answers both. Called by the document and by the phrases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterable

_RUN = late(r"\w+")
# By how many of its first letters a word is told from others; the few are for words that have no more.
_LONG, _SHORT = 5, 3
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
    """Answers, each question once, whether a word is in a folded text; looks through each different word once."""

    __slots__ = ("_asked", "_characters", "_gates", "_known", "_words")

    def __init__(self, text: str) -> None:
        words: set[str] = set()
        for start in range(0, len(text), _CHUNK):
            # A word cut at the edge is whole in the next piece.
            words.update(text[max(0, start - _LONGEST_WORD) : start + _CHUNK].split())
        self._words = "\n".join(words)
        self._characters = set(self._words)
        runs = _RUN.findall(self._words)
        self._gates = {"", *self._characters, *[run[:_SHORT] for run in runs], *[run[:_LONG] for run in runs]}
        self._known: dict[str, bool] = {}
        self._asked: dict[frozenset[str], bool] = {}

    def may_hold(self, gates: frozenset[str]) -> bool:
        """Return whether a word of the text begins so: only false is certain."""
        return not self._gates.isdisjoint(gates)

    def holds(self, anchors: frozenset[str]) -> bool:
        """Return whether one of the words is in the text."""
        asked = self._asked.get(anchors)
        if asked is None:
            asked = self._asked[anchors] = any(map(self._holds, anchors))
        return asked

    def held(self, anchors: Iterable[str]) -> frozenset[str]:
        """Return those of the words that are in the text."""
        return frozenset(filter(self._holds, anchors))

    def spelt(self, anchors: Iterable[str]) -> frozenset[str]:
        """Return those of the words of which every character is in the text, wherever blanks part them."""
        return frozenset(filter(self._characters.issuperset, anchors))

    def _holds(self, anchor: str) -> bool:
        known = self._known.get(anchor)
        if known is None:
            known = self._known[anchor] = self._characters.issuperset(anchor) and anchor in self._words
        return known
