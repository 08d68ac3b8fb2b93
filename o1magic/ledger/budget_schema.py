"""The statements that touch budgets and their gauges; `migrations` makes the tables.

Layer 3. As in `schema`: SQL that SQLite and PostgreSQL both understand. Called by `budgets`.
"""

from __future__ import annotations

from o1magic.ledger import schema

_LIMIT = "budget.id, budget.name, budget.per, budget.unit, budget.cap, budget.allow_unpriced, budget.shared"
_STANDS = "gauge.id, gauge.spent, gauge.held, gauge.warned"

# Every budget that counts a call, in the one order in which all lock their gauges: PostgreSQL would deadlock otherwise.
# Parameters: simulated, session, day, month, user.
APPLYING = f"""
SELECT {_LIMIT}, {_STANDS}
FROM budget LEFT JOIN gauge ON gauge.budget = budget.id AND gauge.simulated = ?
  AND gauge.span = CASE budget.per WHEN 'session' THEN ? WHEN 'day' THEN ? WHEN 'month' THEN ? ELSE '' END
WHERE budget.shared = 1 OR budget.owner = ? ORDER BY budget.id
"""  # noqa: S608 - our own names

ONE = f"SELECT {_LIMIT}, {_STANDS} FROM gauge JOIN budget ON budget.id = gauge.budget WHERE gauge.id = ?"  # noqa: S608

NEW_GAUGE = """
INSERT INTO gauge (budget, owner, span, simulated) VALUES (?, ?, ?, ?)
ON CONFLICT (budget, span, simulated) DO NOTHING RETURNING id
"""

# The one place where a call is admitted: it fits, and is held at once. A limit of 0 admits not even what is free.
HOLD = """
UPDATE gauge SET held = held + ?
WHERE id = ? AND spent + held + ? <= (SELECT cap FROM budget WHERE budget.id = gauge.budget AND cap > 0)
"""

CHARGE = "UPDATE gauge SET held = held + ?, spent = spent + ? WHERE id = ?"

# Once per gauge: at four fifths of the limit.
WARN = """
UPDATE gauge SET warned = 1
WHERE id = ? AND warned = 0 AND spent + held >= (SELECT cap - cap / 5 FROM budget WHERE budget.id = gauge.budget)
"""

WARN_ANEW = """
UPDATE gauge SET warned = 0
WHERE budget = ? AND spent + held < (SELECT cap - cap / 5 FROM budget WHERE budget.id = gauge.budget)
"""

MINE = "SELECT id, per, unit, cap, allow_unpriced FROM budget WHERE owner = ? AND name = ?"

MY_NAMES = "SELECT name FROM budget WHERE owner = ? ORDER BY id"

NEW = "INSERT INTO budget (owner, shared, name, per, unit, cap, allow_unpriced) VALUES (?, ?, ?, ?, ?, ?, ?)"

CHANGE = "UPDATE budget SET cap = ?, allow_unpriced = ? WHERE id = ?"

REMOVE_GAUGES = "DELETE FROM gauge WHERE budget = ?"

REMOVE = "DELETE FROM budget WHERE id = ?"

RECORD = """
INSERT INTO budget_change (owner, at_ms, name, per, unit, cap_before, cap_after, allow_unpriced, session)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

CHANGES = """
SELECT at_ms, name, per, unit, cap_before, cap_after, allow_unpriced, session FROM budget_change
ORDER BY seq DESC LIMIT ?
"""

_SPANS = {"session": "session = ?", "day": "day = ?", "month": "day LIKE ? || '-%'"}
_OURS = "simulated = ? AND (? = 1 OR owner = ?)"


def of_span(per: str) -> str:
    """Return the statement that reads, in the order of `counted.Counted`, the calls of one span of a budget.

    Parameters: the span, simulated, whether the budget is shared, its owner.
    """
    return f"SELECT {schema.COUNTS} FROM call WHERE {_SPANS[per]} AND {_OURS}"  # noqa: S608 - our own names


def enlist(per: str) -> str:
    """Return the statement that marks those calls with a gauge and returns them; parameters: the mark, as `of_span`."""
    return f"UPDATE call SET gauges = gauges || ? WHERE {_SPANS[per]} AND {_OURS} RETURNING {schema.COUNTS}"  # noqa: S608
