"""The ledger's tables, the statements that touch them, and the numbered steps from one schema to the next.

Layer 3. The statements are SQL that SQLite and PostgreSQL both understand, with `?` for a parameter; what
only one of them knows stays in its store. Called by `ledger` and its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
)

# What the totals add up, in the order of `records.Counted.share`.
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
                  lint_found, lint_fixed, simulated, host, boot, pid, started, lease_ms)
VALUES (?, 'intent', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# In the order of `records.Counted`, then whether an outcome was recorded already.
COUNTED = """
SELECT session, day, simulated, state, hold_nano, cost_nano,
       prompt_tokens, cached_tokens, reasoning_tokens, completion_tokens, closed_ms
FROM call WHERE id = ?
"""

# The guard is closed_ms, not the state: a call that was given up may still tell what became of it, once.
OUTCOME = """
UPDATE call SET state = ?, answered = ?, prompt_tokens = ?, cached_tokens = ?, reasoning_tokens = ?,
                completion_tokens = ?, estimated = ?, inconsistent = ?, usage_raw = ?, cost_nano = ?,
                price_id = COALESCE(?, price_id), attempts = ?, seconds = ?, finish_reason = ?,
                provider_id = ?, simulated = ?, closed_ms = ?
WHERE id = ? AND closed_ms IS NULL
"""

IN_FLIGHT = "SELECT id, host, boot, pid, started, lease_ms FROM call WHERE closed_ms IS NULL AND state = 'intent'"

GIVE_UP = "UPDATE call SET state = 'unknown' WHERE id = ? AND closed_ms IS NULL AND state = 'intent'"

UNACCOUNTED = """
SELECT simulated, COUNT(*), COALESCE(SUM(hold_nano), 0) FROM call
WHERE closed_ms IS NULL AND state = 'unknown' GROUP BY simulated
"""

# Each f-string below is made of the names above, and of nothing else.
_CALL = ", ".join(COLUMNS)

TOTALS = f"""
SELECT scope, simulated, {", ".join(SUMS)} FROM total
WHERE (scope = 'session' AND key = ?) OR (scope = 'day' AND key = ?) OR (scope = 'all' AND key = '')
"""  # noqa: S608 - our own names

NEWEST = f"SELECT {_CALL} FROM call ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our own names

NEWEST_OF_SESSION = f"SELECT {_CALL} FROM call WHERE session = ? ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our own names

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
    """Return the statement that adds so many rows of (scope, key, simulated, *SUMS) to the totals."""
    values = ", ".join([f"({', '.join('?' * (3 + len(SUMS)))})"] * rows)
    sums = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in SUMS)
    return (
        f"INSERT INTO total (scope, key, simulated, {', '.join(SUMS)}) VALUES {values} "  # noqa: S608 - our own names
        f"ON CONFLICT (scope, key, simulated) DO UPDATE SET {sums}"
    )


_CREATE_CALL = """
CREATE TABLE call (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('intent', 'settled', 'partial', 'failed', 'unknown')),
  created_ms BIGINT NOT NULL,
  day TEXT NOT NULL,
  session TEXT NOT NULL,
  notebook TEXT,
  endpoint TEXT NOT NULL,
  model TEXT NOT NULL,
  answered TEXT,
  effort TEXT,
  prompt_tokens BIGINT,
  cached_tokens BIGINT,
  reasoning_tokens BIGINT,
  completion_tokens BIGINT,
  estimated INTEGER NOT NULL DEFAULT 0,
  inconsistent INTEGER NOT NULL DEFAULT 0,
  usage_raw TEXT,
  hold_nano BIGINT,
  cost_nano BIGINT,
  price_id TEXT,
  attempts INTEGER,
  seconds DOUBLE PRECISION,
  finish_reason TEXT,
  provider_id TEXT,
  lint_found TEXT NOT NULL DEFAULT '',
  lint_fixed TEXT NOT NULL DEFAULT '',
  simulated INTEGER NOT NULL DEFAULT 0,
  host TEXT NOT NULL,
  boot TEXT,
  pid INTEGER NOT NULL,
  started TEXT,
  lease_ms BIGINT NOT NULL,
  closed_ms BIGINT
)
"""


def _create(execute: Execute) -> None:
    execute(_CREATE_CALL)
    execute("CREATE INDEX call_open ON call (state) WHERE closed_ms IS NULL")
    execute("CREATE INDEX call_session ON call (session, seq)")
    sums = ", ".join(f"{name} BIGINT NOT NULL" for name in SUMS)
    execute(
        "CREATE TABLE total (scope TEXT NOT NULL, key TEXT NOT NULL, simulated INTEGER NOT NULL, "
        f"{sums}, PRIMARY KEY (scope, key, simulated))"
    )


# Step i leads from schema i to schema i + 1. A step, once released, is never edited: append the next one.
MIGRATIONS: tuple[Callable[[Execute], None], ...] = (_create,)
