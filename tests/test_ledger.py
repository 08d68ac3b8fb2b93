"""The ledger on real files, with real processes, real signals and real full disks."""

from __future__ import annotations

import csv
import io
import logging
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from ledger_kit import (
    COST,
    FAILED,
    HOLD,
    SETTLED,
    UNKNOWN,
    finish,
    gone,
    intent,
    query,
    record,
    summed,
    work,
)

import o1magic
from o1magic.answer import Usage
from o1magic.errors import ConfigError, LedgerError
from o1magic.ledger import (
    Ledger,
    Outcome,
    Total,
    Unaccounted,
    migrations,
    open_ledger,
    owner,
    place,
    schema,
    setup,
)
from o1magic.ledger import spool as ledger_spool


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(path, tmp_path):
    with Ledger(path, temp=tmp_path / "temp") as opened:
        (tmp_path / "temp").mkdir()
        yield opened


@pytest.fixture
def plain_user():
    """Lend a folder of an ordinary user, who this process is meanwhile: root may write everywhere."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if (
        not mounted
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], check=False).returncode
    ):
        pytest.skip("only root may mount a small disk; test_d1_starved runs everywhere")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk):
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler


# What a call leaves behind.


def test_row_holds_what_is_known_of_a_call(ledger):
    """A settled row tells all about a call but its prompt and answer."""
    held = record(ledger, replace(SETTLED, provider_id="chatcmpl-1"))

    (row,) = ledger.rows()

    assert (
        row.state,
        row.model,
        row.answered,
        row.effort,
        row.notebook,
    ) == ("settled", "o3", "o3-2025-04-16", "low", "plan.ipynb")
    assert (
        row.prompt_tokens,
        row.cached_tokens,
        row.reasoning_tokens,
        row.completion_tokens,
        row.visible_tokens,
    ) == (100, 20, 64, 80, 16)
    assert (held.id, HOLD, COST, "o3@1", 1, 1.5, "stop", "chatcmpl-1", False) == (
        row.id,
        row.hold_nano_usd,
        row.cost_nano_usd,
        row.price_id,
        row.attempts,
        row.seconds,
        row.finish_reason,
        row.provider_id,
        row.simulated,
    )
    assert (row.lint_found, row.lint_fixed) == (("COT001", "DEL001"), ("DEL001",))


def test_hold_counts_until_settled(ledger):
    """A call in flight counts as a call and holds its worst case, and its cost is not called unknown."""
    held = intent()
    ledger.hold(held)

    assert Total(calls=1, held_nano_usd=HOLD) == ledger.total()
    assert ledger.settle(held.id, SETTLED)
    assert Total(1, 100, 20, 64, 16, COST, completion_tokens=80) == ledger.total()


def test_second_settle_changes_nothing(ledger, path):
    """A second settle of the same call returns False and changes neither row nor totals."""
    held = record(ledger)
    before = ledger.rows(), ledger.total()

    assert not ledger.settle(held.id, UNKNOWN)
    assert not ledger.settle(held.id, replace(SETTLED, cost_nano_usd=9))
    assert before == (ledger.rows(), ledger.total())
    assert summed(path) == ledger.total()


def test_settling_an_unknown_call_tells(ledger):
    """Settling a call that was never held names it."""
    with pytest.raises(LedgerError, match="No call nobody is on record"):
        ledger.settle("nobody", SETTLED)


def test_holding_the_same_id_twice_is_refused(ledger):
    """An id is held once; the second hold says so and counts nothing."""
    held = intent()
    ledger.hold(held)

    with pytest.raises(LedgerError, match="holds this call already"):
        ledger.hold(held)
    assert ledger.total().calls == 1


def test_a8_unknown_cost_keeps_its_hold(ledger):
    """A8: usage that could not be read is kept raw; its cost is unknown, not zero, and its hold stays."""
    usage = Usage(raw='{"prompt_tokens": -5}')
    record(ledger, replace(SETTLED, usage=usage, cost_nano_usd=None))

    (row,) = ledger.rows()
    assert (row.prompt_tokens, row.cost_nano_usd, row.usage_raw) == (None, None, '{"prompt_tokens": -5}')
    assert Total(calls=1, unknown_calls=1, held_nano_usd=HOLD) == ledger.total()


@pytest.mark.parametrize("count", [-5, 2**63, 10**30, 1.5, float("nan"), "11", True])
def test_a8_absurd_counts_are_unknown(ledger, count):
    """A8: what is no count is never stored as one, and is kept as it came."""
    record(ledger, replace(SETTLED, usage=Usage(prompt=count, completion=7)))

    (row,) = ledger.rows()
    assert (row.prompt_tokens, row.completion_tokens) == (None, 7)
    assert '"completion": 7' in row.usage_raw


def test_a9_flags_are_recorded(ledger):
    """A9: contradictory and estimated counts are stored as reported, with their flags."""
    record(ledger, replace(SETTLED, usage=Usage(1, 0, 9, 5, estimated=True, inconsistent=True)))

    (row,) = ledger.rows()
    assert (
        row.reasoning_tokens,
        row.completion_tokens,
        row.visible_tokens,
        row.estimated,
        row.inconsistent,
    ) == (9, 5, 0, True, True)


@pytest.mark.parametrize("amount", [-1, 1.5, float("nan"), True, "5", 2**63])
def test_money_is_whole_nano_dollars(amount):
    """B3: an amount that is no integer number of nano-dollars is refused before it can be recorded."""
    with pytest.raises(ValueError, match="nano-dollars"):
        intent(hold_nano_usd=amount)
    with pytest.raises(ValueError, match="nano-dollars"):
        replace(SETTLED, cost_nano_usd=amount)


def test_failed_call_frees_its_hold(ledger):
    """A call that failed was not billed: nothing held, nothing unknown."""
    record(ledger, FAILED)

    assert Total(calls=1) == ledger.total()


def test_unknown_call_never_counts_its_money_twice(ledger):
    """An unknown outcome keeps its hold, and a cost guessed beside it is not added."""
    record(ledger, replace(UNKNOWN, cost_nano_usd=COST))

    assert Total(calls=1, unknown_calls=1, held_nano_usd=HOLD) == ledger.total()


def test_simulated_money_is_apart(ledger):
    """The simulator bills nothing: its tokens count, its cost and holds stand apart."""
    record(ledger, simulated=True)
    ledger.hold(intent(simulated=True))

    expected = Total(
        calls=2,
        prompt_tokens=100,
        cached_tokens=20,
        reasoning_tokens=64,
        visible_tokens=16,
        completion_tokens=80,
        simulated_calls=2,
        simulated_cost_nano_usd=COST,
        simulated_held_nano_usd=HOLD,
    )
    assert expected == ledger.total()


def test_reply_may_turn_out_simulated(ledger, path):
    """A call held as real whose reply says simulated moves to the simulated totals whole."""
    record(ledger, replace(SETTLED, simulated=True))

    total = ledger.total()
    assert (
        total.calls,
        total.simulated_calls,
        total.cost_nano_usd,
        total.held_nano_usd,
        total.simulated_cost_nano_usd,
    ) == (1, 1, 0, 0, COST)
    assert summed(path) == total


def test_spend_tells_session_today_and_total_apart(path, monkeypatch):
    """A session, the local calendar day and all time are three sums; another day is not today."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    now = [datetime(2026, 11, 22, 14, 59, tzinfo=UTC).timestamp()]  # 23:59 in Seoul
    with Ledger(path, clock=lambda: now[0]) as ledger:
        record(ledger, session="a")
        now[0] += 120
        record(ledger, session="a")
        record(ledger, session="b")

        spend = ledger.spend("a")
        assert (spend.session.calls, spend.today.calls, spend.total.calls) == (2, 2, 3)
        assert ledger.total(day=date(2026, 11, 22)).calls == 1
        assert ledger.total(session="b").calls == 1
        assert Total() == ledger.total(session="nobody")
        assert [row.day for row in ledger.rows()] == ["2026-11-23", "2026-11-23", "2026-11-22"]
    monkeypatch.undo()
    time.tzset()


