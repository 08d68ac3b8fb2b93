"""A long text to work on, running straight on from the task.

## What it does

Finds plain prose next to a line that says what to do with it (“Summarise the following”, “Translate this article:”,
“What does the author of the passage want?”, or just “Paraphrase”), in 19 languages, where no tag, fence, quotes, label
or heading parts the two. It looks for some 400 characters; 300 are enough where the task points at the text, 160 in
several lines, and 120 on one line with the task. A dialogue, a letter, or an article in which nobody speaks needs no
word that names it: it is known by its form, in any language. Says nothing where the lines give orders, where they are
answers to choose from, or where the text is still to come. A note, never more.

## Why

Delimiters tell the model where your words stop and the text begins. A sentence in the text that reads like an order
(“Write to us by Friday”) is then still text.

## Example

```text
Summarise the following article.

The river had been rising for three days when the old bridge at Lenz gave way. Nobody was hurt, because the mayor had
closed the road the evening before, against the advice of the shop owners who feared for the market day. By noon the
first boats carried bread and milk across. In the afternoon the pupils of the upper school came home by a detour of two
hours. The ministry promised a temporary crossing within a week; the last one took four months. The council meets on
Monday to talk about the cost, which nobody has counted yet.
```

## Use instead

```text
Summarise the article.

<text>
The river had been rising for three days when the old bridge at Lenz gave way. ...
</text>
```

## When to ignore

- The text is harmless and everything below the task line is text: the model will see that too.

## Fix safety

Unsafe: it only inserts a `<text>` tag before and after, but where the text ends and your words begin again is a guess.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and Reasoning best practices: “Use delimiters for clarity”, to mark distinct parts.

Against it:

- Prose after “Summarise the following” is rarely mistaken; no measurement of the gain for reasoning models is known to
  us. It matters most where the text comes from strangers.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from o1magic.lint import inline, lines, tasks, texts
from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.pairs import newline_at
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document
    from o1magic.lint.rows import Rows

_LONGEST_TASK = 400
# A task stands at the top or at the end of a prompt.
_FIRST, _LAST = 8, 3
_ENOUGH = 40
_FEW_BLANKS = 2
_OTHER_KINDS = frozenset((lines.PROTECTED, lines.RULE, lines.TABLE, lines.LOG, lines.TRACE, lines.DIFF, lines.CERTAIN))
_MESSAGE = "the text to work on runs on from the task without delimiters"
_MORE_LINES = 3
# So much of a line is looked at for words to the model: of a text that is named, the beginning.
_LOOK, _SENTENCE = 200, 60
# A line this short may be one of the answers to choose from.
_OPTION, _OPTIONS = 80, 5


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the texts that stand undelimited next to their tasks."""
    if not texts.weighs(document.text[document.start :], texts.LEAST):
        return
    rows = document.payload.rows
    if span := texts.dialogue_beside(document, rows):
        yield _found(document, rule, span, shares=False)
        return
    end = -1
    for span, shares in _spans(document, rows):
        if span[0] > end:
            yield _found(document, rule, span, shares=shares)
            end = span[1]
    if end < 0 and not document.payload.segments:
        span = texts.paragraphs_below(rows) or texts.passage_above(rows)
        if span:
            yield _found(document, rule, span, shares=False)


def _spans(document: Document, rows: Rows) -> Iterator[tuple[tuple[int, int], bool]]:
    """Yield the span of each text beside a task, and whether it shares its line with the task."""
    said = [i for i in islice(rows.said(backwards=True), _LAST + _OPTIONS) if not texts.ITEM.match(rows.text(i))]
    last = said[:_LAST][::-1]
    reached, taken = 0, -1
    for i in dict.fromkeys([*islice(rows.said(), _FIRST), *last]):
        row = rows[i]
        other = row.kind in _OTHER_KINDS or document.delimited.touches(row.start, row.end)
        if other or row.start < taken or not _may_ask(row.text) or texts.names_text(row.text):
            continue
        if (i < reached or not reached) and (span := texts.letter_below(rows, i)):
            yield span, False
            return
        # A run that was walked for one line ends for the next where it ended before.
        reached = reached if i < reached else _run(document, rows, i + 1, 1)
        span = inline.text_of(document, rows, i, reached)
        shares = span is not None
        if span is None and len(row.text) <= _LONGEST_TASK:
            span = _below(document, rows, i, reached)
        if span is None and i in last and taken < 0:
            span = _above(document, rows, i)
        if span is not None and not _holds_payload(document, span):
            yield span, shares
            taken = span[1]


def _may_ask(line: str) -> bool:
    return tasks.may_ask(line[:_LONGEST_TASK]) or (len(line) > _LONGEST_TASK and tasks.may_ask(line[-inline.LAST :]))


