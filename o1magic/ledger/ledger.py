"""The ledger as its callers see it: a book of calls, its totals, budgets and reconciliations.

Layer 3. Called by everybody through `o1magic.ledger`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from o1magic.errors import ArgumentError, LedgerError
from o1magic.ledger import allowance, analysis, budget_schema, budgets, calls, prices, records, rows, schema
from o1magic.ledger.book import Book
from o1magic.ledger.records import BudgetChange, Per, Row, Spend, Standing, Total, Unaccounted, Unit

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import TextIO

    from o1magic.catalog import Catalog, Price

_PAGE = 1000


class Ledger(Book):
    """A book of calls, and what can be asked and said of them."""

    def standings(self, session: str | None = None) -> tuple[Standing, ...]:
        """Return how each budget stands: for this session, today, this month.

        A budget's simulated calls, which have the same limit to themselves, follow as a standing of their own.
        """
        self._store.open()
        key, day = records.name(session) or "", rows.local_day(self._clock())
        return tuple(budgets.standings(self._store.read, key, day, self._store.user))

    def set_budget(
        self,
        limit: int,
        *,
        session: str,
        per: Per | None = None,
        name: str | None = None,
        unit: Unit = "nano_usd",
        allow_unpriced: bool = False,
    ) -> int | None:
        """Limit what calls may spend, in nano-dollars or tokens; return the limit the budget had before.

        Without a name the budget is called after its span, without a span it is per session, or, named, in all. A
        session's, day's and month's budget counts all of it; one in all counts from now. A limit of 0: nothing goes.
        """
        if type(limit) is not int or not 0 <= limit <= budgets.MOST:
            raise ArgumentError(
                f"A budget is a whole number of nano-dollars or tokens from 0 to 10**17, not {limit!r}."
            )
        per = per or ("session" if name is None else "total")
        wanted = Standing(budgets.named(name, per), per, unit, limit, 0, 0, allow_unpriced=allow_unpriced)
        self._catch_up()
        with self._store.transaction() as execute:
            now_ms, call = self._now_ms(), self._nobody(session)
            return budgets.set_limit(execute, wanted, call=call, shared=self._store.owns, at_ms=now_ms)

    def remove_budget(self, name: str, *, session: str) -> None:
        """Take a budget away; its history stays. Raises ArgumentError: there is none of that name."""
        self._catch_up()
        with self._store.transaction() as execute:
            budgets.remove(execute, name, call=self._nobody(session), at_ms=self._now_ms())

    def budget_changes(self, limit: int = 100) -> tuple[BudgetChange, ...]:
        """Return the newest changes of budgets first."""
        self._store.open()
        return tuple(budgets.change(values) for values in self._store.read(budget_schema.CHANGES, (limit,)))

    def uncosted(self) -> tuple[Row, ...]:
        """Return the calls that are over and whose cost nobody knows, the oldest first; each still holds its worst."""
        self._catch_up(again=True)
        return tuple(rows.row(values) for values in self._store.read(schema.UNCOSTED))

    def reconcile(self, call_id: str, cost_nano_usd: int | None, *, session: str) -> bool:
        """Settle such a call at what a person says it cost, None: at its hold; False when its cost is known by now.

        Raises ArgumentError: the call holds nothing, or the cost is no amount.
        """
        self._catch_up(again=True)
        with self._store.transaction() as execute:
            at = self._now_ms(), records.name(session) or ""
            done, reached = calls.reconcile(execute, call_id, cost_nano_usd, at)
        self._warn(reached)
        return done

    def set_price(self, model: str, price: Price | None, *, since: date) -> None:
        """Price a model from a day on, None: take that back; what was given before stays on record.

        Raises ArgumentError: a rate that is no amount of dollars per million tokens.
        """
        known = records.name(model)
        if known is None or not known.strip():
            raise ArgumentError("A price is given for a model, by its name.")
        self._catch_up()
        with self._store.transaction() as execute:
            wanted = prices.Given(known, since, price)
            prices.record(execute, wanted, user=self._store.user, shared=self._store.owns, at_ms=self._now_ms())

    def prices_given(self) -> tuple[prices.Given, ...]:
        """Return every price a person gave, in the order in which they count."""
        self._store.open()
        return tuple(prices.given(values) for values in self._store.read(prices.ALL))

    def priced(self, catalog: Catalog) -> Catalog:
        """Return the catalog with the prices people gave laid over its own; read anew only after one was given.

        As it is where the ledger cannot be read: a hold will say so.
        """
        try:
            newest = self._store.read(prices.NEWEST)[0][0]
            if newest and (self._priced is None or self._priced[0] != newest or self._priced[1] is not catalog):
                self._priced = newest, catalog, prices.over(catalog, self.prices_given())
        except LedgerError:
            newest = 0
        return self._priced[2] if newest and self._priced else catalog

    def recompute(self, catalog: Catalog, *, session: str) -> tuple[prices.Repriced, ...]:
        """Cost every call anew at this catalog's price of its day, and return those that changed.

        What they cost before stays beside it. Calls settled by a person's word keep it.
        """
        self._catch_up(again=True)
        changed = prices.repriced(self._store.read(prices.TOLD), catalog)
        for one in changed:
            with self._store.transaction() as execute:
                reached = prices.apply(execute, one, (self._now_ms(), records.name(session) or ""))
            self._warn(reached)
        return tuple(changed)

    def total(self, session: str | None = None, day: date | None = None) -> Total:
        """Return the totals of a session, of a local calendar day, or of all time."""
        if session is not None and day is not None:
            message = "total() adds up a session or a day, not a day of a session"
            raise ValueError(message)
        totals = self._totals(session, day)
        return totals["session" if session is not None else "day" if day is not None else "all"]

    def session_total(self, session: str) -> Total:
        """Return a session's totals without looking for calls that died: cheap enough for after each call."""
        return self._totals(session, None, again=False)["session"]

    def spend(self, session: str | None = None) -> Spend:
        """Return the totals of this session (empty for None), of today, and of all time."""
        totals = self._totals(session, date.fromisoformat(rows.local_day(self._clock())))
        return Spend(session=totals["session"], today=totals["day"], total=totals["all"])

    def unaccounted(self) -> Unaccounted:
        """Return the calls that nobody told the end of, and what is held for them."""
        self._catch_up(again=True)
        found = {bool(simulated): counts for simulated, *counts in self._store.read(schema.UNACCOUNTED)}
        real, simulated = found.get(False, (0, 0, 0)), found.get(True, (0, 0, 0))
        return Unaccounted(
            calls=real[0] + simulated[0],
            held_nano_usd=real[1],
            simulated_held_nano_usd=simulated[1],
            fresh=self._fresh,
            resumable=real[2] + simulated[2],
        )

    def newest_session(self, kernel: str) -> str | None:
        """Return the newest session of a Jupyter kernel that made a call, None where none did."""
        bounds = (f"{kernel}-00000000", f"{kernel}-ffffffff")
        for (session,) in self._store.read(schema.NEWEST_SESSION, bounds):
            return str(session)
        return None

    def resumable(self) -> tuple[Row, ...]:
        """Return the calls whose answer can still be asked for, the newest first; in state "intent" somebody waits."""
        self._catch_up(again=True)
        return tuple(rows.row(values) for values in self._store.read(schema.RESUMABLE))

    def row(self, call_id: str) -> Row | None:
        """Return one call as it is recorded now, None where no such call is on record."""
        for values in self._store.read(schema.ONE, (call_id,)):
            return rows.row(values)
        return None

    def rows(self, limit: int = 100, *, session: str | None = None) -> tuple[Row, ...]:
        """Return the newest rows first, at most `limit`, of one session or of all."""
        self._catch_up(again=True)
        if session is None:
            found = self._store.read(schema.NEWEST, (limit,))
        else:
            found = self._store.read(schema.NEWEST_OF_SESSION, (records.name(session), limit))
        return tuple(rows.row(values) for values in found)

    def grouped(self, by: analysis.By) -> tuple[analysis.Group, ...]:
        """Return all calls added up by model, day, notebook or lint rule, simulated ones apart."""
        self._catch_up(again=True)
        return analysis.groups(self._store.read(analysis.grouped(by)), by)

    def cues(self, *, simulated: bool = False) -> tuple[analysis.Cues, ...]:
        """Return, by model, the calls sent with a chain-of-thought cue beside those sent without."""
        self._catch_up(again=True)
        return analysis.cues(self._store.read(analysis.CUES, (int(simulated),)))

    def expected(self, model: str, effort: str | None, *, simulated: bool) -> analysis.Expected | None:
        """Return what a call to this model, by this name, at this effort may put out; None after too few of them."""
        key = records.name(model), records.name(effort) or "", int(simulated)
        return analysis.expected(self._store.read(analysis.LIKE, key))

    def learned(self, model: str, effort: str | None, *, simulated: bool, again: bool = False) -> allowance.Learned:
        """Return what this user's own calls to this model, by this name, at this effort needed.

        Read once in a while, as new calls can only move it slowly, and with `again` now.
        """
        key = records.name(model) or "", records.name(effort) or "", int(simulated)
        known, left = self._learned.get(key, (None, 0))
        if known is None or left < 1 or again:
            known = allowance.learned(self._store.read(allowance.NEEDED, (*key, self._store.user)))
            left = known.lasts
        self._learned[key] = known, left - 1
        return known

    def kinds(self) -> tuple[tuple[str, str, bool], ...]:
        """Return the models, efforts ("" for the model's own) and simulated or not, of this user's calls on record."""
        self._store.open()
        found = self._store.read(allowance.KINDS, (self._store.user,))
        return tuple((str(model), str(effort), bool(simulated)) for model, effort, simulated in found)

    def frame(self) -> Any:  # a DataFrame; pandas has no types of its own
        """Return every row as a DataFrame, the oldest first. Raises ConfigError: pandas is not installed."""
        from o1magic.ledger import table

        self._catch_up(again=True)
        return table.frame(self._oldest_first())

    def export_csv(self, file: str | os.PathLike[str] | TextIO) -> int:
        """Write every row as CSV, the newest last, to a path or an open text file; return their number."""
        from o1magic.ledger import export

        self._catch_up(again=True)
        return export.export(self._oldest_first(), file)

    def _oldest_first(self) -> Iterator[Row]:
        seq = 0
        while page := self._store.read(schema.OLDEST_AFTER, (seq, _PAGE)):
            yield from (rows.row(values) for _, *values in page)
            seq = page[-1][0]

    def _totals(self, session: str | None, day: date | None, *, again: bool = True) -> dict[str, Total]:
        self._catch_up(again=again)
        found: dict[str, dict[bool, tuple[int, ...]]] = {"session": {}, "day": {}, "all": {}}
        key = records.name(session)
        for scope, simulated, *sums in self._store.read(schema.TOTALS, (key, day and day.isoformat())):
            found[scope][bool(simulated)] = tuple(sums)
        return {scope: rows.total(sums) for scope, sums in found.items()}
