from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from ledgers import fill, hold, outcome

import o1magic
from o1magic import overview, panels, session
from o1magic.errors import LedgerError
from o1magic.ledger import Ledger, Outcome


@pytest.fixture
def ledger() -> Ledger:
    return session.ledger()


def test_a_snapshot_holds_calls_totals_and_budgets(ledger: Ledger) -> None:
    """Oldest call first, whose session is whose, the sums of the ledger, what a budget has left."""
    own = session.desk().session
    hold(ledger, "a")
    hold(ledger, "b", session=own)
    ledger.settle("b", outcome(5))
    ledger.set_budget(2 * 10**9, session=own)

    told = json.loads(panels.snapshot(seq=7, count=8))

    calls = [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]
    assert [(call["id"], call["mine"], call["state"]) for call in calls] == [("a", 0, "intent"), ("b", 1, "settled")]
    assert told["totals"]["session"]["cost_nano_usd"] == 1_000_005
    assert told["totals"]["all"]["held_nano_usd"] == 10**9
    assert [(one["name"], one["limit"], one["spent"]) for one in told["budgets"]] == [("session", 2 * 10**9, 1_000_005)]
    assert (told["seq"], told["count"], told["running"]) == (7, 8, [])


def test_a_ledger_that_cannot_be_read_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel that is restored beside others says what is wrong instead of breaking them all."""
    (tmp_path / "broken").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("O1MAGIC_LEDGER", str(tmp_path / "broken"))

    told = json.loads(panels.snapshot())

    assert "broken" in told["problem"]
    assert told["rows"] == []


def test_news_cost_the_same_with_many_calls_on_record(ledger: Ledger) -> None:
    """Their size does not depend on the ledger's."""
    hold(ledger, "a")
    few = len(json.dumps(panels.news([panels.entry("a") or []])))
    fill(ledger.path, 2_000)

    assert len(json.dumps(panels.news([panels.entry("a") or []]))) < few + 100


def test_the_export_is_what_the_switch_shows(ledger: Ledger) -> None:
    """Session, day or all, oldest first, as the ledger itself exports rows."""
    with Ledger(ledger.path, clock=lambda: time.time() - 3 * 86_400) as before:
        hold(before, "old")
        before.settle("old", outcome())
    hold(ledger, "other")
    hold(ledger, "mine", session=session.desk().session)

    exported = {scope: panels.csv(scope) for scope in ("session", "day", "all")}

    ids = {scope: [row["id"] for row in csv.DictReader(io.StringIO(text))] for scope, (_, text) in exported.items()}
    assert ids == {"session": ["mine"], "day": ["other", "mine"], "all": ["old", "other", "mine"]}
    assert exported["session"][0].startswith("o1magic-session-20")


def test_what_is_too_much_for_a_page_is_refused_with_the_way_out(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that writes any number of rows is named."""
    fill(ledger.path, 3)
    monkeypatch.setattr(panels, "_MOST_EXPORTED", 2)

    with pytest.raises(LedgerError, match=r"3 rows.*%o1 spend --csv"):
        panels.csv("all")


def test_an_error_s_name_is_read_as_what_happened(ledger: Ledger) -> None:
    """`InterruptError` is "stopped"; an endpoint's own word stays its own, whatever it is."""
    hold(ledger, "a")
    ledger.settle("a", Outcome("unknown", None, o1magic.Usage(), None, None, 1, 1.0, "InterruptError"))
    hold(ledger, "b")
    ledger.settle("b", outcome(finish_reason="InterruptError"))

    assert [overview.ended(row) for row in ledger.rows()] == ["InterruptError", "stopped"]


def test_a_page_without_the_kernel_sees_its_session_and_what_is_in_flight(ledger: Ledger) -> None:
    """A kernel names the newest of its sessions, whose calls without an end are in flight; those of others are not."""
    kernel = "0b1ac2de-1111-4222-8333-44445555cafe"
    for call_id, own in (("a", f"{kernel}-00000001"), ("b", f"{kernel}-00000002"), ("c", "another")):
        hold(ledger, call_id, session=own)

    told = panels.seen(kernel, 2)

    assert [row[0] for row in told["rows"]] == ["b", "c"]
    (running,) = told["running"]
    assert (running["id"], running["model"], running["hold_nano_usd"]) == ("b", "o3", 10**9)
    assert 0 <= running["elapsed_s"] < 60
    assert told["totals"]["session"]["calls"] == 1
    assert panels.seen(None, 2)["running"] == []
    assert panels.seen(None, 2)["totals"]["session"]["calls"] == 0
