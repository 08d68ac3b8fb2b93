"""Worked examples in a prompt: labelled questions with their answers, one per line or in one line.

Labels are those of FEW001; a problem statement has examples too, and none of them count.
Called by the FEW rules that look into the answers.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint.data import tables
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from o1magic.lint.document import Document

# Read backwards from the colon, so that a text full of colons costs one look at each.
_LABEL = late(r"[:：](?=[\w *]) ?[*_]{0,2}?\d{0,2}? ?(\w{0,20}[^\W\d_])(?!\w)")
_LOOK = 28
_KINDS = ("specifications", "inputs", "outputs")
_PAIR = 2
_ANNOUNCED = 200
_LONGEST_ANSWER = 1500
_BREAK = late(r"\n[ \t\r]*\n")
_STARTS = late(r"(?:^|[\n.?!。？！])[\s*_>#-]*$")


class Exemplar(NamedTuple):
    """A question with its answer: where the question's label starts, and the span of the answer's text."""

    start: int
    answer_start: int
    answer_end: int


class _Label(NamedTuple):
    name: str
    start: int
    end: int
    is_input: bool


@cache
def labels_of(key: str) -> frozenset[str]:
    """Return the labels of a kind, of all languages."""
    return frozenset(
        word for table in tables("FEW001").values() for word in fold(table.get(key, "")).text.split("\n") if word
    )


def exemplars(document: Document) -> tuple[list[Exemplar], bool]:
    """Return the answered pairs of the prompt, and whether an open slot or a word announces that they are examples."""
    return document.once(_exemplars)


def _exemplars(document: Document) -> tuple[list[Exemplar], bool]:
    labels = _labels(document)
    found: list[Exemplar] = []
    if len(labels) < _PAIR:
        return [], False
    text = document.text
    names: set[str] = set()
    for i, (first, second) in enumerate(pairwise(labels)):
        if not first.is_input or second.is_input or not text[first.end : second.start].strip():
            continue
        limit = labels[i + 2].start if i + 2 < len(labels) else len(text)
        limit = min(limit, second.end + _LONGEST_ANSWER)
        pause = _BREAK.search(text, second.end + 1, limit)
        end = pause.start() if pause else limit
        answer = text[second.end : end].rstrip()
        if answer:
            names |= {first.name, second.name}
            found.append(Exemplar(first.start, second.end, second.end + len(answer)))
    if not found:
        return [], False
    last = labels[-1]
    # A conversation has an open end too.
    is_open = last.name in names - labels_of("roles") and (last.is_input or not text[last.end :].strip())
    return found, is_open or _is_announced(document, found[0].start)


def _labels(document: Document) -> list[_Label]:
    found: list[_Label] = []
    for line, labels in document.payload.rows.each(_labels_in, ":", "："):
        for name, kind, start, end in labels:
            if kind == "specifications":
                return []
            if not document.delimited.touches(line + start, line + end):
                found.append(_Label(name, line + start, line + end, kind == "inputs"))
    return found


def _labels_in(line: str) -> list[tuple[str, str, int, int]]:
    """Return the labels of a line: their names, what they name, and where they stand in it with their colons."""
    found: list[tuple[str, str, int, int]] = []
    for match in _LABEL.finditer(line[::-1]):
        name, kind = _kind_of(match.group(1))
        start, end = len(line) - match.end(), len(line) - match.start()
        if kind and _STARTS.search(line[max(0, end - 1 - _LOOK) : start]):
            found.append((name, kind, start, end))
    return found[::-1]


@lru_cache(maxsize=256)
def _kind_of(backwards: str) -> tuple[str, str]:
    """Return the name of a label, and what it names: "" where we do not know."""
    name = fold(backwards[::-1]).text
    return name, next((key for key in _KINDS if name in labels_of(key)), "")


def _is_announced(document: Document, start: int) -> bool:
    folded = fold(document.text[max(document.start, start - _ANNOUNCED) : start]).text
    return any(word in folded for word in labels_of("examples"))
