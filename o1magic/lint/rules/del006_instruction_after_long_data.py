"""The only instruction, far below the data.

## What it does

Notes that a prompt begins with more than 8,000 characters of delimited or recognised data (about 2,000 tokens) and says
only then, or between two pieces of it, what to do. Labels, headings and tags do not count as saying it.

## Why

Where the task comes first, the data is read with the question in mind, and you see in your own notebook what the cell
is for. In a long prompt the safest is both: the task on top, and one line at the end to remind of it.

## Example

(`...` stands for 300 more lines.)

```text
<log>
2026-01-01 10:00:00 ERROR worker 7 gave up
...
</log>
why?
```

## Use instead

```text
Why does the worker crash? Its log is below.
<log>
2026-01-01 10:00:00 ERROR worker 7 gave up
...
</log>
Name the first error and its cause.
```

## When to ignore

- The data is the same in many calls and stands first so that it is cached and cheaper.
- The vendor advises the other order for the model you use.

## Fix safety

No fix: which sentence to move, and how the reminder should read, only you know.

## References

For the rule:

- OpenAI, GPT-4.1 prompting guide: with long context, instructions at both ends do best, and above the context does
  better than below.
- Liu et al., “Lost in the middle”, arXiv 2307.03172: what stands in the middle of a long prompt is used least.

Against it:

- Anthropic, long context tips: documents first and the question at the end, up to 30 % better in their tests. Models
  differ; only the order with the task at both ends suits both.
- A shared beginning makes prompt caching cheaper, and that beginning is usually the data.
"""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.patterns import late
from o1magic.lint.regions import Spans
from o1magic.lint.registry import Rule
from o1magic.lint.segments import is_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_LONG = 8_000
_LETTERS = late(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TAG_LINE = late(r"</?[A-Za-z][^<>\n]{0,80}>$")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the first words of the person, if they stand below long data."""
    text = document.text
    if len(text) - document.start < _LONG:
        return
    data, position = 0, document.start
    spans = Spans(merge(document.delimited, document.payload.spans()), ordered=True)
    for start, end in (*spans, (len(text), len(text))):
        said = _said(text, position, start) if text[position:start].strip() else None
        if said is not None:
            if data >= _LONG:
                message = f"{data:,} characters of data come before the task; say the task first, and again at the end"
                yield Diagnostic(rule.code, rule.name, rule.severity, message, *said)
            return
        data += end - start
        position = max(position, end)


def _said(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the span of the first line that says something, not only what the data is."""
    while said := _LETTERS.search(text, start, end):
        # Lines without words are passed over.
        start = max(start, text.rfind("\n", start, said.start()) + 1)
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop].strip()
        if line and _LETTERS.search(line) and line[0] != "#" and not _TAG_LINE.match(line) and not is_label(line):
            first = text.index(line, start)
            return first, first + len(line)
        start = stop + 1
    return None


RULE = Rule("DEL006", "instruction-after-long-data", "info", check, __doc__)
