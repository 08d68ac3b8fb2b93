"""Saying where in the answer reasoning may stand.

## What it does

Notes that the prompt says where the visible reasoning shall stand: only at the beginning and the end, not inside the
code, in a section of its own; in 15 languages. A note, never more, and silent for models that do not reason.

## Why

It is allowed, and often wise: it keeps code free of prose and the answer easy to find. Only know what it does. It
arranges the explanation that you will read; the hidden reasoning before it is neither shown nor shortened.

## Example

```text
Write the parser in Python. Give the reasoning before and after the code, not inside it.
```

## Use instead

```text
Write the parser in Python. Reply with the code only.
```

This is for when you do not need the explanation; when you do, keep the prompt as it is.

## When to ignore

- Always, if you want the explanation where you said.

## Fix safety

No fix: nothing is wrong.

## References

For the rule:

- OpenAI, o1 beta guide (2024): the reasoning tokens are not shown, and billed as output.

Against it:

- The planning prompt in that same guide does it: it asks for the reasoning at the beginning and the end only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import cues
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_MESSAGE = "arranges the explanation you will read, which is fine; the hidden reasoning is neither shown nor shortened"


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each place given to visible reasoning."""
    for cue in cues.find(document, rule.code):
        yield Diagnostic(rule.code, rule.name, rule.severity, _MESSAGE, cue.start, cue.end)


RULE = Rule("COT006", "reasoning-placement", "info", check, __doc__, reasoning_only=True)
