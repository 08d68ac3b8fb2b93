"""What --fix would change, as a unified diff per file and cell."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from o1magic.lint_command.run import secrets
from o1magic.lint_command.text_output import masked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint_command.run import Report

_UNFINISHED = "\\ No newline at end of file"


def diffs(report: Report) -> Iterator[str]:
    """Yield the lines of the diff of every passage that would change; what is secret in it is starred."""
    for result in report.results:
        if result.text == result.passage.text:
            continue
        cell = "" if result.passage.cell is None else f":cell {result.passage.cell}"
        before, after = (_lines(masked(text, secrets(text))) for text in (result.passage.text, result.text))
        name = f"{result.name}{cell}"
        for line in unified_diff(before, after, name, name):
            yield from (line[:-1],) if line.endswith("\n") else (line, _UNFINISHED)


def _lines(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]
