"""What the magics say of themselves: the list of `%o1 help`, and the flags that `%%o1?` shows."""

from __future__ import annotations

from IPython.core.magic_arguments import argument, magic_arguments

from o1magic import account, arguments

SUBCOMMANDS = {
    "models": "every known model with limits, prices and shutdown date",
    "model": "NAME: the model that answers from here on",
    "connect": "openai | azure | ollama | … | simulator[:SCENARIO] | URL [--as MODEL]: where prompts go from here on",
    "key": "[ENDPOINT] [--file PATH | --forget]: a key for it, asked for in a hidden field",
    **account.SAYS,
    "panel": "the same, live: a chart of the calls, a Stop button, a table; a still picture when read later",
    "lint": "[TEXT]: the findings on a text, or on the last prompt",
    "rule": "CODE: what a lint rule is about",
    "chats": "[--drop NAME]: the conversations of this kernel, which end with it",
    "copy": "[--code [N]]: the last answer, or a code block of it, to be copied with one click",
    "last": "the last answer again; --text all of it as plain text, --sent what was sent",
    "resume": "[CALL]: the answer of a call that went on in the background: after a cut, after a restart",
    "help": "this list",
}


def documentation() -> str:
    """Return what `%%o1?` shows: every flag of the one table, as IPython's magic_arguments writes it."""

    def o1() -> None:
        """Send the cell to a reasoning model, linted; the answer is shown and becomes `_`.

        As a line, `%o1 help` lists the sub-commands.
        """

    for flag in reversed(arguments.FLAGS):
        argument(*flag.names, **flag.options())(o1)
    magic_arguments("%o1")(o1)  # IPython puts one more % before it
    return str(o1.__doc__)
