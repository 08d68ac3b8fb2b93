"""Ledgers with calls in them, written through the ledger's own API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from o1magic.answer import Usage
from o1magic.ledger import Intent, Ledger, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def fill(path: Path, count: int, *, session: str = "another session", simulated: bool = False) -> None:
    """Record so many calls, the newest now and a minute between them; every 97th ends unknown, every 89th untold."""
    now = [time.time() - 60.0 * count]
    with Ledger(path, clock=lambda: now[0]) as ledger:
        ledger.rows(1)
        ledger._store._connection.execute("PRAGMA synchronous = OFF")  # type: ignore[union-attr] # ten times as fast
        for i in range(count):
            now[0] += 60.0
            hold(ledger, f"{i:032x}", session=session, model=("o3", "gpt-5", "o1")[i % 3], simulated=simulated)
            ledger.settle(f"{i:032x}", outcome(i))


def hold(
    ledger: Ledger,
    call_id: str,
    *,
    session: str = "s",
    model: str = "o3",
    simulated: bool = False,
    effort: str | None = "low",
    hold_nano_usd: int | None = 10**9,
    lint_found: tuple[str, ...] = ("COT001",),
    lint_fixed: tuple[str, ...] = (),
) -> None:
    """Record a call about to be sent."""
    ledger.hold(
        Intent(
            id=call_id,
            session=session,
            notebook=None,
            endpoint="api.openai.com",
            model=model,
            effort=effort,
            hold_nano_usd=hold_nano_usd,
            price_id=None,
            lint_found=lint_found,
            lint_fixed=lint_fixed,
            simulated=simulated,
        )
    )


def outcome(i: int = 0, *, model: str | None = None, finish_reason: str | None = "stop") -> Outcome:
    """Return an outcome like any other; some are known less well."""
    if i % 97 == 96:
        return Outcome("unknown", None, Usage(), None, None, 1, 3.0, "TransportError")
    reasoning = None if i % 89 == 88 else 200 + i * 37 % 3000
    usage = Usage(40 + i % 50, 0, reasoning, 250 + i * 37 % 3000 + i % 700)
    return Outcome("settled", model, usage, 1_000_000 + i, None, 1, 0.5 + i % 30, finish_reason)
