"""The values that go into the ledger and come out of it.

Layer 3, pure: no I/O, no SQL. Called by `ledger` and its neighbours; others import these names from `ledger`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from o1magic.errors import redact

if TYPE_CHECKING:
    from datetime import datetime

    from o1magic.answer import Usage

State = Literal["settled", "partial", "failed", "unknown"]
Per = Literal["session", "day", "month", "total"]
Unit = Literal["nano_usd", "tokens"]
Word = Literal["amount", "zero", "hold"]

# 2**63 - 1 nano-dollars are nine billion dollars; half of it leaves room to add up.
_MOST_NANO = 2**62
# The wire refuses counts over 10**9; what is beyond this is no count at all.
_MOST_TOKENS = 10**12
_NAME_LIMIT = 300
_RAW_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Intent:
    """A call about to be sent, with the worst it can cost.

    `endpoint` is a host, never a URL with a key in it. `hold_nano_usd` is None where there is no price,
    `hold_tokens` where there is no allowance.
    `lease_s` is how long the call may stay unanswered before it counts as unaccounted.
    """

    id: str
    session: str
    notebook: str | None
    endpoint: str
    model: str
    effort: str | None
    hold_nano_usd: int | None
    price_id: str | None
    lint_found: tuple[str, ...] = ()
    lint_fixed: tuple[str, ...] = ()
    simulated: bool = False
    lease_s: float = 3600.0
    hold_tokens: int | None = None

    def __post_init__(self) -> None:
        """Refuse a hold that is not an amount of money, before anything is sent."""
        require_money("hold_nano_usd", self.hold_nano_usd)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call.

    "settled" and "partial" were billed, "failed" was not, "unknown" may have been: its hold stays, and a cost
    given with it is not recorded. `simulated` overrides what the intent said; None leaves it.
    """

    state: State
    model: str | None
    usage: Usage
    cost_nano_usd: int | None
    price_id: str | None
    attempts: int
    seconds: float
    finish_reason: str | None = None
    provider_id: str | None = None
    simulated: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a cost that is not an amount of money."""
        require_money("cost_nano_usd", self.cost_nano_usd)


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over rows; `calls` and the tokens count every row, simulated ones and those in flight included.

    `cost_nano_usd` and `held_nano_usd` are real money only; `simulated_cost_nano_usd` is what the simulated
    tokens would have cost. `unknown_calls` counts rows whose cost is not known, those in flight not included.
    `completion_tokens` is at least reasoning + visible: the rest came without being told apart.
    """

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    visible_tokens: int = 0
    cost_nano_usd: int = 0
    unknown_calls: int = 0
    held_nano_usd: int = 0
    simulated_calls: int = 0
    simulated_cost_nano_usd: int = 0
    currency: str = "USD"
    completion_tokens: int = 0
    simulated_held_nano_usd: int = 0


@dataclass(frozen=True, slots=True)
class Spend:
    """The totals of this session, of today, and of all time."""

    session: Total = field(default_factory=Total)
    today: Total = field(default_factory=Total)
    total: Total = field(default_factory=Total)


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """The calls that ended untold, with their process; this `Ledger` found `fresh` of them itself.

    `resumable` of them go on at their endpoint, in the background.
    """

    calls: int = 0
    held_nano_usd: int = 0
    simulated_held_nano_usd: int = 0
    fresh: int = 0
    resumable: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands now, in its unit: nano-dollars or tokens.

    `per` is what the limit is for: each session, each local day, each month, or in all since the budget was set.
    Simulated calls have the same limit to themselves: `simulated` tells whose money this is. `warned`: 80 % were
    reached. `allow_unpriced`: calls nobody can price are let through, uncounted.
    """

    name: str
    per: Per
    unit: Unit
    limit: int
    spent: int
    held: int
    warned: bool = False
    allow_unpriced: bool = False
    simulated: bool = False

    @property
    def left(self) -> int:
        """Return what no call has spent or holds; never below 0."""
        return max(0, self.limit - self.spent - self.held)

    @property
    def over(self) -> int:
        """Return by how much the last call admitted went over the limit: it cost more than its worst case."""
        return max(0, self.spent - self.limit)


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """One change of a budget: when, by which session, and the limit before and after (None: there was, is, none)."""

    at: datetime
    name: str
    per: Per
    unit: Unit
    before: int | None
    after: int | None
    allow_unpriced: bool
    session: str


@dataclass(frozen=True, slots=True)
class Row:
    """One call as recorded; None is unknown, or not yet known for a call in flight (state "intent").

    `reconciled` tells how a person settled a call of unknown cost; None: nobody had to.
    """

    id: str
    state: str
    created: datetime
    day: str
    session: str
    notebook: str | None
    endpoint: str
    model: str
    answered: str | None
    effort: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    completion_tokens: int | None
    estimated: bool
    inconsistent: bool
    usage_raw: str | None
    hold_nano_usd: int | None
    cost_nano_usd: int | None
    price_id: str | None
    attempts: int | None
    seconds: float | None
    finish_reason: str | None
    provider_id: str | None
    lint_found: tuple[str, ...]
    lint_fixed: tuple[str, ...]
    simulated: bool
    reconciled: Word | None = None

    @property
    def visible_tokens(self) -> int | None:
        """Return the output tokens that are not reasoning, None when either part is unknown."""
        return visible(self.completion_tokens, self.reasoning_tokens)

    @property
    def over_hold(self) -> bool:
        """Tell whether the call cost more than the worst case that was held for it."""
        cost, hold = self.cost_nano_usd, self.hold_nano_usd
        return cost is not None and hold is not None and cost > hold


def tokens(count: object) -> int | None:
    """Return the count, or None where it is none: SQLite would store 1.5 and NaN without a word."""
    return count if type(count) is int and 0 <= count <= _MOST_TOKENS else None


def seconds(duration: float) -> float | None:
    """Return the duration, None where it is not finite or negative."""
    return float(duration) if math.isfinite(duration) and duration >= 0 else None


def name(text: str | None) -> str | None:
    """Return a short text as it may be stored: encodable, no NUL, no key, at most 300 characters."""
    return None if text is None else _storable(text, _NAME_LIMIT)


def raw(text: str | None) -> str | None:
    """Return a usage that could not be read as it may be stored, at most 10,000 characters."""
    return None if text is None else _storable(text, _RAW_LIMIT)


def _storable(text: str, limit: int) -> str:
    # Lone surrogates make sqlite3 raise, NUL ends the text for SQLite's own functions and for PostgreSQL.
    whole = text[:limit].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return redact(whole.replace("\0", "\ufffd"))


def visible(completion: int | None, reasoning: int | None) -> int | None:
    """Return the output tokens that are not reasoning, None when either part is unknown."""
    return None if completion is None or reasoning is None else max(0, completion - reasoning)


def require_money(field_name: str, amount: object) -> None:
    """Raise ValueError unless this is None or an amount of money."""
    if amount is not None and not (type(amount) is int and 0 <= amount <= _MOST_NANO):
        message = f"{field_name} must be None or a whole number of nano-dollars from 0 to 2**62, not {amount!r}"
        raise ValueError(message)
