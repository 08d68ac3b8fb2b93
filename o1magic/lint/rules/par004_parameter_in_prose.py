"""A parameter of the API, set in words inside the prompt.

## What it does

Finds sentences such as `Use temperature 0.2` or `reasoning effort: high` in the prompt. Says nothing where the prompt
is about programs, models or physics, where such words are the subject.

## Why

The model cannot turn its own dials. Parameters travel beside the prompt; in it they are only words, which at best do
nothing. Reasoning models fix temperature and top_p anyway; what you can set is the effort and the allowance.

## Example

```text
Use temperature 0.2. Write a haiku about rain.
```

## Use instead

```text
Write a haiku about rain.
```

## When to ignore

- The number is part of the task, not meant for the model that answers.

## Fix safety

No fix: what you wanted (short? sober? thorough?) is better said in words, and only you know it.

## References

For the rule:

- OpenAI, API reference: temperature, top_p, effort and allowance are fields of the request.
- The o1 beta guide (2024), limits: temperature and top_p are fixed at 1.

Against it:

- No measurement says that such a sentence does harm, so this is only a note.
- Written as style (“be sober”, “be brief”), the wish does work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

# Folded, as the prose is: "temperatur" announces temperature, température, temperatura and Temperatur.
_ANCHORS = ("temperatur", "top p", "max tokens", "max completion tokens", "reasoning effort", "penalty", "温度",
            "온도", "температур")  # fmt: skip
# A call of a function on the same line: then it is an argument.
_CALL = late(r"\w\(")
_MOST = 20_000


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each parameter set in words, unless the prompt is about such parameters."""
    if len(document.text) - document.start > _MOST:
        return
    text, about = document.prose.text, None
    for start, end in wording.sentences(document, _ANCHORS):
        for match in wording.lists(rule.code, "set").finditer(text, start, end):
            about = wording.lists(rule.code, "about").search(text) if about is None else about
            if about:
                return
            message = "the model cannot set this from inside the prompt; effort and allowance are flags (-e, --max-...)"
            a, b = wording.source(document, *match.span())
            if _CALL.search(document.text, max(document.text.rfind("\n", 0, a), a - 200, 0), a):
                continue
            yield Diagnostic(rule.code, rule.name, rule.severity, message, a, b)


RULE = Rule("PAR004", "parameter-in-prose", "info", check, __doc__)
