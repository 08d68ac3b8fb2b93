"""The sub-commands about money, one module each: `%o1 budget 2.00` and `o1magic budget 2.00` are the same words.

Layer 8. A module here holds `add`, its arguments, and `show`, what it does. Called by the
magic and by the command line. None of them sends anything.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

from o1magic.arguments import Parser, nearest
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from o1magic.render import Bundle

# What each is for, as the lists say it.
SAYS = {
    "spend": "calls, tokens and cost; --by model|day|notebook|rule, --cues, --plot, --csv FILE, --json",
    "budget": "what calls may cost: [2.00 | N --tokens] [--per day|month|total] [--name NAME], --remove, --history",
    "price": "what models cost: [MODEL] [--in 2 --out 8 --cached 0.5 --since DAY | --remove], --recompute",
    "suggest": "[MODEL] [-e EFFORT]: what to allow a call, by what calls like it needed",
    "reconcile": "the calls whose cost nobody knows; [CALL|all] [AMOUNT|0|hold] settles them by your word",
}


class SubCommand(Protocol):
    """What each module of this folder is."""

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""

    def show(self, chosen: argparse.Namespace) -> Bundle:
        """Do it, and return what is to be seen."""


def of(name: str) -> SubCommand:
    """Return the sub-command of that name."""
    return cast("SubCommand", importlib.import_module(f"o1magic.account.{name}"))


def parser(name: str) -> Parser:
    """Return the parser of a sub-command as the magic has it: it raises instead of leaving the process."""
    made = Parser(prog=f"%o1 {name}", add_help=False, allow_abbrev=False)
    of(name).add(made)
    return made


def flags(name: str) -> tuple[str, ...]:
    """Return every flag of a sub-command."""
    return tuple(flag for action in parser(name)._actions for flag in action.option_strings)  # noqa: SLF001 - no other way to ask


def run(name: str, words: Sequence[str]) -> Bundle:
    """Return what `%o1 NAME WORDS` shows.

    Raises ArgumentError: a flag or a value that cannot be. LedgerError: the ledger cannot be written.
    """
    chosen, strange = parser(name).parse_known_args(words)
    if strange:
        known = flags(name)
        raise ArgumentError(
            f"%o1 {name} takes no {strange[0]}{nearest(strange[0], known)} Nothing was sent.",
            how=f"Usage: %o1 {name} {SAYS[name].partition(': ')[2] or SAYS[name]}.",
        )
    return of(name).show(chosen)
