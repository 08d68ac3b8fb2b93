"""What a line asks to be done with a text, and where it says that the text is.

Words come from cues/DEL003.toml. Each line is folded and looked up once, for all languages; the pieces of it that are
looked at after that are a few words long. Called by DEL003.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from o1magic.lint.fold import fold
from o1magic.lint.index import index_of
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages_of
from o1magic.lint.vocabulary import Vocabulary

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from o1magic.lint.index import Index
    from o1magic.lint.phrases import Language

# How a task tells where its text is: not at all, by standing beside it, by a word that points or names it, by such a
# word with what is to be done, by naming it as one that is known, and as one that stands there.
NO: Final = 0
PLACED: Final = 1
SHOWN: Final = 2
POINTED: Final = 3
NAMED: Final = 4
THERE: Final = 5

LONGEST_ALONE: Final = 240
_LONGEST_LAST = 80
_LOOK = 200
# So far from the word that points at it, what is pointed at may be named; a script without blanks is denser.
_NEAR, _NEAR_SQUEEZED = 25, 10
# The object of a verb stands nearer.
_NEXT, _NEXT_SQUEEZED = 16, 6
_WORDS_BETWEEN = 3
_CLAUSE_END = late(r"[.?!:;,\0\n。？！：；，、؟।،](?:\s|$|(?<=[。？！：；，、]))")
# A line is looked up for what it may ask, or for what it tells the model; the other lists only in a few of its words.
_ASKING = ("verb", "kind", "vague", "below", "above", "alone", "handle", "later")
_TELLING = ("told", "orders")
_INDEXED = frozenset((*_ASKING, *_TELLING))
_LATER = frozenset(("later",))
# How a text is called: not at all, by a kind, as one that is known, as one that stands there.
_A_KIND, _KNOWN, _STANDING = 1, 2, 3
_THERE_BY = ("below", "above", "given")
# In English the word for a text may only be the first of two: “email alerts”.
_ENDS_NAME = late(r"$|[^\w ]| (?:in|into|to|and|or|from|for|as|with|by|that|which|is|on|using|of|about|based)\b")
_ARTICLES = frozenset(("en", "de", "fr", "es", "pt", "it", "nl"))
_VERB_LAST = frozenset(("ko", "ja", "zh", "hi", "tr", "fa"))
_ANNOUNCING = (":", "：", "?", "？")
_QUOTED = late(r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|«[^»\n]{1,200}»|「[^」\n]{1,200}」|《[^》\n]{1,200}》")


class _Heard(NamedTuple):
    """A line as the phrases of a language are looked for in it, and the indexed lists of which it may hold one."""

    language: Language
    text: str
    lists: frozenset[str]

    def find(self, name: str, text: str | None = None) -> re.Match[str] | None:
        """Return the first phrase of a list in the line, or in a piece of it."""
        phrases = self.language.any_of(name) if name in self.lists or name not in _INDEXED else None
        return phrases.search(self.text if text is None else text) if phrases else None

    def has(self, name: str, text: str | None = None) -> bool:
        """Return whether a phrase of a list is in the line, or in a piece of it."""
        return self.find(name, text) is not None

    def ends(self, name: str, text: str) -> bool:
        """Return whether a piece of the line ends with a phrase of a list."""
        phrases = self.language.any_of(name, at_end=True)
        return phrases is not None and phrases.search(text) is not None

    def begins(self, name: str) -> re.Match[str] | None:
        """Return the phrase of a list that the line begins with."""
        found = self.find(name)
        return found if found and not self.text[: found.start()].strip(" \0-*•") else None

    def near(self, words: int = _NEAR, squeezed: int = _NEAR_SQUEEZED) -> int:
        """Return how many characters are near."""
        return words if self.language.words else squeezed


def may_ask(line: str) -> bool:
    """Return whether a line may be a task at all, or hold one."""
    return any(one.lists != _LATER for one in _heard(line, _ASKING))


@lru_cache(maxsize=64)
def asks(line: str, *, where: str) -> int:
    """Return whether a line is a task on a text below or above it: one it points at, or only by where it stands."""
    heard = _heard(line, _ASKING)
    if any(one.has("later") for one in heard):
        return NO
    return max((_level(one, where) for one in heard if one.lists != _LATER), default=NO)


def _level(heard: _Heard, where: str) -> int:
    done, kind = _orders(heard, "verb"), _kind(heard)
    announces = heard.text.rstrip()[-1:] in _ANNOUNCING
    if kind == _STANDING and (done or announces or _orders(heard, "make")):
        return THERE
    makes = kind == _KNOWN and _orders(heard, "make")
    if kind == _KNOWN and (done or (makes and heard.has("made"))):
        return NAMED
    points = where in heard.lists and _points(heard, where)
    alone = points and (_points_at_what_follows(heard) if where == "below" else announces)
    if points and (done or (alone and _orders(heard, "make"))):
        return POINTED
    if alone or makes or (kind >= _KNOWN and announces) or _stands_alone(heard, "handle"):
        return SHOWN
    if kind and done and _leads(heard):
        return SHOWN
    short = len(heard.text) <= (LONGEST_ALONE if where == "below" else _LONGEST_LAST)
    return PLACED if short and _stands_alone(heard, "alone") else NO


def tells(line: str, look: int = _LOOK) -> bool:
    """Return whether a line speaks to the model."""
    return any(one.has("told") or one.begins("orders") for one in _heard(line[:look], _TELLING))


def tells_nothing_else(line: str) -> bool:
    """Return whether a line may be a task in words that we do not know: it gives an order, or announces."""
    heard = _heard(line, _ASKING)
    return not heard or line.rstrip()[-1:] in _ANNOUNCING or any(one.begins("verb") for one in heard)


def needs_no_text(line: str) -> bool:
    """Return whether a line asks for something new, or for work on a text that is yet to come."""
    return any(one.begins("make") or one.has("later") for one in _all(line))


def speaks(line: str) -> bool:
    """Return whether somebody speaks in a line: to the model, or of himself."""
    return tells(line) or any(one.has("persons") for one in _all(line))


def lists(head: str) -> bool:
    """Return whether what a colon announces is a list of something else: “one of three categories:”."""
    return any(one.has("other") for one in _all(head[-_NEAR:]))


@lru_cache(maxsize=64)
def _folded(line: str) -> tuple[str, str]:
    """Return the line folded, and without blanks where it may be of a language that parts no words by them."""
    # What is quoted says nothing to the model.
    folded = fold(_QUOTED.sub("\0", line)).text
    return folded, "" if folded.isascii() else "".join(folded.split())


@lru_cache(maxsize=256)
def _heard(line: str, group: tuple[str, ...]) -> tuple[_Heard, ...]:
    """Return the line by language, for those languages of which it may hold a phrase of a group of lists."""
    folded, squeezed = _folded(line)
    found: dict[Language, set[str]] = {}
    for text, words in ((folded, True), (squeezed, False)):
        for language, name in _index(group, words, text.isascii()).held(Vocabulary(text)) if text else ():
            found.setdefault(language, set()).add(name)
    return tuple(_Heard(one, folded if one.words else squeezed, frozenset(names)) for one, names in found.items())


def _all(line: str) -> Iterator[_Heard]:
    """Yield the line by language, for each language that can be written so."""
    folded, squeezed = _folded(line)
    for one in languages_of("DEL003", line):
        yield _Heard(one, folded if one.words else squeezed, _INDEXED)


@cache
def _index(group: tuple[str, ...], words: bool, plain: bool) -> Index[tuple[Language, str]]:  # noqa: FBT001 - cached
    """Return the index of a group of lists, of the languages that part words by blanks and can be written so."""
    spoken = languages_of("DEL003", "" if plain else "\u00e9")
    known = [(one, name) for one in spoken for name in group if one.words == words]
    return index_of(((one, name), phrases) for one, name in known if (phrases := one.any_of(name)))


def _stands_alone(heard: _Heard, name: str) -> bool:
    """Return whether a line begins with such an order, which is not about “rules” or “questions”."""
    found = heard.begins(name)
    next_ = heard.near(_NEXT, _NEXT_SQUEEZED)
    return found is not None and not heard.has("other", heard.text[found.end() : found.end() + next_])


def _kind(heard: _Heard) -> int:
    """Return how the line calls a text: what says which one is meant stands near the word for it."""
    best, text = 0, heard.text
    behind = ("after",) if heard.language.any_of("after") else _THERE_BY
    for name, most in (("kind", _STANDING), ("vague", _KNOWN)):
        words = heard.language.any_of(name) if name in heard.lists else None
        if name == "vague" and not (_leads(heard) or text.rstrip()[-1:] in _ANNOUNCING):
            continue
        for match in words.finditer(text) if words else ():
            before, after = _around(heard, match.start(), match.end())
            other = heard.find("other", after)
            if other and not after[: other.start()].strip():
                continue
            if any(heard.has(one, before) for one in _THERE_BY) or any(heard.has(one, after) for one in behind):
                best = max(best, most)
            elif _is_known(heard, before, match.group()):
                best = max(best, _KNOWN)
            elif name == "kind" and (heard.language.name != "en" or _ENDS_NAME.match(after)):
                best = max(best, _A_KIND)
    return best


def _leads(heard: _Heard) -> bool:
    """Return whether a line begins with an order, or is in a language that does not put it there."""
    return heard.language.name in _VERB_LAST or heard.begins("verb") is not None


def _is_known(heard: _Heard, before: str, word: str) -> bool:
    """Return whether the text is a known one; where there are no articles, the object of a verb may be."""
    if heard.has("this", before) or heard.has("this", word):
        return True
    return heard.language.name not in _ARTICLES and heard.ends("verb", before) and not heard.ends("make", before)


def _orders(heard: _Heard, name: str) -> bool:
    """Return whether a verb gives an order, or a word asks: it begins its clause, where orders do."""
    verbs = heard.language.any_of(name) if name in heard.lists or name not in _INDEXED else None
    anywhere = heard.language.any_of("before") is None
    for match in verbs.finditer(heard.text) if verbs else ():
        if anywhere:
            return True
        head = heard.text[max(0, match.start() - _NEAR) : match.start()].rstrip(" ")
        if not head or not head[-1].isalnum() or heard.ends("before", head):
            return True
    return False


def _around(heard: _Heard, start: int, end: int) -> tuple[str, str]:
    """Return the few words before and after a word, within its clause."""
    near = heard.near()
    before, after = heard.text[max(0, start - near) : start], heard.text[end : end + near]
    mark = _CLAUSE_END.search(before)
    while mark:
        before = before[mark.end() :]
        mark = _CLAUSE_END.search(before)
    mark = _CLAUSE_END.search(after)
    after = after[: mark.start()] if mark else after
    if heard.language.words:
        before = " ".join(before.split()[-_WORDS_BETWEEN:])
    return before, after


def _points(heard: _Heard, where: str) -> bool:
    """Return whether a word like “following” stands there, and does not stand before “rules” or “questions”."""
    found = heard.find(where)
    if found is None:
        return False
    near = heard.near()
    before = heard.text[max(0, found.start() - near) : found.start()]
    return not heard.has("other", heard.text[found.start() : found.end() + near]) and not heard.ends("other", before)


def _points_at_what_follows(heard: _Heard) -> bool:
    """Return whether “the following” stands there for itself, not for something else that is named after it."""
    found = heard.find("below")
    return found is not None and not heard.text[found.end() :].lstrip()[:1].isalnum()
