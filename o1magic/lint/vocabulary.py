"""Which words a folded text holds: the question that spares most texts most searches.

What is looked for names words of which one must be there (anchors), and how those words begin (gates). One pass over
the different words of the text answers both, for one list of phrases or for all of them. Called by the document, by the
index of the phrases, and by the phrases.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# By how many of its first letters a word is told from others; the few are for words that have no more.
_LONG, _SHORT = 5, 3
_BEGINNING = late(r"(\w{1,5})\w*")
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
    """What is looked for: the words of which one must be there, by how they begin."""

    @property
    def by_gate(self) -> Mapping[str, Iterable[str]]:
        """Return the words by beginning."""


class Vocabulary:
    """Answers, each question once, whether a word is in a folded text; looks through each different word once.

    text: the different words.
    gates: how they begin, by three letters and by five.
    """

    def __init__(self, text: str) -> None:
        words: set[str] = set()
        for start in range(0, len(text), _CHUNK):
            # A word cut at the edge is whole in the next piece.
            words.update(text[max(0, start - _LONGEST_WORD) : start + _CHUNK].split())
        self.text = "\n".join(words)
        long = set(_BEGINNING.findall(self.text))
        self.gates = long.union([beginning[:_SHORT] for beginning in long])
        self._held: dict[Announced, frozenset[str]] = {}

    @cached_property
    def characters(self) -> set[str]:
        """Return the different characters of the words, and the empty one."""
        return {"", *self.text}

    def held(self, wanted: Announced) -> frozenset[str]:
        """Return those of the words looked for that are in the text."""
        held = self._held.get(wanted)
        if held is None:
            near = (
                words
                for gate, words in wanted.by_gate.items()
                if gate in (self.text if len(gate) < _SHORT else self.gates)
            )
            held = self._held[wanted] = frozenset(one for words in near for one in words if one in self.text)
        return held

    def spelt(self, anchors: Iterable[str]) -> frozenset[str]:
        """Return those of the words of which every character is in the text, wherever blanks part them."""
        return frozenset(filter(self.characters.issuperset, anchors))
