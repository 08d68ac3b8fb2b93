"""`reconcile`: the calls whose cost nobody knows, and a person's word on each.

Layer 8. Such a call goes on holding its worst case until its process tells after all, or a person does.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from o1magic import cost, render, session, untrusted
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    import argparse

    from o1magic.ledger import Row
    from o1magic.render import Bundle

HEADERS = ("call", "when (UTC)", "model", "what happened", "held")

_ALL = "all"
_HOLD = "hold"
_AMOUNT = re.compile(r"\$?(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)
_SHORTEST = 4
_SHOWN = 8


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("call", nargs="?", metavar="CALL", help="the first letters of a call's id, or all")
    parser.add_argument("word", nargs="?", metavar="AMOUNT|hold", help="what it cost in dollars, 0, or what it holds")


def show(chosen: argparse.Namespace) -> Bundle:
    """List the calls, or settle some of them and list what is left."""
    if chosen.call is None:
        return _table("")
    if chosen.word is None:
        raise ArgumentError("reconcile takes a call and a word: an amount such as 0.12, 0, or hold.")
    nano = None if chosen.word == _HOLD else amount(chosen.word)
    done = [_settle(row, nano) for row in _meant(chosen.call)]
    total = sum(spent for spent in done if spent is not None)
    calls = "1 call" if len(done) == 1 else f"{len(done):,} calls"
    late = sum(spent is None for spent in done)
    told = f"; {late:,} told meanwhile what they cost" if late else ""
    return _table(f"{calls} reconciled at {cost.dollars(total)}{told}.")


def amount(text: str) -> int:
    """Return dollars as nano-dollars.

    Raises ArgumentError: it is not plainly an amount.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ArgumentError(f"A call cost dollars, such as 0.12, or 0, or hold; not {text!r}. Nothing was changed.")
    return int(Decimal(found[1]) * cost.NANO_PER_USD)


def _settle(row: Row, nano: int | None) -> int | None:
    """Return what the call is settled at, None when it told meanwhile."""
    at = row.hold_nano_usd if nano is None else nano
    if at is None:
        raise ArgumentError(f"Call {row.id[:_SHOWN]} holds nothing, since it has no price; give an amount.")
    return at if session.ledger().reconcile(row.id, nano, session=session.desk().session) else None


def _meant(text: str) -> list[Row]:
    """Return the calls that are meant.

    Raises ArgumentError: none, or by mistake several.
    """
    uncosted = session.ledger().uncosted()
    if text == _ALL:
        return list(uncosted)
    found = [row for row in uncosted if row.id.startswith(text)]
    if len(text) < _SHORTEST or len(found) > 1:
        raise ArgumentError(f"{text!r} may be several calls: give more of its id, as `reconcile` lists it, or all.")
    if not found:
        raise ArgumentError(f"No call of unknown cost begins with {text!r}; `reconcile` lists them.")
    return found


def _table(said: str) -> Bundle:
    rows = session.ledger().uncosted()
    if not rows:
        plain = f"{said} Every call is accounted for.".strip()
        return render.bundle(f"<div>{untrusted.html(plain)}</div>", plain)
    held = sum(row.hold_nano_usd or 0 for row in rows if not row.simulated)
    simulated = sum(row.simulated for row in rows)
    apart = f" ({simulated:,} simulated)" if simulated else ""
    head = f"{said} {len(rows):,} unaccounted{apart}, {cost.dollars(held)} held".strip()
    return render.table(HEADERS, [_line(row) for row in rows], caption=head)


def _line(row: Row) -> list[str]:
    happened = row.finish_reason or ("its process ended" if row.state == "unknown" else "its cost is unknown")
    return [
        row.id[:_SHOWN],
        f"{row.created:%Y-%m-%d %H:%M:%S}",
        row.model,
        f"{'simulated, ' if row.simulated else ''}{row.state}, {happened}",
        cost.dollars(row.hold_nano_usd),
    ]