def _found(document: Document, rule: Rule, span: tuple[int, int], *, shares: bool) -> Diagnostic:
    return Diagnostic(rule.code, rule.name, rule.severity, _MESSAGE, *span, _tagged(document, span, inline=shares))


def _below(document: Document, rows: Rows, i: int, reached: int) -> tuple[int, int] | None:
    """Return the span of the text below a task: not in a long prompt of many parts, where it is one of them."""
    if texts.ITEM.match(rows.text(i)) or len([*islice(rows.said(reached), _MORE_LINES + 1)]) > _MORE_LINES:
        return None
    block = range(i + 1, reached)
    asked = texts.fills(document, rows, block, texts.LEAST) and tasks.asks(rows.text(i), where="below")
    if asked < tasks.THERE and all(texts.OPTION.match(rows.text(k)) for k in block[:_ENOUGH] if rows.text(k)):
        return None
    return _block(document, rows, block, asked)


def _above(document: Document, rows: Rows, i: int) -> tuple[int, int] | None:
    """Return the span of the text above a task that is followed by nothing but answers to choose from."""
    if any(len(rows.text(k)) > _OPTION for k in rows.said(i + 1)):
        return None
    asked = tasks.asks(rows.text(i), where="above")
    asked = asked if asked == tasks.THERE else min(tasks.POINTED, asked)
    first = _run(document, rows, i - 1, -1) if asked else i
    block = range(first + 1, i)
    labelled = first >= 0 and texts.names_text(rows.text(first))
    if not block or labelled or (asked == tasks.SHOWN and tasks.speaks(rows.text(block[0]))):
        return None
    return _block(document, rows, block, asked)


def _block(document: Document, rows: Rows, block: range, asked: int) -> tuple[int, int] | None:
    """Return the span of the prose that a task asks for, None where it is no text to work on."""
    block = texts.trimmed(rows, _before_next_task(rows, block)) if asked else range(0)
    said = [text for i in block[:_ENOUGH] if (text := rows.text(i))]
    least = texts.LONG if asked < tasks.THERE else texts.LEAST if len(said) > 1 else texts.FAIR
    if not texts.fills(document, rows, block, least) or not _is_text(said, asked):
        return None
    return rows[block[0]].start, rows[block[-1]].end


def _is_text(said: list[str], asked: int) -> bool:
    """Return whether lines look like a text, and not like more of what is said to the model."""
    look = _SENTENCE if asked >= tasks.NAMED else _LOOK
    told = [(asked < tasks.NAMED and _is_item(text)) or tasks.tells(text, look) for text in said]
    if texts.is_marked(said[0]) and not (asked == tasks.THERE and texts.takes_turns(said)):
        return False
    opens = said[0].endswith((":", "："))
    if (asked < tasks.NAMED and told[0]) or sum(told) * 3 > len(said) or (opens and tasks.lists(said[0][:-1])):
        return False
    return asked != tasks.SHOWN or not (sum(told) or opens or not texts.in_paragraphs(said))


def _is_item(text: str) -> bool:
    return len(text) < _LOOK and texts.ITEM.match(text) is not None


def _before_next_task(rows: Rows, block: range) -> range:
    """Return the lines above the first that announces another text."""
    for i in block[1:_ENOUGH]:
        text = rows.text(i)
        announces = text.endswith((":", "：")) and len(text) <= tasks.LONGEST_ALONE
        if announces and tasks.asks(text, where="below"):
            return range(block.start, i)
    return block


def _holds_payload(document: Document, span: tuple[int, int]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in document.payload.spans())


def _run(document: Document, rows: Rows, i: int, step: int) -> int:
    """Return the number of the line at which the prose from a line on ends: a few blank lines may part it."""
    blanks = 0
    while 0 <= i < len(rows):
        kind, text = rows.kind(i), rows.text(i)
        blanks = blanks + 1 if kind == lines.BLANK else 0
        other = kind in _OTHER_KINDS or (kind == lines.HEADING and text[0] == "#")
        if blanks > _FEW_BLANKS or other or texts.names_text(text) or document.delimited.touches(*rows.span(i)):
            break
        i += step
    return i


def _tagged(document: Document, span: tuple[int, int], *, inline: bool) -> Fix:
    """Return the fix that puts the text between tags, on lines of their own unless it shares its line with the task."""
    name, number = "text", 1
    while name in document.style.names:
        number += 1
        name = f"text{number}"
    text = document.text
    above = (
        "\r\n" if text.endswith("\r\n", 0, span[0]) else "\n" if span[0] > document.start else newline_at(text, span[1])
    )
    before, after = ("", "") if inline else (above, newline_at(text, span[1]))
    edits = (Edit(span[0], span[0], f"<{name}>{before}"), Edit(span[1], span[1], f"{after}</{name}>"))
    return Fix(safe=False, edits=edits, title=f"Put it between <{name}> and </{name}>")


RULE = Rule("DEL003", "undelimited-text", "info", check, __doc__)
