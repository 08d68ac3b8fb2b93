"""Tokens times the price of the day, in integer nano-dollars; what is not known stays unknown.

Layer 2. Imports `answer` and `catalog` types only; called by `call`, `ask`, `render` and the simulator.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from o1magic.answer import Usage
    from o1magic.catalog import Price

NANO_PER_USD = 1_000_000_000
# Dollars per million tokens, times tokens, times this: nano-dollars.
_NANO_PER_MTOK_USD = NANO_PER_USD // 1_000_000

# The part of the list price that a call costs.
_WHOLE = Decimal(1)

# The allowance that is free of charge: more than any model writes.
_FREE = 10**9

# A notebook may have set a decimal context of three digits; ours holds any sum of prices exactly.
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


def cost_nano_usd(usage: Usage, price: Price | None, *, batch: bool = False) -> int | None:
    """Return what the usage costs, in a batch if so, None when the price or what is billed is not known.

    Rounded once, at the end. Cached tokens cost the full input price where the endpoint does not tell how many
    they are or the catalog does not know their price: too high rather than too low.
    """
    factor = _WHOLE if not batch or price is None else price.batch_factor
    if price is None or factor is None or usage.prompt is None or usage.completion is None:
        return None
    cached = min(usage.cached or 0, usage.prompt)
    return _nano(price, prompt=usage.prompt, cached=cached, completion=usage.completion, factor=factor)


def worst_case_nano_usd(prompt_tokens: int, max_completion_tokens: int | None, price: Price | None) -> int | None:
    """Return the most that a request can cost, None when its allowance or its price is not known."""
    if price is None or max_completion_tokens is None:
        return None
    return _nano(price, prompt=prompt_tokens, cached=0, completion=max_completion_tokens)


def allowance_within(nano: int, prompt_tokens: int, price: Price) -> int | None:
    """Return the largest allowance with which the prompt costs at most this much, None where it alone costs more."""
    prompt, with_a_million = (_nano(price, prompt=prompt_tokens, cached=0, completion=out) for out in (0, 1_000_000))
    if prompt > nano:
        return None
    per_million = with_a_million - prompt
    return (nano - prompt) * 1_000_000 // per_million if per_million else _FREE


def _nano(price: Price, *, prompt: int, cached: int, completion: int, factor: Decimal = _WHOLE) -> int:
    with localcontext(_EXACT):
        cached_rate = price.input_per_mtok if price.cached_per_mtok is None else price.cached_per_mtok
        into = (prompt - cached) * price.input_per_mtok + cached * cached_rate
        out = completion * price.output_per_mtok
        # The surcharge is on the whole request, not on the tokens past the threshold.
        if price.long_context is not None and prompt > price.long_context.threshold_tokens:
            into *= price.long_context.input_factor
            out *= price.long_context.output_factor
        return int(((into + out) * factor * _NANO_PER_MTOK_USD).to_integral_value())


def dollars(nano: int | None) -> str:
    """Return an amount for people: "$12.35", "$0.1446", "$0.00012", "unknown"."""
    if nano is None:
        return "unknown"
    with localcontext(_EXACT):
        amount = Decimal(abs(nano)) / NANO_PER_USD
        places = 2 if amount >= 1 else max(4, 1 - amount.adjusted()) if amount else 2
        rounded = round(amount, places)
    whole, _, digits = f"{rounded:,.{places}f}".partition(".")
    return f"{'-' if nano < 0 else ''}${whole}.{digits.rstrip('0').ljust(2, '0')}"
