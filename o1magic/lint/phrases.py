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
from typing import Any, Final

from o1magic.lint.fold import fold

_DATA = Path(__file__).parent / "cues"
_GROUP = re.compile(r"[(\[][^()\[\]]*[)\]]")
_OPTION = re.compile(r" \[([^\[\]]*[^\[\] ])\]")
_SYNTAX: Final = {"(": "(?:", ")": ")", "|": "|", "[": "(?:", "]": ")?", "%": r"\w{0,12}"}
_SHORT_ANCHOR = 2


@dataclass(slots=True)
class Part:
    """One slot of a form: a list of phrases, how it joins the slot before it, whether a fix removes only it."""

    phrases: tuple[str, ...]
    words: bool
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
    anchors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Language:
    """One rule's forms in one language, and the lists around them."""

    name: str
    words: bool
    forms: tuple[Form, ...]
    anchors: tuple[str, ...]
    lists: dict[str, tuple[str, ...]]
    compiled: dict[str, re.Pattern[str] | None]

    def any_of(self, name: str, *, at_end: bool = False) -> re.Pattern[str] | None:
        """Return the pattern of a list, None for an empty one; `at_end` ties it to the end of what is searched."""
        key = f"{name}$" if at_end else name
        if key not in self.compiled:
            phrases = self.lists.get(name, ())
            tail = r"[\s,]*$" if at_end else ""
            self.compiled[key] = compile_phrases(phrases, words=self.words, tail=tail) if phrases else None
        return self.compiled[key]


def compile_phrases(phrases: tuple[str, ...], *, words: bool, tail: str = "") -> re.Pattern[str]:
    """Return the pattern that matches any of the phrases; whole words only in languages that part them."""
    ordered = sorted(phrases, key=len, reverse=True)
    body = "|".join("".join(_SYNTAX.get(c) or re.escape(c) for c in phrase) for phrase in ordered)
    # A phrase that ends in an optional word with its blank may end on that blank.
    return re.compile(rf"(?<!\w)(?:{body})(?:(?!\w)|(?<=\s)){tail}" if words else f"(?:{body}){tail}")


def anchors_of(phrase: str, *, words: bool) -> set[str]:
    """Return words of which at least one is in whatever the phrase matches."""
    fixed = phrase
    while _GROUP.search(fixed):
        fixed = _GROUP.sub("\0", fixed)
    pieces = [piece for piece in re.split(r"[\0\s%]+", fixed) if piece]
    longest = max(pieces, key=len, default="")
    groups = [group[1:-1] for group in _GROUP.findall(phrase) if group[0] == "(" and not group.startswith("(|")]
    if len(longest) <= _SHORT_ANCHOR and words and groups:
        either = [re.split(r"[\s%]+", one) for one in groups[0].split("|")]
        return {max(pieces, key=len) for pieces in either}
    if not longest and groups:
        return {one[:_SHORT_ANCHOR] for one in groups[0].split("|")}
    return {longest if words else longest[:_SHORT_ANCHOR]}


def _phrases(raw: str, *, words: bool) -> tuple[str, ...]:
    folded = (fold(line.strip().replace("%", "\1")).text.replace("\1", "%") for line in raw.splitlines())
    lines = [line for line in folded if line and line[0] != "#"]
    if not words:
        return tuple(line.replace(" ", "") for line in lines)
    # "show [me]" reads better than "show[ me]", and must not demand the blank when the option is not taken.
    return tuple(_OPTION.sub(r"[ (\1)]", line) for line in lines)


def _form(line: str, lists: dict[str, tuple[str, ...]], *, words: bool) -> Form:
    parts: list[Part] = []
    gap = addressed = weak = False
    for token in re.findall(r"-?<[\w ]+>|[~^?]|[^<~^?]+", line):
        text = token.strip()
        if text == "~":
            gap = True
        elif text == "^":
            addressed = True
        elif text == "?":
            weak = True
        elif text not in {"", "-"}:
            listed = text.endswith(">")
            phrases = lists[text.strip("-<>")] if listed else _phrases(text, words=words)
            parts.append(Part(phrases, words, gap, text.startswith("-<")))
            gap = False
    candidates = [frozenset().union(*(anchors_of(one, words=words) for one in part.phrases)) for part in parts]
    return Form(tuple(parts), addressed, weak, max(candidates, key=lambda anchors: min(map(len, anchors))))


@cache
def tables(name: str) -> dict[str, Any]:
    """Return a data file as it is written."""
    import tomllib

    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def languages(code: str) -> tuple[Language, ...]:
    """Return a rule's languages, from cues/<code>.toml and the shared lists."""
    return tuple(_language(name, own) for name, own in tables(code).items())


def _language(name: str, own: dict[str, Any]) -> Language:
    shared = tables("shared").get(name, {})
    words = bool(shared.get("words", True))
    raw = {key: value for key, value in {**shared, **own}.items() if isinstance(value, str) and key != "forms"}
    lists = {key: _phrases(value, words=words) for key, value in raw.items()}
    forms = tuple(_form(line, lists, words=words) for line in own["forms"].splitlines() if line.strip())
    wanted = frozenset().union(*(form.anchors for form in forms))
    # A word that holds another anchor adds nothing: the shorter one already announces it.
    anchors = tuple(sorted(a for a in wanted if not any(b in a and b != a for b in wanted)))
    return Language(name, words, forms, anchors, lists, {})