def test_clock_jumping_back_keeps_the_order(path):
    """Rows keep the order they were held in, whatever the clock says."""
    now = [2_000_000_000.0]
    with Ledger(path, clock=lambda: now[0]) as ledger:
        first = record(ledger)
        now[0] -= 1_000_000
        second = record(ledger)

        assert [second.id, first.id] == [row.id for row in ledger.rows()]


def test_text_that_cannot_be_stored_is_made_so(ledger):
    """A14: lone surrogates, NUL, a megabyte of name and an echoed key neither fail nor get in."""
    record(
        ledger,
        replace(SETTLED, model="o3\ud800\0" + "x" * 10**6, finish_reason="Bearer sk-secret-0123456789"),
        notebook="plan\udcff.ipynb",
    )

    (row,) = ledger.rows()
    assert row.answered.startswith("o3\ufffd\ufffdxx")
    assert len(row.answered) == 300
    assert (row.notebook, "[key]") == ("plan\ufffd.ipynb", row.finish_reason)


def test_rows_are_newest_first_and_limited(ledger):
    """rows() gives the newest, of all sessions or of one."""
    ids = [record(ledger, session=session).id for session in "abab"]

    assert [ids[3], ids[2]] == [row.id for row in ledger.rows(limit=2)]
    assert [ids[2], ids[0]] == [row.id for row in ledger.rows(session="a")]


