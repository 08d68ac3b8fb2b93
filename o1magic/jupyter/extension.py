"""`%%o1` and `%o1` as IPython knows them, and their configuration; what a magic does is in `magic`.

`%load_ext` announces the class by name: this file is imported when a magic is first used, or asked about.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Float, Int, List, Unicode

from o1magic import config

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from o1magic.answer import Answer
    from o1magic.jupyter.magic import Work

# How a Jupyter server names the file that tells a kernel its sockets, and so which kernel it is.
_KERNEL_FILE = re.compile(r"kernel-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json$")


def _choice(said: str) -> Unicode[Any, Any]:
    return Unicode(None, allow_none=True, help=said).tag(config=True)


@magics_class
class O1Magics(Magics):
    """The magics and their configuration: `%config O1Magics`."""

    model = _choice("Model that answers; none: O1MAGIC_MODEL, or the catalog's default.")
    as_model = _choice("Known model behind the name that answers, such as a deployment's; none: the name is the model.")
    endpoint = _choice(
        "openai, azure, ollama, ..., simulator or a URL; none: O1MAGIC_ENDPOINT, or what OPENAI_API_KEY is for."
    )
    effort = _choice("Reasoning effort; none: the model's own default.")
    verbosity = _choice("How much an answer says: low, medium or high; none: the model's own default.")
    service_tier = _choice("auto, default, flex, scale, priority or fast; none: the endpoint's default.")
    api = Unicode("auto", help="auto, chat or responses: the API that is spoken.").tag(config=True)
    summary = _choice("Summary of the reasoning: auto, concise, detailed or none; none: none.")
    lint = Unicode("warn", help="off, warn or strict.").tag(config=True)
    fix = Unicode("safe", help="Fixes applied to what is sent: none, safe or all.").tag(config=True)
    ignore = List(Unicode(), help="Rule codes or prefixes to leave out.").tag(config=True)
    timeout_s = Float(1800.0, help="Deadline of a call in seconds, retries included.").tag(config=True)
    reserve_tokens = Int(
        None,
        allow_none=True,
        help="Allowance for reasoning and answer in tokens, unless a flag gives one; none: what calls like it needed.",
    ).tag(config=True)
    max_inserted_chars = Int(200_000, help="Cap of one {{name}}, in characters.").tag(config=True)

    shell: InteractiveShell
    _work: Work | None = None

    def __init__(self, shell: InteractiveShell) -> None:
        """Take the place where `%config` is asked, and complete what is typed after `%o1` and `%%o1`."""
        super().__init__(shell)
        config.changed = self.changed
        config.session = config.session or _session_of(shell)
        self.shell.Completer.custom_matchers.append(self._complete)

    def _complete(self, context: CompletionContext) -> SimpleMatcherResult:
        if "%o1" not in context.full_text:
            return {"completions": []}
        from o1magic.jupyter import completion

        return completion.offer(context, self)

    _complete.matcher_api_version = 2  # type: ignore[attr-defined] # what tells IPython to hand over a context

    @no_var_expand  # a brace in a developer message is a brace
    @line_cell_magic
    def o1(self, line: str, cell: str | None = None) -> Answer | None:
        """Send the cell to a reasoning model; as a line, run a sub-command."""
        try:
            if self._work is None:
                from o1magic.jupyter.magic import Work

                self._work = Work(self)
            return self._work.run(line, cell)
        except KeyboardInterrupt as stop:
            from o1magic.errors import InterruptError

            if isinstance(stop, InterruptError):
                raise
            raise InterruptError("Stopped before anything was sent.", partial=None, attempts=0) from None

    def changed(self) -> dict[str, Any]:
        """Return what was changed; what was left alone is the environment's to say."""
        traits = self.traits(config=True)
        changed = {
            name: getattr(self, name) for name, trait in traits.items() if getattr(self, name) != trait.default()
        }
        return changed | ({"ignore": tuple(self.ignore)} if self.ignore else {})


def _session_of(shell: InteractiveShell) -> str | None:
    """Return a new session of this kernel, None outside one: a restart keeps the kernel's id and begins a session."""
    app = getattr(getattr(shell, "kernel", None), "parent", None)
    found = _KERNEL_FILE.search(getattr(app, "connection_file", ""))
    return f"{found[1]}-{uuid.uuid4().hex[:8]}" if found else None


def _documentation() -> str:
    from o1magic.jupyter.manual import documentation

    return documentation()


# IPython asks for `getdoc` before it reads a docstring; to write argparse's help for each %load_ext would cost 8 ms.
O1Magics.o1.getdoc = _documentation  # type: ignore[union-attr] # the decorator returns a function here


def complete_loading(shell: InteractiveShell) -> None:
    """Make the magics, should nothing have asked for them yet; import the rest in the background."""
    from o1magic.jupyter import warm

    shell.find_cell_magic("o1")
    warm.soon()
