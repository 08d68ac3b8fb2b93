"""The shorthand in which phrases are written, compiled: a list of them is one pattern, which few texts need.

A phrase is folded text: `(a|b)` either, `[a ]` optional, `a?` the character or none, `%` any ending of the word, `~` a
few words between, `#` a number from 0 to 2, `@` a number of two to six digits; a line that begins with `# ` is a
comment. Every gap is bounded, so that no pattern can backtrack far. Called by the phrases of the rules.
"""

from __future__ import annotations

import re
import sys
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.vocabulary import gate_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_SYNTAX: Final = {
    "(": "(?:",
    ")": ")",
    "|": "|",
    "[": "(?:",
    "]": ")?",
    "?": "?",
    "%": r"[\w\u0900-\u0963\u0966-\u0d7f\u0e00-\u0e7f]{0,12}",
    "~": r"[^\0\n.!?;:。！？]{0,40}?",
    "@": r"\d{2,6}",
    "#": r"(?:[01](?:[.,]\d{1,2})?|2(?:[.,]0)?)(?![\d.,]*\d)(?! ?[°%k])",
}
# People without umlauts at hand write them so.
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_BRACKET = late(r"[(\[]")
_FLAT = late(r"\([^()\[\]]*\)|\[[^()\[\]]*\]")
_REQUIRED = late(r"\(([^()\[\]]*)\)(?!\?)")
_BLANK_IN_OPTION = late(r" \[([^\[\]]*[^\[\] ])\]")
_OPTIONAL = late(r".\?")
_WORDS = late(r"[^\s\0%~@#]+")
# After or before one of these an anchor may start within a word.
_GLUED = late(r"[\])%?]\w|\w[(\[]|\]\(")
_WORD_OPTIONS = late(r"(^|[\s(|])(?:\[(?:[^\[\]()|]+ \|)*[^\[\]()|]+ \])+")
_SHORT_ANCHOR = 2
_ENOUGH = 4
_MOST = _ENOUGH, -1
# Words in every other sentence announce nothing.
_COMMON = frozenset([
    "a", "an", "and", "are", "as", "at", "be", "by", "do", "for", "from", "how", "in", "into", "is", "it", "of", "on",
    "or", "out", "that", "the", "then", "this", "through", "to", "up", "with", "while", "you", "your", "de", "da",
    "das", "der", "die", "ein", "una", "un", "en", "es", "la", "le", "les", "los", "per", "por", "que", "su", "te",
    "tu", "und", "wie", "zu",
])  # fmt: skip