def test_csv_has_every_column_and_runs_nothing(ledger, tmp_path):
    """The export holds every row, newest last, and no cell that a spreadsheet would take for a formula."""
    record(ledger, notebook="=HYPERLINK(1)", session="-1+1")
    last = record(ledger, replace(UNKNOWN, model=" @SUM(A1)"), notebook='a,"b"\n한')

    file = tmp_path / "spend.csv"
    assert ledger.export_csv(file) == 2

    with file.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert ("'=HYPERLINK(1)", "'-1+1", "COT001 DEL001", str(COST), "16") == (
        first["notebook"],
        first["session"],
        first["lint_found"],
        first["cost_nano_usd"],
        first["visible_tokens"],
    )
    assert (last.id, "' @SUM(A1)", 'a,"b"\n한', "", "") == (
        second["id"],
        second["answered"],
        second["notebook"],
        second["cost_nano_usd"],
        second["visible_tokens"],
    )
    stream = io.StringIO()
    assert ledger.export_csv(stream) == 2
    assert file.read_text("utf-8") == stream.getvalue()


def test_csv_pages_through_all_rows(ledger, monkeypatch):
    """The export reads page by page and misses no row at their borders."""
    monkeypatch.setattr("o1magic.ledger.ledger._PAGE", 2)
    ids = [record(ledger).id for _ in range(5)]
    stream = io.StringIO()

    assert ledger.export_csv(stream) == 5
    assert ids == [line.partition(",")[0] for line in stream.getvalue().splitlines()[1:]]


def test_csv_that_cannot_be_written_names_the_file(ledger, tmp_path):
    """An export to a missing folder names the file and the reason."""
    with pytest.raises(LedgerError, match=r"nowhere/spend\.csv cannot be written: no such file"):
        ledger.export_csv(tmp_path / "nowhere" / "spend.csv")


# Totals are kept, not computed.


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (schema.TOTALS, ("s", "2026-11-22")),
        (schema.IN_FLIGHT, ()),
        (schema.UNACCOUNTED, ()),
        (schema.COUNTED, ("id",)),
        (schema.NEWEST_OF_SESSION, ("s", 5)),
    ],
)
def test_no_reading_scans_the_rows(ledger, path, statement, parameters):
    """What a call or a total reads goes through an index, so that it costs the same at any number of rows."""
    ledger.total()
    connection = sqlite3.connect(path)
    plan = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.close()

    assert [step for step in plan if step.startswith("SCAN")] == []


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


# Processes and threads.


def test_k6_killed_call_is_unaccounted(path):
    """K6: after SIGKILL mid-call the next start finds one call unaccounted, what it held still held."""
    worker = work("call", path)
    call_id = worker.stdout.readline().split()[1]
    with Ledger(path) as ledger:
        assert Unaccounted() == ledger.unaccounted()
        worker.kill()
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet reaped: a zombie

        assert Unaccounted(calls=1, held_nano_usd=7_000_000, fresh=1) == ledger.unaccounted()
        assert Total(calls=1, unknown_calls=1, held_nano_usd=7_000_000) == ledger.total()
        assert [(call_id, "unknown")] == [(row.id, row.state) for row in ledger.rows()]
    finish(worker)
    with Ledger(path) as ledger:
        assert Unaccounted(calls=1, held_nano_usd=7_000_000) == ledger.unaccounted()


