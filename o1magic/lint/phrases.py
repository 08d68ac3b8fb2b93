"""Cue phrases from the data files, compiled: what to look for, and which words announce it.

A phrase is folded text with a small shorthand: `(a|b)` either, `[a ]` optional, `%` any ending of the word. Nothing in
it repeats, so no compiled pattern can backtrack. Each rule's phrases stand in cues/<CODE>.toml, shared lists in
cues/shared.toml, one table per language in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from o1magic.lint.fold import fold, gate_of
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATA = Path(__file__).parent / "cues"
_NESTED = late(r"[(\[]")
_OPTION = late(r" \[([^\[\]]*[^\[\] ])\]")
_TOKEN = late(r"-?<[\w ]+>|[~^?]|[^<~^?]+")
_SYNTAX: Final = {
    "(": "(?:",
    ")": ")",
    "|": "|",
    "[": "(?:",
    "]": ")?",
    "%": r"[\w\u0900-\u0963\u0966-\u0d7f\u0e00-\u0e7f]{0,12}",
}
_SHORT_ANCHOR = 2
# After one of these an anchor may start within a word.
_GLUED = late(r"[\])%]\w")
_NOT_ASCII = frozenset(["ar", "bn", "hi", "ja", "ko", "mr", "ne", "ru", "te", "th", "uk", "ur", "zh"])
# Words in every other sentence announce nothing.
_COMMON = frozenset([
    "a", "an", "and", "are", "as", "at", "be", "by", "do", "for", "from", "how", "in", "into", "is", "it", "of", "on",
    "or", "out", "that", "the", "then", "this", "through", "to", "up", "with", "while", "you", "your", "de", "da",
    "das", "der", "die", "ein", "una", "un", "en", "es", "la", "le", "les", "los", "per", "por", "que", "su", "te",
    "tu", "und", "wie", "zu",
])  # fmt: skip
# The part of TOML that the data files are written in; what does not fit it is left to tomllib.
_ENTRY = late(
    r"\s*(?:#[^\n]*(?=\n|$)|\[(\w+)\][ \t]*(?=\n|$)"
    r"|(\w+) = (?:'''\n(.*?)'''|'([^'\n]*)'|(true|false)))",
    re.DOTALL,
)


@dataclass(slots=True)
class Part:
    """One slot of a form: a list of phrases, how it joins the slot before it, whether a fix removes only it.

    anchors: words of which one is in whatever the slot matches; gate: how words begin of which one is in it.
    """

    phrases: tuple[str, ...]
    words: bool
    anchors: frozenset[str]
    gate: frozenset[str]
    gap: bool = False
    removed: bool = False
    _pattern: re.Pattern[str] | None = field(default=None, repr=False)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the compiled alternatives, longest first; compiled when first needed."""
        if self._pattern is None:
            self._pattern = compile_phrases(self.phrases, words=self.words)
        return self._pattern


@dataclass(frozen=True, slots=True)
class Form:
    """A way of putting a cue: its slots in order; `addressed` ones must begin a clause or follow a lead-in."""

    parts: tuple[Part, ...]
    addressed: bool
    weak: bool
    rarest: int
    gates: tuple[frozenset[str], ...]

    @property
    def anchors(self) -> frozenset[str]:
        """Return words of which one is in whatever the form matches."""
        return self.parts[self.rarest].anchors


@dataclass(frozen=True, slots=True)
class Language:
    """One rule's forms in one language, and the lists around them."""

    name: str
    words: bool
    forms: tuple[Form, ...]
    raw: Mapping[str, str]
    compiled: dict[str, re.Pattern[str] | None]

    def any_of(self, name: str, *, at_end: bool = False) -> re.Pattern[str] | None:
        """Return the pattern of a list, None for an empty one; `at_end` ties it to the end of what is searched."""
        key = f"{name}$" if at_end else name
        if key not in self.compiled:
            phrases = _phrases(self.raw.get(name, ""), words=self.words)
            tail = r"[\s,]*$" if at_end else ""
            self.compiled[key] = compile_phrases(phrases, words=self.words, tail=tail) if phrases else None
        return self.compiled[key]


def compile_phrases(phrases: tuple[str, ...], *, words: bool, tail: str = "") -> re.Pattern[str]:
    """Return the pattern that matches any of the phrases; whole words only in languages that part them."""
    ordered = sorted(phrases, key=len, reverse=True)
    body = "|".join("".join(_SYNTAX.get(c) or re.escape(c) for c in phrase) for phrase in ordered)
    # A phrase that ends in an optional word with its blank may end on that blank.
    return re.compile(rf"(?<!\w)(?:{body})(?:(?!\w)|(?<=\s)){tail}" if words else f"(?:{body}){tail}")


