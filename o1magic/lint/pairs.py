"""Delimiters that come in pairs, as they stand in the text: fence lines matched by nesting, closed or not.

A fence inside a fence is no Markdown, but people write it; what they meant is read by nesting here, and the rules about
delimiters compare. Called by DEL004 and DEL005.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint.diagnostic import Edit, Fix
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from o1magic.lint.document import Document

_FENCE = late(r"^ {0,3}(`{3,}|~{3,})([^\n]*)", re.MULTILINE)
_INFO = late(r"[ \t]*[A-Za-z][\w+#.-]{0,20}[ \t\r]*$")
_BLANK = late(r"\n[ \t\r]*\n")


class Fence(NamedTuple):
    """One fence line: its span, its marks and where they end, and what names the language."""

    start: int
    end: int
    marks: str
    marks_end: int
    info: str


class Pair(NamedTuple):
    """An opening and a closing fence line, and the longest marks of a pair between them ("" where none is)."""

    opening: Fence
    closing: Fence
    inner: str


def fences(document: Document) -> tuple[list[Pair], list[Fence]]:
    """Return the outermost pairs of fence lines, and the opening ones that nothing closes."""
    return document.once(_fences)


def _fences(document: Document) -> tuple[list[Pair], list[Fence]]:
    pairs: list[Pair] = []
    stack: list[Fence] = []
    inner, inserted = "", document.inserted
    for match in _FENCE.finditer(document.text, document.start):
        marks, rest = match.groups()
        if ("`" in rest and marks[0] == "`") or (inserted and inserted.touches(*match.span())):
            continue
        top = stack[-1] if stack else None
        if top is None:
            stack.append(_fence(match))
        elif marks[0] != top.marks[0]:
            continue
        elif len(marks) >= len(top.marks) and not rest.strip():
            stack.pop()
            if stack:
                inner = max(inner, marks, top.marks, key=len)
            else:
                pairs.append(Pair(top, _fence(match), inner))
                inner = ""
        elif len(marks) == len(top.marks) and _INFO.match(rest):
            stack.append(_fence(match))
    return pairs, stack


def _fence(match: re.Match[str]) -> Fence:
    return Fence(match.start(), match.end(), match.group(1), match.end(1), match.group(2).strip())


def close(document: Document, opened: int, closer: str) -> Fix | None:
    """Return the unsafe fix that closes a delimiter at the end of the text; None where the end is not certain."""
    text = document.text
    end = len(text.rstrip())
    if end <= opened or _BLANK.search(text, opened, end) or document.inserted.end_after(end) > end:
        # Below a blank line the person may be speaking again.
        return None
    newline = newline_at(text, end)
    return Fix(safe=False, edits=(Edit(end, end, newline + closer),), title=f"Close it with {closer}")


def newline_at(text: str, offset: int) -> str:
    """Return the line break that follows an offset, or else the one before it, so that none changes by an insert."""
    if text.startswith(("\r\n", "\n"), offset):
        return "\n" if text[offset] == "\n" else "\r\n"
    before = text.rfind("\n", 0, offset)
    return "\r\n" if before > 0 and text[before - 1] == "\r" else "\n"
