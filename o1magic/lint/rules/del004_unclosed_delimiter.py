"""A delimiter that is opened and never closed.

## What it does

Finds an opening fence or triple quote without its partner, a `<tag>` on a line of its own that is never closed, and a
closing tag that nothing opened. A tag you only mention, a placeholder such as `<name>`, and a fence that ends the
prompt as a slot for the answer are left alone.

## Why

Without the closing mark nobody can tell where the material ends. Everything below, your own instructions too, may be
read as part of it.

## Example

````text
Why does this fail?
```python
print(1/0)
````

## Use instead

````text
Why does this fail?
```python
print(1/0)
```
````

## When to ignore

- The prompt is cut short on purpose, for the model to go on writing inside the block.

## Fix safety

Unsafe: it closes the delimiter at the end of the prompt, which is a guess. Where a blank line follows inside, the
material may end there or later, and it offers nothing.

## References

For the rule:

- CommonMark 0.31, fenced code blocks: a block that is never closed runs to the end of the document.
- OpenAI, Reasoning best practices: “Use delimiters for clarity”, to mark distinct parts.

Against it:

- When the material comes last, as in the example, nothing is lost but tidiness.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.lines import HEADING, PROTECTED
from o1magic.lint.pairs import close, fences
from o1magic.lint.patterns import late
from o1magic.lint.regions import Spans
from o1magic.lint.registry import Rule
from o1magic.lint.rows import look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document
    from o1magic.lint.rows import Line

_TRIPLE = late(r"\"{3}|'{3}")
_TAG = late(r"<(/?)([A-Za-z][\w-]{0,40})((?: [\w-]{1,30}=\"[^\"<>\n]{0,80}\"){0,4})>$")
_NAME = late(r"<(/?)([A-Za-z][\w-]{0,40})")
_CLOSED = late(r"</[A-Za-z]")
_LONGEST_LABEL = 40
# Markup that people leave open, and that HTML does not close.
_VOID = frozenset(
    [
        "br",
        "hr",
        "img",
        "input",
        "meta",
        "link",
        "area",
        "base",
        "col",
        "embed",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dt",
        "dd",
        "option",
        "html",
        "body",
        "head",
    ]
)
_NOUNS = frozenset(
    [
        "text",
        "document",
        "documents",
        "doc",
        "data",
        "context",
        "code",
        "example",
        "examples",
        "article",
        "input",
        "passage",
        "transcript",
        "email",
        "log",
        "logs",
        "instructions",
        "instruction",
        "report",
        "file",
        "content",
        "sources",
        "background",
        "story",
        "essay",
        "review",
        "conversation",
    ]
)


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each opening delimiter without its partner, and each closing tag without one."""
    for start, end, closer in (*_fence(document), *_triple(document)):
        message = f"{document.text[start:end].strip()[:20]} is opened here and never closed"
        fix = close(document, end, closer)
        yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end, fix)
    yield from _tags(document, rule)


def _fence(document: Document) -> Iterator[tuple[int, int, str]]:
    """Yield the fence that is open at the end, unless the same marks stand somewhere below it."""
    text = document.text
    if "```" not in text and "~~~" not in text:
        return
    for fence in fences(document)[1][:1]:
        below = text[fence.end :]
        if below.strip() and fence.marks[0] * 3 not in below:
            start = fence.marks_end - len(fence.marks)
            yield start, start + len(text[start : fence.end].rstrip()), fence.marks


def _triple(document: Document) -> Iterator[tuple[int, int, str]]:
    """Yield the triple quote that opens a block, if no other follows it."""
    text = document.text
    if text.count('"""') % 2 == 0 and text.count("'''") % 2 == 0:
        return
    hidden = Spans((one.start, one.end) for one in document.regions if one.kind != "quote")
    marks = [one for one in _TRIPLE.finditer(text, document.start) if not hidden.touches(*one.span())]
    for quote in ('"""', "'''"):
        mine = [one for one in marks if one.group() == quote]
        if len(mine) != 1 or text.count(quote) % 2 == 0:
            continue
        mark = mine[0]
        head = text[max(text.rfind("\n", 0, mark.start()) + 1, document.start) : mark.start()]
        if (not head or head.rstrip().endswith((":", "："))) and text[mark.end() :].strip():
            yield mark.start(), mark.end(), mark.group()


def _tags(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each tag on a line of its own that has no partner anywhere."""
    text = document.text
    if "<" not in text:
        return
    names = {(bool(slash), name.lower()) for slash, name in set(_NAME.findall(text, document.start))}
    rows = document.payload.rows
    found = ((rows.at(start), tag) for start, tag in rows.each(lambda line: _alone(look(line), names), "<"))
    lone = {i: bool(tag.group(1)) for i, tag in found if rows.kind(i) != PROTECTED}
    opened = [i for i, closing in lone.items() if not closing]
    for i, closing in lone.items():
        if not closing and [i] != opened:
            continue
        row = rows[i]
        start, end = _span(text, row.start, row.end)
        if closing and not document.protected.touches(row.start, row.end):
            message = f"{row.text[:40]} closes what nothing opens"
            yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end)
        elif not closing and _holds(document, row, next((rows[j] for j in rows.said(i + 1)), None)):
            closer = "</" + re.split(r"[\s<>]", row.text)[1] + ">"
            message = f"{row.text[:40]} is opened here and never closed"
            # A closing tag misspelt is where the content ends, not the end of the prompt.
            fix = None if any(j > i for j in lone) else close(document, end, closer)
            yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end, fix)


def _span(text: str, start: int, end: int) -> tuple[int, int]:
    line = text[start:end]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


def _alone(line: str, names: set[tuple[bool, str]]) -> re.Match[str] | None:
    """Return the tag that is all of a line, if it has no partner in the text."""
    match = _TAG.match(line)
    if match is None or match.group(2).lower() in _VOID or (not match.group(1), match.group(2).lower()) in names:
        return None
    return match


def _holds(document: Document, row: Line, following: Line | None) -> bool:
    """Return whether content follows the tag, so that it is no placeholder."""
    if following is None or following.kind in (HEADING, PROTECTED) or following.text.rstrip("* ").endswith((":", "：")):
        return False
    match = _TAG.match(row.text)
    if match is None or match.group(2).lower() not in _NOUNS:
        return False
    return len(following.text) > _LONGEST_LABEL or _CLOSED.search(document.text, document.start) is not None


RULE = Rule("DEL004", "unclosed-delimiter", "error", check, __doc__)
