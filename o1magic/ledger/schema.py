"""The statements that touch calls and their totals; `migrations` makes the tables, `budget_schema` limits them.

Layer 3. The statements are SQL that SQLite and PostgreSQL both understand, with `?` for a parameter; what
only one of them knows stays in its store. Called by `ledger` and its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

# What is recorded of a call, in the order of `records.Row`.
COLUMNS = (
    "id",
    "state",
    "created_ms",
    "day",
    "session",
    "notebook",
    "endpoint",
    "model",
    "answered",
    "effort",
    "prompt_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "completion_tokens",
    "estimated",
    "inconsistent",
    "usage_raw",
    "hold_nano",
    "cost_nano",
    "price_id",
    "attempts",
    "seconds",
    "finish_reason",
    "provider_id",
    "lint_found",
    "lint_fixed",
    "simulated",
    "reconciled",
)

# What the totals add up, in the order of `counted.Counted.share`.
SUMS = (
    "calls",
    "prompt_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "visible_tokens",
    "completion_tokens",
    "cost_nano",
    "unknown_calls",
    "held_nano",
)

INTENT = """
INSERT INTO call (id, state, created_ms, day, session, notebook, endpoint, model, effort, hold_nano, price_id,
                  lint_found, lint_fixed, simulated, host, boot, pid, started, lease_ms, hold_tokens, gauges, owner)
VALUES (?, 'intent', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# In the order of `counted.Counted`.
COUNTS = """session, day, simulated, state, hold_nano, cost_nano,
       prompt_tokens, cached_tokens, reasoning_tokens, completion_tokens, hold_tokens, gauges, owner"""

# Then whether an outcome was recorded already.
COUNTED = f"SELECT {COUNTS}, closed_ms FROM call WHERE id = ?"  # noqa: S608 - our own names

# The guard is closed_ms, not the state: a call that was given up may still tell what became of it, once.
OUTCOME = """
UPDATE call SET state = ?, answered = ?, prompt_tokens = ?, cached_tokens = ?, reasoning_tokens = ?,
                completion_tokens = ?, estimated = ?, inconsistent = ?, usage_raw = ?, cost_nano = ?,
                price_id = COALESCE(?, price_id), attempts = ?, seconds = ?, finish_reason = ?,
                provider_id = ?, simulated = ?, gauges = ?, closed_ms = ?
WHERE id = ? AND closed_ms IS NULL
"""

IN_FLIGHT = "SELECT id, host, boot, pid, started, lease_ms FROM call WHERE closed_ms IS NULL AND state = 'intent'"

GIVE_UP = "UPDATE call SET state = 'unknown' WHERE id = ? AND closed_ms IS NULL AND state = 'intent'"

# A response in the background is found again by its id at the endpoint; until then no row has one before its outcome.
ACCEPTED = "UPDATE call SET provider_id = ? WHERE id = ? AND closed_ms IS NULL"

UNACCOUNTED = """
SELECT simulated, COUNT(*), COALESCE(SUM(hold_nano), 0), COUNT(provider_id) FROM call
WHERE closed_ms IS NULL AND state = 'unknown' GROUP BY simulated
"""

# Each f-string below is made of the names above, and of nothing else.
_CALL = ", ".join(COLUMNS)

# A call that is over and whose cost nobody knows; its worst case stays held. In these words the index has it.
# `counted.Counted.uncosted` says the same.
_UNCOSTED = "(state = 'unknown' OR (state IN ('settled', 'partial') AND cost_nano IS NULL))"

RESUMABLE = f"""
SELECT {_CALL} FROM call WHERE closed_ms IS NULL AND provider_id IS NOT NULL AND state IN ('intent', 'unknown')
ORDER BY seq DESC
"""  # noqa: S608 - our own names

UNCOSTED = f"SELECT {_CALL} FROM call WHERE {_UNCOSTED} ORDER BY seq"  # noqa: S608 - our own names

RECONCILE = f"""
UPDATE call SET state = ?, cost_nano = ?, reconciled = ?, closed_ms = COALESCE(closed_ms, ?)
WHERE id = ? AND {_UNCOSTED}
"""  # noqa: S608 - our own names

CORRECTION = """
INSERT INTO correction (owner, call_id, at_ms, why, state_before, cost_before, cost_after,
                        price_before, price_after, session)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# One row per person where several share a database; who may see more than one sees their sum.
TOTALS = f"""
SELECT scope, simulated, {", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in SUMS)} FROM total
WHERE (scope = 'session' AND key = ?) OR (scope = 'day' AND key = ?) OR (scope = 'all' AND key = '')
GROUP BY scope, simulated
"""  # noqa: S608 - our own names

ONE = f"SELECT {_CALL} FROM call WHERE id = ?"  # noqa: S608 - our own names

NEWEST = f"SELECT {_CALL} FROM call ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our own names

NEWEST_OF_SESSION = f"SELECT {_CALL} FROM call WHERE session = ? ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our own names

# Sessions of a kernel are alike but for eight hexadecimal digits, so that these bounds hold in any collation.
NEWEST_SESSION = """
SELECT session FROM call WHERE session BETWEEN ? AND ? GROUP BY session ORDER BY MAX(seq) DESC LIMIT 1
"""

OLDEST_AFTER = f"SELECT seq, {_CALL} FROM call WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - our own names


class Result(Protocol):
    """What a statement gives back, in the words of Python's database interface."""

    @property
    def rowcount(self) -> int:
        """The rows changed."""

    def fetchone(self) -> Any:
        """Return the next row or None."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""


class Execute(Protocol):
    """Runs one statement of this module inside a transaction."""

    def __call__(self, statement: str, parameters: Sequence[object] = (), /) -> Result:
        """Run the statement."""


def add_to_totals(rows: int) -> str:
    """Return the statement that adds so many rows of (owner, scope, key, simulated, *SUMS) to the totals."""
    values = ", ".join([f"({', '.join('?' * (4 + len(SUMS)))})"] * rows)
    sums = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in SUMS)
    return (
        f"INSERT INTO total (owner, scope, key, simulated, {', '.join(SUMS)}) VALUES {values} "  # noqa: S608 - ours
        f"ON CONFLICT (scope, key, simulated, owner) DO UPDATE SET {sums}"
    )
