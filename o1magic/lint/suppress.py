"""Switching rules off from inside a prompt, by a comment on its first or last line.

<!-- o1: ignore[COT001, DEL] -->        or        # o1: ignore=COT001
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator

    from o1magic.lint.registry import Rule

_COMMENT = late(
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


def last_line(text: str) -> int:
    """Return where the comment on the last line begins, the end of the text where there is none."""
    begin, end = (spans(text, 0) or [(0, 0)])[-1]
    return begin if begin and not text[end:].strip() else len(text)


def codes(text: str, start: int) -> tuple[str, ...]:
    """Return the code prefixes that the prompt itself asks to ignore."""
    found: list[str] = []
    for begin, end in spans(text, start):
        match = _COMMENT.fullmatch(text, begin, end)
        if match:
            found += (match.group(1) or match.group(2)).upper().replace(",", " ").split()
    return tuple(found)


def stripped(text: str, start: int = 0) -> str:
    """Return the text without its suppression comments, and without the line breaks that only parted them from it."""
    for begin, end in reversed(spans(text, start)):
        first, after = _line(text, begin, end, start)
        text = text[:first] + text[after:]
    return text


def _line(text: str, begin: int, end: int, start: int) -> tuple[int, int]:
    """Return the span of a comment with one of its line breaks: the one after it, at the end the one before it."""
    for newline in ("\n", "\r\n"):
        if text.startswith(newline, end):
            return begin, end + len(newline)
    if begin > start:
        begin -= 2 if text[:begin].endswith("\r\n") else 1
    return begin, end


def unused(text: str, start: int, rule: Rule, *, ran: Collection[str], used: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a finding on each comment with codes that suppressed nothing, of rules that ran or of no rule at all."""
    for begin, end in spans(text, start):
        match = _COMMENT.fullmatch(text, begin, end)
        if match is None:
            continue
        given = list(dict.fromkeys((match.group(1) or match.group(2)).replace(",", " ").split()))
        idle = [code for code in given if code.upper() != rule.code and _idle(code.upper(), ran, used)]
        if idle:
            message = f"{', '.join(idle)} suppresses nothing here"
            fix = _without(text, (begin, end), match, [code for code in given if code not in idle], start)
            yield Diagnostic(rule.code, rule.name, rule.severity, message, begin, end, fix)


def _idle(code: str, ran: Collection[str], used: Collection[str]) -> bool:
    from o1magic.lint.registry import rules

    named = [rule.code for rule in rules() if rule.code.startswith(code)]
    return all(one in ran for one in named) and not any(one.startswith(code) for one in used)


def _without(text: str, span: tuple[int, int], match: re.Match[str], kept: list[str], start: int) -> Fix:
    if kept:
        group = 1 if match.group(1) else 2
        edit = Edit(*match.span(group), ", ".join(kept))
    else:
        edit = Edit(*_line(text, *span, start), "")
    return Fix(safe=False, edits=(edit,), title="Leave it out of the comment" if kept else "Remove the comment")
