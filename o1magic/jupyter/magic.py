"""`%%o1` and `%o1`: what the user types, turned into calls of the functions everybody else uses.

Layer 7. Loading it must cost a few milliseconds: everything but IPython itself is imported when it is needed.
"""

from __future__ import annotations

import shlex
import threading
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from traitlets import Float, Int, List, Unicode

from o1magic import arguments, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from o1magic.answer import Answer
    from o1magic.ask import Draft

# Long enough for a notebook's first cells to go first, short enough to be done when a prompt has been typed.
_WARM_AFTER_S = 1.0

SUBCOMMANDS = {
    "models": "every known model with limits, prices and shutdown date",
    "model": "NAME: the model that answers from here on",
    "connect": "openai | simulator[:SCENARIO] | URL: where prompts go from here on",
    "spend": "calls, tokens and cost of this session, today and all time; --csv FILE exports, --json prints JSON",
    "lint": "[TEXT]: the findings on a text, or on the last prompt",
    "rule": "CODE: what a lint rule is about",
    "last": "the last answer again; --text all of it as plain text, --sent what was sent",
    "help": "this list",
}


def _documented(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the magic its arguments' documentation from the one table of flags."""
    for flag in reversed(arguments.FLAGS):
        function = argument(*flag.names, **flag.options())(function)
    documented: Callable[..., Any] = magic_arguments("%%o1")(function)
    return documented


def _choice(said: str) -> Unicode[Any, Any]:
    return Unicode(None, allow_none=True, help=said).tag(config=True)


@magics_class
class O1Magics(Magics):
    """The magics and their configuration: `%config O1Magics`."""

    model = _choice("Model that answers; none: O1MAGIC_MODEL, or the catalog's default.")
    endpoint = _choice("openai, simulator or a URL; none: O1MAGIC_ENDPOINT, or what OPENAI_API_KEY is for.")
    effort = _choice("Reasoning effort; none: the model's own default.")
    lint = Unicode("warn", help="off, warn or strict.").tag(config=True)
    fix = Unicode("safe", help="Fixes applied to what is sent: none, safe or all.").tag(config=True)
    ignore = List(Unicode(), help="Rule codes or prefixes to leave out.").tag(config=True)
    timeout_s = Float(1800.0, help="Deadline of a call in seconds, retries included.").tag(config=True)
    reserve_tokens = Int(25_000, help="Allowance for reasoning and answer in tokens, unless a flag gives one.").tag(
        config=True
    )
    max_inserted_chars = Int(200_000, help="Cap of one {{name}}, in characters.").tag(config=True)

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell=shell)
        self.last: Answer | None = None
        self.draft: Draft | None = None
        self.source: str | None = None

    @line_cell_magic
    @_documented
    def o1(self, line: str, cell: str | None = None) -> Answer | None:
        """Send the cell to a reasoning model, linted; the answer is shown and becomes `_`.

        As a line, `%o1 help` lists the sub-commands.
        """
        if cell is None:
            self._command(line)
            return None
        return self._ask(line, cell)

    def _ask(self, line: str, body: str) -> Answer | None:
        from o1magic import errors, session
        from o1magic.ask import MAGIC, Cell, ask

        head = f"{MAGIC} {line}\n" if line else f"{MAGIC}\n"
        # IPython ends every cell with a newline; the person's prompt has none there.
        body = body.removesuffix("\n")
        self.source = head + body
        given = arguments.parse(head.removeprefix(MAGIC))
        desk = session.desk()
        view = self._view()
        try:
            answer = ask(Cell(given, body, self.shell.user_ns, head), desk, view)
        except errors.O1Error as failure:
            view.finish()
            view.leave(failure)
            self.last = failure.data.get("answer") or self.last
            raise
        finally:
            self.draft = view.draft or self.draft
        if answer is None:
            return None
        self.last = answer
        view.finish()
        if given.output is None:
            return answer
        self.shell.user_ns[given.output] = answer
        self._display(answer)
        return None

    def changed(self) -> dict[str, Any]:
        """Return what `%config`, or a sub-command, has changed; what was left alone is the environment's to say."""
        names = self.trait_names(config=True)
        traits = self.traits()
        changed = {name: getattr(self, name) for name in names if getattr(self, name) != traits[name].default()}
        return changed | ({"ignore": tuple(self.ignore)} if self.ignore else {})

    def _view(self) -> Any:
        if not hasattr(self.shell, "kernel"):
            from o1magic.view import TerminalView

            return TerminalView()
        from o1magic.jupyter.view import NotebookView

        return NotebookView()

    def _display(self, shown: Any, **options: Any) -> None:
        from IPython.display import display

        display(shown, **options)

    # ---- %o1

    def _command(self, line: str) -> None:
        from o1magic import commands

        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        name = commands.known(words[0], SUBCOMMANDS, kind="sub-command") if words else "help"
        getattr(self, f"_{name}")(words[1:], line.strip()[len(name) :].strip())

    def _help(self, _words: list[str], _rest: str) -> None:
        from o1magic import render

        rows = [[f"%o1 {name}", said] for name, said in SUBCOMMANDS.items()]
        rows = [["%%o1", "send the cell; %%o1? lists its flags"], *rows]
        self._display(render.table(("magic", ""), rows), raw=True)

    def _models(self, words: list[str], _rest: str) -> None:
        from o1magic import commands

        commands.takes(words, "models", at_most=0)
        self._display(commands.models(), raw=True)

    def _model(self, words: list[str], _rest: str) -> None:
        from o1magic import commands

        (name,) = commands.takes(words, "model NAME", at_least=1, at_most=1)
        said = commands.model(name)
        self.model = name
        self._say(said)

    def _connect(self, words: list[str], _rest: str) -> None:
        from o1magic import commands

        (choice,) = commands.takes(words, "connect openai|simulator|URL", at_least=1, at_most=1)
        said = commands.connect(choice)
        self.endpoint = choice
        self._say(said)

    def _spend(self, words: list[str], _rest: str) -> None:
        from o1magic import commands

        if words[:1] == ["--csv"]:
            _, path = commands.takes(words, "spend --csv FILE", at_least=2, at_most=2)
            self._say(commands.export(path))
        elif words == ["--json"]:
            self._say(commands.spend_json())
        else:
            commands.takes(words, "spend [--csv FILE | --json]", at_most=0)
            self._display(commands.spend(), raw=True)

    def _lint(self, _words: list[str], rest: str) -> None:
        from o1magic import commands

        text = rest or self.source
        if text is None:
            self._say("No prompt yet: %o1 lint TEXT, or run a %%o1 cell first.")
            return
        self._display(commands.lint(text, model=None if text.startswith("%%o1 -m") else self.model), raw=True)

    def _rule(self, words: list[str], _rest: str) -> None:
        from o1magic import commands

        (code,) = commands.takes(words, "rule CODE", at_least=1, at_most=1)
        page = commands.rule(code)
        self._display({"text/markdown": page, "text/plain": page}, raw=True)

    def _last(self, words: list[str], _rest: str) -> None:
        from o1magic import commands

        commands.takes(words, "last [--text | --sent]", at_most=1)
        if words and words[0] not in ("--text", "--sent"):
            commands.known(words[0], dict.fromkeys(("--text", "--sent")), kind="flag of `%o1 last`")
        if words == ["--sent"]:
            self._say(self.draft.request.text if self.draft else "Nothing was sent yet.")
        elif self.last is None:
            self._say("No answer yet.")
        elif words:
            self._say(self.last.text)
        else:
            self._display(self.last)

    def _say(self, text: str) -> None:
        """Show a sentence of ours, or a text as plain text."""
        from o1magic import untrusted

        self._display({"text/plain": untrusted.visible(text)}, raw=True)


def register(shell: InteractiveShell) -> None:
    """Register the magics and their completion, and load the heavy packages a moment later, in the background."""
    shell.register_magics(O1Magics)
    magics = shell.magics_manager.registry["O1Magics"]
    settings.configure(magics.changed)

    def complete(_shell: object, event: Any) -> list[str]:
        from o1magic.jupyter import completion

        return completion.complete(event.line, event.symbol, magics)

    for name in ("%%o1", "%o1"):
        shell.set_hook("complete_command", complete, str_key=name)
    timer = threading.Timer(_WARM_AFTER_S, _warm)
    timer.daemon = True
    timer.start()


def _warm() -> None:
    """Import what the first call will need: the client's package and the vocabulary. No request is made."""
    from o1magic import session, tokens

    session.client().warm()
    tokens.warm()
