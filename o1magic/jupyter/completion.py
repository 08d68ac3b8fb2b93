"""What Tab offers on a `%%o1` or `%o1` line: flags, models, efforts, sub-commands, rules."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from o1magic import arguments, catalog
from o1magic.jupyter.magic import SUBCOMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from o1magic.jupyter import O1Magics

ENDPOINTS = ("openai", "simulator", "http://localhost:")


def complete(line: str, symbol: str, magics: O1Magics) -> list[str]:
    """Return what may stand where the cursor is; `symbol` is what is typed of it so far."""
    words = line.split()
    before = words[:-1] if symbol and words and words[-1].endswith(symbol) else words
    offered = _for_cell(before, magics) if line.startswith("%%") else _for_line(before)
    return sorted(word for word in offered if word.startswith(symbol))


def _for_line(before: list[str]) -> Iterable[str]:
    if len(before) <= 1:
        return SUBCOMMANDS
    if before[1] == "model":
        return catalog.load().models
    if before[1] == "connect":
        return ENDPOINTS
    if before[1] == "rule":
        from o1magic.lint import rules

        return [rule.code for rule in rules()]
    return {"spend": ("--csv", "--json"), "last": ("--text", "--sent")}.get(before[1], ())


def _for_cell(before: list[str], magics: O1Magics) -> Iterable[str]:
    by_name = {name: flag for flag in arguments.FLAGS for name in flag.names}
    flag = by_name.get(before[-1]) if before else None
    if flag is None or flag.switch:
        return [name for name in by_name if name.startswith("--") or name not in before]
    if flag.dest == "model":
        return catalog.load().models
    if flag.dest == "effort":
        return _efforts(before, magics)
    if flag.dest == "endpoint":
        return ENDPOINTS
    return flag.choices or ()


def _efforts(before: list[str], magics: O1Magics) -> tuple[str, ...]:
    known = catalog.load()
    named = [value for name, value in pairwise(before) if name in ("-m", "--model")]
    model = known.find(named[-1] if named else magics.model or known.default_model)
    return model.efforts or arguments.EFFORTS
