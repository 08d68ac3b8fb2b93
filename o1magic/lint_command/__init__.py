"""`o1magic lint` and `o1magic rule`: the linter over files, notebooks and standard input, with the habits of ruff.

Layer 3. Called by `cli`; imports the linter, and the catalog or `arguments` only where a model or a magic line asks for
them. Exit status: 0 nothing found, 1 findings left (with --diff: something to fix), 2 something could not be linted.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from o1magic.errors import ArgumentError, O1Error
from o1magic.lint_command.search import SEARCHED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from o1magic.lint_command.run import Report

FORMATS = ("text", "json", "sarif", "github")

_ABOUT = f"""
Lints prompts. A text or Markdown file is one prompt; of a notebook, each %%o1 cell is one. A folder is searched for
{", ".join(SEARCHED)}; hidden folders, node_modules and the like are left out.
Exit status: 0 nothing found, 1 findings left, 2 something could not be linted.
"""


def codes(text: str) -> list[str]:
    """Return the rule codes, prefixes or names of a comma-separated list."""
    return text.replace(",", " ").split()


def add_lint(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `o1magic lint`."""
    parser.description = _ABOUT
    add = parser.add_argument
    add("paths", nargs="*", default=["."], help="files, folders, or - for standard input; default: this folder")
    add("--model", help="lint for this model, whatever a cell or the configuration says")
    add("--select", type=codes, action="extend", metavar="CODES", help="only these codes or prefixes: COT,DEL001")
    add("--ignore", type=codes, action="extend", metavar="CODES", help="all but these codes or prefixes")
    add("--fix", action="store_true", help="apply the safe fixes to the files; of - print the fixed text")
    add("--unsafe-fixes", action="store_true", help="with --fix or --diff: also fixes that change your words")
    add("--diff", action="store_true", help="print what --fix would change, write nothing; status 1 if anything")
    add("--output-format", choices=FORMATS, default="text", help="default: text")
    add("--statistics", action="store_true", help="print how often each rule found something")
    add("--stdin-filename", metavar="NAME", help="the name of -, by which it is read, configured and reported")
    add("--force-exclude", action="store_true", help="leave out what `exclude` names even where it is given here")
    parser.set_defaults(run=lint)


def add_rule(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `o1magic rule`."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("code", nargs="?", help="a code such as COT001, or a rule's name")
    which.add_argument("--all", action="store_true", help="every rule")
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(run=rule)


def rule(chosen: argparse.Namespace) -> int:
    """Print the page of a rule, or all of them. Raises ArgumentError: no rule has that code or name."""
    from o1magic.lint_command import rule_pages

    if chosen.output_format == "json":
        said = rule_pages.as_json(None if chosen.all else chosen.code)
    else:
        said = rule_pages.pages() if chosen.all else rule_pages.page(chosen.code)
    _say(sys.stdout, [said.rstrip("\n")])
    return 0


def lint(chosen: argparse.Namespace) -> int:
    """Lint what the arguments name, print what was found, and return the exit status."""
    try:
        return _lint(chosen)
    except O1Error as failure:
        _say(sys.stderr, failure._render_traceback_())
        return 2


def _lint(chosen: argparse.Namespace) -> int:
    from o1magic.lint_command.config import Configs, Options
    from o1magic.lint_command.run import Mode, Report, lint_place
    from o1magic.lint_command.search import search

    if chosen.statistics and (chosen.diff or chosen.output_format not in {"text", "json"}):
        raise ArgumentError("--statistics prints as text or json, and not with --diff.")
    select = None if chosen.select is None else tuple(chosen.select)
    configs = Configs(Options(select, tuple(chosen.ignore or ()), chosen.model))
    found = search(chosen.paths, configs, stdin_name=chosen.stdin_filename, force_exclude=chosen.force_exclude)
    # Every configuration is read before the first file is changed: a mistake in one must not stop a run half-way.
    planned = [(place, configs.options(place.config_path)) for place in found.places]
    report = Report(troubles=found.troubles)
    mode = Mode(repair=chosen.fix or chosen.diff, unsafe=chosen.unsafe_fixes, write=chosen.fix and not chosen.diff)
    for place, options in planned:
        lint_place(place, options, mode, report)
    # The fixed text of standard input is what standard output holds then, and nothing else.
    printed = mode.write and any(place.path is None for place in found.places)
    _show(report, chosen, sys.stderr if printed else sys.stdout)
    for folder in found.empty:
        _say(sys.stderr, [f"warning: {folder} holds no prompts; searched for {', '.join(SEARCHED)}."])
    left = any(one.text != one.passage.text for one in report.results) if chosen.diff else bool(report.found)
    return 2 if report.failed else int(left)


def _show(report: Report, chosen: argparse.Namespace, out: TextIO) -> None:
    """Print the report in the format asked for; to people also its troubles and a summary, on standard error."""
    from o1magic.lint_command.text_output import shown, summary

    if chosen.diff:
        _say_diff(out, report)
    else:
        _say(out, _formatted(report, chosen, out))
    for trouble in report.troubles:
        named = "" if trouble.message.startswith(trouble.name) else f"{trouble.name}: "
        _say(sys.stderr, [f"error: {shown(named + trouble.said)}"])
    if chosen.output_format == "text":
        _say(sys.stderr, [summary(report, wrote=not chosen.diff)])


def _formatted(report: Report, chosen: argparse.Namespace, out: TextIO) -> Iterator[str]:
    if chosen.output_format == "sarif":
        from o1magic.lint_command.sarif import as_sarif

        yield as_sarif(report)
    elif chosen.output_format == "text":
        from o1magic.lint_command import text_output

        paint = text_output.Paint(
            on=out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )
        yield from text_output.statistics(report) if chosen.statistics else text_output.findings(report, paint)
    else:
        from o1magic.lint_command import machine_output

        if chosen.output_format == "github":
            yield from machine_output.as_github(report)
        else:
            yield machine_output.statistics_as_json(report) if chosen.statistics else machine_output.as_json(report)


def _say_diff(out: TextIO, report: Report) -> None:
    """Print the diff byte for byte, so that it can be applied; on a terminal, such that it can be looked at."""
    from o1magic.lint_command.diff import diffs
    from o1magic.lint_command.text_output import shown

    if out.isatty():
        _say(out, map(shown, diffs(report)))
    else:
        out.flush()
        out.buffer.writelines(line.encode("utf-8", "surrogateescape") + b"\n" for line in diffs(report))
        out.buffer.flush()


def _say(out: TextIO, lines: Iterable[str]) -> None:
    """Print lines, whatever the terminal's encoding can show of them."""
    encoding = out.encoding or "utf-8"
    out.writelines(line.encode(encoding, "backslashreplace").decode(encoding) + "\n" for line in lines)
