"""Calls, outcomes, worker processes and an independent sum of the rows, for the tests of the ledger."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import o1magic
from o1magic.answer import Usage
from o1magic.ledger import Intent, Outcome, Total, owner

WORKER = Path(__file__).with_name("ledger_worker.py")
HOLD = 5_000_000
COST = 1_234_567
USAGE = Usage(prompt=100, cached=20, reasoning=64, completion=80)
SETTLED = Outcome("settled", "o3-2025-04-16", USAGE, COST, "o3@1", attempts=1, seconds=1.5, finish_reason="stop")
UNKNOWN = Outcome("unknown", None, Usage(), None, None, attempts=1, seconds=1.5)
FAILED = Outcome("failed", None, Usage(), None, None, attempts=3, seconds=0.5)
PARTIAL = replace(SETTLED, state="partial", usage=replace(USAGE, estimated=True))

_numbers = itertools.count(1)


def intent(**fields):
    plain = Intent(
        id=f"call-{next(_numbers)}",
        session="s1",
        notebook="plan.ipynb",
        endpoint="api.openai.com",
        model="o3",
        effort="low",
        hold_nano_usd=HOLD,
        price_id="o3@1",
        lint_found=("COT001", "DEL001"),
        lint_fixed=("DEL001",),
        lease_s=60.0,
        hold_tokens=900,
    )
    return replace(plain, **fields)


def record(ledger, outcome=SETTLED, **fields):
    held = intent(**fields)
    ledger.hold(held)
    assert ledger.settle(held.id, outcome)
    return held


def gone():
    """Return a process of this machine that no longer runs: its pid lives, but it is another's now."""
    return replace(owner.me(), started="1")


def summed(location):
    """Return what the totals must be, added up from the rows in a different way than the ledger's."""
    uncosted = "(state = 'unknown' OR (state IN ('settled', 'partial') AND cost_nano IS NULL))"
    visible = "completion_tokens IS NOT NULL AND reasoning_tokens IS NOT NULL AND completion_tokens > reasoning_tokens"
    sums = (
        ("true", "1"),
        ("true", "prompt_tokens"),
        ("true", "cached_tokens"),
        ("true", "reasoning_tokens"),
        (visible, "completion_tokens - reasoning_tokens"),
        ("simulated = 0", "cost_nano"),
        (uncosted, "1"),
        (f"simulated = 0 AND (state = 'intent' OR {uncosted})", "hold_nano"),
        ("simulated = 1", "1"),
        ("simulated = 1", "cost_nano"),
        ("true", "completion_tokens"),
        (f"simulated = 1 AND (state = 'intent' OR {uncosted})", "hold_nano"),
    )
    columns = ", ".join(f"COALESCE(SUM(CASE WHEN {where} THEN {what} END), 0)" for where, what in sums)
    ((*front, completion, held),) = query(location, f"SELECT {columns} FROM call")  # noqa: S608 - our own text
    return Total(*map(int, front), completion_tokens=int(completion), simulated_held_nano_usd=int(held))


def query(location, statement):
    """Run one statement beside the ledger; columns named and rows as tuples."""
    if "://" in str(location):
        import psycopg

        with psycopg.connect(location, autocommit=True, options="-c search_path=o1magic") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    connection = sqlite3.connect(location)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.commit()
        connection.close()


def work(command, path, count=0, **options):
    roots = [str(Path(o1magic.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, roots))}
    arguments = [sys.executable, str(WORKER), command, str(path), str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment, **options)


def finish(process, timeout=30):
    output = process.communicate(timeout=timeout)[0]
    return process.returncode, output.splitlines()