def test_k6_lease_speaks_where_the_process_cannot_be_seen(path):
    """K6: a call of another host stays in flight until its lease runs out."""
    now = [2_000_000_000.0]
    elsewhere = replace(owner.me(), host="another", started="1")
    with Ledger(path, clock=lambda: now[0], owner=lambda: elsewhere) as ledger:
        ledger.hold(intent(lease_s=60))
    with Ledger(path, clock=lambda: now[0]) as ledger:
        now[0] += 59
        assert ledger.unaccounted().calls == 0
        now[0] += 2
        assert ledger.unaccounted().calls == 1


def test_given_up_call_may_still_tell(path):
    """A call given up by its lease is settled when its outcome comes after all, once."""
    now = [2_000_000_000.0]
    held = intent(lease_s=1)
    with Ledger(path, clock=lambda: now[0]) as ledger:
        ledger.hold(held)
        now[0] += 5
        assert ledger.unaccounted().calls == 1

        assert ledger.settle(held.id, SETTLED)
        assert not ledger.settle(held.id, SETTLED)
        assert (
            ledger.unaccounted().calls,
            ledger.total().held_nano_usd,
            ledger.total().cost_nano_usd,
        ) == (0, 0, COST)


def test_k7_kills_at_random_moments_lose_nothing(path):
    """K7: no acknowledged row is lost, none is torn, and the totals stay the sum, however often a writer is killed."""
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    said = []
    for _ in range(7):
        workers = [work("churn", path) for _ in range(2)]
        said += [worker.stdout.readline() for worker in workers]
        time.sleep(chance.uniform(0.0, 0.15))
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            said += finish(worker)[1]
    acknowledged = [line.split() for line in said if len(line.split()) == 2 and len(line.split()[1]) == 32]

    with Ledger(path) as ledger:
        total = ledger.total()
        states = {row.id: row.state for row in ledger.rows(10**6)}
    assert len(acknowledged) > 14
    assert {call_id for word, call_id in acknowledged if word == "settled"} <= {
        call_id for call_id, state in states.items() if state == "settled"
    }
    assert {call_id for _, call_id in acknowledged} <= set(states)
    assert {"settled", "unknown"} >= set(states.values())
    assert summed(path) == total
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_k9_fork_while_writing(path):
    """K9: children of a process that is just writing record on connections of their own; nothing is lost or stuck."""
    code, statuses = finish(work("fork", path, 5))

    assert (code, statuses) == (0, ["0"] * 5)
    with Ledger(path) as ledger:
        assert Total(25, 250, 0, 500, 250, 50_000_000, completion_tokens=750) == ledger.total()


def test_k10_fifty_threads(ledger, path):
    """K10: fifty threads on one ledger see no lock error and lose no row."""
    barrier = threading.Barrier(50)

    def calls(_):
        barrier.wait()
        for _ in range(4):
            record(ledger)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(calls, range(50)))

    assert (
        ledger.total().calls,
        ledger.total().cost_nano_usd,
        ledger.total().held_nano_usd,
    ) == (200, 200 * COST, 0)
    assert summed(path) == ledger.total()


def test_k10_four_processes_make_one_file(path):
    """K10: four processes that all create and use the same new ledger see no lock error and lose no row."""
    workers = [work("churn", path, 25) for _ in range(4)]
    codes = [finish(worker)[0] for worker in workers]

    assert codes == [0] * 4
    with Ledger(path) as ledger:
        assert (
            ledger.total().calls,
            ledger.total().cost_nano_usd,
            ledger.total().held_nano_usd,
        ) == (100, 100 * 2_000_000, 0)


def test_k10_many_openers_of_a_new_file(tmp_path):
    """K10: openers of a file that does not exist yet, all at the same moment, make one ledger and lose no row."""
    for turn in range(10):
        path, barrier = tmp_path / f"{turn}.sqlite3", threading.Barrier(8)

        def first_call(path=path, barrier=barrier):
            with Ledger(path) as ledger:
                barrier.wait()
                record(ledger)
                return ledger.notes()

        with ThreadPoolExecutor(8) as pool:
            notes = [future.result() for future in [pool.submit(first_call) for _ in range(8)]]
        assert notes == [()] * 8
        with Ledger(path) as ledger:
            assert ledger.total().calls == 8


