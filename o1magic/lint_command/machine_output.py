"""Findings as programs read them: JSON, and the annotations of a GitHub workflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from o1magic.lint_command.lines import Lines
from o1magic.lint_command.text_output import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint import Diagnostic
    from o1magic.lint_command.run import Report, Result

_ANNOTATION = {"error": "error", "warning": "warning", "info": "notice"}


def as_json(report: Report) -> str:
    """Return the findings as a JSON list of objects; offsets, lines and columns count code points."""
    return json.dumps([_record(result, lines, one) for result, lines, one in _each(report)], indent=2)


def _each(report: Report) -> Iterator[tuple[Result, Lines, Diagnostic]]:
    for result in report.results:
        if result.found:
            lines = Lines(result.text)
            yield from ((result, lines, one) for one in result.found)


def _record(result: Result, lines: Lines, one: Diagnostic) -> dict[str, object]:
    fix = one.fix
    start, end = lines.at(one.start), lines.at(one.end)
    return {
        "filename": result.name,
        "cell": result.passage.cell,
        "code": one.code,
        "name": one.name,
        "severity": one.severity,
        "message": one.message,
        "start": one.start,
        "end": one.end,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "fix": None
        if fix is None
        else {
            "safe": fix.safe,
            "title": fix.title,
            "edits": [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in fix.edits],
        },
    }


def statistics_as_json(report: Report) -> str:
    """Return how often each rule found something, the most frequent first."""
    keys = ("code", "name", "count", "fix")
    return json.dumps([dict(zip(keys, row, strict=True)) for row in counted(report)], indent=2)


def as_github(report: Report) -> Iterator[str]:
    """Yield workflow commands, one line each; a finding in a cell is put on its line in the notebook file."""
    for result, lines, one in _each(report):
        start, end = lines.at(one.start), lines.at(one.end)
        where: dict[str, object] = {"title": f"{one.code} {one.name}", "file": result.name}
        message = one.message
        if result.passage.cell is None:
            where |= {"line": start.line}
            # GitHub takes columns only where the span stays on its line.
            where |= {"col": start.column, "endColumn": end.column} if start.line == end.line else {"endLine": end.line}
        else:
            where |= {"line": file_line(result, start.line)}
            message = f"cell {result.passage.cell}, line {start.line}: {message}"
        yield _command(_ANNOTATION[one.severity], where, message)
    for trouble in report.troubles:
        yield _command("error", {"title": "not linted", "file": trouble.name}, trouble.said)


def file_line(result: Result, line: int) -> int:
    """Return the line of the notebook file on which a line of the cell stands."""
    lines = result.passage.file_lines
    return lines[min(line, len(lines)) - 1]


def _command(kind: str, properties: dict[str, object], message: str) -> str:
    given = ",".join(f"{key}={_escaped(str(value), in_property=True)}" for key, value in properties.items())
    return f"::{kind} {given}::{_escaped(message)}"


def _escaped(text: str, *, in_property: bool = False) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if in_property else escaped