def anchors_of(phrase: str, *, words: bool) -> frozenset[str]:
    """Return words of which at least one is in whatever the phrase matches: the choice that says most."""
    fixed, groups = _outermost(phrase)
    choices = [frozenset([_longest(fixed, words=words)])]
    for group in groups:
        either = group.split("|")
        if group[0] != "|" and all(either) and not _NESTED.search(group):
            choices.append(frozenset(_longest(one, words=words) for one in either))
    return max(choices, key=_weight)


def _outermost(phrase: str) -> tuple[str, list[str]]:
    """Return the phrase with NUL for each bracket that lies in no other, and what such round brackets hold."""
    fixed, groups, depth, start = "", [], 0, 0
    for i, character in enumerate(phrase):
        if character in "([":
            start = i + 1 if depth == 0 else start
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth == 0:
                fixed += "\0"
                groups += [phrase[start:i]] if character == ")" else []
        elif depth == 0:
            fixed += character
    return fixed, groups


def _longest(phrase: str, *, words: bool) -> str:
    pieces = re.split(r"[\0\s%]+", phrase)
    longest = max(pieces, key=lambda piece: (piece not in _COMMON, len(piece)))
    return longest if words else longest[:_SHORT_ANCHOR]


def _weight(anchors: frozenset[str]) -> tuple[int, int]:
    # Beyond a few letters what counts is that few words must be looked for.
    return min(4, *(0 if anchor in _COMMON else len(anchor) for anchor in anchors)), -len(anchors)


def _phrases(raw: str, *, words: bool) -> tuple[str, ...]:
    folded = fold(raw.replace("%", "\1").strip()).text.replace("\1", "%")
    lines = [line.strip() for line in folded.split("\n")]
    lines = [line for line in lines if line and line[0] != "#"]
    if not words:
        return tuple(line.replace(" ", "") for line in lines)
    # "show [me]" reads better than "show[ me]", and must not demand the blank when the option is not taken.
    return tuple(_OPTION.sub(r"[ (\1)]", line) for line in lines)


def _part(raw: str, *, words: bool, gap: bool, removed: bool) -> Part:
    phrases = _phrases(raw, words=words)
    found = frozenset().union(*(anchors_of(one, words=words) for one in phrases))
    # A word that holds another anchor adds nothing: the shorter one already announces it.
    anchors = frozenset(a for a in found if not any(b in a and b != a for b in found))
    at_start = words and not any(map(_GLUED.search, phrases))
    return Part(phrases, words, anchors, frozenset(gate_of(a, words=at_start) for a in found), gap, removed)


def _form(line: str, raw: Mapping[str, str], *, words: bool) -> Form:
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
            listed = raw[text.strip("-<>")] if text.endswith(">") else text
            parts.append(_part(listed, words=words, gap=gap, removed=text.startswith("-<")))
            gap = False
    rarest = max(range(len(parts)), key=lambda i: _weight(parts[i].anchors))
    return Form(tuple(parts), addressed, weak, rarest, tuple(part.gate for part in parts))


@cache
def tables(name: str) -> dict[str, Any]:
    """Return a data file as it is written."""
    text = (_DATA / f"{name}.toml").read_text(encoding="utf-8")
    read = _read(text)
    if read is not None:
        return read
    import tomllib

    return tomllib.loads(text)


def _read(text: str) -> dict[str, Any] | None:
    """Return the tables of a file of plain strings, None where there is more in it: tomllib takes 20 times as long."""
    found: dict[str, Any] = {}
    table = found
    position, end = 0, len(text.rstrip())
    while position < end:
        entry = _ENTRY.match(text, position)
        if entry is None:
            return None
        name, key, block, line, flag = entry.groups()
        if name:
            table = found.setdefault(name, {})
        elif key:
            table[key] = flag == "true" if flag else line if block is None else block
        position = entry.end()
    return found


@cache
def languages(code: str) -> tuple[Language, ...]:
    """Return a rule's languages, from cues/<code>.toml and the shared lists."""
    return tuple(_language(code, name) for name in tables(code))


def languages_of(code: str, text: str) -> Iterator[Language]:
    """Yield those of a rule's languages that can be written in the characters of the text, read when first needed."""
    plain = text.isascii()
    for name in tables(code):
        if not (plain and name in _NOT_ASCII):
            yield _language(code, name)


@cache
def _language(code: str, name: str) -> Language:
    shared, own = tables("shared").get(name, {}), tables(code)[name]
    words = bool(shared.get("words", True))
    raw = {key: value for key, value in {**shared, **own}.items() if isinstance(value, str)}
    forms = tuple(_form(line, raw, words=words) for line in own["forms"].splitlines() if line.strip())
    return Language(name, words, forms, raw, {})
