"""A source that was read -> what the linter finds in it, and its fixed text; the way from files to a Report.

One file that cannot be linted or written is a trouble in the report, never the end of the run.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from o1magic.errors import O1Error
from o1magic.lint import check, repair, rules
from o1magic.lint_command.cell import known_of
from o1magic.lint_command.search import Trouble
from o1magic.lint_command.source import Source, read

if TYPE_CHECKING:
    from o1magic.lint import Diagnostic
    from o1magic.lint_command.config import Options
    from o1magic.lint_command.search import Place
    from o1magic.lint_command.source import Passage

BROKEN = "X001"
SECRETS = "SEC"


class Result(NamedTuple):
    """What was found in one passage: `found` refers to `text`, `fixed` to the passage as it was read."""

    name: str
    passage: Passage
    text: str
    found: tuple[Diagnostic, ...] = ()
    fixed: tuple[Diagnostic, ...] = ()


class Report:
    """What a run has come to; the same for every output format."""

    def __init__(self, troubles: list[Trouble]) -> None:
        self.troubles = troubles
        self.results: list[Result] = []
        self.files = 0

    @property
    def found(self) -> list[tuple[Result, Diagnostic]]:
        """Return every finding that is left, with the passage it is in."""
        return [(result, one) for result in self.results for one in result.found]

    @property
    def failed(self) -> bool:
        """Tell whether something was not linted: then no findings do not mean clean."""
        return bool(self.troubles) or any(one.code == BROKEN for _, one in self.found)


class Mode(NamedTuple):
    """repair: work out the fixes, `unsafe` ones too; write: put them into the file, of standard input print them."""

    repair: bool
    unsafe: bool
    write: bool


def lint_place(place: Place, options: Options, mode: Mode, report: Report) -> None:
    """Lint one file, fix it if that is asked for, and add what came of it to the report."""
    report.files += 1
    try:
        source = read(place.name, sys.stdin.buffer.read() if place.path is None else place.path.read_bytes())
    except (O1Error, OSError) as failure:
        report.troubles.append(Trouble(place.name, reason(failure)))
        return
    if source.complaint:
        report.troubles.append(Trouble(place.name, source.complaint))
    results, troubles = _lint(source, options, repairs=mode.repair, unsafe=mode.unsafe)
    report.troubles += troubles
    if mode.write:
        try:
            _write(source, place, results)
        except (O1Error, OSError) as failure:
            report.troubles.append(Trouble(place.name, reason(failure)))
            results, _ = _lint(source, options, repairs=False, unsafe=False)
    report.results += results


def reason(failure: Exception) -> str:
    """Return in words why a file could not be read or written."""
    if isinstance(failure, OSError) and not isinstance(failure, O1Error):
        return f"cannot be read or written: {failure.strerror or failure}"
    return str(failure)


def _lint(source: Source, options: Options, *, repairs: bool, unsafe: bool) -> tuple[list[Result], list[Trouble]]:
    results: list[Result] = []
    troubles: list[Trouble] = []
    for passage in source.passages:
        try:
            results.append(_lint_passage(source.name, passage, options, repairs=repairs, unsafe=unsafe))
        except O1Error as failure:
            troubles.append(Trouble(source.name, str(failure), passage.cell))
            results.append(Result(source.name, passage, passage.text))
    return results, troubles


def _lint_passage(name: str, passage: Passage, options: Options, *, repairs: bool, unsafe: bool) -> Result:
    text = passage.text
    known = known_of(text, forced=options.forced_model, configured=options.model)
    if known.off:
        return Result(name, passage, text)
    select, ignore = options.select, (*options.ignore, *known.ignore)
    if repairs:
        fixed = repair(text, known.context, unsafe=unsafe, select=select, ignore=ignore)
        # Fixed by halves is worse than not at all: where a rule broke, its file stays as it is.
        if all(one.code != BROKEN for one in fixed.remaining):
            return Result(name, passage, fixed.text, fixed.remaining, fixed.applied)
    return Result(name, passage, text, tuple(check(text, known.context, select=select, ignore=ignore)))


def _write(source: Source, place: Place, results: list[Result]) -> None:
    """Write the fixed file if it differs. Raises ArgumentError, OSError: it is as it was."""
    changed = any(one.text != one.passage.text for one in results)
    data = source.rewrite([one.text for one in results]) if changed else source.data
    if place.path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    elif changed:
        from o1magic.lint_command.write import replace

        replace(place.path, source.data, data)


def secrets(text: str) -> list[tuple[int, int]]:
    """Return the spans that must not be shown, whatever rules were selected."""
    if not any(rule.code.startswith(SECRETS) for rule in rules()):
        return []
    return [(one.start, one.end) for one in check(text, select=[SECRETS])]
