"""What one call adds to the totals and to the budgets, in each of its states.

Layer 3, pure. Called by `rows`, `calls` and `budgets`.
"""

from __future__ import annotations

from typing import NamedTuple

from o1magic.ledger.records import visible


class Counted(NamedTuple):
    """The part of a row that the totals and the budgets are made of; `gauges` names the budgets that count it."""

    session: str
    day: str
    simulated: int
    state: str
    hold_nano: int | None = None
    cost_nano: int | None = None
    prompt: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    completion: int | None = None
    hold_tokens: int | None = None
    gauges: str = ""
    owner: str = ""

    @property
    def uncosted(self) -> bool:
        """Tell whether the call is over and nobody knows what it cost."""
        return self.state == "unknown" or (self.state in ("settled", "partial") and self.cost_nano is None)

    def charge(self, unit: str) -> tuple[int, int]:
        """Return what this row holds and has spent of a budget in nano-dollars or in tokens."""
        if self.state == "failed":
            return 0, 0
        held, spent = self.hold_nano, self.cost_nano
        if unit == "tokens":
            held = self.hold_tokens
            # A cut answer's tokens are those that could be counted here, without its hidden reasoning.
            if self.state == "settled" and self.prompt is not None and self.completion is not None:
                spent = self.prompt + self.completion
            elif spent is not None:  # a person told the cost of a call whose tokens nobody knows
                spent = held or 0
        return (held or 0, 0) if spent is None or self.state in ("intent", "unknown") else (0, spent)

    def share(self) -> tuple[int, ...]:
        """Return what this row adds to the columns of `schema.SUMS`, in their order."""
        holding = self.uncosted or self.state == "intent"
        return (
            1,
            self.prompt or 0,
            self.cached or 0,
            self.reasoning or 0,
            visible(self.completion, self.reasoning) or 0,
            self.completion or 0,
            self.cost_nano or 0,
            int(self.uncosted),
            (self.hold_nano or 0) if holding else 0,
        )
