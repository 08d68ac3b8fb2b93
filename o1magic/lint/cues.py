"""Finding cue phrases: which sentence asks the model for what, in any of the languages in the data.

The text is searched for a few announcing words, in C; only sentences that hold one are looked at, each once, and equal
sentences are judged once. Called by the rules that read prose; what a cue is stands in cues/*.toml.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint.index import forms
from o1magic.lint.patterns import late
from o1magic.lint.phrases import NOT_ASCII, language_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from o1magic.lint.document import Document
    from o1magic.lint.index import Entry
    from o1magic.lint.phrases import Form, Language
    from o1magic.lint.vocabulary import Vocabulary

_CLAUSE_END = late(r"[,;:()!?。、؛،।\0\n]")
_BARRIER = late(r"[;:()!?。\0]")
_SPACES = late(r"\s{2,}|\n")
_RUNS = late(r"[^\s・]+")
_MARKS = " \t\n#>•·.'\"…0123456789)(]["
# Between the slots of a form; scripts without blanks say in 12 characters what takes 60 in others.
_LONGEST_GAP = {True: 60, False: 12}


class Cue(NamedTuple):
    """A cue in the text given: its span, and what a fix would take out when the rest of the sentence stays.

    weak: the phrase asks for thinking only where no visible steps are wanted.
    """

    start: int
    end: int
    removable: tuple[int, int]
    language: Language
    weak: bool


class _Hit(NamedTuple):
    start: int
    end: int
    removable: tuple[int, int]
    weak: bool


def find(document: Document, code: str) -> Iterator[Cue]:
    """Yield a rule's cues, in order of position, none overlapping another."""
    if code not in document.cues:
        document.cues[code] = list(_apart(document, code))
    yield from document.cues[code]


def _apart(document: Document, code: str) -> Iterator[Cue]:
    found: list[Cue] = []
    for language, wanted in document.once(_announced_forms, code).items():
        found += _in_language(document, language, wanted)
    found.sort(key=lambda cue: (cue.start, -cue.end))
    end = -1
    for cue in found:
        if cue.start >= end:
            yield cue
            end = cue.end


def _held(document: Document) -> tuple[list[Entry], dict[str, list[str]]]:
    return forms().held(document.vocabulary)


def _announced_forms(document: Document, code: str) -> dict[Language, list[_Wanted]]:
    """Return the forms of a rule that may stand in the prompt, by language."""
    plain = document.prose.text.isascii()
    entries, held = document.once(_held)
    found: dict[Language, list[_Wanted]] = {}
    for one in entries:
        if one.code == code and not (plain and one.language in NOT_ASCII):
            language = language_named(code, one.language)
            found.setdefault(language, []).append(_Wanted(language, one, held, document.vocabulary))
    return found


def _in_language(document: Document, language: Language, wanted: Sequence[_Wanted]) -> Iterator[Cue]:
    prose = document.prose
    starts, ends = document.sentence_starts, document.sentence_ends
    judged: dict[str, list[_Hit]] = {}
    for index in _announced(document, wanted):
        start = starts[index]
        sentence = prose.text[start : ends[index]]
        if sentence not in judged:
            judged[sentence] = list(_judge(sentence, wanted, language))
        for hit in judged[sentence]:
            if prose.starts is None:
                (a, b), (c, d) = (hit.start, hit.end), hit.removable
                yield Cue(start + a, start + b, (start + c, start + d), language, hit.weak)
            else:
                a, b, c, d = (prose.source(start + offset) for offset in (hit.start, hit.end, *hit.removable))
                yield Cue(a, b, (c, d), language, hit.weak)


class _Wanted:
    """A form that may stand in a text: the words of the text that announce it, and its slots' patterns."""

    __slots__ = ("announcing", "form", "held", "patterns")

    def __init__(self, language: Language, entry: Entry, held: dict[str, list[str]], words: Vocabulary) -> None:
        self.form = language.form(entry.number)
        self.announcing = held[entry.rarest]
        lists = [part.phrases for part in self.form.parts]
        # What blanks may part anywhere is looked for in a text without them.
        self.held = [held[one] for one in entry.slots] if language.words else [words.spelt(x.anchors) for x in lists]
        self.patterns = [one.within(held) for one, held in zip(lists, self.held, strict=True)]

    def may_stand_in(self, sentence: str) -> bool:
        return all(any(map(sentence.__contains__, held)) for held in self.held)


def _announced(document: Document, wanted: Sequence[_Wanted]) -> list[int]:
    """Return the numbers of the sentences that hold a word announcing one of the forms, in order."""
    anchors = {anchor for one in wanted for anchor in one.announcing}
    found = [document.once(_sentences_with, anchor) for anchor in anchors]
    return sorted(set().union(*found)) if len(found) > 1 else list(*found)


def _sentences_with(document: Document, anchor: str) -> Sequence[int]:
    """Return the numbers of the sentences that hold a word, in order."""
    text = document.prose.text
    starts, ends = document.sentence_starts, document.sentence_ends
    if not anchor:
        return range(len(starts))
    found = array("Q")
    position = text.find(anchor)
    while position >= 0:
        index = bisect_right(starts, position) - 1
        found.append(index)
        position = text.find(anchor, ends[index])
    return found


