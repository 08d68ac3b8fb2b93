"""A process that uses the ledger, for `tests/ledger` to start, to kill, and to starve of disk.

Usage: ledger_worker.py COMMAND PATH [COUNT]
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
import uuid

from o1magic.answer import Usage
from o1magic.errors import BudgetError, LedgerError
from o1magic.ledger import Intent, Ledger, Outcome

HOLD, COST = 7_000_000, 2_000_000


def say(*words):
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def hold(ledger):
    call_id = uuid.uuid4().hex
    ledger.hold(Intent(call_id, f"pid {os.getpid()}", None, "localhost", "o3", None, HOLD, "o3@1"))
    return call_id


def settle(ledger, call_id):
    outcome = Outcome("settled", "o3", Usage(10, 0, 20, 30), COST, "o3@1", attempts=1, seconds=0.1)
    return ledger.settle(call_id, outcome)


def churn(ledger, count):
    """Hold and settle, acknowledging each on stdout once it is durable; a count of 0 never ends."""
    for _ in range(count) if count else itertools.count():
        call_id = hold(ledger)
        say("held", call_id)
        settle(ledger, call_id)
        say("settled", call_id)
    for note in ledger.notes():
        raise SystemExit(note)


def race(ledger, count):
    """Want to spend two cents so many times over, of a limit that all workers share."""
    for turn in range(count):
        call_id = uuid.uuid4().hex
        cost = 1_000_000 * (1 + (os.getpid() + turn) % 10)
        try:
            ledger.hold(Intent(call_id, "race", None, "localhost", "o3", None, 10_000_000, "o3@1"))
        except BudgetError:
            continue
        outcome = Outcome("settled", "o3", Usage(10, 0, 20, 30), cost, "o3@1", attempts=1, seconds=0.1)
        if not ledger.settle(call_id, outcome):
            raise SystemExit(call_id)


def call(ledger, _):
    """Hold one call and wait for ever, as a request in flight does."""
    say("held", hold(ledger))
    time.sleep(600)


def fork(ledger, count):
    """Fork while other threads write; every child records calls of its own and settles one of its parent's."""
    threads = [threading.Thread(target=_quietly, args=(ledger, count)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(count):
        call_id = hold(ledger)
        pid = os.fork()
        if pid == 0:
            done = settle(ledger, call_id) and settle(ledger, hold(ledger))
            os._exit(0 if done else 1)
        say(str(os.waitpid(pid, 0)[1]))
    for thread in threads:
        thread.join()


def _quietly(ledger, count):
    for _ in range(count):
        settle(ledger, hold(ledger))


def starve(ledger, _):
    """Let files grow no further once a call is held: settle it, then try to hold the next."""
    import resource

    call_id = hold(ledger)
    size = max(path.stat().st_size for path in ledger.path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    say("settled", str(settle(ledger, call_id)))
    say("notes", *ledger.notes())
    try:
        hold(ledger)
    except LedgerError as error:
        say("refused", str(error))


if __name__ == "__main__":
    command, path, *rest = sys.argv[1:]
    with Ledger(path) as opened:
        {"churn": churn, "race": race, "call": call, "fork": fork, "starve": starve}[command](
            opened, int(rest[0]) if rest else 0
        )
