"""The ledger: each call is held before it is sent and settled when it ends; totals cost the same at any size.

Layer 3. The only module that its callers (`call`, `session`, `commands`) need of the ledger. No prompt, no answer
and no key is stored. Its neighbours: `records` (the values), `ledger` and `book` (what can be done), `calls`, `budgets`
(each step of it), `schema`, `budget_schema`, `migrations` (the SQL), `rows` (between values and SQL), `sqlite` and
`setup` (the file), `place` (where), `owner` (who lives), `spool` (what waits), `export` (as CSV), `table` (as a
DataFrame), `analysis` (added up), `prices` (given by people), `postgres` (instead of the file), `store` (both).

    with open_ledger() as ledger:
        ledger.hold(intent)                  # durable before the request leaves, or LedgerError, BudgetError
        ledger.settle(intent.id, outcome)    # True once, False for the same id again
        ledger.spend(session).total.cost_nano_usd
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from o1magic.ledger import place
from o1magic.ledger.ledger import Ledger
from o1magic.ledger.records import (
    BudgetChange,
    Intent,
    Outcome,
    Row,
    Spend,
    Standing,
    State,
    Total,
    Unaccounted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "BudgetChange",
    "Intent",
    "Ledger",
    "Outcome",
    "Row",
    "Spend",
    "Standing",
    "State",
    "Total",
    "Unaccounted",
    "frame",
    "open_ledger",
]


def open_ledger(
    location: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    clock: Callable[[], float] = time.time,
) -> Ledger:
    """Return the ledger at a path or postgresql:// URL, or the one in the user's data folder; opened on first use."""
    if location is not None and place.is_url(location):
        return Ledger(location, clock=clock)
    return Ledger(place.ledger_path(location, environ=environ, platform=platform), clock=clock)


def frame() -> Any:  # a DataFrame; pandas has no types of its own
    """Return the rows of the ledger that O1MAGIC_LEDGER names, or the one in the user's data folder, as a DataFrame.

    Unknown is <NA>, never 0. Raises ConfigError: pandas is not installed.
    """
    with open_ledger(os.environ.get(place.VARIABLE, "").strip() or None) as ledger:
        return ledger.frame()
