"""Two instructions that cannot both be followed.

## What it does

Looks for a few pairs that exclude each other: code only and an explanation, JSON only and an explanation, no Markdown
and a table or headings, one sentence and great detail, yes or no only and reasons. Both must be said plainly, neither
denied nor tied to a condition, a step or a part of the answer. In 7 languages.

## Why

The model has to break one of them, and you cannot know which. A reasoning model first spends paid tokens on weighing
them against each other.

## Example

```text
Write a function that sorts by date. Only code. Explain every line.
```

## Use instead

```text
Write a function that sorts by date. Only code, one comment per line.
```

## When to ignore

- The two are about different parts of the answer, and the prompt says so in words the rule does not understand.

## Fix safety

No fix: which of the two you mean is yours to say.

## References

For the rule:

- OpenAI, GPT-5 prompting guide (2025): contradictory instructions hurt such a model more than others, as it spends
  reasoning tokens on reconciling them.
- OpenAI's prompt optimizer looks for contradictions as well.

Against it:

- A list of pairs finds few of all contradictions; most are about the matter itself. OpenAI's optimizer asks a model for
  those; this is the instant, free, offline look.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.data import tables
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from o1magic.lint.document import Document

_MOST = 20_000
_DATA = "AMB001"
# Two lists in the data that exclude each other, and what is said of them.
_PAIRS = (
    ("code_only", "explain", "code only, and an explanation"),
    ("json_only", "explain", "JSON only, and an explanation"),
    ("yes_no_only", "explain", "yes or no only, and an explanation"),
    ("no_markdown", "layout", "no Markdown, and a layout that needs it"),
    ("one_sentence", "at_length", "one sentence, and great detail"),
)


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the second of two instructions that exclude each other, once for each pair and language."""
    if len(document.text) - document.start > _MOST:
        return
    text = document.prose.text
    for language, anchors in _anchors():
        if not any(map(text.__contains__, anchors)):
            continue
        for one, other, said in _PAIRS:
            span = _both(document, language, one, other)
            if span:
                message = f"the prompt asks for {said}; it cannot have both: say which, or which part is which"
                yield Diagnostic(rule.code, rule.name, rule.severity, message, *wording.source(document, *span))


@cache
def _anchors() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return words of which a text holds one if it says anything that is in the lists, by language."""
    return tuple(
        (language, tuple(filter(None, table["anchors"].split("\n")))) for language, table in tables(_DATA).items()
    )


def _both(document: Document, language: str, one: str, other: str) -> tuple[int, int] | None:
    """Return the later of the two, None where one of them is not said."""
    firsts = list(_said(document, language, one))
    if not firsts:
        return None
    apart = ((a, b) for a, b in product(firsts, _said(document, language, other)) if a[1] <= b[0] or b[1] <= a[0])
    return next((max(pair) for pair in apart), None)


def _said(document: Document, language: str, name: str) -> Iterable[tuple[int, int]]:
    """Yield where it is said plainly: not denied, and tied to no condition, step or part of the answer."""
    wanted = wording.lists(_DATA, name).get(language)
    if wanted is None:
        return
    unless = wording.lists(_DATA, "unless")[language]
    text = document.prose.text
    for start, end in wording.sentences(document, wanted.anchors):
        match = wanted.pattern.search(text, start, end)
        if match and not unless.search(text[start : match.start()] + "\n" + text[match.end() : end]):
            yield match.span()


RULE = Rule("AMB001", "contradiction", "warning", check, __doc__)
