"""What the cue rules look for, by language: forms made of lists of phrases, and the lists around them.

Each rule's phrases stand in cues/<CODE>.toml, shared lists in cues/shared.toml, in the shorthand of `shorthand`. Called
by `cues`, and by the rules for their own lists.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import NamedTuple

from o1magic.lint.data import tables
from o1magic.lint.patterns import late
from o1magic.lint.shorthand import Phrases

_TOKEN = late(r"-?<[\w ]+>|[~^?]|[^<~^?]+")
# Languages that cannot be written in ASCII.
NOT_ASCII = frozenset(["ar", "bg", "bn", "fa", "hi", "ja", "ko", "mr", "ne", "ru", "te", "th", "uk", "ur", "zh"])


class Part(NamedTuple):
    """One slot of a form: a list of phrases, how it joins the slot before it, whether a fix removes only it."""

    phrases: Phrases
    gap: bool
    removed: bool


class Form(NamedTuple):
    """A way of putting a cue: its slots in order; `addressed` ones must begin a clause or follow a lead-in."""

    parts: tuple[Part, ...]
    addressed: bool
    weak: bool

    @property
    def rarest(self) -> Phrases:
        """Return the slot whose words tell most."""
        return max((part.phrases for part in self.parts), key=lambda phrases: phrases.weight)


class Language:
    """One rule's forms in one language, and the lists around them; each is read when first asked for."""

    def __init__(self, name: str, raw: dict[str, str], *, words: bool) -> None:
        self.name, self.words = name, words
        self._raw = raw
        self._lists: dict[tuple[str, bool], Phrases | None] = {}
        self._forms: dict[int, Form] = {}

    @cached_property
    def _lines(self) -> list[str]:
        return [line for line in self._raw.get("forms", "").splitlines() if line.strip()]

    @property
    def forms(self) -> list[Form]:
        """Return the ways of putting a cue."""
        return [self.form(number) for number in range(len(self._lines))]

    def form(self, number: int) -> Form:
        """Return one way of putting a cue."""
        if number not in self._forms:
            self._forms[number] = self._form(self._lines[number])
        return self._forms[number]

    def any_of(self, name: str, *, at_end: bool = False) -> Phrases | None:
        """Return a list of phrases, None for an empty one; `at_end` ties it to the end of what is searched."""
        key = name, at_end
        if key not in self._lists:
            self._lists[key] = _listed(self._raw.get(name, ""), words=self.words, at_end=at_end) or None
        return self._lists[key]

    def _form(self, line: str) -> Form:
        parts: list[Part] = []
        gap = addressed = weak = False
        for token in _TOKEN.findall(line):
            text = token.strip()
            if text == "~":
                gap = True
            elif text == "^":
                addressed = True
            elif text == "?":
                weak = True
            elif text not in {"", "-"}:
                listed = self.any_of(text.strip("-<>")) if text.endswith(">") else _listed(text, words=self.words)
                if listed is None:
                    raise KeyError(text)
                parts.append(Part(listed, gap, removed=text.startswith("-<")))
                gap = False
        return Form(tuple(parts), addressed, weak)


@cache
def _listed(raw: str, *, words: bool, at_end: bool = False) -> Phrases:
    """Return a list of phrases; rules that share a list share what is compiled of it."""
    return Phrases(raw, words=words, tail=r"[\s,]*$" if at_end else "")


def languages(code: str) -> tuple[Language, ...]:
    """Return a rule's languages."""
    return _languages(code, plain=False)


def languages_of(code: str, text: str) -> tuple[Language, ...]:
    """Return those of a rule's languages that can be written in the characters of the text."""
    return _languages(code, plain=text.isascii())


@cache
def _languages(code: str, *, plain: bool) -> tuple[Language, ...]:
    return tuple(language_named(code, name) for name in tables(code) if not (plain and name in NOT_ASCII))


@cache
def language_named(code: str, name: str) -> Language:
    """Return one of a rule's languages."""
    shared, own = tables("shared").get(name, {}), tables(code)[name]
    raw = {key: value for key, value in {**shared, **own}.items() if isinstance(value, str)}
    return Language(name, raw, words=bool(shared.get("words", True)))
