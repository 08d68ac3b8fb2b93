"""The catalog's prices beside somebody else's list of them, the data that ships with the package genai-prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from genai_prices.data import providers
from genai_prices.types import ModelPrice, StartDateConstraint, TieredPrices

from o1magic import catalog

CATALOG = catalog.load()
THEIRS = {model.id: model for model in next(one for one in providers if one.id == "openai").models}
BOTH = sorted(set(THEIRS) & set(CATALOG.models))

# (model, day, what): ours, theirs; and why ours stays. A new difference fails; so does one that is gone.
DIFFERENT = {
    # Their 0.5 is the rate after the cut of June 2025, a quarter of the input price; before it nobody's list has one.
    ("o3", date(2025, 4, 16), "cached"): ((None, None, None), (Decimal("0.5"), None, None)),
}


def rate(value):
    """Return base rate, threshold and factor of one of their rates."""
    if isinstance(value, TieredPrices):
        (tier,) = value.tiers
        return value.base, tier.start, tier.price / value.base
    return value, None, None


def theirs_on(name, day):
    """Return their price of a day: the last one whose first day has come."""
    prices = THEIRS[name].prices
    if isinstance(prices, ModelPrice):
        return prices
    valid = [one.prices for one in prices if _holds(one.constraint, day)]
    return valid[-1]


def _holds(constraint, day):
    return constraint is None or (isinstance(constraint, StartDateConstraint) and constraint.start_date <= day)


def ours(price):
    long = price.long_context
    tier = (None, None) if long is None else (long.threshold_tokens, long.input_factor)
    out = (None, None) if long is None else (long.threshold_tokens, long.output_factor)
    cached = (price.cached_per_mtok, *tier) if price.cached_per_mtok is not None else (None, None, None)
    return {"in": (price.input_per_mtok, *tier), "cached": cached, "out": (price.output_per_mtok, *out)}


def differences():
    """Return every difference between the two lists, on each day on which one of ours begins."""
    found = {}
    for name in BOTH:
        for price in CATALOG.models[name].prices:
            theirs = theirs_on(name, price.since)
            rates = {
                "in": rate(theirs.input_mtok),
                "cached": rate(theirs.cache_read_mtok),
                "out": rate(theirs.output_mtok),
            }
            for what, mine in ours(price).items():
                if mine != rates[what]:
                    found[name, price.since, what] = (mine, rates[what])
    return found


def test_both_lists_know_most_models():
    """The comparison compares something: nearly every model of ours is on their list."""
    assert len(BOTH) >= len(CATALOG.models) - 3


def test_every_difference_is_named():
    """Where both lists know a model their prices agree, but for the differences named here."""
    assert differences() == DIFFERENT


@pytest.mark.parametrize("name", BOTH)
def test_no_price_of_theirs_began_on_a_day_we_do_not_know(name):
    """Each day on which a price of theirs begins is one on which a price of ours does."""
    prices = THEIRS[name].prices
    if isinstance(prices, ModelPrice):
        return
    days = {one.constraint.start_date for one in prices if isinstance(one.constraint, StartDateConstraint)}

    assert days - {price.since for price in CATALOG.models[name].prices} == set()


def test_the_comparison_notices():
    """A wrong rate of ours would be found."""
    price = CATALOG.find("o3").price_on(date(2026, 1, 1))

    assert ours(price)["in"] == (Decimal(2), None, None) == rate(theirs_on("o3", price.since).input_mtok)