def test_k10_opening_waits_for_a_file_in_the_making(path):
    """K10: while another kernel makes the file, under a lock SQLite does not wait for, opening waits."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, lambda: other.execute("COMMIT"))
    timer.start()
    with Ledger(path) as ledger:
        record(ledger)
        assert ledger.notes() == ()
    timer.join()
    other.close()
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_locked_by_another_program_is_said(path, monkeypatch):
    """A ledger that another program keeps locked says so, after the wait; reading goes on."""
    monkeypatch.setattr(place, "BUSY_S", 0.1)
    with Ledger(path) as ledger:
        record(ledger)
    ledger = Ledger(path)
    ledger._store.busy_s = 0.1
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerError, match="another program kept it locked"):
            ledger.hold(intent())
        assert ledger.total().calls == 1
    finally:
        other.close()
        ledger.close()


# Disks.


def test_d1_starved(path):
    """D1: when files can no longer grow the paid call waits in a spool, and the next one is refused unsent."""
    code, lines = finish(work("starve", path))

    assert code == 0
    settled, notes, refused = lines
    assert settled == "settled True"
    assert "ledger-spool.jsonl and will be read in" in notes
    assert refused.startswith(f"refused The ledger {path} cannot be used: ")
    with Ledger(path) as ledger:
        assert Total(1, 10, 0, 20, 10, 2_000_000, completion_tokens=30) == ledger.total()
        assert Unaccounted() == ledger.unaccounted()


def test_d1_full_disk(small_disk, tmp_path):
    """D1: on a full disk the spool goes to the temp folder, and is read in exactly once when there is room again."""
    held, temp = intent(), tmp_path / "temp"
    temp.mkdir()
    with Ledger(small_disk / "ledger.sqlite3", temp=temp) as ledger:
        ledger.hold(held)
        filler = fill(small_disk)

        with pytest.raises(LedgerError, match="the disk is full"):  # noqa: PT012 - the log may have room
            for _ in range(100):
                ledger.hold(intent())
        calls = ledger.total().calls
        assert ledger.settle(held.id, SETTLED)
        assert not ledger.settle(held.id, SETTLED)
        (note,) = ledger.notes()
        assert f"wait in {temp}" in note
        assert ledger.total().cost_nano_usd == 0

        filler.unlink()
        assert (calls, COST) == (ledger.total().calls, ledger.total().cost_nano_usd)
        assert not ledger.settle(held.id, SETTLED)
    with Ledger(small_disk / "ledger.sqlite3", temp=temp) as ledger:
        assert (calls, COST) == (ledger.total().calls, ledger.total().cost_nano_usd)


def test_d1_spool_is_read_in_once(path, tmp_path):
    """D1: what waits is settled at the next opening, once, however often the spool is found again."""
    held = intent()
    with Ledger(path, temp=tmp_path) as ledger:
        ledger.hold(held)
    spool, _ = ledger_spool.places(path, tmp_path)
    ledger_spool.append(spool, ledger_spool.Spooled(held.id, SETTLED, 1, None, None))
    copy = spool.read_bytes()
    for _ in range(2):
        with Ledger(path, temp=tmp_path) as ledger:
            assert (ledger.total().calls, ledger.total().cost_nano_usd) == (1, COST)
        assert spool.read_bytes() == b""
        spool.write_bytes(copy)  # as if killed between the commit and the emptying


def test_d1_spool_goes_to_a_new_ledger_whole(path, tmp_path):
    """D1: a spooled call whose ledger was lost meanwhile becomes a whole row in the new one."""
    held = intent(notebook="lost.ipynb")
    spool, _ = ledger_spool.places(path, tmp_path)
    ledger_spool.append(spool, ledger_spool.Spooled(held.id, SETTLED, 1_790_000_001_000, held, 1_790_000_000_000))

    with Ledger(path, temp=tmp_path) as ledger:
        (row,) = ledger.rows()
    assert (row.notebook, row.cost_nano_usd, row.created.timestamp()) == ("lost.ipynb", COST, 1_790_000_000)


def test_unreadable_spool_lines_are_kept_aside(path, tmp_path):
    """A spool line that cannot be read is set aside, and stops neither the ledger nor the lines around it."""
    held = intent()
    with Ledger(path, temp=tmp_path) as ledger:
        ledger.hold(held)
    spool, _ = ledger_spool.places(path, tmp_path)
    spool.write_bytes(b'{"half\n[1]\n')
    ledger_spool.append(spool, ledger_spool.Spooled(held.id, SETTLED, 1, None, None))

    with Ledger(path, temp=tmp_path) as ledger:
        assert ledger.total().cost_nano_usd == COST
    assert spool.with_name(f"{spool.name}.unreadable").read_bytes() == b'{"half\n[1]\n'


def test_d1_half_a_line_is_taken_back(path, tmp_path, monkeypatch):
    """D1: where a line cannot be brought to the disk whole, the spool is as it was before."""
    spool, _ = ledger_spool.places(path, tmp_path)
    spooled = ledger_spool.Spooled("call", SETTLED, 1, None, None)
    ledger_spool.append(spool, spooled)
    before = spool.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger_spool.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ledger_spool.append(spool, spooled)
    assert spool.read_bytes() == before


def test_no_spool_either_is_an_error(path, tmp_path):
    """Where neither ledger nor spool can be written the error says what is lost; the hold stays."""
    held = intent()
    with Ledger(path, temp=tmp_path / "missing") as ledger:
        ledger.hold(held)
        ledger_spool.places(path, tmp_path)[0].mkdir()
        query(path, "PRAGMA user_version = 99")
        ledger.close()
        with pytest.raises(LedgerError, match="tokens and cost are not recorded") as caught:
            ledger.settle(held.id, SETTLED)
        assert caught.value.billed == "maybe"
        assert ledger.total().held_nano_usd == HOLD


def test_d2_folder_is_made_for_the_user_alone(tmp_path):
    """The folder is made with mode 0700, the file and what lies beside it with 0600."""
    path = tmp_path / "data" / "o1magic" / "ledger.sqlite3"
    with Ledger(path) as ledger:
        record(ledger)
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert (0o700, {0o600}) == (stat.S_IMODE(path.parent.stat().st_mode), modes)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("folder", "it is a folder"),
        ("file/ledger.sqlite3", "is not a folder"),
        ("file/deeper/ledger.sqlite3", "not a directory"),
    ],
)
def test_d2_wrong_place_is_named(tmp_path, location, reason):
    """D2: a path that cannot be a ledger is named, with the reason and the variable to set."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(LedgerError, match=reason) as caught:
        Ledger(tmp_path / location).hold(intent())
    assert str(tmp_path / location) in str(caught.value)
    assert "Set O1MAGIC_LEDGER" in str(caught.value)


