"""Findings as SARIF 2.1.0, the format that code scanning services read.

Columns are UTF-16 units. A finding in a notebook's cell is on its line in the file; columns of a JSON file help nobody.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from o1magic import __version__
from o1magic.lint import rules
from o1magic.lint_command.lines import Lines
from o1magic.lint_command.machine_output import file_line

if TYPE_CHECKING:
    from o1magic.lint import Diagnostic, Rule
    from o1magic.lint_command.run import Report, Result
    from o1magic.lint_command.search import Trouble

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://github.com/o1magic/o1magic"
_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(report: Report) -> str:
    """Return the report as a SARIF log of one run."""
    results = []
    for result in report.results:
        if result.found:
            lines = Lines(result.text)
            results += [_result(result, lines, one) for one in result.found]
    run = {
        "tool": {
            "driver": {
                "name": "o1magic",
                "version": __version__,
                "informationUri": _HOME,
                "rules": [_rule(rule) for rule in rules()],
            }
        },
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {
                "executionSuccessful": not report.failed,
                "toolExecutionNotifications": [_notification(trouble) for trouble in report.troubles],
            }
        ],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.page.strip().partition("\n")[0]},
        "help": {"text": rule.page.strip(), "markdown": rule.page.strip()},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _result(result: Result, lines: Lines, one: Diagnostic) -> dict[str, Any]:
    cell = result.passage.cell
    line = lines.at(one.start).line
    artifact = {"uri": _uri(result.name)}
    region = _region(lines, one.start, one.end) if cell is None else {"startLine": file_line(result, line)}
    found: dict[str, Any] = {
        "ruleId": one.code,
        "level": _LEVEL[one.severity],
        "message": {"text": one.message if cell is None else f"cell {cell}, line {line}: {one.message}"},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }
    if one.fix is not None and cell is None:
        replacements = [
            {"deletedRegion": _region(lines, edit.start, edit.end), "insertedContent": {"text": edit.text}}
            for edit in one.fix.edits
        ]
        change = {"artifactLocation": artifact, "replacements": replacements}
        found["fixes"] = [{"description": {"text": one.fix.title}, "artifactChanges": [change]}]
    return found


def _region(lines: Lines, start: int, end: int) -> dict[str, int]:
    first, last = lines.utf16(start), lines.utf16(end)
    return {
        "startLine": first.line,
        "startColumn": first.column,
        "endLine": last.line,
        "endColumn": last.column,
    }


def _notification(trouble: Trouble) -> dict[str, Any]:
    where = {"physicalLocation": {"artifactLocation": {"uri": _uri(trouble.name)}}}
    return {"level": "error", "message": {"text": trouble.said}, "locations": [where]}


def _uri(name: str) -> str:
    """Return a file's name as a URI reference, relative where the name is."""
    path = PurePath(name)
    if path.is_absolute():
        return path.as_uri()
    # A first step such as "a:b" would read as a scheme.
    return quote("stdin" if name == "-" else path.as_posix(), safe="/", errors="surrogateescape")
