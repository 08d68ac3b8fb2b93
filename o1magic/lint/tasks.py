"""What a line asks to be done with a text, and where it says that the text is.

Words come from cues/DEL003.toml. A word that points (“the following”), or that names a text, is a task also without a
verb that we know. Called by DEL003.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from o1magic.lint.data import tables
from o1magic.lint.fold import fold
from o1magic.lint.index import index_of
from o1magic.lint.phrases import languages, languages_of
from o1magic.lint.vocabulary import Vocabulary

if TYPE_CHECKING:
    import re
    from collections.abc import Collection

    from o1magic.lint.document import Document
    from o1magic.lint.index import Index
    from o1magic.lint.phrases import Language
    from o1magic.lint.shorthand import Phrases

# How a task tells where its text is: not at all, by standing beside it, by a word that points or names it, by such a
# word with what is to be done, by naming it beyond doubt.
NO: Final = 0
PLACED: Final = 1
SHOWN: Final = 2
POINTED: Final = 3
NAMED: Final = 4

LONGEST_ALONE: Final = 240
_LOOK = 200
# So far from the word that points at it, what is pointed at may be named; a script without blanks is denser.
_NEAR = 25
_NEAR_SQUEEZED = 10
_TELLING = ("verb", "make", "below", "above", "noun")


def spoken(document: Document) -> tuple[Language, ...]:
    """Return the languages in which the prompt may name a task."""
    words, held = document.vocabulary, _index(words=True).held(document.vocabulary)
    return tuple(
        one
        for one in languages_of("DEL003", document.prose.text)
        if any(x in held if one.words else words.spelt(x.anchors) for x in _lists(one, _TELLING))
    )


@lru_cache(maxsize=64)
def may_ask(spoken: tuple[Language, ...], line: str) -> bool:
    """Return whether a line may be a task at all, or hold one."""
    return any(_has(one, name, _folded(line, one)) for one in spoken for name in (*_TELLING, "alone"))


@lru_cache(maxsize=64)
def asks(spoken: tuple[Language, ...], line: str, *, where: str) -> int:
    """Return whether a line is a task on a text below or above it: one it points at, or only by where it stands."""
    found = NO
    for language in spoken:
        text = _folded(line, language)
        if _has(language, "later", text):
            return NO
        done, noun = _has(language, "verb", text), _has(language, "noun", text)
        if (done and noun) or (_has(language, "make", text) and _has(language, "named", text)):
            return NAMED
        points = _points(language, where, text)
        if points and (done or _has(language, "make", text)):
            found = POINTED
        elif noun or points:
            found = max(found, SHOWN)
        short = len(text) <= (LONGEST_ALONE if where == "below" else _NEAR)
        if not found and short and _begins(language, "alone", text) and not _has(language, "other", text):
            found = PLACED
    return found


def tells(line: str, look: int = _LOOK) -> bool:
    """Return whether a line speaks to the model."""
    head = line[:look]
    return any(
        _has(one, "told", text) or _begins(one, "orders", text)
        for one in languages_of("DEL003", head)
        for text in (_folded(head, one),)
    )


def needs_no_text(line: str) -> bool:
    """Return whether a line asks for something new, or for work on a text that is yet to come."""
    return any(
        _begins(one, "make", _folded(line, one)) or _has(one, "later", _folded(line, one))
        for one in languages_of("DEL003", line)
    )


def speaks(line: str) -> bool:
    """Return whether somebody speaks in a line: to the model, or of himself."""
    return tells(line) or any(_has(one, "persons", _folded(line, one)) for one in languages_of("DEL003", line))


def lists(head: str) -> bool:
    """Return whether what a colon announces is a list of something else: “one of three categories:”."""
    end = head[-_NEAR:]
    return any(_has(one, "other", _folded(end, one)) for one in languages_of("DEL003", end))


@lru_cache(maxsize=64)
def _forms(line: str) -> tuple[str, str]:
    folded = fold(line).text
    return folded, "".join(folded.split())


def _folded(line: str, language: Language) -> str:
    """Return the line as the phrases of a language are looked for in it: without blanks where words have none."""
    return _forms(line)[not language.words]


@lru_cache(maxsize=256)
def _held(text: str, *, words: bool) -> Collection[Phrases]:
    """Return the lists of which a phrase may be in a line, of the languages that part words by blanks or the others."""
    return _index(words=words).held(Vocabulary(text))


@cache
def _index(*, words: bool) -> Index[Phrases]:
    known = (one for one in languages("DEL003") if one.words == words)
    lists = (phrases for one in known for phrases in _lists(one, tuple(tables("DEL003")[one.name])))
    return index_of((phrases, phrases) for phrases in lists)


@cache
def _lists(language: Language, names: tuple[str, ...]) -> tuple[Phrases, ...]:
    return tuple(phrases for phrases in map(language.any_of, names) if phrases)


def _found(language: Language, name: str, text: str) -> re.Match[str] | None:
    phrases = language.any_of(name)
    if phrases is None or phrases not in _held(text, words=language.words):
        return None
    return phrases.pattern.search(text)


def _has(language: Language, name: str, text: str) -> bool:
    return _found(language, name, text) is not None


def _points(language: Language, where: str, text: str) -> bool:
    """Return whether a word like “following” stands there, and does not stand before “rules” or “questions”."""
    found = _found(language, where, text)
    near = _NEAR if language.words else _NEAR_SQUEEZED
    return found is not None and not _has(language, "other", text[found.start() : found.end() + near])


def _begins(language: Language, name: str, text: str) -> bool:
    """Return whether a line begins with one of the phrases."""
    found = _found(language, name, text)
    return found is not None and not text[: found.start()].strip(" \0-*•")