def test_d2_folder_that_cannot_be_made():
    """D2: where no folder can be made the error names the one that failed."""
    with pytest.raises(LedgerError, match=r"/proc/nowhere/ledger\.sqlite3 cannot be used: .*: /proc/nowhere\."):
        Ledger("/proc/nowhere/ledger.sqlite3").total()


def test_d2_read_only_folder(plain_user):
    """D2: in a read-only folder nothing is created; the error names the path and the reason."""
    plain_user.chmod(0o500)

    with pytest.raises(LedgerError, match="permission denied"):
        Ledger(plain_user / "ledger.sqlite3").hold(intent())


@pytest.mark.parametrize(("mode_of_folder", "mode_of_file"), [(0o700, 0o400), (0o500, 0o600)])
def test_d2_read_only_ledger_is_read(plain_user, mode_of_folder, mode_of_file):
    """D2: a ledger that cannot be written is read; holding is refused, and a paid call waits in the temp folder."""
    path, temp = plain_user / "data" / "ledger.sqlite3", plain_user / "temp"
    temp.mkdir()
    held = intent()
    with Ledger(path, temp=temp) as ledger:
        ledger.hold(held)
    path.chmod(mode_of_file)
    path.parent.chmod(mode_of_folder)
    with Ledger(path, temp=temp) as ledger:
        ledger._held[held.id] = (held, 0)

        assert ledger.total().held_nano_usd == HOLD
        with pytest.raises(LedgerError, match=r"cannot be written: the (file|folder .*) is read-only.*O1MAGIC_LEDGER"):
            ledger.hold(intent())
        assert ledger.settle(held.id, SETTLED)
        assert ledger.notes()
    path.parent.chmod(0o700)
    path.chmod(0o600)
    with Ledger(path, temp=temp) as ledger:
        assert (ledger.total().cost_nano_usd, ledger.total().held_nano_usd) == (COST, 0)


