"""A rule of the linter failed on this prompt.

## What it does

Nothing by itself: the engine reports under this code when a rule raises an error. The other rules still run.

## Why

A linter that breaks and says “no findings” is worse than none. What the broken rule would have found is unknown.

## Example

```text
COT001 broke (ValueError): what it would have found is missing here
```

## Use instead

Ignore the broken rule by its code, and report the prompt that broke it.

## When to ignore

- Never; ignore the rule that broke instead.

## Fix safety

No fix.

## References

For the rule:

- A prompt linter that was tried printed “No violations found” and exit code 0 when it could not load its data.

Against it:

- None known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.diagnostic import Diagnostic
    from o1magic.lint.document import Document


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:  # noqa: ARG001 - a rule's signature
    """Find nothing: this code is given by the engine."""
    return iter(())


RULE = Rule("X001", "rule-broke", "error", check, __doc__)
