"""Switching rules off from inside a prompt, by a comment on its first or last line.

<!-- o1: ignore[COT001, DEL] -->        or        # o1: ignore=COT001
"""

from __future__ import annotations

import re

_COMMENT = re.compile(
    r"[ \t]*(?:<!--[ \t]*o1:[ \t]*ignore\[([\w, ]{1,200})\][ \t]*-->"
    r"|#[ \t]*o1:[ \t]*ignore[=\[]([\w, ]{1,200})\]?)[ \t\r]*",
)


def spans(text: str, start: int) -> list[tuple[int, int]]:
    """Return the spans of suppression comments; whoever sends the prompt leaves them out."""
    if "o1:" not in text:
        return []
    body = text[start:]
    first = body.split("\n", 1)[0]
    last = body.rstrip().rsplit("\n", 1)[-1]
    at = start + len(body.rstrip()) - len(last)
    found = {begin: begin + len(line) for begin, line in ((start, first), (at, last)) if _COMMENT.fullmatch(line)}
    return sorted(found.items())


def codes(text: str, start: int) -> tuple[str, ...]:
    """Return the code prefixes that the prompt itself asks to ignore."""
    found: list[str] = []
    for begin, end in spans(text, start):
        match = _COMMENT.fullmatch(text, begin, end)
        if match:
            found += (match.group(1) or match.group(2)).upper().replace(",", " ").split()
    return tuple(found)
