"""`o1magic ask`, `lint`, `spend`, `budget` and the rest: the magics' functions on a command line.

Layer 9. Answers and tables go to standard output, everything about them to standard error.
Exit status: 0 all well, 1 findings or a call that failed, 2 the command line itself is wrong.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING

from o1magic import __version__
from o1magic.errors import ArgumentError, O1Error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from o1magic.answer import Answer
    from o1magic.view import TerminalView

# Flags that only mean something in a notebook's cell.
_CELL_ONLY = ("output", "raw", "chat", "new", "context")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an answer that was paid for is printed in any locale
    words = sys.argv[1:] if argv is None else argv
    parser = _parser(words)
    chosen, strange = parser.parse_known_args(words)
    if strange:
        parser.error(_unknown(chosen, strange[0]))
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        status = run(chosen)
        sys.stdout.flush()
    except O1Error as failure:
        print("\n".join(failure._render_traceback_()), file=sys.stderr)
        return 2 if isinstance(failure, ArgumentError) else 1
    except BrokenPipeError:
        # What is left in the buffer has nowhere to go; without this the interpreter complains when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as failure:
        print(f"o1magic: {failure.strerror or failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the commands among the words get their arguments, some of which cost an import."""
    parser = argparse.ArgumentParser("o1magic", description="Prompts to reasoning models, linted, with their cost.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)
    for name, (says, add) in _COMMANDS.items():
        command = commands.add_parser(name, help=says)
        if name in words:
            add(command)
    return parser


def _add_ask(ask: argparse.ArgumentParser) -> None:
    from o1magic import arguments

    ask.add_argument("prompt", nargs="?", default="-", help="the prompt, or - for standard input")
    for flag in arguments.FLAGS:
        if flag.dest not in _CELL_ONLY:
            ask.add_argument(*flag.names, **flag.options())
    ask.set_defaults(run=_ask)


def _add_resume(resume: argparse.ArgumentParser) -> None:
    resume.add_argument("call", nargs="?", metavar="CALL", help="the first letters of a call's id; none: the newest")
    resume.set_defaults(run=_resume)


def _add_lint(lint: argparse.ArgumentParser) -> None:
    from o1magic import lint_command

    lint_command.add_lint(lint)


def _add_rule(rule: argparse.ArgumentParser) -> None:
    from o1magic import lint_command

    lint_command.add_rule(rule)


def _add_models(models: argparse.ArgumentParser) -> None:
    models.set_defaults(run=_models)


def _adder(name: str) -> Callable[[argparse.ArgumentParser], None]:
    """Return what adds the arguments of a sub-command that the magic has too."""

    def add(command: argparse.ArgumentParser) -> None:
        from o1magic import account

        account.of(name).add(command)
        command.set_defaults(run=lambda chosen: print(account.of(name).show(chosen)["text/plain"]) or 0)

    return add


def _add_simulate(simulate: argparse.ArgumentParser) -> None:
    simulate.add_argument("--port", type=int, default=8642)
    simulate.add_argument("--scenario", help="a fault to play, such as quota; --list names them")
    simulate.add_argument("--list", action="store_true", help="list the scenarios")
    simulate.set_defaults(run=_simulate)


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--execute", action="store_true", help="run it here and print every answer")
    demo.set_defaults(run=_demo)


_COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "ask": ("send a prompt and print the answer", _add_ask),
    "resume": ("the answer of a call that went on in the background", _add_resume),
    "lint": ("lint prompts in text files, notebooks or standard input", _add_lint),
    "rule": ("explain a lint rule", _add_rule),
    "models": ("list the known models", _add_models),
    "spend": ("calls, tokens and cost so far", _adder("spend")),
    "budget": ("what calls may cost: list, set, take away", _adder("budget")),
    "price": ("what models cost, by the catalog or by you", _adder("price")),
    "reconcile": ("list and settle the calls whose cost nobody knows", _adder("reconcile")),
    "suggest": ("what to allow a call, by what calls like it needed", _adder("suggest")),
    "simulate": ("serve the simulator until Ctrl-C", _add_simulate),
    "demo": ("open the quickstart on the simulator, without a key", _add_demo),
}


def _ask(chosen: argparse.Namespace) -> int:
    from o1magic import arguments, session
    from o1magic.ask import ask
    from o1magic.draft import Cell

    text = _stdin() if chosen.prompt == "-" else chosen.prompt
    given = arguments.of(vars(chosen))
    return _answered(lambda view: ask(Cell(given, text), session.desk(), view), code=given.code)


def _resume(chosen: argparse.Namespace) -> int:
    from o1magic import session
    from o1magic.resume import resume

    return _answered(lambda view: resume(chosen.call, session.desk(), view))


def _answered(work: Callable[[TerminalView], Answer | None], *, code: int | None = None) -> int:
    """Print an answer to stdout; its reasoning, as far as it was shown, and what it took to stderr.

    With `code` only that block of it goes to stdout, and nothing where there is none.
    """
    from o1magic import untrusted
    from o1magic.view import TerminalView

    view = TerminalView()
    try:
        answer = work(view)
    except O1Error as failure:
        view.finish()
        view.leave(failure)
        raise
    view.finish()
    if answer is not None and answer.reasoning_text:
        print(untrusted.visible(answer.reasoning_text), end="\n\n", file=sys.stderr)
    if answer is not None:
        bundle = answer._repr_mimebundle_()
        body, _, _ = bundle["text/plain"].rpartition(answer.footer)
        if code is None:
            print(body.rstrip("\n"))
        else:
            _print_code(answer, code)
        print(answer.footer, file=sys.stderr)
    return 0


def _print_code(answer: Answer, number: int) -> None:
    from o1magic import commands

    said, code = commands.code_of(answer, number, where="all of standard output")
    if code is not None:
        print(code)
    print(said, file=sys.stderr)


def _unknown(chosen: argparse.Namespace, word: str) -> str:
    if chosen.run is not _ask:
        return f"there is no {word}"
    from o1magic import arguments

    return arguments.unknown(word)


def _stdin() -> str:
    if sys.stdin is None:
        raise ArgumentError("Standard input is closed.")
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


def _models(_chosen: argparse.Namespace) -> int:
    from o1magic import commands

    print(commands.models()["text/plain"])
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
