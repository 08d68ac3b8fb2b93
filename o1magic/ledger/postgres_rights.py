"""Who may see and do what in a shared ledger: rows of one's own, budgets of the owner, and nothing else.

Layer 3, data only. Run by `postgres` whenever the owner makes the tables or brings them up to date.

The owner of the schema sees and may do everything. `SELECT o1magic.admit('ada')`, run by the owner, lets a role in: a
person, or a group such as a class. It is a guard rail, not a lock: who has the API's key can call without a ledger.
"""

from __future__ import annotations

SCHEMA = "o1magic"

_OWN = "owner = current_user::text"
_THEIRS = f"({_OWN} OR shared = 1)"

# Table, what may be done to it, on which rows, and what a row must be like after it.
_POLICIES = (
    ("call", "ALL", _OWN, _OWN),
    ("total", "ALL", _OWN, _OWN),
    ("correction", "ALL", _OWN, _OWN),
    ("budget_change", "ALL", _OWN, _OWN),
    ("budget", "SELECT", _THEIRS, None),
    ("budget", "INSERT", None, f"{_OWN} AND shared = 0"),
    ("budget", "UPDATE", _OWN, f"{_OWN} AND shared = 0"),
    ("budget", "DELETE", _OWN, None),
    ("gauge", "SELECT", f"({_OWN} OR owner = '')", None),
    ("gauge", "INSERT", None, f"({_OWN} OR owner = '')"),
    ("gauge", "UPDATE", f"({_OWN} OR owner = '')", f"({_OWN} OR owner = '')"),
    ("gauge", "DELETE", _OWN, None),
    ("price", "SELECT", _THEIRS, None),
    ("price", "INSERT", None, f"{_OWN} AND shared = 0"),
)

_GRANTS = (
    "SELECT, INSERT, UPDATE ON call, total",
    "SELECT, INSERT ON correction, budget_change, price",
    "SELECT, INSERT, UPDATE, DELETE ON budget",
    "SELECT, INSERT, DELETE, UPDATE (spent, held, warned) ON gauge",
    "SELECT ON version",
)


def _policy(table: str, what: str, using: str | None, check: str | None) -> tuple[str, str]:
    name = f"{table}_{what.lower()}"
    rows = f" USING ({using})" if using else ""
    after = f" WITH CHECK ({check})" if check else ""
    return f"DROP POLICY IF EXISTS {name} ON {table}", f"CREATE POLICY {name} ON {table} FOR {what}{rows}{after}"


_ADMIT = "\n".join(
    (
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.admit(person name) RETURNS void LANGUAGE plpgsql",
        f"SET search_path = {SCHEMA} AS $$ BEGIN",
        f"EXECUTE format('GRANT USAGE ON SCHEMA {SCHEMA} TO %I', person);",
        *(f"EXECUTE format('GRANT {grant} TO %I', person);" for grant in _GRANTS),
        "END $$",
    )
)

STATEMENTS = (
    *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in sorted({table for table, *_ in _POLICIES})),
    *(statement for policy in _POLICIES for statement in _policy(*policy)),
    _ADMIT,
    f"REVOKE ALL ON FUNCTION {SCHEMA}.admit(name) FROM PUBLIC",
)
