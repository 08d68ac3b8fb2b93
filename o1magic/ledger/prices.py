"""Prices that a person gave: kept in the ledger beside the calls they price, and laid over the catalog's.

Layer 3. Runs statements inside the transactions of `ledger`, which calls it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from o1magic import cost
from o1magic.answer import Usage
from o1magic.catalog import Catalog, Price
from o1magic.errors import ArgumentError
from o1magic.ledger import budgets, rows, schema
from o1magic.ledger.counted import Counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from o1magic.ledger.records import Standing
    from o1magic.ledger.schema import Execute

NEWEST = "SELECT COALESCE(MAX(seq), 0) FROM price"

# A person's own after the shared ones: it is what they pay.
ALL = """
SELECT seq, model, since, input_per_mtok, cached_per_mtok, output_per_mtok FROM price ORDER BY shared DESC, seq
"""

_RECORD = """
INSERT INTO price (owner, shared, at_ms, model, since, input_per_mtok, cached_per_mtok, output_per_mtok)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

# What a new price may change: calls whose tokens were told. Where a list price was known, nothing was held and no cost
# came of it, another tariff applied (`call.at_list_price`), which no price here knows.
TOLD = """
SELECT id, COALESCE(answered, model), day, prompt_tokens, cached_tokens, completion_tokens, cost_nano, price_id
FROM call WHERE state = 'settled' AND reconciled IS NULL AND prompt_tokens IS NOT NULL
  AND completion_tokens IS NOT NULL AND NOT (cost_nano IS NULL AND hold_nano IS NULL AND price_id IS NOT NULL)
"""

_REPRICE = "UPDATE call SET cost_nano = ?, price_id = ? WHERE id = ? AND state = 'settled'"


@dataclass(frozen=True, slots=True)
class Given:
    """A price that a person gave, valid from `since`; no price: from then on the catalog's holds again."""

    model: str
    since: date
    price: Price | None


@dataclass(frozen=True, slots=True)
class Repriced:
    """A call whose cost is another one now: its id, what it cost and what it costs, and by which price."""

    id: str
    before: int | None
    after: int
    price_before: str | None
    price_after: str


def given(values: Sequence[Any]) -> Given:
    """Return what a row of `ALL` is."""
    seq, model, since, into, cached, out = values
    day = date.fromisoformat(since)
    if into is None:
        return Given(model, day, None)
    rates = (Decimal(into), None if cached is None else Decimal(cached), Decimal(out))
    return Given(model, day, Price(f"{model}@{since}#{seq}", day, *rates))


def record(execute: Execute, wanted: Given, *, user: str, shared: bool, at_ms: int) -> None:
    """Add a price; earlier ones stay."""
    rates: list[str | None] = [None, None, None]
    if wanted.price is not None:
        one = wanted.price
        rates = [_text(rate) for rate in (one.input_per_mtok, one.cached_per_mtok, one.output_per_mtok)]
    execute(_RECORD, (user, int(shared), at_ms, wanted.model, wanted.since.isoformat(), *rates))


def _text(rate: Decimal | None) -> str | None:
    if rate is not None and not (rate.is_finite() and 0 <= rate <= 1_000_000):  # noqa: PLR2004 - a dollar a token
        raise ArgumentError(f"A price is in dollars per million tokens, from 0 to 1000000, not {rate}.")
    return None if rate is None else f"{rate:f}"


def over(catalog: Catalog, all_given: Iterable[Given]) -> Catalog:
    """Return the catalog with these prices laid over its own: each holds from its day on, until one takes it back."""
    models = dict(catalog.models)
    for one in all_given:
        base = catalog.find(one.model).prices
        model = models.get(one.model) or catalog.find(one.model)
        earlier = [price for price in model.prices if price.since < one.since]
        if one.price is not None:
            later = [one.price]
        else:
            valid = [price for price in base if price.since <= one.since][-1:]
            later = [replace(price, since=one.since) for price in valid]
            later += [price for price in base if price.since > one.since]
        models[one.model] = replace(model, prices=(*earlier, *later))
    return Catalog(default_model=catalog.default_model, models=models)


def repriced(calls: Iterable[Sequence[Any]], catalog: Catalog) -> list[Repriced]:
    """Return the calls, rows of `TOLD`, that cost something else by this catalog."""
    found = []
    for call_id, model, day, prompt, cached, completion, nano, price_id in calls:
        price = catalog.find(model).price_on(date.fromisoformat(day))
        after = cost.cost_nano_usd(Usage(prompt=prompt, cached=cached, completion=completion), price)
        if price is not None and after is not None and after != nano:
            found.append(Repriced(call_id, nano, after, price_id, price.id))
    return found


def apply(execute: Execute, one: Repriced, at: tuple[int, str]) -> list[Standing]:
    """Give a call its new cost; the old one stays beside it. `at` is when, and in which session, it was asked for."""
    *values, _ = execute(schema.COUNTED, (one.id,)).fetchone()
    before = Counted(*values)
    if (before.state, before.cost_nano) != ("settled", one.before):
        return []  # somebody else was faster
    execute(_REPRICE, (one.after, one.price_after, one.id))
    after, reached = budgets.move(execute, before, before._replace(cost_nano=one.after))
    rows.add_up(execute, before, after)
    was = (before.state, one.before, one.after, one.price_before, one.price_after)
    execute(schema.CORRECTION, (before.owner, one.id, at[0], "price", *was, at[1]))
    return reached
