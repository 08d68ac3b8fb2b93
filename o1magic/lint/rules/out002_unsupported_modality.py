"""An image, a web page or a tool asked of a model that has none.

## What it does

Finds requests to look at an image, for a model whose catalog entry says that it sees none, and requests to open a web
page or to call a tool, for one that can call none. Says nothing about models it does not know.

## Why

The model gets the text of the cell and nothing else. Asked about an image or a page it cannot see, it fails, or worse,
describes one that it made up, and that is billed.

## Example

```text
%%o1 -m o1-mini
Look at this image and tell me what is wrong.
```

## Use instead

```text
%%o1 -m o1
The screenshot shows the message "disk full" while 40 GB are free. What is wrong?
```

## When to ignore

- The picture or the page stands in the prompt as text.

## Fix safety

No fix: another model, or the content in words, is yours to choose.

## References

For the rule:

- OpenAI, o1 beta guide (2024), limits: text only, no images; no tools, function calling or response format.

Against it:

- Holds for a few models, and is read from the catalog; each entry there names its source and its day.
- o1magic sends text only, whatever the model: a model that sees images still gets none from a cell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_EMBEDDED = late(r"^!\[[^\]\n]{0,200}\]\([^)\n]{1,300}\)|data:image/[a-z+]{2,10};base64,", re.MULTILINE)
_MOST, _SHORT = 20_000, 1_000


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield what is asked for and cannot be had."""
    model = document.context.model
    if model is None or not model.known or len(document.text) - document.start > _MOST:
        return
    if model.vision is False:
        message = f"{model.name} sees no images; say in words what is on it, or choose a model that sees"
        for start, end in _asked(document, rule, "image") or _embedded(document):
            yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end)
    if model.tools is False:
        message = f"{model.name} opens no pages and calls no tools; paste what it should read"
        for start, end in _asked(document, rule, "tool"):
            yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end)


def _asked(document: Document, rule: Rule, name: str) -> list[tuple[int, int]]:
    """Return the first request of that kind, unless what it is about stands in the prompt, or it is denied."""
    prose = document.prose.text
    for match in wording.lists(rule.code, name).finditer(prose, document.start):
        start = document.sentence_starts[bisect_right(document.sentence_starts, match.start()) - 1]
        if not wording.lists(rule.code, "unless").search(prose, start, match.start()):
            return [wording.source(document, *match.span())]
    return []


def _embedded(document: Document) -> list[tuple[int, int]]:
    """Return the first picture in a short prompt; in a long one it belongs to a page that was pasted."""
    if len(document.text) - document.start > _SHORT:
        return []
    quoted = document.delimited
    found = (match.span() for match in _EMBEDDED.finditer(document.text, document.start))
    return [span for span in found if not quoted.touches(*span)][:1]


RULE = Rule("OUT002", "unsupported-modality", "error", check, __doc__)
