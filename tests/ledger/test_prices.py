"""Prices that people give, and what they change about calls that were made before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from ledger_kit import COST, SETTLED, UNKNOWN, query, record, summed

from o1magic import account, catalog, cost, session
from o1magic.answer import Usage
from o1magic.catalog import Price
from o1magic.errors import ArgumentError, BudgetError, LedgerError
from o1magic.ledger import Ledger

CATALOG = catalog.load()
TODAY = date(2026, 11, 22)
USAGE = Usage(prompt=1_000_000, cached=0, reasoning=0, completion=1_000_000)


def price(into, out, cached=None):
    return Price("", TODAY, Decimal(into), None if cached is None else Decimal(cached), Decimal(out))


def of(ledger, name, day=TODAY):
    found = ledger.priced(CATALOG).find(name).price_on(day)
    return found and (found.input_per_mtok, found.cached_per_mtok, found.output_per_mtok)


def test_a_price_given_holds_from_its_day(ledger):
    """A person's price counts from its day on and not before; the last one given for a day wins."""
    ledger.set_price("o3", price(3, 9), since=TODAY)
    ledger.set_price("o3", price(4, "9.5", "0.1"), since=TODAY)

    assert of(ledger, "o3") == (4, Decimal("0.1"), Decimal("9.5"))
    assert of(ledger, "o3-2025-04-16") == of(ledger, "o3")
    assert of(ledger, "o3", date(2026, 11, 21)) == (2, Decimal("0.5"), 8)
    assert of(ledger, "o3", date(2025, 5, 1)) == (10, None, 40)


def test_a_price_is_taken_back(ledger):
    """Taken back, the catalog's holds again from that day; what was paid in between stays priced as it was."""
    ledger.set_price("o3", price(3, 9), since=date(2026, 1, 1))
    ledger.set_price("o3", None, since=date(2026, 2, 1))

    assert [of(ledger, "o3", date(2026, month, 15))[0] for month in (1, 2, 11)] == [3, 2, 2]
    assert len(ledger.prices_given()) == 2


def test_an_unknown_model_gets_a_price(ledger):
    """A model that the catalog does not know has its price from the ledger, and stays unknown otherwise."""
    assert of(ledger, "llama-9") is None
    ledger.set_price("llama-9", price(1, 2), since=TODAY)

    found = ledger.priced(CATALOG).find("llama-9")
    assert (found.known, found.price_on(TODAY).output_per_mtok) == (False, 2)
    assert found.price_on(TODAY).id == "llama-9@2026-11-22#1"


def test_another_kernel_sees_a_price_at_once(ledger, path):
    """A price given in one notebook counts in the next call of another."""
    ledger.set_price("o3", price(3, 9), since=TODAY)
    assert of(ledger, "o3")[0] == 3
    with Ledger(path) as other:
        other.set_price("o3", price(4, 9), since=TODAY)

    assert of(ledger, "o3")[0] == 4


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "-1", "1000001"])
def test_a_rate_is_an_amount(ledger, rate):
    """A rate that is no amount is refused, and the old price holds."""
    with pytest.raises(ArgumentError, match="dollars per million"):
        ledger.set_price("o3", price(rate, 1), since=TODAY)
    assert of(ledger, "o3")[0] == 2


def test_b4_recompute_keeps_what_was_known(ledger, path):
    """B4: recomputed calls have new cost and price, the old ones stay beside them; totals and budgets follow."""
    ledger.set_budget(10**12, session="s1", per="total")
    wrong = record(ledger, replace(SETTLED, usage=USAGE, cost_nano_usd=COST, price_id="o3@wrong"))
    ledger.set_price("o3", price(3, 9), since=date(2020, 1, 1))

    (changed,) = ledger.recompute(ledger.priced(CATALOG), session="s9")
    assert (changed.id, changed.before, changed.after) == (wrong.id, COST, 12_000_000_000)
    (row,) = ledger.rows()
    assert (row.cost_nano_usd, row.price_id) == (12_000_000_000, "o3@2020-01-01#1")
    columns = "call_id, why, cost_before, cost_after, price_before, price_after, session"
    assert query(path, f"SELECT {columns} FROM correction") == [  # noqa: S608 - our own text
        (wrong.id, "price", COST, 12_000_000_000, "o3@wrong", "o3@2020-01-01#1", "s9")
    ]
    assert summed(path) == ledger.total()
    assert [one.spent for one in ledger.standings("s1")] == [12_000_000_000]
    assert ledger.recompute(ledger.priced(CATALOG), session="s9") == ()


