"""Totals are kept, not computed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from ledger_kit import (
    SETTLED,
    gone,
    intent,
    summed,
)

from o1magic.answer import Usage
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


class Calls(RuleBasedStateMachine):
    """Any order of hold, settle, settle twice, kill, lapse and reopen leaves the totals equal to the sum of rows."""

    open_calls = Bundle("open_calls")
    closed_calls = Bundle("closed_calls")

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "ledger.sqlite3"
        self.now = 1_790_000_000.0
        self.ledger = self.opened()
        self.calls = 0

    def opened(self, owner=owner.me):
        """Return a ledger of this or another process."""
        return Ledger(self.path, clock=lambda: self.now, owner=owner, temp=self.folder)

    def teardown(self):
        """Remove the file."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(
        target=open_calls,
        hold=st.none() | st.integers(0, 10**10),
        session=st.sampled_from("ab"),
        simulated=st.booleans(),
        dies=st.booleans(),
    )
    def hold(self, hold, session, simulated, dies):
        """Hold a call, of this process or of one that is gone."""
        held = intent(hold_nano_usd=hold, session=session, simulated=simulated)
        with self.opened(gone if dies else owner.me) as ledger:
            ledger.hold(held)
        self.calls += 1
        return held.id

    @rule(
        target=closed_calls,
        call_id=consumes(open_calls),
        state=st.sampled_from(["settled", "partial", "failed", "unknown"]),
        cost=st.none() | st.integers(0, 10**10),
        counts=st.tuples(*[st.none() | st.integers(0, 10**6)] * 4),
        simulated=st.none() | st.booleans(),
    )
    def settle(self, call_id, state, cost, counts, simulated):
        """Settle a call the first time."""
        outcome = Outcome(state, "o3", Usage(*counts), cost, None, attempts=1, seconds=1.0, simulated=simulated)
        assert self.ledger.settle(call_id, outcome)
        return call_id

    @rule(call_id=closed_calls)
    def settle_again(self, call_id):
        """Settle a call that was settled."""
        assert not self.ledger.settle(call_id, SETTLED)

    @rule()
    def reopen(self):
        """Close the file and open it."""
        self.ledger.close()
        self.ledger = self.opened()

    @rule()
    def lapse(self):
        """Let every lease run out."""
        self.now += 3600

    @invariant()
    def totals_are_the_sum_of_the_rows(self):
        """Compare all totals with the rows."""
        total = self.ledger.total()
        assert summed(self.path) == total
        assert self.calls == total.calls
        days = {row.day for row in self.ledger.rows(1000)}
        assert self.calls == sum(self.ledger.total(day=date.fromisoformat(day)).calls for day in days)
        assert self.calls == sum(self.ledger.total(session=session).calls for session in "ab")


Calls.TestCase.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_totals_are_the_sum_of_the_rows = Calls.TestCase