def _judge(sentence: str, wanted: Sequence[_Wanted], language: Language) -> Iterator[_Hit]:
    text, back = _squeeze(sentence, words=language.words)
    guarded = False
    taken: list[tuple[int, int]] = []
    for one in wanted:
        if not one.may_stand_in(text):
            continue
        form = one.form
        for start, end, removable in _matches(text, one, language):
            if any(start < b and a < end for a, b in taken):
                continue
            fresh = sentence[: back(start)].rstrip(_MARKS.replace("\n", "")).endswith("\n")
            if not (
                _meant(text, start, end, form, language)
                or (fresh and _meant(text[start:], 0, end - start, form, language))
            ):
                continue
            if not guarded and (guard := language.any_of("never")) is not None and guard.search(text):
                return
            guarded = True
            taken.append((start, end))
            whole = (_with_lead(text, start, language), _with_closing(text, end, language))
            part = whole if removable == (start, end) else removable
            a, b = _source(back, whole)
            yield _Hit(a, b, _source(back, part), form.weak)


def _source(back: Callable[[int], int], span: tuple[int, int]) -> tuple[int, int]:
    return back(span[0]), back(span[1] - 1) + 1


@lru_cache(maxsize=256)
def _squeeze(sentence: str, *, words: bool) -> tuple[str, Callable[[int], int]]:
    """Return the sentence with single spaces (none where words are not parted), and the way back."""
    if words and not _SPACES.search(sentence):
        return sentence, int
    joint = " " if words else ""
    return joint.join(_RUNS.findall(sentence)), partial(_back, sentence, words=words)


def _back(sentence: str, offset: int, *, words: bool) -> int:
    """Return the offset in a sentence of an offset into what it was squeezed to."""
    for run in _RUNS.finditer(sentence):
        length = run.end() - run.start()
        if offset < length + words:
            return run.start() + offset
        offset -= length + words
    return len(sentence)


def _matches(text: str, wanted: _Wanted, language: Language) -> Iterator[tuple[int, int, tuple[int, int]]]:
    opening = wanted.patterns[0]
    first, rest = wanted.form.parts[0], wanted.form.parts[1:]
    stop, longest = language.any_of("stop"), _LONGEST_GAP[language.words]
    for match in opening.finditer(text):
        start, end = match.span()
        removable = (start, end)
        alone = first.removed
        for part, pattern in zip(rest, wanted.patterns[1:], strict=True):
            following = pattern.search(text, end, end + longest + 40)
            if following is None:
                break
            between = text[end : following.start()]
            if between.strip() and not part.gap:
                break
            if not language.words and opening.search(between, 1):
                # The nearest verb is the one meant.
                break
            if len(between) > longest or _BARRIER.search(between) or (stop and stop.search(between)):
                break
            end = following.end()
            if part.removed:
                removable = (removable[0] if alone else following.start(), end)
                alone = True
        else:
            yield start, end, removable if alone else (start, end)


def _meant(text: str, start: int, end: int, form: Form, language: Language) -> bool:
    """Return whether the words ask the model for it: said to it, not negated, not about something else."""
    clause = _clause_before(text, start)
    before = text[max(clause, start - 60) : start]
    if (turn := language.any_of("turn")) is not None and (turns := list(turn.finditer(before))):
        before = before[turns[-1].end() :]
    after = text[end : end + 40]
    for name, part in (("not_before", before), ("not_after", after)):
        pattern = language.any_of(name)
        if pattern is None:
            continue
        if name == "not_after" and pattern.match(after.lstrip()):
            return False
        if name == "not_before" and pattern.search(part):
            return False
    if form.weak and (follows := language.any_of("weak_after")) is not None:
        rest = text[end:].lstrip()
        if rest[:1].isalnum() and not follows.match(rest):
            return False
    # "Let's" and "please" speak to the model wherever they stand.
    return not form.addressed or _with_lead(text, start, language) < start or _is_address(before, language)


def _is_address(before: str, language: Language) -> bool:
    """Return whether a verb after these words speaks to the model: nothing, lead-ins, or another order stand before."""
    lead, joint = language.any_of("lead", at_end=True), language.any_of("joint", at_end=True)
    while before.strip(_MARKS):
        if joint and (tied := joint.search(before)):
            return not _tells(before[: tied.start()].lstrip(_MARKS), language)
        match = lead.search(before) if lead else None
        if match is None or match.end() == match.start():
            return False
        before = before[: match.start()]
    return True


def _tells(clause: str, language: Language) -> bool:
    """Return whether a clause begins with somebody who does something: then it gives the model no order."""
    subject, lead = language.any_of("subject"), language.any_of("lead")
    return bool(subject and subject.match(clause)) and not (lead and lead.match(clause))


def _clause_before(text: str, start: int) -> int:
    ends = [match.end() for match in _CLAUSE_END.finditer(text, max(0, start - 80), start)]
    return ends[-1] if ends else max(0, start - 80)


def _with_lead(text: str, start: int, language: Language) -> int:
    opening = language.any_of("opening", at_end=True)
    if opening is None:
        return start
    match = opening.search(text, max(0, start - 30), start)
    return match.start() if match else start


def _with_closing(text: str, end: int, language: Language) -> int:
    for name in ("manner", "closing"):
        after = end + (language.words and text.startswith(" ", end))
        if (known := language.any_of(name)) is not None and (match := known.match(text, after)) is not None:
            end = match.end()
    return end


def teaches(document: Document, language: Language) -> bool:
    """Return whether the prompt is about teaching, where visible steps may be what is wanted."""
    return document.once(_teaches, language)


def _teaches(document: Document, language: Language) -> bool:
    pattern = language.any_of("teaching")
    return pattern is not None and pattern.search(document.prose.text) is not None
