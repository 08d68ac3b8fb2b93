"""Many lists of phrases at once: which of them a text may hold, by one look at each of its words.

What the cues' forms look for stands in cues/index.txt, which scripts/cue_index.py writes, so that no language is read
before a text may be in it. Called by `cues` for a prompt and by `tasks` for a line.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from o1magic.lint.data import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from o1magic.lint.phrases import Language
    from o1magic.lint.shorthand import Phrases
    from o1magic.lint.vocabulary import Vocabulary

FILE = "index.txt"

_Key = TypeVar("_Key")


class Index(Generic[_Key]):
    """Answers which of many lists of phrases a text may hold.

    gates: how the words begin of which one must be there (see `vocabulary`).
    at: returns those that begin so, each with the lists that it announces.
    """

    def __init__(self, gates: Iterable[str], at: Callable[[str], Iterable[tuple[str, Iterable[_Key]]]]) -> None:
        self._gates, self._at = frozenset(gates), at
        self._letters = frozenset(gate for gate in self._gates if len(gate) <= 1)
        self._ascii = tuple(filter(str.isascii, self._letters))

    def held(self, words: Vocabulary) -> dict[_Key, list[str]]:
        """Return the lists of which a phrase may be in the text, each with the words that announce it there."""
        text = words.text
        letters = filter(text.__contains__, self._ascii) if text.isascii() else self._letters & words.characters
        found: defaultdict[_Key, list[str]] = defaultdict(list)
        for gates, holds in ((self._gates & words.gates, words.begins), (letters, text.__contains__)):
            for gate in gates:
                for anchor, lists in self._at(gate):
                    if holds(anchor):
                        for one in lists:
                            found[one].append(anchor)
        return found


def index_of(lists: Iterable[tuple[_Key, Phrases]]) -> Index[_Key]:
    """Return the index of some lists of phrases."""
    by_gate = _by_gate(lists)
    return Index(by_gate, lambda gate: by_gate[gate].items())


def _by_gate(lists: Iterable[tuple[_Key, Phrases]]) -> dict[str, dict[str, list[_Key]]]:
    found: dict[str, dict[str, list[_Key]]] = {}
    for key, phrases in lists:
        for gate, anchors in phrases.by_gate.items():
            for anchor in sorted(anchors):
                found.setdefault(gate, {}).setdefault(anchor, []).append(key)
    return found


class Entry(NamedTuple):
    """A form of a rule's cues: its place among all of them and in its language, the lists in its slots, the rarest."""

    place: int
    code: str
    language: str
    number: int
    slots: tuple[str, ...]
    rarest: str


class Forms:
    """The forms of all cues."""

    def __init__(self, written: str) -> None:
        parts = (part.split("\n") for part in written.rstrip().split("\n\n"))
        announced, forms = (dict(line.split(" ", 1) for line in part) for part in parts)
        self._index = Index(announced, cache(lambda gate: _anchors(announced[gate])))
        self._rarest = cache(lambda rarest: _entries(rarest, forms.get(rarest, "")))

    def held(self, words: Vocabulary) -> tuple[list[Entry], dict[str, list[str]]]:
        """Return the forms that may stand in a text, in order, and the words that announce each list there."""
        held = self._index.held(words)
        near = (form for rarest in held for form in self._rarest(rarest) if all(map(held.__contains__, form.slots)))
        return sorted(near), held


def _anchors(line: str) -> list[tuple[str, list[str]]]:
    return [(anchor, lists.split(",")) for anchor, _, lists in (one.rpartition("=") for one in line.split(" "))]


def _entries(rarest: str, line: str) -> list[Entry]:
    rows = (one.split("/") for one in line.split(" ") if one)
    return [Entry(int(p), code, name, int(n), tuple(slots.split(",")), rarest) for p, code, name, n, slots in rows]


@cache
def forms() -> Forms:
    """Return the forms of the cues of all rules."""
    return Forms(read(FILE))


def written(languages: Iterable[tuple[str, Language]]) -> str:
    """Return what the file should hold.

    First a line per gate: the words that begin so, with the numbers of the lists they announce. After an empty line a
    line per list: the forms of which it is the slot that tells most, with the numbers of the lists in all their slots.
    """
    numbers: dict[Phrases, int] = {}
    rarest: dict[int, list[str]] = {}
    found = [(code, language.name, n, form) for code, language in languages for n, form in enumerate(language.forms)]
    for place, (code, name, n, form) in enumerate(found):
        slots = [numbers.setdefault(part.phrases, len(numbers)) for part in form.parts]
        entry = "/".join((str(place), code, name, str(n), ",".join(map(str, slots))))
        rarest.setdefault(numbers[form.rarest], []).append(entry)
    lines = [
        " ".join((gate, *(f"{anchor}={','.join(map(str, keys))}" for anchor, keys in sorted(anchors.items()))))
        for gate, anchors in sorted(_by_gate((number, phrases) for phrases, number in numbers.items()).items())
    ]
    return "\n".join((*lines, "", *(" ".join((str(key), *entries)) for key, entries in sorted(rarest.items())), ""))
