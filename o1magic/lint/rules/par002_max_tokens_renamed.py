"""`max_tokens`, which reasoning models know as `max_completion_tokens`.

## What it does

Finds `max_tokens` on the magic line, as a flag of its own or as `--param`, for a model that reasons. Says nothing for a
model that it does not know.

## Why

The old name meant the length of the answer. A reasoning model also spends tokens on thinking before it answers, so the
new name counts both, and the API refuses the old one. A number chosen for the old meaning is usually too small.

## Example

```text
%%o1 -m o1-mini --max-tokens 4000
Is 391 prime?
```

## Use instead

```text
%%o1 -m o1-mini --max-completion-tokens 25000
Is 391 prime?
```

## When to ignore

- The endpoint behind that model name knows the old name only.

## Fix safety

Unsafe: it rewrites the option. The number stays as it is; see PAR003 for whether it is enough.

## References

For the rule:

- OpenAI, Chat Completions reference: `max_tokens` is deprecated in favour of `max_completion_tokens` and not compatible
  with o-series models.
- The o1 beta guide (2024) explains the new name: reasoning and answer are counted together.

Against it:

- o1magic itself sends the number under the new name, with a note, so a call does not fail for this alone.
- Many servers that speak the same API still know `max_tokens` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from o1magic.lint.diagnostic import FlagUse
    from o1magic.lint.document import Document

_OLD = "max_tokens"
_NEW = "max_completion_tokens"
_NAME = late(r"max([-_])tokens")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the old name, once, if the model has renamed it."""
    model, use = document.context.model, document.context.flags.get(_OLD)
    if use is None or (model is not None and (not model.known or model.reasons is False)):
        return
    name = _NAME.search(document.text, use.start, use.end)
    if use.start < use.end and name is None:
        return
    who = model.name if model else "a reasoning model"
    message = f"{who} takes {_NEW}, which counts reasoning and answer together; {_OLD} is refused"
    yield Diagnostic(rule.code, rule.name, rule.severity, message, use.start, use.end, _rename(document, use, name))


def _rename(document: Document, use: FlagUse, name: re.Match[str] | None) -> Fix | None:
    if name is None or _NEW in document.context.flags or use.end > document.start:
        return None
    new = name.group(1).join(("max", "completion", "tokens"))
    return Fix(safe=False, edits=(Edit(name.start(), name.end(), new),), title=f"Call it {_NEW}")


RULE = Rule("PAR002", "max-tokens-renamed", "error", check, __doc__)
