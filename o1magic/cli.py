"""`o1magic ask · lint · rule · models · spend · simulate · demo`: the magics' functions on a command line.

Layer 9. Answers and tables go to standard output, everything about them to standard error.
Exit status: 0 all well, 1 findings or a call that failed, 2 the command line itself is wrong.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from o1magic import __version__, arguments
from o1magic.errors import ArgumentError, O1Error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from o1magic.lint import Diagnostic

# Flags that only mean something in a notebook's cell.
_CELL_ONLY = ("output", "raw")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an answer that was paid for is printed in any locale
    chosen, unknown = _parser().parse_known_args(argv)
    if unknown:
        print(f"o1magic: {arguments.unknown(unknown[0])}", file=sys.stderr)
        return 2
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except O1Error as failure:
        print("\n".join(failure._render_traceback_()), file=sys.stderr)
        return 2 if isinstance(failure, ArgumentError) else 1
    except BrokenPipeError:
        return 1
    except OSError as failure:
        print(f"o1magic: {failure.strerror or failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("o1magic", description="Prompts to reasoning models, linted, with their cost.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    ask = commands.add_parser("ask", help="send a prompt and print the answer")
    ask.add_argument("prompt", nargs="?", default="-", help="the prompt, or - for standard input")
    for flag in arguments.FLAGS:
        if flag.dest not in _CELL_ONLY:
            ask.add_argument(*flag.names, **flag.options())
    ask.set_defaults(run=_ask)

    lint = commands.add_parser("lint", help="lint prompts in text files or standard input")
    lint.add_argument("paths", nargs="*", default=["-"], help="text files, or - for standard input")
    lint.add_argument("--model", help="lint for this model")
    lint.add_argument("--select", type=arguments.codes, help="only these codes or prefixes, such as COT,DEL001")
    lint.add_argument("--ignore", type=arguments.codes, help="all but these codes or prefixes")
    lint.add_argument("--output-format", choices=("text", "json"), default="text")
    lint.set_defaults(run=_lint)

    rule = commands.add_parser("rule", help="explain a lint rule")
    rule.add_argument("code")
    rule.set_defaults(run=_rule)

    models = commands.add_parser("models", help="list the known models")
    models.set_defaults(run=_models)

    spend = commands.add_parser("spend", help="calls, tokens and cost so far")
    spend.add_argument("--json", action="store_true", help="print one JSON object")
    spend.add_argument("--csv", metavar="FILE", help="export every row")
    spend.set_defaults(run=_spend)

    simulate = commands.add_parser("simulate", help="serve the simulator until Ctrl-C")
    simulate.add_argument("--port", type=int, default=8642)
    simulate.add_argument("--scenario", help="a fault to play, such as quota; --list names them")
    simulate.add_argument("--list", action="store_true", help="list the scenarios")
    simulate.set_defaults(run=_simulate)

    demo = commands.add_parser("demo", help="open the quickstart on the simulator, without a key")
    demo.add_argument("--execute", action="store_true", help="run it here and print every answer")
    demo.set_defaults(run=_demo)
    return parser


def _ask(chosen: argparse.Namespace) -> int:
    from o1magic import session
    from o1magic.ask import Cell, ask
    from o1magic.view import TerminalView

    text = _read("-") if chosen.prompt == "-" else chosen.prompt
    view = TerminalView()
    try:
        answer = ask(Cell(arguments.of(vars(chosen)), text), session.desk(), view)
    except O1Error as failure:
        view.finish()
        view.leave(failure)
        raise
    view.finish()
    if answer is not None:
        bundle = answer._repr_mimebundle_()
        body, _, _ = bundle["text/plain"].rpartition(answer.footer)
        print(body.rstrip("\n"))
        print(answer.footer, file=sys.stderr)
    return 0


def _lint(chosen: argparse.Namespace) -> int:
    from o1magic import api

    found: list[tuple[str, str, Diagnostic]] = []
    for path in chosen.paths:
        text = _read(path)
        diagnostics = api.lint(text, model=chosen.model, select=chosen.select, ignore=chosen.ignore)
        found += [(path, text, one) for one in diagnostics]
    if chosen.output_format == "json":
        print(json.dumps([_record(path, one) for path, _, one in found], indent=2))
    else:
        for path, text, one in found:
            row, column = _position(text, one.start)
            print(f"{path}:{row}:{column}: {one.code} [{one.severity}] {one.message}")
    return 1 if found else 0


def _read(path: str) -> str:
    try:
        if path == "-" and sys.stdin is None:
            raise ArgumentError("Standard input is closed.")
        if path == "-":
            return sys.stdin.buffer.read().decode("utf-8", errors="replace")
        return Path(path).read_bytes().decode("utf-8", errors="replace")
    except OSError as failure:
        raise ArgumentError(f"{path} cannot be read: {failure.strerror}.") from None


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _record(path: str, diagnostic: Diagnostic) -> dict[str, object]:
    fix = diagnostic.fix
    edits = [] if fix is None else [{"start": e.start, "end": e.end, "text": e.text} for e in fix.edits]
    return {
        "filename": path,
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "start": diagnostic.start,
        "end": diagnostic.end,
        "fix": None if fix is None else {"safe": fix.safe, "edits": edits},
    }


def _rule(chosen: argparse.Namespace) -> int:
    from o1magic import commands

    print(commands.rule(chosen.code))
    return 0


def _models(_chosen: argparse.Namespace) -> int:
    from o1magic import commands

    print(commands.models()["text/plain"])
    return 0


def _spend(chosen: argparse.Namespace) -> int:
    from o1magic import commands

    if chosen.csv:
        print(commands.export(chosen.csv))
    elif chosen.json:
        print(commands.spend_json())
    else:
        print(commands.spend()["text/plain"])
    return 0


def _simulate(chosen: argparse.Namespace) -> int:
    from o1magic import simulator

    if chosen.list:
        for name, said in simulator.SCENARIOS.items():
            print(f"{name:20} {said}")
        return 0
    simulator.serve(chosen.port, chosen.scenario, on_ready=lambda url: print(f"{url}  (Ctrl-C ends it)", flush=True))
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from o1magic import demo

    return demo.execute() if chosen.execute else demo.serve()


if __name__ == "__main__":
    sys.exit(main())
