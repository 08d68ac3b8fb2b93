"""What `%%o1` and `%o1` do: what the user typed, turned into calls of the functions everybody else uses."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from IPython.display import display

from o1magic import account, arguments, commands, endpoint, errors, render, session, untrusted
from o1magic.answer import Answer
from o1magic.ask import ask
from o1magic.cell import MAGIC
from o1magic.draft import Cell
from o1magic.jupyter.manual import SUBCOMMANDS
from o1magic.jupyter.view import NotebookView, in_notebook
from o1magic.view import TerminalView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from o1magic.arguments import Arguments
    from o1magic.draft import Draft
    from o1magic.jupyter.extension import O1Magics


class Work:
    """The magics' work, and what they remember: the last answer, what was sent, the last cell."""

    def __init__(self, magics: O1Magics) -> None:
        self.magics = magics
        self.shell = magics.shell
        self.last: Answer | None = None
        self.draft: Draft | None = None
        self.source: str | None = None
        if hasattr(self.shell, "kernel") and self.shell.display_formatter is not None:
            self.shell.display_formatter.mimebundle_formatter.for_type(Answer, in_notebook)
        # A restart interrupts first: what goes on in the background is then left to be resumed, not cancelled.
        session.client().leaving = lambda: bool(getattr(magics.shell, "exit_now", False))

    def run(self, line: str, cell: str | None) -> Answer | None:
        """Send a cell and return its answer, or run a sub-command."""
        return self._command(line) if cell is None else self._ask(line, cell)

    def _ask(self, line: str, body: str) -> Answer | None:
        head = f"{MAGIC} {line}\n" if line else f"{MAGIC}\n"
        body, alone = self._as_written(line, body)
        self.source = head + body
        given = arguments.parse(head.removeprefix(MAGIC))
        desk = session.desk()
        view = self._view(alone=alone)
        answer = self._carried_out(view, lambda: ask(self._asked(given, body, head, alone=alone), desk, view))
        if answer is not None and given.code is not None:
            self._offer_code(answer, given.code)
        if answer is None or given.output is None:
            return answer
        self.shell.user_ns[given.output] = answer
        self._display(answer)
        return None

    def _offer_code(self, answer: Answer, number: int) -> None:
        """Put a code block of the answer into a cell below; it runs when a person runs it."""
        said, code = commands.code_of(answer, number, where="in the next cell")
        if code is not None:
            self.shell.set_next_input(code)
        self._display(render.note(said), raw=True)

    def _asked(self, given: Arguments, body: str, head: str, *, alone: bool) -> Cell:
        identity = self._identity(head + body, alone=alone) if given.chat else ""
        return Cell(given, body, self._names(given), head, identity)

    def _carried_out(self, view: Any, work: Callable[[], Answer | None]) -> Answer | None:
        """Return the answer and remember it; leave in the cell what there is to see of it, or of how it failed."""
        try:
            answer = work()
        except errors.O1Error as failure:
            view.finish()
            view.leave(failure)
            self.last = failure.data.get("answer") or self.last
            raise
        except KeyboardInterrupt:
            view.finish()
            what = "Stopped; `%o1 spend` says what is on hold." if view.sent else "Stopped before anything was sent."
            raise errors.InterruptError(what, billed="maybe" if view.sent else "no", partial=None) from None
        finally:
            if view.sent and view.draft is not None:
                self.draft = view.draft
        if answer is not None:
            self.last = answer
            view.finish()
        return answer

    def _view(self, *, alone: bool) -> Any:
        # In a loop over `run_cell_magic` the cell's other outputs are not ours to clear.
        return NotebookView(alone=alone) if hasattr(self.shell, "kernel") else TerminalView()

    def _as_written(self, line: str, body: str) -> tuple[str, bool]:
        """Return the prompt as the person wrote it, and whether it is all there is in the cell.

        IPython takes `>>>` and `In [1]:` off a cell's lines before a magic sees them, and ends it with a newline.
        """
        if hasattr(self.shell, "kernel"):
            parent = self.shell.get_parent()  # type: ignore[attr-defined] # ipykernel's shell has it
            cell = str(parent.get("content", {}).get("code", ""))
        else:
            cell = str(self.shell.history_manager.input_hist_raw[-1]) if self.shell.history_manager else ""
        first, _, rest = cell.lstrip().partition("\n")
        if first.startswith(MAGIC) and first.removeprefix(MAGIC).strip() == line.strip():
            return rest, True
        return body.removesuffix("\n"), False

    def _names(self, given: arguments.Arguments) -> Mapping[str, object]:
        """Return the notebook's names, and the cells that --context wants under theirs."""
        cells = {item: self._cell(item) for item in given.context or () if arguments.CELL.fullmatch(item)}
        return {**self.shell.user_ns, **cells} if cells else self.shell.user_ns

    def _cell(self, item: str) -> object:
        """Return the source of a cell, or what it put out: its value, else what it printed.

        Raises ArgumentError: no such cell has run in this kernel, or it put nothing out.
        """
        history: Any = self.shell.history_manager
        kind, number = arguments.CELL.fullmatch(item).groups()  # type: ignore[union-attr] # the caller looked
        newest, place = self.shell.execution_count - 1, int(number)
        if not 1 <= place <= newest:
            ran = f"the newest is In[{newest}]" if newest else "this is the first"
            raise errors.ArgumentError(
                f"--context {item}: no cell of that number has run in this kernel ({ran}); nothing was sent."
            )
        if kind == "In":
            return history.input_hist_raw[place]
        if place in history.output_hist:
            return history.output_hist[place]
        outputs = getattr(history, "outputs", {}).get(place, ())
        printed = "".join(text for one in outputs for text in one.bundle.get("stream", ()))
        if not printed:
            raise errors.ArgumentError(
                f"--context {item}: that cell has no value and printed nothing; nothing was sent.",
                how="Bind what it shows to a name and give that.",
            )
        return printed

    def _identity(self, text: str, *, alone: bool) -> str:
        """Return what tells this cell when it is run again: its id where the front end sends one, else its text.

        Within a cell that makes several calls it is the id and the text.
        """
        parent: dict[str, Any] = getattr(self.shell, "get_parent", dict)()  # ipykernel's shell has it
        cell_id = str((parent.get("metadata") or {}).get("cellId") or "")
        return cell_id if cell_id and alone else f"{cell_id}\n{text}"

    def _display(self, shown: Any, **options: Any) -> None:
        display(shown, **options)

    # ---- %o1

    def _command(self, line: str) -> Answer | None:
        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        name = commands.known(words[0], SUBCOMMANDS, kind="sub-command") if words else "help"
        if name in account.SAYS:
            self._display(account.run(name, words[1:]), raw=True)
            return None
        shown: Answer | None = getattr(self, f"_{name}")(words[1:], line.strip()[len(name) :].strip())
        return shown

    def _resume(self, words: list[str], _rest: str) -> Answer | None:
        from o1magic import resume

        commands.takes(words, "resume [CALL]", at_most=1)
        view = self._view(alone=False)
        return self._carried_out(view, lambda: resume.resume(words[0] if words else None, session.desk(), view))

    def _help(self, _words: list[str], _rest: str) -> None:
        rows = [[f"%o1 {name}", said] for name, said in SUBCOMMANDS.items()]
        rows = [["%%o1", "send the cell; %%o1? lists its flags"], *rows]
        self._display(render.table(("magic", ""), rows), raw=True)

    def _models(self, words: list[str], _rest: str) -> None:
        commands.takes(words, "models", at_most=0)
        self._display(commands.models(), raw=True)

    def _model(self, words: list[str], _rest: str) -> None:
        (name,) = commands.takes(words, "model NAME", at_least=1, at_most=1)
        said = commands.model(name)
        self.magics.model = name
        self._say(said)

    def _connect(self, words: list[str], _rest: str) -> None:
        usage = f"connect {'|'.join(endpoint.NAMES)}|URL [--as MODEL]"
        facts_of = commands.option(words, "--as", usage)
        (choice,) = commands.takes(words, usage, at_least=1, at_most=1)
        said = commands.connect(choice)
        if facts_of is not None:
            said = f"{said} {commands.facts_as(facts_of)}"
        self.magics.endpoint, self.magics.as_model = choice, facts_of
        self._say(said)

    def _key(self, words: list[str], _rest: str) -> None:
        usage = "key [ENDPOINT] [--file PATH | --forget]"
        file = commands.option(words, "--file", usage)
        forget = "--forget" in words
        words = [word for word in words if word != "--forget"]
        chosen = commands.takes(words, usage, at_most=0 if file and forget else 1)

        def read(host: str) -> str:
            if forget:
                return ""
            return endpoint.key_in_file(file, source="--file") if file else _hidden(f"Key for {host}: ")

        self._say(commands.key(chosen[0] if chosen else None, read))

    def _panel(self, words: list[str], _rest: str) -> None:
        from o1magic.jupyter import panel

        commands.takes(words, "panel", at_most=0)
        self._display(panel.panel())

    def _lint(self, _words: list[str], rest: str) -> None:
        text = rest or self.source
        if text is None:
            self._say("No prompt yet: %o1 lint TEXT, or run a %%o1 cell first.")
            return
        self._display(commands.lint(text), raw=True)

    def _rule(self, words: list[str], _rest: str) -> None:
        (code,) = commands.takes(words, "rule CODE", at_least=1, at_most=1)
        page = commands.rule(code)
        self._display({"text/markdown": page, "text/plain": page}, raw=True)

    def _chats(self, words: list[str], _rest: str) -> None:
        usage = "chats [--drop NAME]"
        dropped = commands.option(words, "--drop", usage)
        commands.takes(words, usage, at_most=0)
        self._display(commands.chats() if dropped is None else commands.drop_chat(dropped), raw=True)

    def _copy(self, words: list[str], _rest: str) -> None:
        usage = "copy [--code [N]]"
        number = words[1] if words[1:] else "1"
        if words[:1] not in ([], ["--code"]) or words[2:] or not re.fullmatch(r"[1-9]\d{0,5}", number, re.ASCII):
            raise errors.ArgumentError(f"Usage: %o1 {usage}. Nothing was sent.")
        if self.last is None:
            self._say("No answer yet.")
            return
        text: str | None = self.last.text
        if words:
            said, text = commands.code_of(self.last, int(number), where="below")
            self._display(render.note(said), raw=True)
        if text is not None:
            self._display(commands.to_copy(text), raw=True)

    def _last(self, words: list[str], _rest: str) -> None:
        commands.takes(words, "last [--text | --sent]", at_most=1)
        if words and words[0] not in ("--text", "--sent"):
            commands.known(words[0], dict.fromkeys(("--text", "--sent")), kind="flag of `%o1 last`")
        if words == ["--sent"]:
            self._say(self.draft.request.sent if self.draft else "Nothing was sent yet.")
        elif self.last is None:
            self._say("No answer yet.")
        elif words:
            self._say(self.last.text)
        else:
            self._display(self.last)

    def _say(self, text: str) -> None:
        """Show a sentence of ours, or a text as plain text."""
        self._display({"text/plain": untrusted.visible(text)}, raw=True)


def _hidden(prompt: str) -> str:
    """Return what a person types into a field that does not show it. Raises ConfigError: there is nobody to ask."""
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would be seen: then rather not at all
            return getpass.getpass(prompt)
    except (getpass.GetPassWarning, EOFError, RuntimeError):  # RuntimeError: a kernel whose front end asks nobody
        raise errors.ConfigError("Nobody can be asked for a key here.", how="`%o1 key --file PATH` reads it.") from None
