"""The same passage given twice.

## What it does

Finds paragraphs, tagged passages and inserted values of at least 200 characters that stand in the prompt a second time,
blanks aside. Code, and verse or lists in short lines, may repeat. So may an instruction that opens a long prompt and
ends it: that is good practice.

## Why

Retrieval often returns a passage once for each question it matches. The copy says nothing new, costs tokens each time
it is sent, and gives that passage more weight than the others.

## Example

```text
When is the money paid back?
<doc id="1">
Refunds are paid within fourteen days of the return, in the way the order was paid. The sender keeps the
receipt of the parcel until then. Goods that were opened are refunded in full if they are without marks of use.
</doc>
<doc id="2">
Refunds are paid within fourteen days of the return, in the way the order was paid. The sender keeps the
receipt of the parcel until then. Goods that were opened are refunded in full if they are without marks of use.
</doc>
```

## Use instead

```text
When is the money paid back?
<doc id="1">
Refunds are paid within fourteen days of the return, in the way the order was paid. The sender keeps the
receipt of the parcel until then. Goods that were opened are refunded in full if they are without marks of use.
</doc>
```

## When to ignore

- The repetition is the point: comparing copies, or finding duplicates.

## Fix safety

Unsafe: it removes a paragraph of yours, the second one, with the blank line that parted it. Copies inside tags, quotes
or inserted data are shown and not removed.

## References

For the rule:

- OpenAI, o1 beta guide (2024): include only the most relevant information in retrieved context.

Against it:

- Leviathan et al., Prompt repetition, arXiv 2512.14982: saying the whole prompt twice helped models that do not reason,
  and was neutral for those that do.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_SHORTEST = 200
# Verse and lists are written in shorter lines than prose, wrapped or not.
_LEAST_LINE = 55
_LONG_BETWEEN = 1000
_OPENING = 8
_GAP = late(r"\n[ \t\r]*\n\s*")
_WORD = late(r"\S")
_SUBJECT = late(r"duplicat|repeat|plagiar|same text|identical|重复|重複|중복|doppel|doublon|duplicad")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each later copy of a passage."""
    if len(document.text) - document.start < 2 * _SHORTEST:
        return
    first: dict[str, tuple[int, int]] = {}
    copies: list[tuple[tuple[int, int], tuple[int, int]]] = []
    passages = list(_passages(document))
    openings = [tuple(document.text[slice(*span)].split(None, _OPENING)[:_OPENING]) for span in passages]
    often = Counter(openings)
    for span, opening in zip(passages, openings, strict=True):
        if often[opening] == 1:
            # Nothing else begins so: a text of one long passage is not taken apart into its words.
            continue
        key = " ".join(document.text[slice(*span)].split())
        original = first.setdefault(key, span)
        if len(key) >= _SHORTEST and original[1] <= span[0] and not _frames(document, original, span):
            copies.append((original, span))
    if not copies or _SUBJECT.search(document.prose.text):
        return
    line, counted = 1, 0
    lines: dict[int, int] = {}
    for position in sorted({original[0] for original, _ in copies}):
        line += document.text.count("\n", counted, position)
        lines[position], counted = line, position
    for original, (start, end) in copies:
        message = f"these {end - start:,} characters stand already in line {lines[original[0]]}; once is enough"
        yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end, _drop(document, start, end))


def _passages(document: Document) -> Iterator[tuple[int, int]]:
    """Yield what may be a copy, in order: paragraphs of prose, and what stands between tags."""
    text = document.text
    found: list[tuple[int, int]] = []
    for region in document.regions:
        if region.kind in ("tag", "triple", "inserted") and region.end - region.start >= _SHORTEST:
            inner = text[region.start : region.end]
            opening = inner.find(">") + 1 if inner[:1] == "<" else 3 * (region.kind == "triple")
            closing = max(inner.rfind("</"), opening) if inner[:1] == "<" else len(inner) - opening
            found.append((region.start + opening, region.start + closing))
    position = document.start
    for gap in (*(match.span() for match in _GAP.finditer(text, document.start)), (len(text), len(text))):
        if gap[0] - position >= _SHORTEST and not document.protected.touches(position, gap[0]):
            start, end = _stripped(text, position, gap[0])
            if end - start >= _SHORTEST * 0.9 and (end - start) / (text.count("\n", start, end) + 1) >= _LEAST_LINE:
                found.append((start, end))
        position = gap[1]
    return iter(sorted(found))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _frames(document: Document, original: tuple[int, int], copy: tuple[int, int]) -> bool:
    """Return whether the passage opens and ends a long prompt, as an instruction may."""
    text = document.text
    if copy[0] - original[1] < _LONG_BETWEEN:
        return False
    return not _WORD.search(text, document.start, original[0]) and not _WORD.search(text, copy[1])


def _drop(document: Document, start: int, end: int) -> Fix | None:
    if document.protected.touches(start, end):
        return None
    # The blank line before it goes along, so that its neighbours stay parted as they were.
    while start > document.start and document.text[start - 1].isspace():
        start -= 1
    return Fix(safe=False, edits=(Edit(start, end, ""),), title="Remove the repetition")


RULE = Rule("CTX002", "duplicate-context", "warning", check, __doc__)
