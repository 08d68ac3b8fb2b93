"""The ledger: what a hold and a settle cost beside two bare SQLite commits, and a session's total at any size.

    python benchmarks/ledger.py [--calls 400] [--rows 1000000]

Everything on one disk, in one run, taking turns. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from o1magic.answer import Usage
from o1magic.ledger import Intent, Ledger, Outcome

SIZE_BAR = 1.2
COMMIT_BAR = 2.5
SESSION = "the session that is read"
OUTCOME = Outcome(
    "settled", "o3", Usage(100, 0, 64, 80), 1_234_567, "o3@1", attempts=1, seconds=1.0, finish_reason="stop"
)


def intent() -> Intent:
    return Intent(
        uuid.uuid4().hex, SESSION, "a.ipynb", "api.openai.com", "o3", "low", 5_000_000, "o3@1", hold_tokens=900
    )


def call(ledger: Ledger) -> None:
    held = intent()
    ledger.hold(held)
    ledger.settle(held.id, OUTCOME)


def bare(path: Path):
    """Return a function that makes two commits as durable as the ledger's, of one small row each."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (id TEXT PRIMARY KEY, cost INTEGER)")

    def two() -> None:
        key = uuid.uuid4().hex
        connection.execute("INSERT INTO t VALUES (?, NULL)", (key,))
        connection.execute("UPDATE t SET cost = 1 WHERE id = ?", (key,))

    return two


def ms(function, *arguments) -> tuple[float, float]:
    """Return wall and CPU milliseconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    function(*arguments)
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def commits(folder: Path, turns: int) -> bool:
    two = bare(folder / "bare.sqlite3")
    plain, limited = Ledger(folder / "plain.sqlite3"), Ledger(folder / "limited.sqlite3")
    limited.set_budget(10**15, session=SESSION)
    limited.set_budget(10**15, session=SESSION, name="class-7")
    ways = {"two bare commits": (two,), "hold + settle": (call, plain), "with two budgets": (call, limited)}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(turns + 20):
        for name, way in ways.items():
            spent = ms(*way)
            if turn >= 20:  # noqa: PLR2004 - to warm up
                taken[name].append(spent)
    print(f"{'':24}{'wall ms':>10}{'CPU ms':>10}{'ratio':>8}")
    base = statistics.median(wall for wall, _ in taken["two bare commits"])
    ratios = []
    for name, spent in taken.items():
        wall, cpu = (statistics.median(one) for one in zip(*spent, strict=True))
        ratios.append(wall / base)
        print(f"{name:24}{wall:>10.2f}{cpu:>10.2f}{ratios[-1]:>8.2f}")
    plain.close()
    limited.close()
    return max(ratios) <= COMMIT_BAR


def fill(path: Path, rows: int) -> None:
    """Bring a ledger to so many rows: copies of one real call, in sessions of a hundred, their totals added up."""
    with Ledger(path) as ledger:
        call(ledger)
    connection = sqlite3.connect(path, isolation_level=None)
    columns = [
        name for _, name, *_ in connection.execute("PRAGMA table_info(call)") if name not in ("seq", "id", "session")
    ]
    names = ", ".join(columns)
    connection.execute("BEGIN")
    connection.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "  # noqa: S608 - our own names
        f"INSERT INTO call (id, session, {names}) SELECT 'copy-' || i, 's' || (i / 100), {names} FROM call, n",
        (rows - 1,),
    )
    sums = [name for _, name, *_ in connection.execute("PRAGMA table_info(total)")][4:]
    added = ", ".join(f"{name} * 100" for name in sums)
    connection.execute(
        f"INSERT INTO total (owner, scope, key, simulated, {', '.join(sums)}) "  # noqa: S608 - our own names
        f"SELECT '', 'session', 's' || (value - 1), 0, {added} FROM total, "
        "(SELECT (i / 100) + 1 AS value FROM (SELECT rowid AS i FROM call) GROUP BY 1) WHERE scope = 'session'",
    )
    connection.execute("COMMIT")
    connection.close()


def sizes(folder: Path, rows: int, turns: int) -> bool:
    ledgers = {}
    for count in (1_000, rows):
        fill(folder / f"{count}.sqlite3", count)
        ledgers[count] = Ledger(folder / f"{count}.sqlite3")
        ledgers[count].session_total(SESSION)
    taken: dict[int, list[float]] = {count: [] for count in ledgers}
    for _ in range(turns):
        for count, ledger in ledgers.items():
            taken[count].append(ms(ledger.session_total, SESSION)[0])
    small, large = (statistics.median(one) for one in taken.values())
    size = (folder / f"{rows}.sqlite3").stat().st_size / 1e6
    print(
        f"\nsession total at 1,000 rows {1000 * small:.1f} us, at {rows:,} rows ({size:,.0f} MB) {1000 * large:.1f} us:"
    )
    print(f"ratio {large / small:.2f}")
    for ledger in ledgers.values():
        ledger.close()
    return large / small <= SIZE_BAR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        met = [commits(Path(folder), chosen.calls), sizes(Path(folder), chosen.rows, 2_000)]
    print(f"\nbar: hold + settle at most {COMMIT_BAR} times two bare commits: {'met' if met[0] else 'MISSED'}")
    print(f"bar: a session's total within {SIZE_BAR} at any size: {'met' if met[1] else 'MISSED'}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
