"""What Tab offers on a `%%o1` or `%o1` line: flags, models, efforts, sub-commands, rules; in a prompt: `{{names}}`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion

from o1magic import account, arguments, catalog, endpoint, session
from o1magic.jupyter.manual import SUBCOMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from IPython.core.completer import CompletionContext, SimpleMatcherResult

    from o1magic.jupyter.extension import O1Magics

_PROMPT = re.compile(r"%%o1\s")
_NAME = re.compile(r"\{\{[ \t]*(\w*)$")
ENDPOINTS = (*endpoint.NAMES, "http://localhost:")
_WORDS = {
    "connect": (*ENDPOINTS, "--as"),
    "key": (*endpoint.NAMES, "--file", "--forget"),
    "copy": ("--code",),
    "last": ("--text", "--sent"),
}


def offer(context: CompletionContext, magics: O1Magics) -> SimpleMatcherResult:
    """Return what may stand where the cursor is, and nobody else's suggestions beside it."""
    written = context.text_until_cursor
    *before, typed = re.split(r"\s+", written.lstrip())
    words: Iterable[str]
    if context.cursor_line and _PROMPT.match(context.full_text):
        opened = _NAME.search(written)
        typed = opened[1] if opened else typed
        words = _names(magics) if opened else ()
    elif before[:1] == ["%%o1"]:
        words = _for_cell(before[1:], typed, magics)
    elif before[:1] == ["%o1"]:
        words = _for_line(before[1:])
    else:
        return {"completions": []}
    # What stands there already, where nothing else fits: an empty offer would let Python's suggestions through.
    found = sorted(word for word in words if word.startswith(typed)) or [typed]
    return {
        "completions": [SimpleCompletion(word, type="magic") for word in found],
        "matched_fragment": typed,
        "suppress": True,
    }


def _names(magics: O1Magics) -> Iterable[str]:
    """Return the notebook's own names, as they may stand in `{{name}}`."""
    hidden = magics.shell.user_ns_hidden
    return [name for name in magics.shell.user_ns if not name.startswith("_") and name not in hidden]


def _for_line(before: list[str]) -> Iterable[str]:
    if not before:
        return SUBCOMMANDS
    if before[0] in account.SAYS:
        return account.flags(before[0])
    if before[0] == "rule":
        from o1magic.lint import rules

        return [rule.code for rule in rules()]
    if before[0] == "model" or before[-1] == "--as":
        return catalog.load().models
    if before[0] == "chats":
        return ("--drop",) if before[-1] != "--drop" else session.desk().chats
    return _WORDS.get(before[0], ())


def _for_cell(before: list[str], typed: str, magics: O1Magics) -> Iterable[str]:
    by_name = {name: flag for flag in arguments.FLAGS for name in flag.names}
    flag = by_name.get(before[-1]) if before else None
    if flag is None or flag.switch or flag.alone is not None:
        return [name for name in by_name if name.startswith("--") or name not in before]
    if flag.dest in ("model", "as_model"):
        return catalog.load().models
    if flag.dest == "effort":
        return _efforts(before, magics)
    if flag.dest == "context":
        return _context(typed, magics)
    named: dict[str, Iterable[str]] = {
        "endpoint": ENDPOINTS,
        "chat": session.desk().chats,
        "schema": _names(magics),
        "image": _names(magics),
    }
    return named.get(flag.dest) or flag.choices or ()


def _context(typed: str, magics: O1Magics) -> Iterable[str]:
    """Return what may stand after the last comma of a list of cells and names."""
    begun = typed[: typed.rfind(",") + 1]
    cells = [f"{kind}[{number}]" for kind in ("In", "Out") for number in range(1, magics.shell.execution_count)]
    return [f"{begun}{name}" for name in (*_names(magics), *cells)]


def _efforts(before: list[str], magics: O1Magics) -> tuple[str, ...]:
    known = catalog.load()
    named = [value for name, value in pairwise(before) if name in ("-m", "--model", "--as")]
    model = known.find(named[-1] if named else magics.as_model or magics.model or known.default_model)
    return model.efforts or arguments.EFFORTS
