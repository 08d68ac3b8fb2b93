"""A long text to work on, running straight on from the task.

## What it does

Finds at least 400 characters of plain prose next to a line that says what to do with it (“Summarise the following”,
“Translate this article:”, or just “Paraphrase”), in 15 languages, where no tag, fence, quotes, label or heading parts
the two. On one line with the task, 120 characters are enough. Says nothing where the lines give orders, or where the
text is still to come. A note, never more.

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

from o1magic.lint import lines
from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.fold import fold
from o1magic.lint.pairs import newline_at
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages_of
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from o1magic.lint.document import Document
    from o1magic.lint.phrases import Language
    from o1magic.lint.rows import Line, Rows

_LONG, _LONG_INLINE = 400, 120
_LONGEST_TASK, _LONGEST_ALONE = 400, 240
# A task stands at the top or at the end of a prompt.
_FIRST, _LAST = 8, 3
_ENOUGH = 40
_FEW_BLANKS = 2
_LOOK = 200
# So far from the word that points at it, what is pointed at may be named.
_NEAR = 25
_CJK = late(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ITEM = late(r"(?:[-*+•·▪◦]|\(?\d{1,3}[.):、]|[a-zA-Z][.)])\s")
_COLON = late("[:：]")
_OTHER_KINDS = frozenset((lines.PROTECTED, lines.RULE, lines.TABLE, lines.LOG, lines.TRACE, lines.DIFF, lines.CERTAIN))
_MESSAGE = "the text to work on runs on from the task without delimiters"
# How a task tells where its text is: not at all, by standing beside it, by a word that points, by naming it.
_NO, _PLACED, _POINTED, _NAMED = range(4)
_QUOTES = tuple("\"“„«「『'‘")
_MORE_LINES = 3


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the text that stands undelimited next to its task, the first one found."""
    if len(document.text) - document.start < _LONG_INLINE or not (spoken := _spoken(document)):
        return
    rows = document.payload.rows
    last = [*islice(rows.said(backwards=True), _LAST)][::-1]
    reached = 0
    for i in dict.fromkeys([*islice(rows.said(), _FIRST), *last]):
        row = rows[i]
        other = row.kind in _OTHER_KINDS or document.delimited.touches(row.start, row.end)
        if other or not _names_task(spoken, row.text):
            continue
        # A run that was walked for one line ends for the next where it ended before.
        reached = reached if i < reached else _run(document, rows, i + 1, 1)
        span = _inline(document, rows[i : max(i + 1, reached)], spoken)
        inline = span is not None
        if span is None and len(row.text) <= _LONGEST_TASK:
            span = _below(document, rows, i, reached, spoken)
            if span is None and i == last[-1]:
                block = rows[_run(document, rows, i - 1, -1) + 1 : i]
                span = _block(document, block, min(_POINTED, _asks(spoken, row.text, where="above")))
        if span is not None:
            yield Diagnostic(
                rule.code, rule.name, rule.severity, _MESSAGE, *span, _tagged(document, span, inline=inline)
            )
            return


def _spoken(document: Document) -> list[Language]:
    """Return the languages in which the prompt may name a task."""
    listed = ((one, one.any_of("verb"), one.any_of("make")) for one in languages_of("DEL003", document.prose.text))
    return [one for one, *both in listed if any(phrases and phrases.held(document.vocabulary) for phrases in both)]


def _names_task(spoken: Sequence[Language], line: str) -> bool:
    """Return whether a line may be a task at all, or hold one."""
    folded = fold(line).text
    squeezed = "".join(folded.split())
    return any(
        _has(one, name, folded if one.words else squeezed) for one in spoken for name in ("verb", "make", "alone")
    )


def _asks(spoken: Sequence[Language], line: str, *, where: str) -> int:
    """Return whether a line is a task on a text below or above it: one it points at, or only by where it stands."""
    folded = fold(line).text
    squeezed = "".join(folded.split())
    found = _NO
    for language in spoken:
        text = folded if language.words else squeezed
        if _has(language, "later", text):
            return _NO
        done = _has(language, "verb", text)
        if (done and _has(language, "noun", text)) or (_has(language, "make", text) and _has(language, "named", text)):
            return _NAMED
        if (done or _has(language, "make", text)) and _points(language, where, text):
            found = _POINTED
        short = len(text) <= (_LONGEST_ALONE if where == "below" else _NEAR)
        if not found and short and _begins(language, "alone", text) and not _has(language, "other", text):
            found = _PLACED
    return found


def _has(language: Language, name: str, text: str) -> bool:
    phrases = language.any_of(name)
    return phrases is not None and phrases.search(text) is not None


def _points(language: Language, where: str, text: str) -> bool:
    """Return whether a word like “following” stands there, and does not stand before “rules” or “questions”."""
    pointer = language.any_of(where)
    found = pointer.search(text) if pointer else None
    return found is not None and not _has(language, "other", text[found.start() : found.end() + _NEAR])


