"""The allowance of a call that asks for none: what calls like it needed, where enough of them are on record.

Layer 4. Called by `ask`; `ledger.allowance` says how it is worked out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from o1magic.errors import LedgerError
from o1magic.settings import RESERVE_TOKENS

if TYPE_CHECKING:
    from o1magic.arguments import Arguments
    from o1magic.ledger import Ledger
    from o1magic.ledger.allowance import Learned
    from o1magic.settings import Settings

_ALLOWANCES = ("max_completion_tokens", "max_tokens")


def kind_of(given: Arguments, chosen: Settings) -> tuple[str | None, bool]:
    """Return the effort that a call goes by, and whether it is simulated: what it is compared by, beside its model."""
    effort = given.effort or given.params.get("reasoning_effort") or chosen.effort
    return (effort if isinstance(effort, str) else None), is_simulated(chosen)


def is_simulated(chosen: Settings) -> bool:
    """Tell whether the calls go to the simulator."""
    return (chosen.endpoint or "").strip().partition(":")[0] == "simulator"


def settled(asked: str, given: Arguments, chosen: Settings, ledger: Ledger) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings with the reserve for this call, and why it is not the usual one.

    An allowance on the magic line, or a reserve in `%config`, is left as it is.
    """
    asks = any(getattr(given, name) is not None or name in given.params for name in _ALLOWANCES)
    if asks or chosen.reserve_tokens is not None:
        return chosen, ()
    effort, simulated = kind_of(given, chosen)
    try:
        learned = ledger.learned(asked, effort, simulated=simulated)
    except LedgerError:
        return chosen, ()  # the hold will say what is wrong with it
    if learned.tokens is None or learned.tokens == RESERVE_TOKENS:
        return chosen, ()
    note = f"{learned.tokens:,} allowed instead of {RESERVE_TOKENS:,}: {because(learned)}"
    how = f"(--max-completion-tokens, %config O1Magics.reserve_tokens = {RESERVE_TOKENS})"
    return replace(chosen, reserve_tokens=learned.tokens), (f"{note} {how}",)


def because(learned: Learned) -> str:
    """Return why that much is allowed."""
    kept = learned.calls - learned.over
    return f"{kept:,} of {learned.calls:,} calls like this one needed no more"
