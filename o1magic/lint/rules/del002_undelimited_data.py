"""Data pasted among the instructions without delimiters.

## What it does

Finds CSV and TSV rows, JSON, tables, logs and tracebacks in a prompt that also holds instructions, where no fence, tag,
quotes, label or heading parts the two.

## Why

Delimiters tell the model where your words stop and the data begins. A cell or a log line that reads like an order is
then still data.

## Example

```text
Sum by region
region,amt
n,1
s,2
```

## Use instead

```text
Sum by region
<data>
region,amt
n,1
s,2
</data>
```

## When to ignore

- The lines are a list of yours that happens to have equally many commas.
- The JSON shows the shape of the answer you want (the rule tries to see that).

## Fix safety

Safe: it inserts a line before and a line after the data and changes no character of yours. Rows, tables and JSON get a
tag, logs and tracebacks a fence, or whatever style the prompt already uses.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and Reasoning best practices: “Use delimiters for clarity”, to mark distinct parts.

Against it:

- A clearly labelled table is understood without; that is why a label or heading above it silences the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.delimiters import delimit
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_KINDS = {"csv": "rows of data", "json": "JSON", "table": "a table", "log": "a log", "traceback": "a traceback"}


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each run of data that touches an instruction."""
    for one in document.payload.pasted:
        if one.kind in _KINDS:
            start, end = document.payload.span(one)
            message = f"{_KINDS[one.kind]} among the instructions without delimiters ({one.last - one.first + 1} lines)"
            fix = delimit(document, start, end, one.kind)
            yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end, fix)


RULE = Rule("DEL002", "undelimited-data", "warning", check, __doc__)