def _tells(line: str) -> bool:
    """Return whether a line speaks to the model."""
    folded = fold(line[:_LOOK]).text
    squeezed = "".join(folded.split())
    return any(
        _has(one, "told", text) or _begins(one, "orders", text)
        for one in languages_of("DEL003", folded)
        for text in (folded if one.words else squeezed,)
    )


def _begins(language: Language, name: str, text: str) -> bool:
    """Return whether a line begins with one of the phrases."""
    phrases = language.any_of(name)
    found = phrases.search(text) if phrases else None
    return found is not None and not text[: found.start()].strip(" \0-*•")


def _weighs(text: str, least: int) -> bool:
    """Return whether a text is long; a character of a script without blanks says as much as two and a half letters."""
    return len(text) >= least or len(text) + (3 * len(_CJK.findall(text))) // 2 >= least


def _inline(document: Document, rows: list[Line], spoken: Sequence[Language]) -> tuple[int, int] | None:
    """Return the span of the text after the colon of a line that is task and text in one, with the lines below it."""
    row, more = rows[0], rows[1:]
    colon = _COLON.search(row.text, 0, _LONGEST_TASK)
    if colon is None or not row.text[colon.end() :].strip():
        return None
    asked = _asks(spoken, row.text[: colon.start()] + " ", where="below")
    if not asked or _lists(row.text[: colon.start()]):
        return None
    start = document.text.index(colon.group(), row.start) + 1
    end = row.start + len(document.text[row.start : row.end].rstrip())
    while start < end and document.text[start] in " \t":
        start += 1
    first = document.text[start:end]
    if document.delimited.touches(start, end) or first.startswith(_QUOTES) or _is_task(first, spoken):
        return None
    if asked == _NAMED or _weighs(first, _LONG_INLINE) or colon.start() <= _NEAR:
        below = _trimmed(more)
        end = below[-1].end if below and not _tells(below[0].text) else end
    if not _weighs(document.text[start:end], _LONG if asked == _PLACED else _LONG_INLINE):
        return None
    return None if (asked != _NAMED and _tells(first)) or first.count(",") * 25 > len(first) else (start, end)


def _is_task(first: str, spoken: Sequence[Language]) -> bool:
    """Return whether what follows a colon is one more task, not the text."""
    return len(first) < _LONG_INLINE and bool(_asks(spoken, first, where="below"))


def _lists(head: str) -> bool:
    """Return whether what a colon announces is a list of something else: “one of three categories:”."""
    folded = fold(head[-_NEAR:]).text
    squeezed = "".join(folded.split())
    return any(_has(one, "other", folded if one.words else squeezed) for one in languages_of("DEL003", folded))


def _below(document: Document, rows: Rows, i: int, reached: int, spoken: Sequence[Language]) -> tuple[int, int] | None:
    """Return the span of the text below a task: not in a long prompt of many parts, where it is one of them."""
    if _ITEM.match(rows[i].text) or len([*islice(rows.said(reached), _MORE_LINES + 1)]) > _MORE_LINES:
        return None
    block = rows[i + 1 : reached]
    return _block(document, block, _asks(spoken, rows[i].text, where="below")) if _fills(document, block) else None


def _block(document: Document, block: list[Line], asked: int) -> tuple[int, int] | None:
    """Return the span of the prose that a task asks for, None where it is no text to work on."""
    block = _trimmed(block) if asked else []
    spoken = [row.text for row in block[:_ENOUGH] if row.text]
    told = [(asked != _NAMED and bool(_ITEM.match(text))) or _tells(text) for text in spoken]
    if not spoken or spoken[0].startswith(_QUOTES) or (asked != _NAMED and told[0]) or sum(told) * 3 > len(spoken):
        return None
    return (block[0].start, block[-1].end) if _fills(document, block) else None


def _trimmed(block: list[Line]) -> list[Line]:
    """Return the lines without blank ones around them, and without the last ones in which the person speaks again."""
    first = next((i for i, row in enumerate(block) if row.text), len(block))
    block = block[first:]
    while block and (not block[-1].text or _speaks_again(block)):
        block.pop()
    return block


def _speaks_again(block: Sequence[Line]) -> bool:
    last = block[-1].text
    if len(block) == 1 or len(last) >= _LONGEST_ALONE:
        return False
    return last.endswith(("?", "？", ":", "：")) or _tells(last)


def _fills(document: Document, block: Sequence[Line]) -> bool:
    """Return whether the lines are long enough to be a text."""
    return bool(block) and _weighs(document.text[block[0].start : block[-1].end], _LONG)


def _run(document: Document, rows: Rows, i: int, step: int) -> int:
    """Return the number of the line at which the prose from a line on ends: a few blank lines may part it."""
    from o1magic.lint.segments import is_label

    blanks = 0
    while 0 <= i < len(rows):
        row = rows[i]
        blanks = blanks + 1 if row.kind == lines.BLANK else 0
        other = row.kind in _OTHER_KINDS or (row.kind == lines.HEADING and row.text[0] == "#")
        if blanks > _FEW_BLANKS or other or is_label(row.text) or document.delimited.touches(row.start, row.end):
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
