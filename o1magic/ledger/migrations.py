"""The numbered steps from one schema of the ledger to the next.

Layer 3. SQL that SQLite and PostgreSQL both understand, but for the numbered key, which PostgreSQL's store words its
own way. Called by `setup` and the stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from o1magic.ledger.schema import Execute

# How SQLite says that a key counts up and is never used again.
SERIAL = "INTEGER PRIMARY KEY AUTOINCREMENT"

_SUMS_1 = (
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

_CREATE_CALL = f"""
CREATE TABLE call (
  seq {SERIAL},
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
    sums = ", ".join(f"{name} BIGINT NOT NULL" for name in _SUMS_1)
    execute(
        "CREATE TABLE total (scope TEXT NOT NULL, key TEXT NOT NULL, simulated INTEGER NOT NULL, "
        f"{sums}, PRIMARY KEY (scope, key, simulated))"
    )


# A budget: a limit per session, day or month, or in all. `shared`: everybody's calls count, not only its owner's.
_CREATE_BUDGET = f"""
CREATE TABLE budget (
  id {SERIAL},
  owner TEXT NOT NULL,
  shared INTEGER NOT NULL,
  name TEXT NOT NULL,
  per TEXT NOT NULL CHECK (per IN ('session', 'day', 'month', 'total')),
  unit TEXT NOT NULL CHECK (unit IN ('nano_usd', 'tokens')),
  cap BIGINT NOT NULL CHECK (cap >= 0),
  allow_unpriced INTEGER NOT NULL,
  UNIQUE (owner, name)
)
"""

# What one budget counts over one span: a session, a day, a month, or ''. `owner`: '' where several people share it.
_CREATE_GAUGE = f"""
CREATE TABLE gauge (
  id {SERIAL},
  budget BIGINT NOT NULL REFERENCES budget (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  span TEXT NOT NULL,
  simulated INTEGER NOT NULL,
  spent BIGINT NOT NULL DEFAULT 0,
  held BIGINT NOT NULL DEFAULT 0,
  warned INTEGER NOT NULL DEFAULT 0,
  UNIQUE (budget, span, simulated)
)
"""

# What became of a budget, and never deleted. A limit of NULL: there was none before, or is none after.
_CREATE_BUDGET_CHANGE = f"""
CREATE TABLE budget_change (
  seq {SERIAL},
  owner TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  name TEXT NOT NULL,
  per TEXT NOT NULL,
  unit TEXT NOT NULL,
  cap_before BIGINT,
  cap_after BIGINT,
  allow_unpriced INTEGER NOT NULL,
  session TEXT NOT NULL
)
"""


def _budgets(execute: Execute) -> None:
    execute("ALTER TABLE call ADD COLUMN hold_tokens BIGINT")
    execute("ALTER TABLE call ADD COLUMN gauges TEXT NOT NULL DEFAULT ''")
    execute("ALTER TABLE call ADD COLUMN owner TEXT NOT NULL DEFAULT ''")
    for table in (_CREATE_BUDGET, _CREATE_GAUGE, _CREATE_BUDGET_CHANGE):
        execute(table)
    # SQLite cannot change a key in place.
    names = ", ".join(_SUMS_1)
    sums = ", ".join(f"{name} BIGINT NOT NULL" for name in _SUMS_1)
    execute(
        "CREATE TABLE owned_total (owner TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, "
        f"simulated INTEGER NOT NULL, {sums}, PRIMARY KEY (scope, key, simulated, owner))"
    )
    execute(
        f"INSERT INTO owned_total (owner, scope, key, simulated, {names}) "  # noqa: S608 - our own names
        f"SELECT '', scope, key, simulated, {names} FROM total"
    )
    execute("DROP TABLE total")
    execute("ALTER TABLE owned_total RENAME TO total")


# What was said of a call after its end, by a person or a new price; what was known then stays beside it.
_CREATE_CORRECTION = f"""
CREATE TABLE correction (
  seq {SERIAL},
  owner TEXT NOT NULL,
  call_id TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('amount', 'zero', 'hold', 'price')),
  state_before TEXT NOT NULL,
  cost_before BIGINT,
  cost_after BIGINT,
  price_before TEXT,
  price_after TEXT,
  session TEXT NOT NULL
)
"""

# Prices a person gave, in dollars per million tokens, as decimals in text. Only ever added to; the last one of a day
# counts. All NULL: from that day on the catalog's price holds again. `shared` as in `budget`.
_CREATE_PRICE = f"""
CREATE TABLE price (
  seq {SERIAL},
  owner TEXT NOT NULL,
  shared INTEGER NOT NULL,
  at_ms BIGINT NOT NULL,
  model TEXT NOT NULL,
  since TEXT NOT NULL,
  input_per_mtok TEXT,
  cached_per_mtok TEXT,
  output_per_mtok TEXT
)
"""


def _corrections(execute: Execute) -> None:
    execute("ALTER TABLE call ADD COLUMN reconciled TEXT")
    execute(_CREATE_CORRECTION)
    execute(_CREATE_PRICE)
    execute(
        "CREATE INDEX call_uncosted ON call (seq) "
        "WHERE state = 'unknown' OR (state IN ('settled', 'partial') AND cost_nano IS NULL)"
    )


# Step i leads from schema i to schema i + 1. A step, once released, is never edited: append the next one.
STEPS: tuple[Callable[[Execute], None], ...] = (_create, _budgets, _corrections)