def test_d3_rollback_journal_where_wal_is_refused(path, monkeypatch):
    """D3: a file system without what the write-ahead log takes gets a rollback journal and a note, once."""
    connect = setup.connect
    monkeypatch.setattr(setup, "connect", lambda uri, busy_s: connect(f"{uri}&vfs=unix-dotfile", busy_s))
    with Ledger(path) as ledger:
        record(ledger)
        (note,) = ledger.notes()
        ledger.close()

        assert ledger.total().cost_nano_usd == COST
        assert ledger.notes() == ()
    assert "refuses SQLite's write-ahead log" in note
    assert query(path, "PRAGMA journal_mode") == [("delete",)]


def test_wal_and_full_sync_are_in_force(ledger, path):
    """An acknowledged row survives a power cut: write-ahead log, synchronous FULL."""
    ledger.total()

    assert ledger._store.read("PRAGMA synchronous") == [(2,)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_d4_damaged_ledger_is_noticed_and_left(path, tmp_path):
    """D4: a damaged page is noticed on opening, though inserts still work; the file is neither moved nor changed."""
    with Ledger(path) as ledger:
        for _ in range(60):
            record(ledger)
    ((root, page),) = query(path, "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'call'")
    damaged = bytearray(path.read_bytes())
    start = (root - 1) * page
    cell = int.from_bytes(damaged[start + 12 : start + 14], "big")
    oldest = int.from_bytes(damaged[start + cell : start + cell + 4], "big")
    damaged[(oldest - 1) * page : (oldest - 1) * page + 400] = b"\xa5" * 400
    path.write_bytes(damaged)

    with pytest.raises(LedgerError, match=r"it is damaged.*O1MAGIC_LEDGER.*\.recover"):
        Ledger(path, temp=tmp_path).hold(intent())
    assert path.read_bytes() == bytes(damaged)
    query(
        path,
        "INSERT INTO call (id, state, created_ms, day, session, endpoint, model, host, pid, lease_ms)"
        " VALUES ('x', 'intent', 0, '', '', '', '', '', 0, 0)",
    )


@pytest.mark.parametrize("content", [b"not a database at all " * 100, b"a few words"])
def test_d2_not_a_database(path, content):
    """D2: a file that is no database is left as it is and named."""
    path.write_bytes(content)

    with pytest.raises(LedgerError, match=r"ledger\.sqlite3 cannot be used: it is not a ledger.*O1MAGIC_LEDGER"):
        Ledger(path).hold(intent())
    assert content == path.read_bytes()


def test_database_of_another_program_is_left(path):
    """A database that is not ours gets no tables of ours."""
    query(path, "CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(LedgerError, match="database of another program"):
        Ledger(path).hold(intent())
    assert query(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


def test_d5_newer_schema_is_read_only(path, tmp_path):
    """D5: a ledger of a newer o1magic is read, never written; holding says to upgrade."""
    held = intent()
    with Ledger(path) as ledger:
        ledger.hold(held)
        record(ledger)
    query(path, "PRAGMA user_version = 99")
    with Ledger(path, temp=tmp_path) as ledger:
        assert ledger.total().cost_nano_usd == COST
        with pytest.raises(LedgerError, match=r"newer o1magic made it \(schema 99.*Upgrade o1magic"):
            ledger.hold(intent())
        assert ledger.settle(held.id, SETTLED)

        assert ledger.total().calls == 2
        assert [held.id] == [row.id for row in ledger.rows() if row.state == "intent"]


def test_d6_older_schema_is_backed_up_and_migrated(path, monkeypatch):
    """D6: a migration runs in one transaction after a backup copy, and keeps every row."""
    with Ledger(path) as ledger:
        record(ledger)
    step = lambda execute: execute("ALTER TABLE call ADD COLUMN note TEXT")  # noqa: E731 - reads like a step
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, step))
    with Ledger(path) as ledger:
        record(ledger)
        assert ledger.total().calls == 2
        (note,) = ledger.notes()

    (backup,) = path.parent.glob("*.bak")
    assert note.endswith(f"{backup}.")
    assert (
        query(backup, "PRAGMA user_version"),
        query(backup, "SELECT COUNT(*) FROM call"),
    ) == ([(len(migrations.STEPS) - 1,)], [(1,)])
    assert query(path, "PRAGMA user_version") == [(len(migrations.STEPS),)]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_d6_failed_migration_changes_nothing(path, monkeypatch):
    """D6: a migration that fails half-way leaves schema and rows as they were."""
    with Ledger(path) as ledger:
        record(ledger)

    def fails(execute):
        execute("ALTER TABLE call ADD COLUMN note TEXT")
        execute("ALTER TABLE absent ADD COLUMN note TEXT")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*migrations.STEPS, fails))
        with pytest.raises(LedgerError, match="no such table: absent"):
            Ledger(path).hold(intent())
    with Ledger(path) as ledger:
        assert ledger.total().calls == 1
    assert query(path, "SELECT name FROM pragma_table_info('call') WHERE name = 'note'") == []


