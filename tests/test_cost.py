"""Costs are exact integers, and unknown where anything billed is unknown."""

from __future__ import annotations

import decimal
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic import catalog
from o1magic.answer import Usage
from o1magic.catalog import LongContext, Price
from o1magic.cost import allowance_within, cost_nano_usd, dollars, worst_case_nano_usd

TODAY = date(2026, 11, 22)
O1_PREVIEW = catalog.load().find("o1-preview").price_on(TODAY)
SOL = catalog.load().find("gpt-5.6-sol").price_on(TODAY)

counts = st.integers(0, 10**9)
rates = st.decimals(0, 1000, places=6)
prices = st.builds(
    Price,
    id=st.just("x@2026-01-01"),
    since=st.just(date(2026, 1, 1)),
    input_per_mtok=rates,
    cached_per_mtok=st.none() | rates,
    output_per_mtok=rates,
    long_context=st.none() | st.builds(LongContext, counts, st.decimals(1, 5, places=3), st.decimals(1, 5, places=3)),
)
usages = st.builds(
    lambda prompt, cached, completion: Usage(
        prompt=prompt, cached=None if cached is None else min(cached, prompt), completion=completion
    ),
    counts,
    st.none() | counts,
    counts,
)


def exactly(usage, price):
    """Return the cost as a fraction of nano-dollars, by other arithmetic than the code's."""
    factor_in = factor_out = Fraction(1)
    if price.long_context is not None and usage.prompt > price.long_context.threshold_tokens:
        factor_in, factor_out = Fraction(price.long_context.input_factor), Fraction(price.long_context.output_factor)
    full = Fraction(price.input_per_mtok)
    cached_rate = full if price.cached_per_mtok is None else Fraction(price.cached_per_mtok)
    cached = usage.cached or 0
    into = (usage.prompt - cached) * full + cached * cached_rate
    return 1000 * (into * factor_in + usage.completion * Fraction(price.output_per_mtok) * factor_out)


def test_an_answer_of_o1_preview():
    """Reasoning tokens are billed as output: they are in the completion."""
    usage = Usage(prompt=212, cached=0, reasoning=2048, completion=2358)

    assert cost_nano_usd(usage, O1_PREVIEW) == 212 * 15_000 + 2358 * 60_000


def test_cached_tokens_cost_the_cached_price():
    """The cached part of the prompt costs its own price, the rest the full one."""
    usage = Usage(prompt=1000, cached=400, completion=0)

    assert cost_nano_usd(usage, O1_PREVIEW) == 600 * 15_000 + 400 * 7_500


@pytest.mark.parametrize(("name", "cached"), [("o1-pro", 400), ("o1-preview", None)])
def test_unknown_cached_part_or_price_is_taken_at_the_full_price(name, cached):
    """What is not known about the cache makes the cost too high rather than too low."""
    price = catalog.load().find(name).price_on(TODAY)

    assert 1000 * price.input_per_mtok * 1000 == cost_nano_usd(Usage(prompt=1000, cached=cached, completion=0), price)


def test_more_cached_than_sent_costs_no_less_than_all_cached():
    """A cached count larger than the prompt, as a broken gateway may send, is taken as the whole prompt."""
    assert cost_nano_usd(Usage(prompt=10, cached=1000, completion=0), O1_PREVIEW) == 10 * 7_500


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [(272_000, 272_000 * 4_000 + 10 * 20_000), (272_001, 272_001 * 8_000 + 10 * 30_000)],
)
def test_a_long_prompt_makes_the_whole_request_dearer(prompt, expected):
    """Past 272,000 input tokens all input costs double and all output half as much again."""
    assert expected == cost_nano_usd(Usage(prompt=prompt, cached=0, completion=10), SOL)
    assert expected == worst_case_nano_usd(prompt, 10, SOL)


@pytest.mark.parametrize("usage", [Usage(), Usage(prompt=1), Usage(completion=1)])
def test_unknown_usage_costs_unknown(usage):
    """A cost is None, not zero, when prompt or completion is unknown."""
    assert cost_nano_usd(usage, O1_PREVIEW) is None


