"""Totals are kept, not computed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from ledger_kit import (
    SETTLED,
    gone,
    intent,
    query,
    summed,
)

from o1magic.answer import Usage
from o1magic.catalog import Catalog, Price
from o1magic.errors import BudgetError
from o1magic.ledger import (
    Ledger,
    Outcome,
    budget_schema,
    owner,
    schema,
)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (schema.TOTALS, ("s", "2026-11-22")),
        (schema.IN_FLIGHT, ()),
        (schema.UNACCOUNTED, ()),
        (schema.UNCOSTED, ()),
        (budget_schema.APPLYING, (0, "s", "2026-11-22", "2026-11", "")),
        (budget_schema.of_span("session"), ("s", 0, 1, "")),
        (schema.COUNTED, ("id",)),
        (schema.NEWEST_OF_SESSION, ("s", 5)),
        (schema.NEWEST_SESSION, ("k-00000000", "k-ffffffff")),
    ],
)
def test_no_reading_scans_the_rows(tmp_path, statement, parameters):
    """What a call or a total reads goes through an index, so that it costs the same at any number of rows."""
    path = tmp_path / "ledger.sqlite3"
    with Ledger(path) as ledger:
        ledger.total()
    connection = sqlite3.connect(path)
    plan = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.close()

    scans = [step for step in plan if step.startswith("SCAN") and " USING INDEX " not in step and step != "SCAN budget"]
    assert scans == []


# Where no disk is waited for, such as /dev/shm, for many sequences; the tests of durability wait elsewhere.
DISK = os.environ.get("SEQUENCES_ON")
DAY = date(2020, 1, 1)
EMPTY = Catalog(default_model="o3", models={})

# What the rows that a gauge counts hold and have spent, in words of SQL that owe nothing to the ledger's own.
OVER = "(state = 'intent' OR state = 'unknown' OR (state IN ('settled', 'partial') AND cost_nano IS NULL))"
TOLD = "(state = 'settled' AND prompt_tokens IS NOT NULL AND completion_tokens IS NOT NULL)"
COSTED = "state IN ('settled', 'partial') AND cost_nano IS NOT NULL"
CHARGES = {
    "nano_usd": (
        f"CASE WHEN {OVER} THEN hold_nano END",
        f"CASE WHEN {COSTED} THEN cost_nano END",
    ),
    "tokens": (
        f"CASE WHEN {OVER} AND NOT {TOLD} THEN hold_tokens END",
        f"CASE WHEN {TOLD} THEN prompt_tokens + completion_tokens WHEN {COSTED} THEN hold_tokens END",
    ),
}
# Of one size, so that two calls often fit, and three often do not.
LIMITS = st.sampled_from([0, 10**9, 10**9, 2 * 10**9, 10**14])
WORST = st.none() | st.sampled_from([0, 1, 4 * 10**8, 5 * 10**8, 6 * 10**8, 10**9])
COUNTS = st.none() | st.integers(0, 10**6)
MONEY = st.none() | st.integers(0, 10**9)


class Calls(RuleBasedStateMachine):
    """Any order of hold, settle, kill, lapse, reopen, reconcile, budget and price keeps every sum what it must be."""

    open_calls = Bundle("open_calls")
    closed_calls = Bundle("closed_calls")

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=DISK))
        self.path = self.folder / "ledger.sqlite3"
        self.now = 1_790_000_000.0
        self.ledger = self.opened()
        self.ledger.total()
        self.calls = 0

    def opened(self, owner=owner.me):
        """Return a ledger of this or another process."""
        return Ledger(self.path, clock=lambda: self.now, owner=owner, temp=self.folder)

    def teardown(self):
        """Remove the file."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    def standing(self, session, simulated):
        """Return the standings that count a call; where the simulator has none yet, the limit is untouched."""
        real = [one for one in self.ledger.standings(session) if not one.simulated]
        if not simulated:
            return real
        known = {one.name: one for one in self.ledger.standings(session) if one.simulated}
        return [known.get(one.name) or replace(one, spent=0, held=0) for one in real]

    @rule(
        target=open_calls,
        hold=WORST,
        tokens=WORST,
        session=st.sampled_from("ab"),
        simulated=st.booleans(),
        dies=st.booleans(),
    )
    def hold(self, hold, tokens, session, simulated, dies):
        """Hold a call, of this process or of one that is gone; it is admitted exactly when it fits every budget."""
        held = intent(hold_nano_usd=hold, hold_tokens=tokens, session=session, simulated=simulated)
        fits = True
        for one in self.standing(session, simulated):
            worst = hold if one.unit == "nano_usd" else tokens
            room = one.limit - one.spent - one.held
            fits = fits and (worst is not None or one.allow_unpriced) and one.limit > 0 and (worst or 0) <= room
        self.calls += 1
        with self.opened(gone if dies else owner.me) as ledger:
            try:
                ledger.hold(held)
            except BudgetError:
                assert not fits
                return multiple()
        assert fits
        return held.id

    @rule(
        target=closed_calls,
        call_id=consumes(open_calls),
        state=st.sampled_from(["settled", "partial", "failed", "unknown"]),
        cost=MONEY,
        counts=st.tuples(*[COUNTS] * 4),
        simulated=st.none() | st.booleans(),
    )
    def settle(self, call_id, state, cost, counts, simulated):
        """Settle a call the first time, be it within its hold or over; one that was reconciled stays as it is."""
        outcome = Outcome(state, "o3", Usage(*counts), cost, None, attempts=1, seconds=1.0, simulated=simulated)
        (row,) = [row for row in self.ledger.rows(1000) if row.id == call_id]
        assert self.ledger.settle(call_id, outcome) == (row.reconciled is None)
        return call_id

    @rule(call_id=closed_calls)
    def settle_again(self, call_id):
        """Settle a call that was settled."""
        assert not self.ledger.settle(call_id, SETTLED)

    @rule(which=st.integers(0, 5), said=st.none() | st.integers(0, 10**10))
    def reconcile(self, which, said):
        """Give a person's word on one of the calls of unknown cost, once."""
        rows = self.ledger.uncosted()
        if which < len(rows) and (said is not None or rows[which].hold_nano_usd is not None):
            assert self.ledger.reconcile(rows[which].id, said, session="a")
            assert not self.ledger.reconcile(rows[which].id, said, session="a")

    @rule(
        limit=LIMITS,
        per=st.sampled_from(["session", "day", "month", "total"]),
        unit=st.sampled_from(["nano_usd", "tokens"]),
        name=st.sampled_from(["one", "two"]),
        session=st.sampled_from("ab"),
        unpriced=st.booleans(),
    )
    def budget(self, limit, per, unit, name, session, unpriced):
        """Set a budget, or change one."""
        self.ledger.set_budget(limit, session=session, per=per, unit=unit, name=name, allow_unpriced=unpriced)

    @rule(which=st.integers(0, 1))
    def remove_budget(self, which):
        """Take a budget away."""
        names = sorted({one.name for one in self.ledger.standings("a")})
        if which < len(names):
            self.ledger.remove_budget(names[which], session="a")

    @rule(rate=st.integers(0, 100))
    def reprice(self, rate):
        """Give a price and cost all calls anew by it."""
        self.ledger.set_price("o3", Price("", DAY, Decimal(rate), None, Decimal(rate)), since=DAY)
        self.ledger.recompute(self.ledger.priced(EMPTY), session="a")

    @rule()
    def reopen(self):
        """Close the file and open it."""
        self.ledger.close()
        self.ledger = self.opened()

    @rule(seconds=st.sampled_from([3600, 86_400]))
    def lapse(self, seconds):
        """Let every lease run out, and another day begin."""
        self.now += seconds

    @invariant()
    def totals_are_the_sum_of_the_rows(self):
        """Compare all totals with the rows."""
        total = self.ledger.total()
        assert summed(self.path) == total
        assert self.calls == total.calls
        days = {row.day for row in self.ledger.rows(1000)}
        assert self.calls == sum(self.ledger.total(day=date.fromisoformat(day)).calls for day in days)
        assert self.calls == sum(self.ledger.total(session=session).calls for session in "ab")

    @invariant()
    def gauges_are_the_sum_of_the_rows(self):
        """Compare every gauge with the rows that name it, and those of a session or day with all of its rows."""
        gauges = "SELECT gauge.id, per, unit, span, simulated, spent, held FROM gauge JOIN budget ON budget.id = budget"
        for number, per, unit, span, simulated, *stands in query(self.path, gauges):
            spans = {"session": f"session = '{span}'", "day": f"day = '{span}'", "month": f"day LIKE '{span}-%'"}
            named = f"(',' || gauges) LIKE '%,{unit[0]}{number},%'"
            for where in (named, spans.get(per, named)):
                held, spent = (f"COALESCE(SUM({charge}), 0)" for charge in CHARGES[unit])
                rows = f"SELECT {spent}, {held} FROM call WHERE simulated = {simulated} AND {where}"  # noqa: S608 - ours
                assert query(self.path, rows) == [tuple(stands)]
            assert min(stands) >= 0


# Ten thousand take a quarter of an hour: CI runs a few, a person SEQUENCES=10000 SEQUENCES_ON=/dev/shm now and then.
Calls.TestCase.settings = settings(
    max_examples=int(os.environ.get("SEQUENCES", "40")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_every_sum_is_what_it_must_be = Calls.TestCase