def test_b4_recompute_prices_what_had_no_price(ledger, path):
    """B4: calls of a model without a price get their cost once it has one, and are no longer unknown."""
    answer = replace(SETTLED, model="llama-9", usage=USAGE, cost_nano_usd=None, price_id=None)
    record(ledger, answer, model="llama-9", hold_nano_usd=None, price_id=None)
    ledger.set_price("llama-9", price(1, 2), since=date(2020, 1, 1))

    assert [one.after for one in ledger.recompute(ledger.priced(CATALOG), session="s1")] == [3_000_000_000]
    assert ledger.total().unknown_calls == 0
    assert summed(path) == ledger.total()


def test_b4_recompute_leaves_alone_what_it_cannot_know(ledger):
    """B4: another tariff, a person's word, an unknown outcome, and a row that is right already are left alone."""
    record(ledger, replace(SETTLED, usage=USAGE, cost_nano_usd=None), hold_nano_usd=None)  # service_tier=flex
    ledger.reconcile(record(ledger, replace(SETTLED, usage=USAGE, cost_nano_usd=None)).id, COST, session="s1")
    record(ledger, UNKNOWN)
    right = cost.cost_nano_usd(USAGE, CATALOG.find("o3").price_on(TODAY))
    record(ledger, replace(SETTLED, usage=USAGE, cost_nano_usd=right))

    assert ledger.recompute(ledger.priced(CATALOG), session="s1") == ()


def test_priced_without_a_ledger(tmp_path):
    """Where the ledger cannot be read the catalog's prices hold; the hold says what is wrong."""
    (tmp_path / "ledger.sqlite3").write_text("not a database at all")
    broken = Ledger(tmp_path / "ledger.sqlite3")

    assert broken.priced(CATALOG) is CATALOG
    with pytest.raises(LedgerError):
        broken.set_price("o3", price(1, 1), since=TODAY)


def shown(*words):
    return account.run("price", words)["text/plain"]


def test_the_command_sets_lists_and_takes_back():
    """What was given is listed beside the catalog's, with its day and by whom."""
    assert "o3 has your price from 2026-11-01 on." in shown("o3", "--in", "3", "--out", "9", "--since", "2026-11-01")
    lines = shown("o3").splitlines()[2:]
    assert [line.split()[1:5] for line in lines] == [
        ["2025-04-16", "10", "unknown", "40"],
        ["2025-06-10", "2", "0.5", "8"],
        ["2026-11-01", "3", "unknown", "9"],
    ]
    assert lines[-1].endswith("you")
    assert "over 272,000: in x 2, out x 1.5" in shown()
    assert "has the catalog's price again" in shown("o3", "--remove")
    assert "No call costs otherwise." in shown("--recompute")
    assert "has no price" in shown("nobody-knows-it")


@pytest.mark.parametrize(
    "words",
    [
        ("--in", "2", "--out", "8"),
        ("o3", "--in", "2"),
        ("o3", "--in", "2", "--out", "8", "--remove"),
        ("o3", "--in", "2", "--out", "8", "--since", "yesterday"),
        *((("o3", "--in", text, "--out", "8")) for text in ("NaN", "2,50", "inf", "-2", "", "٣", "1e400", "2000000")),
    ],
)
def test_a_price_that_is_none_changes_nothing(words):
    """A line that is no price is refused in words."""
    with pytest.raises(ArgumentError):
        shown(*words)
    assert session.ledger().prices_given() == ()


def test_a_call_is_priced_and_held_by_it():
    """A price given holds at once for the budget's worst case and for the cost of the answer."""
    import o1magic

    shown("o1", "--in", "100", "--out", "1000")
    account.run("budget", ("2.00",))
    with pytest.raises(BudgetError):
        o1magic.ask("Is 391 prime?", model="o1", endpoint="simulator", max_completion_tokens=2_000)
    answer = o1magic.ask("Is 391 prime?", model="o1", endpoint="simulator", max_completion_tokens=1_900)

    usage = answer.usage
    assert answer.cost_nano_usd == usage.prompt * 100_000 + usage.completion * 1_000_000
