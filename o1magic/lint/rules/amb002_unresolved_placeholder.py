"""A placeholder that nobody filled in.

## What it does

Finds what a template leaves open: `[YOUR NAME]`, `<insert topic>`, a line that says `TODO`, and, when a cell is sent,
each `{{name}}` for which there is no variable. Says nothing where placeholders are the subject: in prompts that write
or fill templates, letters or formats, in code, quotes and fences, and in Jinja and LaTeX.

## Why

The model answers all the same. It guesses what was meant, or writes about the placeholder, and the call is paid for
either way. With `{{name}}` it is mostly a misspelt variable.

## Example

```text
Write a speech about [INSERT TOPIC] for ten-year-olds.
```

## Use instead

```text
Write a speech about volcanoes for ten-year-olds.
```

## When to ignore

- The answer is meant to keep the placeholder.
- The double braces belong to another template language.

## Fix safety

No fix: only you know what belongs there.

## References

For the rule:

- o1magic fills `{{name}}` with variables that exist and leaves all others as they are written, so what is left over was
  not found.

Against it:

- Prompts about templates are told apart by their words, which is a guess; a prompt that wants placeholders in its
  answer and does not say so is flagged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.patterns import late
from o1magic.lint.regions import Spans
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_BRACES = late(r"\{\{([^\W\d]\w{0,100})\}\}")
_TODO = late(r"^[ \t]{0,20}(?:[-*] )?(TODO|TBD|FIXME)(?:[:：][^\n]{0,200}|[ \t]{0,20})\r?$", re.MULTILINE)
_OTHER_TEMPLATES = ("{%", "{#", "{{#", "{{/", "{{{", "\\frac", "\\begin")
# One after the other: each begins with a character that is searched for in C. A link's text is no slot.
_SLOTS = (
    ("[", late(r"\[([^\[\]\0]{3,80})\](?!\()")),
    ("<", late(r"<([^<>\0]{3,80})>")),
    ("【", late(r"【([^【】\0]{3,80})】")),
)
_TOLD = "nobody filled this in, and it goes out as it is written"


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each placeholder left open, unless the prompt is about placeholders."""
    found = sorted((*_braces(document), *_slots(document, rule), *_todos(document)))
    if found and not wording.lists(rule.code, "about").search(document.prose.text):
        for start, end in found:
            yield Diagnostic(rule.code, rule.name, rule.severity, _TOLD, start, end)


def _braces(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the {{names}} that were looked up and not found; before that, nobody can tell."""
    text, unfilled = document.text, document.context.unfilled
    if not unfilled or any(mark in text for mark in _OTHER_TEMPLATES):
        return
    pasted: Spans | None = None
    for region in document.regions:
        match = _BRACES.fullmatch(text, region.start, region.end) if region.kind == "placeholder" else None
        beside = text[region.start - 1 : region.start] + text[region.end : region.end + 1]
        if match is None or match.group(1) not in unfilled or any(c.isalnum() or c in "\\^_{}$=\"'`/" for c in beside):
            continue
        if pasted is None:
            pasted = Spans(document.payload.spans())
        if not pasted.touches(region.start, region.end):
            yield region.start, region.end


def _slots(document: Document, rule: Rule) -> Iterator[tuple[int, int]]:
    """Yield what stands in brackets and begins as something to be filled in does."""
    opening, text = wording.lists(rule.code, "slot"), document.prose.text
    for mark, slot in _SLOTS:
        for match in slot.finditer(text, document.start) if mark in text else ():
            if opening.match(match.group(1)):
                span = wording.source(document, *match.span())
                # In a command line, <your-name> is how its manual writes an argument.
                if " " in document.text[slice(*span)] or not document.text[slice(*span)].isascii():
                    yield span


def _todos(document: Document) -> Iterator[tuple[int, int]]:
    if not any(mark in document.text for mark in ("TODO", "TBD", "FIXME")):
        return
    lines = list(_TODO.finditer(document.text, document.start))
    if len(lines) == 1 and len(re.findall(r"to-?do\b", document.text, re.IGNORECASE)) <= 1:
        start, end = lines[0].start(1), lines[0].end()
        if not document.protected.touches(start, end):
            yield start, start + len(document.text[start:end].rstrip())


RULE = Rule("AMB002", "unresolved-placeholder", "warning", check, __doc__)