class Phrases:
    """A list of phrases as a pattern, compiled when a text holds one of the words that announce them.

    words: the language parts words by blanks; without, a phrase may stand within a run of letters.
    squeezed: what is searched has no blanks then; otherwise a blank of a phrase may be there or not.
    tail: a pattern for what may follow the phrase.
    """

    def __init__(self, raw: str, *, words: bool, squeezed: bool = True, tail: str = "") -> None:
        self._words, self._tail = words, tail
        self.listed = _lines(raw, words=words, squeezed=squeezed)
        self._known: tuple[frozenset[str], re.Pattern[str] | None] = frozenset(), None

    def __bool__(self) -> bool:
        """Return whether there is a phrase at all."""
        return bool(self.listed)

    @cached_property
    def anchored(self) -> dict[str, frozenset[str]]:
        """Return the phrases, with the words of each of which one must be there."""
        return {phrase: anchors_of(phrase, words=self._words) for phrase in self.listed}

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Return words of which one is in whatever a phrase of the list matches."""
        return frozenset().union(*self.anchored.values())

    @cached_property
    def by_gate(self) -> dict[str, set[str]]:
        """Return those words by how they begin."""
        found: dict[str, set[str]] = {}
        for phrase, anchors in self.anchored.items():
            at_start = self._words and _starts_words(phrase)
            for anchor in anchors:
                found.setdefault(gate_of(anchor, words=at_start), set()).add(anchor)
        return found

    @cached_property
    def weight(self) -> tuple[int, int]:
        """Return how much those words tell of a text that holds one."""
        return _weight(self.anchors)

    def within(self, held: Collection[str]) -> re.Pattern[str]:
        """Return the pattern of the phrases that these of the anchors announce, and of those that earlier ones did."""
        known, found = self._known
        if found is None or not known.issuperset(held):
            known = known.union(held)
            found = self._compiled(one for one, anchors in self.anchored.items() if not known.isdisjoint(anchors))
            self._known = known, found
        return found

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """Return the first phrase in the text."""
        return self.pattern.search(text, start, end) if self._may_be_in(text) else None

    def match(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """Return the phrase that begins the text."""
        return self.pattern.match(text, start, end) if self._may_be_in(text) else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the phrase that is the whole text."""
        return self.pattern.fullmatch(text) if self._may_be_in(text) else None

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """Yield each phrase in the text, in order, none overlapping another."""
        return self.pattern.finditer(text, start, end) if self._may_be_in(text) else iter(())

    def sub(self, replacement: str, text: str) -> str:
        """Return the text with each phrase replaced."""
        return self.pattern.sub(replacement, text) if self._may_be_in(text) else text

    def _may_be_in(self, text: str) -> bool:
        return any(map(text.__contains__, self._looked_for))

    @cached_property
    def _looked_for(self) -> tuple[str, ...]:
        return _shortest(self.anchors)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the pattern of all phrases, for whoever knows that one of the anchors is there."""
        return self._compiled(self.listed)

    def _compiled(self, phrases: Iterable[str]) -> re.Pattern[str]:
        ordered = sorted(phrases, key=len, reverse=True)
        body = "|".join("".join(_SYNTAX.get(c) or re.escape(c) for c in phrase) for phrase in ordered)
        if not self._words:
            return re.compile(f"(?:{body}){self._tail}")
        # A phrase that ends in an optional word with its blank may end on that blank.
        return re.compile(rf"(?<!\w)(?:{body})(?:(?!\w)|(?<=\s)){self._tail}")


def _lines(raw: str, *, words: bool, squeezed: bool) -> list[str]:
    spelt = raw if raw.isascii() else raw.translate(_UMLAUTS)
    lines = _folded(raw) if spelt == raw else list(dict.fromkeys(_folded(raw) + _folded(spelt)))
    if not words:
        return [line.replace(" ", "" if squeezed else "[ ]") for line in lines]
    # "show [me]" reads better than "show[ me]", and must not demand the blank when the option is not taken.
    return [_BLANK_IN_OPTION.sub(r"[ (\1)]", line) if " [" in line else line for line in lines]


def _folded(raw: str) -> list[str]:
    folded = fold(raw.replace("%", "\1").strip()).text.replace("\1", "%")
    return [line for one in folded.split("\n") if (line := one.strip()) and line[:2] != "# "]


def anchors_of(phrase: str, *, words: bool) -> frozenset[str]:
    """Return words of which at least one is in whatever the phrase matches: the choice that says most."""
    if words and phrase.isalpha():
        return frozenset((phrase,))
    fixed, groups = _outermost(phrase) if "(" in phrase or "[" in phrase else (phrase, [])
    best = frozenset((_longest(fixed, words=words),))
    most = _weight(best) if groups else (0, 0)
    if most == _MOST:
        return best
    for either in groups:
        choice = frozenset().union(*(anchors_of(one, words=words) for one in either))
        if (weight := _weight(choice)) > most:
            best, most = choice, weight
    return best


def _outermost(phrase: str) -> tuple[str, list[list[str]]]:
    """Return the phrase with NUL for each outermost bracket, and the choices of those of which one must be taken."""
    fixed = _FLAT.sub("\0", phrase)
    if not _BRACKET.search(fixed):
        return fixed, [group.split("|") for group in _REQUIRED.findall(phrase)]
    fixed, groups, depth, cuts = "", [], 0, [0]
    for i, character in enumerate(phrase):
        if character in "([":
            cuts = [i + 1] if depth == 0 else cuts
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth == 0:
                fixed += "\0"
                if character == ")" and not phrase.startswith("?", i + 1):
                    cuts.append(i + 1)
                    groups.append([phrase[a : b - 1] for a, b in pairwise(cuts)])
        elif depth == 0:
            fixed += character
        elif depth == 1 and character == "|":
            cuts.append(i + 1)
    return fixed, groups


def _starts_words(phrase: str) -> bool:
    """Return whether every word of the phrase starts one of the text: options that are words of their own part none."""
    return _GLUED.search(_WORD_OPTIONS.sub(r"\1", phrase) if "[" in phrase else phrase) is None


def _longest(phrase: str, *, words: bool) -> str:
    phrase = _OPTIONAL.sub("\0", phrase) if "?" in phrase else phrase
    longest = max(_WORDS.findall(phrase), key=_says, default="")
    return longest if words else longest[:_SHORT_ANCHOR]


def _says(word: str) -> tuple[bool, int]:
    return word not in _COMMON, len(word)


def _weight(anchors: frozenset[str]) -> tuple[int, int]:
    # Beyond a few letters what counts is that few words must be looked for.
    least = min((0 if anchor in _COMMON else len(anchor) for anchor in anchors), default=0)
    return min(_ENOUGH, least), -len(anchors)


def _shortest(anchors: frozenset[str]) -> tuple[str, ...]:
    """Return the anchors without those that begin with another: that one announces them too."""
    kept: list[str] = []
    for anchor in sorted(anchors):
        if not kept or not anchor.startswith(kept[-1]):
            kept.append(anchor)
    return tuple(kept)
