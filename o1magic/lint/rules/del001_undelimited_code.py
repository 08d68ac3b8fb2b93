"""Code pasted among the instructions without delimiters.

## What it does

Finds runs of lines that are code, configuration or a diff, in a prompt that also holds instructions, where no fence,
tag, quotes, label or heading parts the two. Each line is weighed: keywords and marks speak for code, a sentence against
it; comments and blank lines part nothing. A prompt that is nothing but code is left alone.

## Why

Delimiters tell the model where your words stop and the material begins. Without them a comment in the code can pass for
an instruction, and an instruction for part of the code.

## Example

```text
Fix this
def f(x): return x+
and keep the name
```

## Use instead

````text
Fix this
```python
def f(x): return x+
```
and keep the name
````

## When to ignore

- The lines only look like code, or the whole prompt is meant to be read as one program.

## Fix safety

Safe: it inserts a line before and a line after the code and changes no character of yours. It takes the style the
prompt already uses (tags, triple quotes), else a fence longer than any in the code.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and Reasoning best practices: “Use delimiters for clarity”, to mark distinct parts.

Against it:

- Models mostly recognise code by themselves; no measurement of the gain for reasoning models is known to us. The fix
  costs a handful of tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.delimiters import delimit
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_KINDS = {"code": "code", "diff": "a diff"}


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each run of code that touches an instruction."""
    for one in document.payload.pasted:
        if one.kind in _KINDS:
            start, end = document.payload.span(one)
            lines = one.last - one.first + 1
            message = f"{_KINDS[one.kind]} stands among the instructions without delimiters ({lines} lines)"
            fix = delimit(document, start, end, one.kind)
            yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end, fix)


RULE = Rule("DEL001", "undelimited-code", "warning", check, __doc__)
