"""A parameter that the model refuses.

## What it does

Compares the parameters of the magic line with what the catalog says the model refuses, takes one value of only, or
accepts as effort. Says nothing about models it does not know.

## Why

The API answers with an error instead of a result. Reasoning models sample in their own way: temperature, top_p and the
penalties are fixed, and some models take no streaming, tools or log probabilities.

## Example

```text
%%o1 -m o1-mini --param temperature=0.2
Is 391 prime?
```

## Use instead

```text
%%o1 -m o1-mini
Is 391 prime?
```

## When to ignore

- The endpoint behind that model name drops such parameters by itself.

## Fix safety

Unsafe: it removes an option that you wrote.

## References

For the rule:

- OpenAI, o1 beta guide (2024), limits: temperature, top_p and n fixed at 1, penalties at 0; no streaming, tools,
  function calling, response_format or logprobs.

Against it:

- The list differs by model and has changed over time; each entry of the catalog names its source and the day it was
  checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.catalog import Model
    from o1magic.lint.diagnostic import FlagUse
    from o1magic.lint.document import Document

# What other rules, or the request itself, see to: ROL001, and max_tokens, which is renamed and not dropped.
_ELSEWHERE = frozenset(("system", "developer", "max_tokens", "model"))
_CHOICES = {"reasoning_effort": "efforts", "effort": "efforts", "verbosity": "verbosities"}


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each parameter given that the model does not take as given."""
    model = document.context.model
    if model is None or not model.known:
        return
    for name, use in document.context.flags.items():
        reason = None if name in _ELSEWHERE else _reason(model, name, use.value)
        if reason:
            fix = _drop(document, name, use)
            yield Diagnostic(rule.code, rule.name, rule.severity, reason, use.start, use.end, fix)


def _reason(model: Model, name: str, value: object) -> str | None:
    # Leaving a switch off is what the model does anyway.
    if value is None or value is False:
        return None
    if name in _CHOICES:
        accepted: tuple[str, ...] = getattr(model, _CHOICES[name])
        if not accepted:
            return f"{model.name} takes no {name}"
        wanted = ", ".join(accepted)
        return None if str(value) in accepted else f"{model.name} takes {name} {wanted}, not {value}"
    if name in model.fixed:
        only = model.fixed[name]
        return None if _number(value) == only else f"{model.name} takes {name}={only:g} only"
    return f"{model.name} does not take {name}" if name in model.refused else None


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _drop(document: Document, name: str, use: FlagUse) -> Fix | None:
    if not 0 < use.start < use.end <= document.start:
        return None
    start = use.start
    while document.text[start - 1] in " \t" and start > 1:
        start -= 1
    return Fix(safe=False, edits=(Edit(start, use.end, ""),), title=f"Leave {name} out")


RULE = Rule("PAR001", "unsupported-parameter", "error", check, __doc__)