def test_unknown_price_costs_unknown():
    """Without a price there is no cost, and without an allowance no worst case."""
    assert cost_nano_usd(Usage(prompt=1, completion=1), None) is None
    assert worst_case_nano_usd(1, 1, None) is None
    assert worst_case_nano_usd(1, None, O1_PREVIEW) is None


@given(usages, prices)
def test_cost_is_exact_and_rounded_once(usage, price):
    """The cost is the exact fraction rounded half to even, whatever the sizes."""
    assert round(exactly(usage, price)) == cost_nano_usd(usage, price)


@given(usages, prices)
def test_cost_is_never_negative_nor_above_the_worst_case(usage, price):
    """A call costs at least nothing and at most the worst case, unless cached tokens cost extra."""
    cost = cost_nano_usd(usage, price)

    assert cost >= 0
    if price.cached_per_mtok is None or price.cached_per_mtok <= price.input_per_mtok:
        assert cost <= worst_case_nano_usd(usage.prompt, usage.completion, price)


@given(usages, prices, st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_tokens_never_cost_less(usage, price, more_prompt, more_completion):
    """The cost grows with the prompt and with the completion."""
    more = Usage(prompt=usage.prompt + more_prompt, cached=usage.cached, completion=usage.completion + more_completion)

    assert cost_nano_usd(usage, price) <= cost_nano_usd(more, price)


@given(usages, usages, prices)
def test_the_cost_of_a_sum_is_the_sum_of_costs(one, other, price):
    """Without a surcharge, two calls cost what one of both their tokens would, to a rounded nano-dollar each."""
    flat = Price(price.id, price.since, price.input_per_mtok, price.cached_per_mtok, price.output_per_mtok)
    known = [Usage(u.prompt, u.cached or 0, None, u.completion) for u in (one, other)]
    parts = sum(cost_nano_usd(usage, flat) for usage in known)

    assert abs(cost_nano_usd(known[0] + known[1], flat) - parts) <= 1


def test_a_users_decimal_context_changes_nothing():
    """A notebook that set a decimal precision of three digits sees the same costs."""
    usage = Usage(prompt=123_456_789, cached=0, completion=987_654_321)
    expected = cost_nano_usd(usage, O1_PREVIEW), dollars(12_345_678_900)
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP, traps=[decimal.Inexact]):
        assert expected == (cost_nano_usd(usage, O1_PREVIEW), dollars(12_345_678_900))


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (1, "$0.000000001"),
        (120_000, "$0.00012"),
        (123_456, "$0.00012"),
        (2_000_000, "$0.002"),
        (144_600_000, "$0.1446"),
        (530_000_000, "$0.53"),
        (999_960_000, "$1.00"),
        (1_000_000_000, "$1.00"),
        (12_345_678_900, "$12.35"),
        (1_234_500_000_000, "$1,234.50"),
        (-500_000_000, "-$0.50"),
    ],
)
def test_dollars_show_as_many_digits_as_make_sense(nano, shown):
    """Cents from a dollar up, four places below, and two digits of what is smaller still."""
    assert shown == dollars(nano)


@given(st.integers(0, 10**18))
def test_shown_dollars_are_close(nano):
    """What is shown is within 5 % of the amount, and never nothing for something."""
    shown = Decimal(dollars(nano)[1:].replace(",", "")) * 10**9

    assert abs(shown - nano) * 20 <= nano
    assert (shown == 0) == (nano == 0)


def test_a_batch_costs_half() -> None:
    """The Batch API bills half of every rate; where nobody says what a batch costs, that is unknown."""
    usage = Usage(prompt=1_000, cached=0, reasoning=0, completion=1_000)

    assert 2 * cost_nano_usd(usage, SOL, batch=True) == cost_nano_usd(usage, SOL)
    assert cost_nano_usd(usage, replace(SOL, batch_factor=None), batch=True) is None


@given(left=st.integers(0, 10**12), prompt=st.integers(0, 400_000))
def test_the_allowance_that_fits_is_the_largest(left: int, prompt: int) -> None:
    """What fits a budget costs no more than is left, and one token more would."""
    fits = allowance_within(left, prompt, SOL)

    if fits is None:
        assert worst_case_nano_usd(prompt, 0, SOL) > left
    else:
        assert worst_case_nano_usd(prompt, fits, SOL) <= left < worst_case_nano_usd(prompt, fits + 1, SOL)
