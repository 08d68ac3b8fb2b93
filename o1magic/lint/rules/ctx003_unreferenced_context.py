"""Numbered documents of which the question needs only some.

## What it does

Looks at prompts with three or more numbered documents (`<doc id="3">`, `<source3>`) that name some of them in the
question. Notes how many are never named. Says nothing when the question names none, or asks about all.

## Why

A reasoning model weighs everything it is given. What the question does not need costs tokens, time and attention.

## Example

```text
<doc id="1">Rents rose.</doc>
<doc id="2">The bridge is closed.</doc>
<doc id="3">Bread is cheap.</doc>
Why, according to doc 2, is the bridge closed?
```

## Use instead

```text
<doc id="2">The bridge is closed.</doc>
Why, according to doc 2, is the bridge closed?
```

## When to ignore

- The other documents are background that the answer may draw on.

## Fix safety

No fix: leaving documents out is yours to decide.

## References

For the rule:

- OpenAI, o1 beta guide (2024): limit additional context to the most relevant, lest the model overcomplicates its
  answer.
- Shi et al., Large language models can be easily distracted by irrelevant context, arXiv 2302.00093.

Against it:

- The study is of models before reasoning; how much those are distracted depends on the task.
- That a document is not named does not mean that it is not needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_NAMES = "doc|document|source|passage|chunk|context|article|file|snippet|result|excerpt|text"
_KEYS = r"\s{1,5}(?:id|index|number|n|no)\s?=\s?[\"']?"
_OPENING = late(
    rf"<({_NAMES})(?:[_-]?(\d{{1,4}})|{_KEYS}(?:{_NAMES})?[_ -]?(\d{{1,4}})[\"']?)[^<>\n]{{0,200}}>", re.IGNORECASE
)
_NAMED = late(
    rf"(?<!\w)(?:{_NAMES}|dokument|quelle|fuente|documento|文档|文書|문서)s?(?: (?:no|number|nr|#|id))?[ .=#]{{0,3}}"
    r"(\d{1,4})(?:(?:,? (?:and|or|und|et|y|to) | ?[,&] ?)(\d{1,4}))?(?!\d)"
)
_ALL = late(
    r"(?<!\w)(?:all|each|every|any|which|these|other|others|both|documents|sources|passages|chunks|articles|files|texts"
    r"|snippets|results|excerpts|context|alle|jede\w{0,3}|toutes|tous|todos|todas|cada)(?!\w)"
    r"|\d ?(?:-|;|to|through|bis) ?\d|s \d{1,4} \d|所有|全部|每|各|すべて|全て|모든|각"
)
_FEWEST = 3
_SHOWN = 8


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield one note on the documents that the question does not name, if it names others."""
    given: dict[int, tuple[int, int]] = {}
    for region in document.regions:
        match = _OPENING.match(document.text, region.start) if region.kind == "tag" else None
        if match:
            given.setdefault(int(match.group(2) or match.group(3)), (region.start, match.end()))
    if len(given) < _FEWEST:
        return
    prose = document.prose.text
    named = {int(number) for match in _NAMED.finditer(prose) for number in match.groups() if number}
    unnamed = [number for number in given if number not in named]
    if len(unnamed) == len(given) or not unnamed or _ALL.search(prose):
        return
    listed = ", ".join(map(str, unnamed[:_SHOWN])) + (", …" if len(unnamed) > _SHOWN else "")
    message = f"{len(unnamed)} of {len(given)} documents are never named ({listed}); leave out what is not needed"
    yield Diagnostic(rule.code, rule.name, rule.severity, message, *given[unnamed[0]])


RULE = Rule("CTX003", "unreferenced-context", "info", check, __doc__)
