"""A text that shares its line with its task: after a colon, after the sentence that asks, or before it.

Linear: a few sentences at either end of a line are looked at. Called by DEL003.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import tasks, texts
from o1magic.lint.patterns import late
from o1magic.lint.segments import is_label

if TYPE_CHECKING:
    from o1magic.lint.document import Document
    from o1magic.lint.rows import Line, Rows

_SHORT = 120
_LONGEST_TASK, LAST = 400, 200
# A colon so near the start of its line has words before it that say nothing but what is below.
_NEAR = 25
_COLON = late("[:：]")
_SENTENCE_END = late(r"[.!?][\"')”]?\s+|[。！？][」』”]?")
_SENTENCES, _ENOUGH = 3, 40
_LOOK = 80
_QUOTES = tuple("\"“„«「『'‘")


def text_of(document: Document, rows: Rows, i: int, reached: int) -> tuple[int, int] | None:
    """Return the span of the text in a line that is task and text in one, with the lines below that go on with it."""
    below = range(i + 1, max(i + 1, reached))
    return (
        _after_colon(document, rows, i, below)
        or _after_sentence(document, rows, i, below)
        or _before_sentence(document, rows[i])
    )


def _after_colon(document: Document, rows: Rows, i: int, below: range) -> tuple[int, int] | None:
    row = rows[i]
    colon = _COLON.search(row.text, 0, _LONGEST_TASK)
    if colon is None or not row.text[colon.end() :].strip() or is_label(row.text[: colon.end()]):
        return None
    asked = tasks.asks(row.text[: colon.start()] + " ", where="below")
    if asked == tasks.SHOWN:
        # A word that only points may point at anything.
        asked = tasks.asks(row.text[: colon.start()] + " ", where="")
    if not asked or tasks.lists(row.text[: colon.start()]):
        return None
    start = document.text.index(colon.group(), row.start) + 1
    end = row.start + len(document.text[row.start : row.end].rstrip())
    while start < end and document.text[start] in " \t":
        start += 1
    first = document.text[start:end]
    if document.delimited.touches(start, end) or first.startswith(_QUOTES) or _is_task(first):
        return None
    if asked >= tasks.NAMED or texts.weighs(first, _SHORT) or colon.start() <= _NEAR:
        end = _end(rows, below, end, long=texts.weighs(first, texts.LONG))
    least = texts.LONG if asked == tasks.SHOWN else 2 * _SHORT if asked == tasks.PLACED else _SHORT
    if not texts.weighs(document.text[start:end], least):
        return None
    return None if (asked < tasks.NAMED and tasks.tells(first)) or first.count(",") * 25 > len(first) else (start, end)


def _is_task(first: str) -> bool:
    """Return whether what follows a colon is one more task, not the text."""
    return len(first) < _SHORT and bool(tasks.asks(first, where="below"))


def _end(rows: Rows, below: range, end: int, *, long: bool) -> int:
    """Return where the text ends that goes on in the lines below; a long one only in whole paragraphs."""
    below = texts.trimmed(rows, below)
    said = [text for i in below[:_ENOUGH] if (text := rows.text(i))]
    if not said or tasks.tells(said[0]) or (long and not texts.in_paragraphs(said)):
        return end
    return rows[below[-1]].end


def _after_sentence(document: Document, rows: Rows, i: int, below: range) -> tuple[int, int] | None:
    """Return the span of the text that runs on from the first sentences of a line, which ask."""
    row = rows[i]
    for end, _ in zip(_SENTENCE_END.finditer(row.text, 0, _LONGEST_TASK), range(_SENTENCES), strict=False):
        rest = row.text[end.end() :]
        if not texts.weighs(rest, texts.LONG):
            return None
        if _tells(rest) or tasks.asks(row.text[: end.end()], where="below") != tasks.THERE:
            continue
        start = document.text.index(row.text[end.end() : end.end() + _LOOK], row.start)
        if document.delimited.touches(start, row.end) or rest.startswith(_QUOTES) or texts.is_marked(rest):
            return None
        return start, _end(rows, below, row.end, long=True)
    return None


def _tells(rest: str) -> bool:
    """Return whether one of the sentences that a text begins with speaks to the model."""
    start = 0
    for end, _ in zip(_SENTENCE_END.finditer(rest, 0, _LONGEST_TASK), range(_SENTENCES), strict=False):
        if tasks.tells(rest[start : end.end()], _LOOK):
            return True
        start = end.end()
    return tasks.tells(rest[start:], _LOOK)


def _before_sentence(document: Document, row: Line) -> tuple[int, int] | None:
    """Return the span of the text that the last sentence of its line asks about."""
    if not texts.weighs(row.text, texts.LONG):
        return None
    ends = [end.end() for end in _SENTENCE_END.finditer(row.text, max(0, len(row.text) - LAST))]
    ends = [end for end in ends if end < len(row.text)]
    asked = tasks.asks(row.text[ends[-1] :], where="above") if ends else tasks.NO
    if asked not in (tasks.POINTED, tasks.THERE):
        return None
    end = row.start + len(row.text[: ends[-1]].rstrip())
    first = row.text[:_LOOK]
    if document.delimited.touches(row.start, end) or first.startswith(_QUOTES) or texts.is_marked(first):
        return None
    long = texts.weighs(document.text[row.start : end], texts.LONG)
    return (row.start, end) if long and not tasks.tells(first) else None
