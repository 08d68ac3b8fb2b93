"""`spend`: what was spent so far, in this session, today and in all; by model, day, notebook or rule; as a plot.

Layer 8. The ledger adds up; here numbers are worded.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from o1magic import cost, render, session, untrusted
from o1magic.account import plot
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from o1magic.ledger import Total
    from o1magic.ledger.analysis import By, Cues, Group, Side
    from o1magic.render import Bundle

SCOPES = {"session": "this session", "today": "today", "total": "all time"}
HEADERS = ("", "calls", "prompt", "cached", "reasoning", "visible", "cost", "held", "unknown cost")
# Of the calls and tokens, which count every call; the simulator bills nothing.
SIMULATED_HEADERS = ("of these simulated", "would have cost")
BY_HEADERS = ("calls", "prompt", "reasoning", "output", "reasoning share", "cost", "unknown cost")
CUE_HEADERS = ("model", "cue", "calls", "median reasoning", "median cost", "median seconds")
BY = ("model", "day", "notebook", "rule")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--by", choices=BY, help="add up by this")
    parser.add_argument("--cues", action="store_true", help="calls sent with a chain-of-thought cue, and without")
    parser.add_argument("--plot", action="store_true", help="the share of reasoning in the output, day by day")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--csv", metavar="FILE", help="export every row")


def show(chosen: argparse.Namespace) -> Bundle:
    """Return what was asked for."""
    if sum((chosen.by is not None, chosen.cues, chosen.plot, chosen.json, chosen.csv is not None)) > 1:
        raise ArgumentError("spend takes one of --by, --cues, --plot, --json and --csv.")
    if chosen.by:
        return by(chosen.by)
    if chosen.cues:
        return cues()
    if chosen.plot:
        return plot.shown(session.ledger().grouped("day"))
    if chosen.json:
        return _said(as_json())
    return _said(export(chosen.csv)) if chosen.csv is not None else totals()


def _said(text: str) -> Bundle:
    return {"text/plain": untrusted.visible(text)}


def totals() -> Bundle:
    """Return what was spent: real money, and in a column of its own what simulated calls would have cost."""
    ledger = session.ledger()
    spent = ledger.spend(session.desk().session)
    found = {title: getattr(spent, scope) for scope, title in SCOPES.items()}
    simulated = any(total.simulated_calls for total in found.values())
    headers = HEADERS + (SIMULATED_HEADERS if simulated else ())
    rows = [_row(title, total, simulated=simulated) for title, total in found.items()]
    shown = render.table(headers, rows)
    lost = ledger.unaccounted()
    if not lost.calls:
        return shown
    held = cost.dollars(lost.held_nano_usd)
    line = f"{lost.calls:,} unaccounted (the process ended during the call), held {held}: %o1 reconcile"
    return render.bundle(f"{shown['text/html']}<div>{untrusted.html(line)}</div>", f"{shown['text/plain']}\n{line}")


def _row(title: str, total: Total, *, simulated: bool) -> list[str]:
    row = [title, *(f"{count:,}" for count in (total.calls, total.prompt_tokens, total.cached_tokens))]
    told = (total.reasoning_tokens, total.visible_tokens)
    more = total.completion_tokens > sum(told)  # completion tokens that came without being told apart
    row += [("unknown" if not count else f"≥{count:,}") if more else f"{count:,}" for count in told]
    row.append(cost.dollars(total.cost_nano_usd))
    row += [cost.dollars(total.held_nano_usd), f"{total.unknown_calls:,}"]
    if simulated:
        row += [f"{total.simulated_calls:,}", cost.dollars(total.simulated_cost_nano_usd)]
    return row


def as_json() -> str:
    """Return the same as one JSON object: session, today and total, integers throughout."""
    spent = session.ledger().spend(session.desk().session)
    return json.dumps({scope: _as_dict(getattr(spent, scope)) for scope in SCOPES}, indent=2)


def _as_dict(total: Total) -> Mapping[str, object]:
    return {field.name: getattr(total, field.name) for field in fields(total)}


def export(path: str) -> str:
    """Write every row to a CSV file and return a sentence about it.

    Raises LedgerError: the file cannot be written.
    """
    count = session.ledger().export_csv(path)
    return f"{count:,} rows in {path}"


def by(what: By) -> Bundle:
    """Return the calls of all time added up by model, day, notebook or rule; simulated ones in rows of their own."""
    found = session.ledger().grouped(what)
    if not found:
        return _nothing()
    note = "a call with several findings counts for each" if what == "rule" else ""
    return render.table((what, *BY_HEADERS), [_group(what, one) for one in found], caption=note)


def _group(what: By, one: Group) -> list[str]:
    key = one.key or {"rule": "nothing found", "notebook": "no notebook"}.get(what, "–")
    share = "unknown" if one.reasoning_share is None else f"{one.reasoning_share:.0%}"
    counts = [f"{count:,}" for count in (one.calls, one.prompt_tokens, one.reasoning_tokens, one.completion_tokens)]
    spent = cost.dollars(one.cost_nano_usd)
    paid = f"would have cost {spent}" if one.simulated else spent
    return [f"{key} (simulated)" if one.simulated else key, *counts, share, paid, f"{one.unknown_calls:,}"]


def cues() -> Bundle:
    """Return what calls sent with a chain-of-thought cue took beside those without, model by model."""
    ledger = session.ledger()
    real = ledger.cues()
    found = real or ledger.cues(simulated=True)
    if not found:
        return _said("No model has been asked both with a chain-of-thought cue and without one.")
    few = [] if all(one.enough for one in found) else ["This few calls prove nothing."]
    whose = [] if real else ["Simulated calls: their numbers are made up."]
    said = " ".join(
        [*whose, *few, "Different prompts take different thought: a difference here need not be the cue's."]
    )
    rows = [_side(one, side) for one in found for side in (one.with_cue, one.without)]
    return render.table(CUE_HEADERS, rows, caption=said)


def _side(one: Cues, side: Side) -> list[str]:
    numbers = [
        "unknown" if side.reasoning_tokens is None else f"{side.reasoning_tokens:,.0f}",
        cost.dollars(None if side.cost_nano_usd is None else round(side.cost_nano_usd)),
        "unknown" if side.seconds is None else f"{side.seconds:.1f}",
    ]
    return [one.model, "with" if side is one.with_cue else "without", f"{side.calls:,}", *numbers]


def _nothing() -> Bundle:
    return _said("No call has been made yet.")
