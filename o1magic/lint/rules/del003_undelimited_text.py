"""A long text to work on, running straight on from the task.

## What it does

Finds at least 400 characters of plain prose next to a line that says what to do with it (“Summarise the following”,
“Translate this article:”), in 15 languages, where no tag, fence, quotes, label or heading parts the two. On one line
with the task, 120 characters are enough. A note, never more.

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
from typing import TYPE_CHECKING, TypeAlias

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.fold import fold
from o1magic.lint.lines import BLANK, PROSE
from o1magic.lint.pairs import newline_at
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages_of
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from o1magic.lint.document import Document
    from o1magic.lint.phrases import Language
    from o1magic.lint.rows import Line

_LONG, _LONG_INLINE = 400, 120
_LONGEST_TASK = 240
# A task stands at the top or at the end of a prompt.
_FIRST, _LAST = 8, 3
_ENOUGH = 40
_FEW_BLANKS = 2
_LOOK = 200
_CJK = late(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ITEM = late(r"(?:[-*+•·▪◦]|\(?\d{1,3}[.):、]|[a-zA-Z][.)])\s")
_COLON = late("[:：]")
_MESSAGE = "the text to work on runs on from the task without delimiters"
_Spoken: TypeAlias = "tuple[Language, re.Pattern[str]]"


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the text that stands undelimited next to its task, the first one found."""
    if len(document.text) - document.start < _LONG_INLINE or not (spoken := _spoken(document)):
        return
    rows = document.payload.rows
    last = [*islice(rows.said(backwards=True), _LAST)][::-1]
    reached = 0
    for i in dict.fromkeys([*islice(rows.said(), _FIRST), *last]):
        row = rows[i]
        if row.kind != PROSE or document.protected.touches(row.start, row.end):
            continue
        span = _inline(document, row, spoken) if row.end - row.start > _LONG_INLINE else None
        inline = span is not None
        if span is None and row.end - row.start <= _LONGEST_TASK:
            if _asks(spoken, row.text, where="below"):
                # A run that was walked for one line ends for the next where it ended before.
                reached = reached if i < reached else _run(document, rows, i + 1, 1)
                span = _block(document, rows[i + 1 : reached], above=False)
            if span is None and i == last[-1] and _asks(spoken, row.text, where="above"):
                span = _block(document, rows[_run(document, rows, i - 1, -1) + 1 : i], above=True)
        if span is not None:
            yield Diagnostic(
                rule.code, rule.name, rule.severity, _MESSAGE, *span, _tagged(document, span, inline=inline)
            )
            return


def _spoken(document: Document) -> list[_Spoken]:
    """Return the languages in which the prompt may name a task, with their verbs that may be in it."""
    listed = ((one, one.any_of("verb")) for one in languages_of("DEL003", document.prose.text))
    words = document.vocabulary
    return [(one, verbs.within(words)) for one, verbs in listed if verbs and verbs.held(words)]


def _asks(spoken: Sequence[_Spoken], line: str, *, where: str) -> bool:
    """Return whether a line is a task on a text that stands below or above it."""
    folded = fold(line).text
    squeezed = "".join(folded.split())
    for language, verb in spoken:
        text = folded if language.words else squeezed
        if verb.search(text) and (pointer := language.any_of(where)) and pointer.search(text):
            other = language.any_of("other")
            if other is None or not other.search(text):
                return True
    return False


def _tells(line: str) -> bool:
    """Return whether a line speaks to the model, or is an item of a list."""
    if _ITEM.match(line):
        return True
    folded = fold(line[:_LOOK]).text
    squeezed = "".join(folded.split())
    patterns = ((one.any_of("told"), one.words) for one in languages_of("DEL003", folded))
    return any(pattern is not None and pattern.search(folded if words else squeezed) for pattern, words in patterns)


def _weighs(text: str, least: int) -> bool:
    """Return whether a text is long; a character of a script without blanks says as much as two and a half letters."""
    return len(text) >= least or len(text) + (3 * len(_CJK.findall(text))) // 2 >= least


def _inline(document: Document, row: Line, spoken: Sequence[_Spoken]) -> tuple[int, int] | None:
    """Return the span of the text after the colon of a line that is task and text in one."""
    colon = _COLON.search(row.text, 0, _LONGEST_TASK)
    if colon is None or not _asks(spoken, row.text[: colon.start()] + " ", where="below"):
        return None
    start = document.text.index(colon.group(), row.start) + 1
    end = row.start + len(document.text[row.start : row.end].rstrip())
    while start < end and document.text[start] in " \t":
        start += 1
    payload = document.text[start:end]
    if not _weighs(payload, _LONG_INLINE) or _tells(payload) or payload.count(",") * 25 > len(payload):
        return None
    return start, end


def _block(document: Document, block: list[Line], *, above: bool) -> tuple[int, int] | None:
    """Return the span of the prose above or below a task, None where it is no text to work on."""
    if not _fills(document, block):
        return None
    while not above and block and _tells(block[-1].text) and len(block[-1].text) < _LONGEST_TASK:
        block.pop()
    first = next((i for i, row in enumerate(block) if row.text), len(block))
    block = block[first:]
    while block and not block[-1].text:
        block.pop()
    spoken = [row for row in block[:_ENOUGH] if row.text]
    if not spoken or _tells(spoken[0].text) or sum(map(_tells, (row.text for row in spoken))) * 3 > len(spoken):
        return None
    return (block[0].start, block[-1].end) if _fills(document, block) else None


def _fills(document: Document, block: Sequence[Line]) -> bool:
    """Return whether the lines are long enough to be a text."""
    return bool(block) and _weighs(document.text[block[0].start : block[-1].end], _LONG)


def _run(document: Document, rows: Sequence[Line], i: int, step: int) -> int:
    """Return the number of the line at which the prose from a line on ends: single blank lines part it."""
    from o1magic.lint.segments import is_label

    blanks = 0
    while 0 <= i < len(rows):
        row = rows[i]
        blank = row.kind == BLANK
        if not blank and (row.kind != PROSE or is_label(row.text) or document.protected.touches(row.start, row.end)):
            break
        blanks = blanks + 1 if blank else 0
        if blanks > _FEW_BLANKS:
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