def test_d7_deleted_file_is_noticed(ledger, path):
    """D7: when the file is deleted under a live connection the call is recorded whole in a new one, and it is said."""
    record(ledger)
    held = intent()
    ledger.hold(held)
    path.unlink()

    assert ledger.settle(held.id, SETTLED)
    record(ledger)
    assert "was deleted or replaced while in use" in ledger.notes()[0]
    assert (summed(path).calls, summed(path).cost_nano_usd) == (2, 2 * COST)
    assert summed(path) == ledger.total()


def test_d7_replaced_file_is_noticed(ledger, path, tmp_path):
    """D7: when another ledger takes the file's name the next rows go there, and both files stay whole."""
    with Ledger(tmp_path / "other.sqlite3") as other:
        record(other)
    kept = tmp_path / "kept.sqlite3"
    for _ in range(3):
        record(ledger)
    kept.hardlink_to(path)
    (tmp_path / "other.sqlite3").replace(path)

    record(ledger)
    assert ledger.total().calls == 2
    ledger.close()
    assert (
        query(path, "PRAGMA integrity_check"),
        query(kept, "PRAGMA integrity_check"),
    ) == ([("ok",)], [("ok",)])
    assert query(kept, "SELECT COUNT(*) FROM call") == [(3,)]


# Where it lies.


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.local/share/o1magic/ledger.sqlite3"),
        ("linux", {"HOME": "/home/ada", "XDG_DATA_HOME": "/data"}, "/data/o1magic/ledger.sqlite3"),
        (
            "linux",
            {"HOME": "/home/ada", "XDG_DATA_HOME": "data"},
            "/home/ada/.local/share/o1magic/ledger.sqlite3",
        ),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support/o1magic/ledger.sqlite3"),
        ("win32", {"LOCALAPPDATA": "/c/ada"}, "/c/ada/o1magic/ledger.sqlite3"),
    ],
)
def test_default_place(platform, environ, expected):
    """Without a location the ledger lies where the platform keeps a user's data."""
    assert Path(expected) == open_ledger(None, environ=environ, platform=platform).path


def test_location_given_wins(tmp_path):
    """A location given is taken, and nothing is touched before the first use."""
    path = tmp_path / "folder" / "mine.sqlite3"

    assert path == open_ledger(str(path), environ={"HOME": ""}).path
    assert not path.parent.exists()


def test_d2_missing_home_names_the_variable():
    """D2: without a home folder the error names the variable that gives the ledger a place."""
    with pytest.raises(LedgerError, match=r"no home folder.*Set O1MAGIC_LEDGER"):
        open_ledger(None, environ={"HOME": ""}, platform="linux")


def test_url_is_refused():
    """A database URL is refused in words, and no folder of that name is made."""
    with pytest.raises(ConfigError, match="postgresql:// URL"):
        open_ledger("postgresql://class@host/ledger")


def test_notes_are_logged(path, caplog):
    """What notes() hands out once is logged as well, without prompt or key."""
    with Ledger(path) as ledger, caplog.at_level(logging.WARNING):
        record(ledger)
        path.unlink()
        record(ledger)
        assert len(ledger.notes()) == 1
        assert ledger.notes() == ()
    assert [entry.message for entry in caplog.records] == ["ledger_note"]


def test_importing_the_ledger_is_light():
    """Importing the module loads neither SQLite nor the client."""
    code = "import sys, o1magic.ledger; print({'sqlite3', 'openai', 'csv'} & set(sys.modules) or 'light')"
    roots = [str(Path(o1magic.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, roots))}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert result.stdout.strip() == "light"
