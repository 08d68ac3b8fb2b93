"""`budget`: list the budgets, set one, take one away, and what became of them.

Layer 8. The rules are the ledger's; here amounts are read and numbers are worded.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from o1magic import render, session, untrusted
from o1magic.cost import NANO_PER_USD
from o1magic.errors import ArgumentError
from o1magic.ledger import budgets

if TYPE_CHECKING:
    import argparse

    from o1magic.ledger import BudgetChange, Standing
    from o1magic.ledger.records import Per, Unit
    from o1magic.render import Bundle

HEADERS = ("budget", "limit", "spent", "held", "left", "")
HISTORY_HEADERS = ("when (UTC)", "budget", "what", "limit", "before")

_DOLLARS = re.compile(r"\$?(\d{1,9}(?:\.\d{1,2})?)", re.ASCII)
_COUNT = re.compile(r"\d(?:_?\d){0,14}", re.ASCII)
_PER = {"session": "each session", "day": "each day", "month": "each month", "total": "all calls from now on"}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("amount", nargs="?", metavar="AMOUNT", help="dollars, such as 2.00, or tokens with --tokens")
    parser.add_argument("--per", choices=tuple(_PER), help="default: session; with --name: total, from now on")
    parser.add_argument("--name", help="default: what it is per")
    parser.add_argument(
        "--tokens", action="store_true", help="AMOUNT is a number of tokens, prompt and output together"
    )
    parser.add_argument("--allow-unpriced", action="store_true", help="let calls go whose worst case is not known")
    parser.add_argument("--remove", action="store_true", help="take the budget of this --name or --per away")
    parser.add_argument("--history", action="store_true", help="every change of every budget")


def show(chosen: argparse.Namespace) -> Bundle:
    """Do what was asked for, and return how the budgets stand after it."""
    if sum((chosen.amount is not None, chosen.remove, chosen.history)) > 1:
        raise ArgumentError("budget takes one of AMOUNT, --remove and --history.")
    if chosen.history:
        return _history()
    if chosen.remove:
        return _remove(chosen)
    if chosen.amount is not None:
        return _set(chosen)
    if chosen.per or chosen.name or chosen.tokens or chosen.allow_unpriced:
        raise ArgumentError("budget --per, --name, --tokens and --allow-unpriced go with an amount, such as 2.00.")
    return _table("")


def amount(text: str, unit: Unit) -> int:
    """Return an amount as it is written: nano-dollars of dollars and cents, or tokens.

    Raises ArgumentError: it is not plainly an amount.
    """
    if unit == "tokens":
        if not _COUNT.fullmatch(text):
            raise ArgumentError(
                f"A budget in tokens is a whole number, such as 200000, not {text!r}; nothing was changed."
            )
        return int(text)
    found = _DOLLARS.fullmatch(text)
    if found is None or Decimal(found[1]) * NANO_PER_USD > budgets.MOST:
        takes = "dollars and cents, such as 2.00, or with --tokens a whole number"
        raise ArgumentError(f"A budget takes {takes}, not {text!r}; nothing was changed.")
    return int(Decimal(found[1]) * NANO_PER_USD)


def _set(chosen: argparse.Namespace) -> Bundle:
    unit: Unit = "tokens" if chosen.tokens else "nano_usd"
    limit = amount(chosen.amount, unit)
    per: Per = chosen.per or ("session" if chosen.name is None else "total")
    name = per if chosen.name is None else chosen.name
    before = session.ledger().set_budget(
        limit,
        session=session.desk().session,
        per=per,
        name=name,
        unit=unit,
        allow_unpriced=chosen.allow_unpriced,
    )
    changed = "" if before in (None, limit) else f", {'lowered' if limit < before else 'raised'}"
    said = f"Budget {name}: {budgets.amount(limit, unit)} for {_PER[per]}{changed}."
    if limit == 0:
        said += " Nothing may be sent."
    return _table(said)


def _remove(chosen: argparse.Namespace) -> Bundle:
    name = chosen.name or chosen.per or "session"
    session.ledger().remove_budget(name, session=session.desk().session)
    return _table(f"Budget {name}: taken away.")


def _table(said: str) -> Bundle:
    rows = [_row(one) for one in session.ledger().standings(session.desk().session)]
    if not rows:
        plain = f"{said} There is no budget.".strip()
        return render.bundle(f"<div>{untrusted.html(plain)}</div>", plain)
    return render.table(HEADERS, rows, caption=said)


def _row(one: Standing) -> list[str]:
    whose = "simulated, " if one.simulated else ""
    title = f"{one.name} ({whose}per {one.per})" if one.per != "total" else f"{one.name} ({whose}in all)"
    numbers = [budgets.amount(value, one.unit) for value in (one.limit, one.spent, one.held, one.left)]
    remarks = [f"over by {budgets.amount(one.over, one.unit)}"] if one.over else []
    remarks += ["80 % reached"] if one.warned and not one.over else []
    remarks += ["unpriced models allowed"] if one.allow_unpriced else []
    return [title, *numbers, ", ".join(remarks)]


def _history() -> Bundle:
    changes = session.ledger().budget_changes()
    return render.table(HISTORY_HEADERS, [_change(one) for one in changes])


def _change(one: BudgetChange) -> list[str]:
    if one.after is None:
        what = "taken away"
    elif one.before is None:
        what = "set"
    else:
        what = "set anew" if one.after == one.before else "raised" if one.after > one.before else "lowered"
    unpriced = ", unpriced allowed" if one.allow_unpriced else ""
    limits = ["–" if value is None else budgets.amount(value, one.unit) for value in (one.after, one.before)]
    return [f"{one.at:%Y-%m-%d %H:%M:%S}", f"{one.name} (per {one.per})", f"{what}{unpriced}", *limits]
