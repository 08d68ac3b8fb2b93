"""Which words a folded text holds: the question that spares most texts most searches.

What is looked for names words of which one must be there (anchors), and how those words begin (gates). One pass over
the different words of the text answers both. Called by the document and by the phrases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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


class Announced(Protocol):
    """What is looked for: how the words begin of which one must be there, and by that beginning the words."""

    @property
    def gates(self) -> frozenset[str]:
        """Return the beginnings."""

    @property
    def by_gate(self) -> dict[str, set[str]]:
        """Return the words by beginning."""


class Vocabulary:
    """Answers, each question once, whether a word is in a folded text; looks through each different word once."""

    __slots__ = ("_characters", "_gates", "_held", "_words")

    def __init__(self, text: str) -> None:
        words: set[str] = set()
        for start in range(0, len(text), _CHUNK):
            # A word cut at the edge is whole in the next piece.
            words.update(text[max(0, start - _LONGEST_WORD) : start + _CHUNK].split())
        self._words = "\n".join(words)
        self._characters = set(self._words)
        runs = _RUN.findall(self._words)
        self._gates = {"", *self._characters, *[run[:_SHORT] for run in runs], *[run[:_LONG] for run in runs]}
        self._held: dict[Announced, frozenset[str]] = {}

    def may_hold(self, gates: frozenset[str]) -> bool:
        """Return whether a word of the text begins so: only false is certain."""
        return not self._gates.isdisjoint(gates)

    def held(self, wanted: Announced) -> frozenset[str]:
        """Return those of the words looked for that are in the text."""
        held = self._held.get(wanted)
        if held is None:
            near = wanted.gates & self._gates
            # Mostly there are none: then the generator would cost more than all the rest.
            if found := near:
                found = frozenset(one for gate in near for one in wanted.by_gate[gate] if one in self._words)
            held = self._held[wanted] = found
        return held

    def spelt(self, anchors: Iterable[str]) -> frozenset[str]:
        """Return those of the words of which every character is in the text, wherever blanks part them."""
        return frozenset(filter(self._characters.issuperset, anchors))
