"""A suppression comment that suppresses nothing.

## What it does

Looks at the comment on the prompt's first or last line that switches rules off. Notes the codes in it that no rule has,
and those whose rules ran and found nothing.

## Why

A suppression that outlives its reason hides the next finding of that rule, which may be a real one. A misspelt code
suppresses nothing, and you believe that it does.

## Example

```text
<!-- o1: ignore[COT001] -->
Is 391 prime?
```

## Use instead

```text
Is 391 prime?
```

## When to ignore

- The same prompt goes to several models, and the rule speaks for some of them only: ignore X100 beside it.

## Fix safety

Unsafe: it removes words of yours, the codes that are not used, or the whole comment. The comment itself is never sent.

## References

For the rule:

- Ruff's RUF100 and ESLint's `--report-unused-disable-directives` do the same for code.

Against it:

- A rule that did not run, since it was not selected or the model does not reason, is never called unused: for such
  codes the note may come too late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.diagnostic import Diagnostic
    from o1magic.lint.document import Document


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:  # noqa: ARG001 - a rule's signature
    """Find nothing: this code is given by the engine, which knows what was suppressed."""
    return iter(())


RULE = Rule("X100", "unused-suppression", "info", check, __doc__)
