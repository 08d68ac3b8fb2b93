"""Answered questions above one that is left open: worked examples of which only the answers are marked.

“#Bot#”, “[Response]”, “{'answer': ...}”, “The answer is: ...”. The open question must begin or end as one of the
answered does, else it is something else. Linear. Called by FEW001.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from o1magic.lint.exemplars import labels_of
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_MARK = late(
    r"[ \t]*(?:#([^#\n]{1,30})#|\[([^\]\n]{1,30})\]|\{'([^'\n]{1,30})':|([^\W\d_][\w ']{0,48})[:：])[ \t]*(\S?)",
)
_FEWEST = 2
_MOST_WORDS = 8
_ALIKE, _ALIKE_CJK = 12, 5


def answered(document: Document) -> tuple[int, int, int] | None:
    """Return the count and span of the answered questions, None where the last one is not such a question."""
    text = document.text
    questions: list[str] = []
    before, first = document.start, -1
    for start, end in _answers(document):
        question = text[before:start].strip()
        if question:
            first = first if questions else start - len(text[before:start].lstrip())
            questions.append(question)
        before = end
    open_one = text[before:].strip()
    if len(questions) < _FEWEST or not open_one or not any(_alike(one, open_one) for one in questions):
        return None
    return len(questions), first, before


def _answers(document: Document) -> Iterator[tuple[int, int]]:
    """Yield where each mark of an answer starts, and where the line of its answer ends."""
    text = document.text
    for start, (name, end, length, filled) in document.payload.rows.each(_mark_in, "#", "[", "{'", ":", "："):
        kind = _kind_of(name)
        if kind == "specifications":
            # A problem statement has examples too.
            return
        if kind != "outputs" or document.delimited.touches(start, start + end):
            continue
        line = start + length
        below = -1 if filled else text.find("\n", line + 1)
        yield start, line if filled or line == len(text) else below if below >= 0 else len(text)


def _mark_in(line: str) -> tuple[str, int, int, bool] | None:
    """Return the name in the mark that a line begins with, where the mark ends, the line's length, if words follow."""
    match = _MARK.match(line)
    if match is None:
        return None
    return match[1] or match[2] or match[3] or match[4], match.end(), len(line), bool(match[5])


@lru_cache(maxsize=256)
def _kind_of(name: str) -> str:
    """Return what a mark names."""
    if fold(name).text.strip() in labels_of("specifications"):
        return "specifications"
    return "outputs" if _names_answer(name) else ""


def _names_answer(name: str) -> bool:
    """Return whether a mark is that of an answer: its first or last word is, as in “The response of the bot is”."""
    folded = fold(name).text.strip()
    words = [word for word in folded.split() if word not in {"the", "is"}]
    outputs = labels_of("outputs")
    if not folded.isascii():
        return any(word in folded for word in outputs if not word.isascii())
    return 0 < len(words) <= _MOST_WORDS and bool({words[0], words[-1]} & outputs)


def _alike(one: str, other: str) -> bool:
    """Return whether two questions begin or end with the same words."""
    size = _ALIKE if one[:_ALIKE].isascii() else _ALIKE_CJK
    return one[:size] == other[:size] or one[-size:] == other[-size:]
