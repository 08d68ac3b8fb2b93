"""What a person is told beside findings: a model nobody knows, one that is retired, calls that were lost.

Layer 4. Sentences only; nothing here decides whether a prompt is sent. Called by `ask`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic import cost
from o1magic.request import LEAST_ROOM

if TYPE_CHECKING:
    from datetime import date

    from o1magic.arguments import Arguments
    from o1magic.catalog import Model
    from o1magic.endpoint import Endpoint
    from o1magic.errors import BudgetError
    from o1magic.ledger import Ledger
    from o1magic.prompt import Prompt
    from o1magic.request import Request


def unknown_model(model: Model, asked: str) -> tuple[str, ...]:
    """Return the note on a model the catalog does not know."""
    if model.known:
        return ()
    unknown = "its limits are unknown" if model.prices else "its limits and its price are unknown"
    return (f"{asked} is not in the catalog: {unknown}",)


def retirement(model: Model, target: Endpoint, today: date) -> tuple[str, ...]:
    """Return the note on a model that OpenAI has shut down; other endpoints may still serve it."""
    if target.kind != "openai" or model.shutdown is None or not model.is_shut_down(today):
        return ()
    instead = f"; its successor is {model.successor}: -m {model.successor}" if model.successor else ""
    return (f"OpenAI shut {model.name} down on {model.shutdown:%Y-%m-%d}{instead}",)


def unsafe(given: Arguments) -> tuple[str, ...]:
    """Return the note on what --retry-unsafe may cost."""
    if not given.retry_unsafe:
        return ()
    return ("--retry-unsafe: a request whose reply is lost is sent again, and each may be billed",)


def lost_calls(ledger: Ledger, greeted: list[Ledger]) -> tuple[str, ...]:
    """Return, once per ledger, the note on calls whose process ended before it could say what became of them."""
    if ledger in greeted:
        return ()
    greeted.append(ledger)
    lost = ledger.unaccounted()
    if not lost.fresh:
        return ()
    calls = "1 call" if lost.calls == 1 else f"{lost.calls:,} calls"
    held = cost.dollars(lost.held_nano_usd)
    ways = "%o1 reconcile, or %o1 resume for what went on without it" if lost.resumable else "%o1 reconcile"
    return (f"{calls} unaccounted: the process ended before the answer came; {held} stay on hold: {ways}",)


def fitting(refused: BudgetError, request: Request, today: date) -> str:
    """Return a sentence on the largest allowance that the budgets would let through, "" where nothing is known."""
    price, prompt = request.model.price_on(today), request.prompt_tokens.tokens
    fits = []
    for one in refused.standings:
        if one.unit == "tokens":
            fits.append(one.left - prompt)
        elif price is not None:
            fits.append(cost.allowance_within(one.left, prompt, price) or 0)
    if not fits or refused.worst is None:
        return ""
    if min(fits) < LEAST_ROOM:
        return "What is left is too little for this prompt and an answer."
    return f"--max-completion-tokens {min(fits)} would fit."


def largest_part(written: Prompt) -> str:
    """Return a sentence naming the largest variable in a prompt that does not fit, "" where there is none."""
    if not written.inserted:
        return ""
    largest = max(written.inserted, key=lambda one: one.chars)
    return f"The largest variable in it is {{{{{largest.name}}}}}, {largest.chars:,} characters."
