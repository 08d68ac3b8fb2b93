"""`price`: what models cost, by the catalog or by your word, and what past calls cost by that.

Layer 8. Prices are kept in the ledger; a price once given stays there, with the day from which it holds.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from o1magic import cost, render, session
from o1magic.catalog import Price
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from o1magic.catalog import Model
    from o1magic.ledger.prices import Repriced
    from o1magic.render import Bundle

HEADERS = ("model", "since", "$/M in", "cached", "$/M out", "batch", "longer prompts", "by")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="all its prices; without: every model's of today")
    parser.add_argument("--in", dest="into", metavar="USD", help="dollars per million prompt tokens")
    parser.add_argument("--out", metavar="USD", help="dollars per million output tokens, reasoning included")
    parser.add_argument("--cached", metavar="USD", help="dollars per million cached prompt tokens; default: as --in")
    parser.add_argument("--since", metavar="DAY", help="the first day it holds, such as 2026-11-01; default: today")
    parser.add_argument("--remove", action="store_true", help="from that day on the catalog's price holds again")
    parser.add_argument("--recompute", action="store_true", help="cost past calls anew; old costs stay beside them")


def show(chosen: argparse.Namespace) -> Bundle:
    """Set, take back, recompute or list prices."""
    rates = [chosen.into, chosen.out, chosen.cached]
    setting = any(rate is not None for rate in rates)
    if setting + chosen.remove + chosen.recompute > 1:
        raise ArgumentError("price takes one of --in and --out, --remove, --recompute.")
    if chosen.recompute:
        return _recompute()
    if not setting and not chosen.remove:
        return _table("", chosen.model)
    if chosen.model is None or (setting and None in (chosen.into, chosen.out)):
        raise ArgumentError("A price has a model, --in and --out: price MODEL --in 2 --out 8.")
    since = _day(chosen.since)
    price = None
    if setting:
        cached = None if chosen.cached is None else _rate(chosen.cached)
        price = Price("", since, _rate(chosen.into), cached, _rate(chosen.out))
    session.ledger().set_price(chosen.model, price, since=since)
    done = "has your price" if price else "has the catalog's price again"
    return _table(f"{chosen.model} {done} from {since} on. price --recompute applies it to past calls.", chosen.model)


def _day(text: str | None) -> date:
    if text is None:
        return session.desk().today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"--since takes a day such as 2026-11-01, not {text!r}; nothing was changed.") from None


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal("NaN")
    if not text.isascii() or not rate.is_finite() or rate < 0:
        raise ArgumentError(
            f"A price is in dollars per million tokens, such as 2.50, not {text!r}; nothing was changed."
        )
    return rate


def _table(said: str, model: str | None) -> Bundle:
    desk, catalog = session.desk(), session.ledger().priced(session.desk().catalog)
    if model is not None:
        found = catalog.find(model)
        rows = [_row(found, price) for price in found.prices]
        said = said or (f"{model} has no price: its cost is unknown." if not rows else "")
    else:
        today = desk.today()
        rows = [_row(one, price) for one in catalog.models.values() if (price := one.price_on(today))]
    return render.table(HEADERS, rows, caption=said)


def _row(model: Model, price: Price) -> list[str]:
    cached = "unknown" if price.cached_per_mtok is None else f"{price.cached_per_mtok:f}"
    batch = "unknown" if price.batch_factor is None else f"x {price.batch_factor:f}"
    long = price.long_context
    longer = "–"
    if long is not None:
        longer = f"over {long.threshold_tokens:,}: in x {long.input_factor:f}, out x {long.output_factor:f}"
    rates = [f"{price.input_per_mtok:f}", cached, f"{price.output_per_mtok:f}", batch, longer]
    return [model.name, f"{price.since}", *rates, "you" if "#" in price.id else "the catalog"]


def _recompute() -> Bundle:
    ledger, desk = session.ledger(), session.desk()
    changed = ledger.recompute(ledger.priced(desk.catalog), session=desk.session)
    before, after = _sum(one.before for one in changed), _sum(one.after for one in changed)
    calls = "1 call costs" if len(changed) == 1 else f"{len(changed):,} calls cost"
    said = (
        f"{calls} {cost.dollars(after)} instead of {cost.dollars(before)}." if changed else "No call costs otherwise."
    )
    return render.table(
        ("call", "before", "now", "price before", "price now"), map(_changed, changed[:20]), caption=said
    )


def _changed(one: Repriced) -> list[str]:
    return [one.id[:8], cost.dollars(one.before), cost.dollars(one.after), one.price_before or "–", one.price_after]


def _sum(amounts: Iterable[int | None]) -> int:
    return sum(amount or 0 for amount in amounts)
