"""A long text to work on, running straight on from the task.

## What it does

Finds at least 400 characters of plain prose next to a line that says what to do with it (“Summarise the following”,
“Translate this article:”, or just “Paraphrase”), in 15 languages, where no tag, fence, quotes, label or heading parts
the two. On one line with the task, 120 characters are enough. A dialogue, a letter, or an article in which nobody
speaks needs no word that names it: it is known by its form, in any language. Says nothing where the lines give orders,
or where the text is still to come. A note, never more.

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

from o1magic.lint import lines, tasks, texts
from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.pairs import newline_at
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document
    from o1magic.lint.phrases import Language
    from o1magic.lint.rows import Rows

_LONG, _LONG_INLINE = 400, 120
_LONGEST_TASK = 400
# A task stands at the top or at the end of a prompt.
_FIRST, _LAST = 8, 3
_ENOUGH = 40
_FEW_BLANKS = 2
# A colon so near the start of its line has words before it that say nothing but what is below.
_NEAR = 25
_COLON = late("[:：]")
_OTHER_KINDS = frozenset((lines.PROTECTED, lines.RULE, lines.TABLE, lines.LOG, lines.TRACE, lines.DIFF, lines.CERTAIN))
_MESSAGE = "the text to work on runs on from the task without delimiters"
_QUOTES = tuple("\"“„«「『'‘")
_MORE_LINES = 3
# So much of a line is looked at for words to the model: of a text that is named, the beginning.
_LOOK, _SENTENCE = 200, 60


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the text that stands undelimited next to its task, the first one found."""
    body = document.text[document.start :]
    if not texts.weighs(body, _LONG_INLINE if _COLON.search(body) else _LONG) or not (spoken := tasks.spoken(document)):
        return
    rows = document.payload.rows
    if span := texts.dialogue_beside(document, rows, spoken):
        yield _found(document, rule, span, inline=False)
        return
    last = [*islice(rows.said(backwards=True), _LAST)][::-1]
    reached = 0
    for i in dict.fromkeys([*islice(rows.said(), _FIRST), *last]):
        row = rows[i]
        other = row.kind in _OTHER_KINDS or document.delimited.touches(row.start, row.end)
        if other or not tasks.may_ask(spoken, row.text):
            continue
        if (i < reached or not reached) and (span := texts.letter_below(rows, i)):
            yield _found(document, rule, span, inline=False)
            return
        # A run that was walked for one line ends for the next where it ended before.
        reached = reached if i < reached else _run(document, rows, i + 1, 1)
        span = _inline(document, rows, i, reached, spoken)
        inline = span is not None
        if span is None and len(row.text) <= _LONGEST_TASK:
            span = _below(document, rows, i, reached, spoken)
            if span is None and i == last[-1]:
                block = range(_run(document, rows, i - 1, -1) + 1, i)
                span = _block(document, rows, block, min(tasks.POINTED, tasks.asks(spoken, row.text, where="above")))
        if span is not None:
            yield _found(document, rule, span, inline=inline)
            return
    if not document.payload.segments and (span := texts.paragraphs_below(rows)):
        yield _found(document, rule, span, inline=False)


def _found(document: Document, rule: Rule, span: tuple[int, int], *, inline: bool) -> Diagnostic:
    return Diagnostic(rule.code, rule.name, rule.severity, _MESSAGE, *span, _tagged(document, span, inline=inline))


def _inline(
    document: Document, rows: Rows, i: int, reached: int, spoken: tuple[Language, ...]
) -> tuple[int, int] | None:
    """Return the span of the text after the colon of a line that is task and text in one, with the lines below it."""
    row = rows[i]
    colon = _COLON.search(row.text, 0, _LONGEST_TASK)
    if colon is None or not row.text[colon.end() :].strip():
        return None
    asked = tasks.asks(spoken, row.text[: colon.start()] + " ", where="below")
    if asked == tasks.SHOWN:
        # A word that only points may point at anything.
        asked = tasks.asks(spoken, row.text[: colon.start()] + " ", where="")
    if not asked or tasks.lists(row.text[: colon.start()]):
        return None
    start = document.text.index(colon.group(), row.start) + 1
    end = row.start + len(document.text[row.start : row.end].rstrip())
    while start < end and document.text[start] in " \t":
        start += 1
    first = document.text[start:end]
    if document.delimited.touches(start, end) or first.startswith(_QUOTES) or _is_task(first, spoken):
        return None
    if asked == tasks.NAMED or texts.weighs(first, _LONG_INLINE) or colon.start() <= _NEAR:
        below = _trimmed(rows, range(i + 1, reached))
        end = rows[below[-1]].end if below and not tasks.tells(rows.text(below[0])) else end
    if not texts.weighs(document.text[start:end], _LONG if asked <= tasks.SHOWN else _LONG_INLINE):
        return None
    return None if (asked != tasks.NAMED and tasks.tells(first)) or first.count(",") * 25 > len(first) else (start, end)


def _is_task(first: str, spoken: tuple[Language, ...]) -> bool:
    """Return whether what follows a colon is one more task, not the text."""
    return len(first) < _LONG_INLINE and bool(tasks.asks(spoken, first, where="below"))


def _below(
    document: Document, rows: Rows, i: int, reached: int, spoken: tuple[Language, ...]
) -> tuple[int, int] | None:
    """Return the span of the text below a task: not in a long prompt of many parts, where it is one of them."""
    if texts.ITEM.match(rows[i].text) or len([*islice(rows.said(reached), _MORE_LINES + 1)]) > _MORE_LINES:
        return None
    block = range(i + 1, reached)
    asked = _fills(document, rows, block) and tasks.asks(spoken, rows[i].text, where="below")
    return _block(document, rows, block, asked) if asked else None


def _block(document: Document, rows: Rows, block: range, asked: int) -> tuple[int, int] | None:
    """Return the span of the prose that a task asks for, None where it is no text to work on."""
    block = _trimmed(rows, block) if asked else range(0)
    spoken = [text for i in block[:_ENOUGH] if (text := rows.text(i))]
    look = _SENTENCE if asked == tasks.NAMED else _LOOK
    told = [(asked != tasks.NAMED and bool(texts.ITEM.match(text))) or tasks.tells(text, look) for text in spoken]
    if not spoken or texts.is_marked(spoken[0]) or (asked != tasks.NAMED and told[0]) or sum(told) * 3 > len(spoken):
        return None
    if asked == tasks.SHOWN and (sum(told) or spoken[0].endswith((":", "：")) or not texts.in_paragraphs(spoken)):
        return None
    return (rows[block[0]].start, rows[block[-1]].end) if _fills(document, rows, block) else None


def _trimmed(rows: Rows, block: range) -> range:
    """Return the lines without blank ones around them, and without the last ones in which the person speaks again."""
    block = range(next((i for i in block if rows.text(i)), block.stop), block.stop)
    while block and (not rows.text(block[-1]) or _speaks_again(rows, block)):
        block = block[:-1]
    return block


def _speaks_again(rows: Rows, block: range) -> bool:
    last = rows.text(block[-1])
    if len(block) == 1 or len(last) >= tasks.LONGEST_ALONE:
        return False
    return last.endswith(("?", "？", ":", "：")) or tasks.tells(last)


def _fills(document: Document, rows: Rows, block: range) -> bool:
    """Return whether the lines are long enough to be a text."""
    return bool(block) and texts.weighs(document.text[rows[block[0]].start : rows[block[-1]].end], _LONG)


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
