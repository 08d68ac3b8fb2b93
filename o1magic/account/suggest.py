"""`suggest`: what to allow a call, learned from what calls of its model and effort needed.

Layer 8. `ledger.allowance` says how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic import arguments, render, reserve, session
from o1magic.choice import choose_model
from o1magic.draft import settle_settings
from o1magic.ledger.allowance import ENOUGH
from o1magic.settings import RESERVE_TOKENS

if TYPE_CHECKING:
    import argparse

    from o1magic.ledger.allowance import Learned
    from o1magic.render import Bundle

HEADERS = ("model", "effort", "", "calls", "ended by length", "median need", "most put out", "allow", "why")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="for this model; otherwise for the one in force")
    parser.add_argument("-e", "--effort", metavar="EFFORT", help="at this effort")


def show(chosen: argparse.Namespace) -> Bundle:
    """Return what is allowed to the next call, and the same for every kind of call on record."""
    desk = session.desk()
    given = arguments.Arguments(model=chosen.model, effort=chosen.effort)
    settings = settle_settings(given, desk)
    asked, facts = choose_model(given, settings, desk.catalog)
    effort, simulated = reserve.kind_of(given, settings)
    ledger = desk.ledger()
    learned = ledger.learned(asked, effort, simulated=simulated, again=True)
    name = f"{'simulated ' if simulated else ''}{asked}{f' at effort {effort}' if effort else ''}"
    if settings.reserve_tokens is not None:
        said = f"%config O1Magics.reserve_tokens allows {settings.reserve_tokens:,} to each call, whatever it needs."
    else:
        said = f"{name}: {learned.tokens or RESERVE_TOKENS:,} tokens for reasoning and answer; {_why(learned)}."
    if facts.max_output is not None:
        said += f" {facts.name} writes at most {facts.max_output:,}."
    kinds = ledger.kinds()
    if not kinds:
        return {"text/plain": said}
    rows = [_row(kind, ledger.learned(kind[0], kind[1], simulated=kind[2], again=True)) for kind in kinds]
    return render.table(HEADERS, rows, caption=said)


def _row(kind: tuple[str, str, bool], learned: Learned) -> list[str]:
    model, effort, simulated = kind
    counts = (learned.calls, learned.cut, learned.middle, learned.largest, learned.tokens or RESERVE_TOKENS)
    shown = ["" if count is None else f"{count:,}" for count in counts]
    return [model, effort or "default", "simulated" if simulated else "", *shown, _why(learned)]


def _why(learned: Learned) -> str:
    if learned.tokens is None:
        return f"{learned.calls} of {ENOUGH} calls it takes to show what one in a hundred needs"
    return reserve.because(learned)
