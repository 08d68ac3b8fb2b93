"""Telling the model to think in steps.

## What it does

Finds instructions to think, reason or work through the task step by step, in 33 languages. Stays silent where steps are
the content you want (a recipe, a guide, a derivation for students), where the words are quoted, negated, about
somebody else or in the answer of a worked example, and for models that do not reason.

## Why

A reasoning model already works through the task before it answers; that is what its hidden reasoning tokens are. The
cue makes it do so again, in time and tokens you pay for, for little or no gain.

## Example

```text
Think step by step. Is 391 prime?
```

## Use instead

```text
Is 391 prime?
```

## When to ignore

- The model is a small open reasoning model (1.5B to 32B): for mathematics the cue was found to help.
- You measured that it helps your task.

## Fix safety

Unsafe: it removes words of yours, so it waits for `--fix all` or a click. It takes out the whole sentence, or the
clause at a sentence's edge; where the cue is woven into a sentence, or is all there is, it offers nothing.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and Reasoning best practices: “Avoid chain-of-thought prompts”.
- Wharton, Prompting Science Report 2, arXiv 2506.07142: o3-mini and o4-mini gain 2.9 and 3.1 % from the cue, at 20 to
  80 % more time.

Against it:

- The same report: the gain is small, not nothing.
- arXiv 2503.19602: chain-of-thought prompting helps open reasoning models of 1.5B to 32B on mathematics.
- Kojima et al., arXiv 2205.11916: where the cue comes from; it helps models that do not reason by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import cues, slots
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule
from o1magic.lint.removal import removal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each cue that is said to the model."""
    model = document.context.model
    who = model.name if model and model.known else "a reasoning model"
    message = f"{who} thinks in steps by itself; the cue costs time and tokens for little or no gain"
    for cue in cues.find(document, rule.code):
        if (cue.weak and cues.teaches(document, cue.language)) or slots.answers_an_example(document, cue):
            continue
        yield Diagnostic(rule.code, rule.name, rule.severity, message, cue.start, cue.end, removal(document, cue))


RULE = Rule(
    "COT001",
    "think-step-by-step",
    "warning",
    check,
    __doc__,
    reasoning_only=True,
    stage=1,
    yields_to=("COT004", "COT005"),
)
