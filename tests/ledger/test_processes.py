"""Threads, processes, forks and SIGKILL, on both databases."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ledger_kit import (
    COST,
    SETTLED,
    finish,
    intent,
    query,
    record,
    summed,
    work,
)

from o1magic.ledger import (
    Ledger,
    Total,
    Unaccounted,
    owner,
)


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
    """K7: a hundred writers killed at random moments lose no acknowledged row and tear none; every sum stays right."""
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    with Ledger(path) as ledger:
        ledger.set_budget(10**15, session="s", per="total")
    said = []
    for _ in range(25):
        workers = [work("churn", path) for _ in range(4)]
        said += [worker.stdout.readline() for worker in workers]
        chance.shuffle(workers)
        for worker in workers:
            time.sleep(chance.uniform(0.0, 0.03))
            worker.send_signal(signal.SIGKILL)
        for worker in workers:
            said += finish(worker)[1]
    acknowledged = [line.split() for line in said if len(line.split()) == 2 and len(line.split()[1]) == 32]

    with Ledger(path) as ledger:
        total = ledger.total()
        states = {row.id: row.state for row in ledger.rows(10**6)}
        (budget,) = ledger.standings("s")
    assert len(acknowledged) > 100
    assert {call_id for word, call_id in acknowledged if word == "settled"} <= {
        call_id for call_id, state in states.items() if state == "settled"
    }
    assert {call_id for _, call_id in acknowledged} <= set(states)
    assert {"settled", "unknown"} >= set(states.values())
    assert summed(path) == total
    assert (budget.spent, budget.held) == (total.cost_nano_usd, total.held_nano_usd)
    if "://" not in str(path):
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
