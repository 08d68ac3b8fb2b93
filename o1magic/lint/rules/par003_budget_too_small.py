"""A token allowance that leaves no room to reason, or exceeds the model's cap.

## What it does

Looks at `max_completion_tokens`. Under 25,000 for a model that reasons is a warning; over what the model can give is an
error.

## Why

Hidden reasoning counts against the allowance. When it runs out, the answer is cut short or empty, and billed all the
same. Above the cap the API refuses the request.

## Example

```text
%%o1 -m o1-mini --max-completion-tokens 2000
Is 391 prime?
```

## Use instead

```text
%%o1 -m o1-mini --max-completion-tokens 25000
Is 391 prime?
```

## When to ignore

- You know how much this task takes, or the effort is low, and an empty answer is a risk you accept for the money.

## Fix safety

Unsafe: it changes a number you chose, and with it what the call may cost.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and the reasoning guide: reserve at least 25,000 tokens for reasoning and output when
  starting out.

Against it:

- It is a starting value, not a law: easy questions take a few hundred reasoning tokens, and what is not used is not
  billed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.diagnostic import FlagUse
    from o1magic.lint.document import Document

_NAMES = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_RECOMMENDED = 25_000
_NUMBER = late(r"\d[\d_]{0,20}$")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield a finding on each allowance that is too small or too large."""
    model = document.context.model
    caps = [cap for cap in (model.max_output, model.context_window) if cap is not None] if model else []
    cap = min(caps, default=None)
    enough = _RECOMMENDED if cap is None else min(_RECOMMENDED, cap)
    for name in _NAMES:
        use = document.context.flags.get(name)
        wanted = _tokens(use.value) if use else None
        if use is None or wanted is None:
            continue
        if cap is not None and model is not None and wanted > cap:
            message = f"{wanted:,} tokens are more than {model.name} can give ({cap:,})"
            yield Diagnostic(rule.code, rule.name, "error", message, use.start, use.end, _change(document, use, cap))
        elif 0 < wanted < enough and not (model and model.reasons is False):
            message = (
                f"{wanted:,} tokens may all go into hidden reasoning; leave at least {enough:,} for it and the answer"
            )
            fix = _change(document, use, enough)
            yield Diagnostic(rule.code, rule.name, rule.severity, message, use.start, use.end, fix)


def _tokens(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 12 else None  # noqa: PLR2004


def _change(document: Document, use: FlagUse, tokens: int) -> Fix | None:
    if not 0 <= use.start < use.end <= len(document.text):
        return None
    number = _NUMBER.search(document.text, use.start, use.end)
    if number is None:
        return None
    return Fix(safe=False, edits=(Edit(number.start(), number.end(), str(tokens)),), title=f"Allow {tokens:,} tokens")


RULE = Rule("PAR003", "budget-too-small", "warning", check, __doc__)
