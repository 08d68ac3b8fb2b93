"""Texts known by their form, in any language, whether or not the task names them.

A dialogue by its turns, a letter by its greeting and its signature, an article by paragraphs that speak to nobody below
one sentence that does. What stands outside is the task. Linear: each line is matched once. Called by DEL003.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint import lines, tasks
from o1magic.lint.exemplars import labels_of
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.segments import is_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from o1magic.lint.document import Document
    from o1magic.lint.rows import Rows

_CJK = late(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TURN = late(
    r"[*_\[]{0,3}([^\W\d_][^\n:：,，。?？!！()\[\]*]{0,40})[\]*_]{0,3}(?:\([^()]{0,40}\))?"
    r"[:：](?!//)[*_]{0,2}\s*\S"
)
_FEWEST_TURNS = 4
# A text that stands there at all, one that a task points at, one of several lines that it points at.
LONG, FAIR, LEAST = 380, 300, 160
_LONGEST_TASK = 1200
_LONGEST_NAME = 4
_SHORT = 60
# Lines of a text that belong to no turn: what somebody does, the rest of what somebody says.
_BETWEEN = 2
_QUOTES, _QUOTES_END = tuple("\"“„«「『'‘"), '"”“»」』'
_LABELLED = late(r"[\[(*]{0,3}(?:[^\W\d_][\w'-]{0,20}[ ]?){1,2}[\])*]{0,3}[:：]\s*\S")
ITEM = late(r"(?:[-*+•·▪◦]|\(?\d{1,3}[.):、]{1,2}|\(?[a-zA-Z][.)]{1,2})\s")
OPTION = late(r"\(?[a-zA-Z][.)]{1,2}\s")
_SENTENCE_ENDS = tuple(".?:!。？：！؟।")
_PARAGRAPH = 150
_MOST_PARAGRAPHS = 16
_FEWEST_PARTS = 2
_GREETED, _SIGNED = tuple(",，：!！、"), tuple(",，!！、")
_LONGEST_LETTER = 40


class _Turns(NamedTuple):
    first: int
    last: int


def weighs(text: str, least: int) -> bool:
    """Return whether a text is long; a character of a script without blanks says as much as two and a half letters."""
    return len(text) >= least or (not text.isascii() and len(text) + (3 * len(_CJK.findall(text))) // 2 >= least)


def letter_below(rows: Rows, i: int) -> tuple[int, int] | None:
    """Return the span of the letter below a line: its first line greets, its last lines are as short, and the end."""
    said = [*islice(rows.said(i + 1), _LONGEST_LETTER)]
    if not said or len(rows.text(said[0])) > _SHORT or not rows.text(said[0]).endswith(_GREETED):
        return None
    if len(said) < _FEWEST_TURNS or len(said) == _LONGEST_LETTER or any(rows.kind(k) == lines.PROTECTED for k in said):
        return None
    body = [rows.text(k) for k in said[1:]]
    signs = len(body[-1]) <= _SHORT and any(len(line) <= _SHORT and line.endswith(_SIGNED) for line in body[-3:])
    long = any(weighs(line, _SHORT * 2) for line in body)
    return (rows[said[0]].start, rows[said[-1]].end) if signs and long else None


def dialogue_beside(document: Document, rows: Rows) -> tuple[int, int] | None:
    """Return the span of a dialogue that stands above or below its task without delimiters or a label."""
    text = document.text
    if text.count(":", document.start) + text.count("：", document.start) < _FEWEST_TURNS:
        return None
    found = _turns(rows)
    if found is None or any(rows.kind(i) == lines.PROTECTED for i in range(found.first, found.last + 1)):
        return None
    span = rows[found.first].start, rows[found.last].end
    above = next((rows[i] for i in range(found.first - 1, -1, -1) if rows.kind(i) != lines.BLANK), None)
    named = above is not None and (above.kind in (lines.HEADING, lines.RULE) or names_text(above.text))
    if named or not weighs(text[span[0] : span[1]], LONG):
        return None
    below = [rows[i] for i in islice(rows.said(found.last + 1), _LONGEST_LETTER)]
    if not below:
        return span if above is not None and tasks.asks(above.text, where="below") else None
    asked = any(row.text.endswith(("?", "？")) or tasks.asks(row.text, where="above") for row in below)
    asked = asked or (len(below) == 1 and tasks.tells(below[0].text, _SHORT))
    return span if asked and below[-1].end - below[0].start <= _LONGEST_TASK else None


def paragraphs_below(rows: Rows) -> tuple[int, int] | None:
    """Return the span of the paragraphs that are all of a prompt but its first sentence, and in which nobody speaks."""
    said = [rows[i] for i in islice(rows.said(), _MOST_PARAGRAPHS)]
    if len(said) == _MOST_PARAGRAPHS or any(row.kind != lines.PROSE or names_text(row.text) for row in said):
        return None
    task, *body = said
    while len(body) > 1 and not weighs(body[-1].text, _SHORT * 2):
        body.pop()
    text = "".join(row.text for row in body)
    if len(task.text) > LONG or not task.text.endswith(_SENTENCE_ENDS) or not weighs(text, LONG):
        return None
    if not in_paragraphs([row.text for row in body]) or is_marked(body[0].text) or ITEM.match(body[0].text):
        return None
    if (
        not tasks.tells_nothing_else(task.text)
        or tasks.needs_no_text(task.text)
        or any(tasks.speaks(row.text) for row in body)
    ):
        return None
    return body[0].start, body[-1].end


def passage_above(rows: Rows) -> tuple[int, int] | None:
    """Return the span of the paragraphs, in which nobody speaks, above a question that ends the prompt."""
    said = [*islice(rows.said(), _MOST_PARAGRAPHS)]
    if len(said) == _MOST_PARAGRAPHS:
        return None
    while said and OPTION.match(rows.text(said[-1])):
        said.pop()
    if len(said) < _FEWEST_PARTS or not rows.text(said[-1]).endswith(("?", "？")):
        return None
    *body, question = (rows.text(i) for i in said)
    if len(question) > tasks.LONGEST_ALONE or not weighs("".join(body), LONG) or not in_paragraphs(body):
        return None
    plain = all(rows.kind(i) == lines.PROSE for i in said[:-1])
    if not plain or is_marked(body[0]) or any(names_text(line) or tasks.speaks(line) or "?" in line for line in body):
        return None
    return rows[said[0]].start, rows[said[-2]].end


def is_marked(first: str) -> bool:
    """Return whether a text that begins so stands in quotes already, or after a label of its own: “Abstract: ...”."""
    # A title in quotes is the first words of a text like any others.
    quoted = first.startswith(_QUOTES) and not any(mark in first[1:_SHORT] for mark in _QUOTES_END)
    return quoted or _LABELLED.match(first) is not None


def takes_turns(said: Sequence[str]) -> bool:
    """Return whether lines are what two people or more say, each with the name before it."""
    names = Counter(turn.group(1).strip() for turn in map(_TURN.match, said) if turn)
    taken = [count for count in names.values() if count > 1]
    examples = (labels_of("inputs") | labels_of("outputs")) - labels_of("speakers") - labels_of("roles")
    if any(fold(name).text.split()[-1] in examples for name in names):
        return False
    return len(taken) > 1 and sum(taken) * 2 > len(said)


def in_paragraphs(text: Sequence[str]) -> bool:
    """Return whether lines are whole paragraphs on average, as nobody writes who lists what he wants."""
    return weighs("".join(text), _PARAGRAPH * len(text))


def names_text(line: str) -> bool:
    """Return whether a line only says what comes below it: a label, or a few words in brackets."""
    return is_label(line) or (line[:1] == "[" and line.rstrip("*")[-1:] == "]" and len(line) <= _SHORT)


def _turns(rows: Rows) -> _Turns | None:
    """Return the run of lines in which at least two speakers come back, as “Name: words”."""
    turns: list[tuple[int, str]] = []
    between = 0
    for i in rows.said():
        text = rows.text(i)
        turn = _TURN.match(text) if ":" in text or "：" in text else None
        name = turn.group(1).strip() if turn else ""
        if turn and len(name.split()) <= _LONGEST_NAME:
            if between > _BETWEEN:
                if found := _dialogue(turns):
                    return found
                turns = []
            turns.append((i, name))
            between = 0
        else:
            between += 1
    return _dialogue(turns)


def _dialogue(turns: list[tuple[int, str]]) -> _Turns | None:
    """Return the span of turns that two speakers or more take: a name that stands there once is a label of its own."""
    counts = Counter(name for _, name in turns)
    taken = [(i, name) for i, name in turns if counts[name] > 1]
    speakers = {name for _, name in taken}
    folded = {fold(name).text.split()[-1] for name in speakers if name.split()}
    asked = folded & labels_of("inputs")
    examples = (asked and folded & labels_of("outputs")) or asked - labels_of("speakers") - labels_of("roles")
    few = len(speakers) < 2 or len(taken) < _FEWEST_TURNS or len(taken) * 2 < len(turns)  # noqa: PLR2004 - two people
    if few or examples:
        return None
    return _Turns(taken[0][0], taken[-1][0])


def trimmed(rows: Rows, block: range) -> range:
    """Return the lines without blank ones around them, and without the last ones in which the person speaks again."""
    block = range(next((i for i in block if rows.text(i)), block.stop), block.stop)
    while block and (not rows.text(block[-1]) or _speaks_again(rows, block)):
        block = block[:-1]
    return block


def _speaks_again(rows: Rows, block: range) -> bool:
    last = rows.text(block[-1])
    if len(block) == 1 or len(last) >= tasks.LONGEST_ALONE:
        return False
    return "?" in last or "？" in last or last.endswith((":", "：")) or tasks.tells(last)


def fills(document: Document, rows: Rows, block: range, least: int) -> bool:
    """Return whether the lines are long enough to be a text."""
    return bool(block) and weighs(document.text[rows[block[0]].start : rows[block[-1]].end], least)
