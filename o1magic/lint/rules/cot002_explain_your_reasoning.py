"""Asking the model to show its own reasoning.

## What it does

Finds requests that the model explain, show or write out its reasoning, thought process or work, in 27 languages. In a
prompt about teaching, where the worked steps may be what you want, it is only a note.

## Why

The reasoning itself stays hidden; what you get is a second account of it, written afterwards, billed as output and not
always what happened. OpenAI's models may also refuse to lay their reasoning open. Ask for what you need to check the
answer by: the factors, the sources, the test that passes.

## Example

```text
Is 391 prime? Explain your reasoning.
```

## Use instead

```text
Is 391 prime? Give the factors as evidence.
```

## When to ignore

- The steps are the deliverable: a proof, a derivation, a worked solution for students.
- You need a justification on record, and know that it is one told afterwards.

## Fix safety

Unsafe: it removes words of yours, so it waits for `--fix all` or a click. Only whole sentences and clauses at a
sentence's edge are taken out.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and Reasoning best practices: asking for the reasoning is unnecessary.
- Wharton, Prompting Science Report 2, arXiv 2506.07142: visible chains of thought cost 20 to 80 % more time.

Against it:

- The same report: answers with a visible chain of thought were about 3 % better.
- arXiv 2503.19602: worked reasoning helps small open reasoning models on mathematics.
- That such requests are refused more often is said, but was not verified here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import cues, slots
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule
from o1magic.lint.removal import removal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.diagnostic import Severity
    from o1magic.lint.document import Document

_TOLD = "the reasoning stays hidden and what you get is a second account of it; ask for the evidence you need instead"
_TAUGHT = "if the worked steps are what you want, ignore this; the model's own reasoning stays hidden either way"


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each request for the model's reasoning; a note where the prompt is about teaching."""
    for cue in cues.find(document, rule.code):
        if slots.answers_an_example(document, cue):
            continue
        taught = cues.teaches(document, cue.language)
        severity: Severity = "info" if taught else rule.severity
        message = _TAUGHT if taught else _TOLD
        fix = None if taught else removal(document, cue)
        yield Diagnostic(rule.code, rule.name, severity, message, cue.start, cue.end, fix)


RULE = Rule(
    "COT002",
    "explain-your-reasoning",
    "warning",
    check,
    __doc__,
    reasoning_only=True,
    stage=1,
    yields_to=("COT001", "COT004", "COT005", "COT006"),
)
