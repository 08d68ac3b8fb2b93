"""Material that holds the very delimiter around it.

## What it does

Finds a fence whose content has fences of the same length, and a tag whose content has the same closing tag, so that the
first inner one ends the block too early. Longer fences around shorter ones are right, and left alone.

## Why

The block is over where the first closing mark stands. What comes after it reads as your own words: half of the
document is data, the other half is orders.

## Example

````text
Fix the typos:
```markdown
# Setup
```bash
make install
```
Thats all.
```
````

## Use instead

`````text
Fix the typos:
````markdown
# Setup
```bash
make install
```
Thats all.
````
`````

## When to ignore

- You want both: a block that ends there, and another that begins.

## Fix safety

Unsafe: it inserts marks into two lines of yours, and changes no character. The outer fence becomes longer than any
inside; an outer tag gets a number (`<data>` becomes `<data2>`). Where your text mentions the tag, there is no fix.

## References

For the rule:

- CommonMark 0.31, fenced code blocks: a block ends at the first fence at least as long as its own.
- OpenAI, Reasoning best practices: “Use delimiters for clarity”; they must be clear to be of use.

Against it:

- Models read by likeness, not by a parser, and often see what was meant; no measurement of the harm is known to us.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.pairs import fences
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_LINE_TAG = late(r"^[ \t]*<(/?)([A-Za-z][\w-]{0,40})>[ \t\r]*$", re.MULTILINE)
_PAIR = 2


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each outer delimiter that its own content ends."""
    text = document.text
    if "```" in text or "~~~" in text:
        for pair in fences(document)[0]:
            if len(pair.inner) >= len(pair.opening.marks):
                more = pair.opening.marks[0] * (len(pair.inner) + 1 - len(pair.opening.marks))
                places = (pair.opening.marks_end, pair.closing.marks_end)
                short = max(0, len(pair.inner) + 1 - len(pair.closing.marks))
                edits = (Edit(places[0], places[0], more), Edit(places[1], places[1], pair.opening.marks[0] * short))
                fix = Fix(safe=False, edits=edits, title="Make the outer fence longer")
                message = "the fence ends at the first fence inside it; make the outer one longer"
                yield Diagnostic(
                    rule.code, rule.name, rule.severity, message, *_line(document, pair.opening.start), fix
                )
    if "</" in text:
        yield from _tags(document, rule)


def _line(document: Document, start: int) -> tuple[int, int]:
    end = document.text.find("\n", start)
    return start, len(document.text[start : end if end >= 0 else None].rstrip()) + start


def _tags(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each tag on a line of its own whose content holds its closing tag within a line."""
    text = document.text
    alone: dict[str, list[re.Match[str]]] = {}
    hidden = document.spans_of("fence", "triple", "blockquote", "inserted", "html")
    for match in _LINE_TAG.finditer(text, document.start):
        same = alone.setdefault(match.group(2), [])
        # More than two are no pair, how many more makes no difference.
        if len(same) <= _PAIR and not hidden.touches(match.start(2), match.start(2)):
            same.append(match)
    for name, lines in alone.items():
        if [line.group(1) for line in lines] != ["", "/"]:
            continue
        opening, closing = lines
        inner = text.count(f"</{name}>", opening.end(), closing.start())
        if not inner:
            continue
        fix = _number(document, name, opening, closing) if text.count(f"<{name}>") == inner + 1 else None
        if _is_nested(text[opening.end() : closing.start()], name) and fix is None:
            continue
        message = f"the content holds </{name}>, which ends the block too early; use another tag"
        yield Diagnostic(rule.code, rule.name, rule.severity, message, opening.start(2) - 1, opening.end(2) + 1, fix)


def _is_nested(content: str, name: str) -> bool:
    """Return whether each closing tag inside has its own opening tag: markup, read by nesting."""
    return content.count(f"</{name}>") == content.count(f"<{name}>")


def _number(document: Document, name: str, opening: re.Match[str], closing: re.Match[str]) -> Fix | None:
    outside = document.text[document.start : opening.start()] + document.text[closing.end() :]
    if re.search(rf"\b{re.escape(name)}\b", outside) or name[-1].isdigit():
        return None
    number = 2
    while f"<{name}{number}" in document.text or f"</{name}{number}" in document.text:
        number += 1
    edits = tuple(Edit(match.end(2), match.end(2), str(number)) for match in (opening, closing))
    return Fix(safe=False, edits=edits, title=f"Use <{name}{number}>")


RULE = Rule("DEL005", "delimiter-collision", "warning", check, __doc__)
