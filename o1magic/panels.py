"""What a panel is fed with, from the ledger and the calls in flight of this process; a sidebar, from the ledger.

Layer 8. `overview` says what it looks like. Called by the panel, its chart, `%o1 panel` and the server.
"""

from __future__ import annotations

import io
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from o1magic import live, overview, session
from o1magic.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from o1magic.ledger import Row
    from o1magic.render import Bundle

# What a page can be sent at once without freezing it.
_MOST_EXPORTED = 50_000
_ALL = 2**62


def entry(call_id: str) -> list[object] | None:
    """Return a call as the ledger has it now, None where it has none of that id."""
    row = session.ledger().row(call_id)
    return None if row is None else overview.entry(row, session.desk().session)


def news(changed: Sequence[list[object]]) -> dict[str, Any]:
    """Return these calls with the totals of now: as many bytes with a million calls on record as with one."""
    return {"columns": overview.COLUMNS, "rows": changed, **_now(session.desk().session), "running": _in_flight()}


def snapshot(**numbers: int) -> bytes:
    """Return everything a panel shows, as JSON; a ledger that cannot be read is a sentence in it."""
    told = {**seen(session.desk().session, overview.MOST_ROWS), "running": _in_flight(), **numbers}
    return json.dumps(told, separators=(",", ":")).encode()


def seen(asked: str | None, most: int) -> dict[str, Any]:
    """Return the same with so many calls, as the ledger alone tells it to a page that cannot ask the kernel.

    `asked` is a session, or a Jupyter kernel, which stands for the newest of its sessions.
    """
    try:
        own = asked and (session.ledger().newest_session(asked) or asked)
        rows = session.ledger().rows(most)
        told = {
            "rows": [overview.entry(row, own) for row in reversed(rows)],
            "running": overview.unended(rows, own, time.time()),
            **_now(own),
        }
    except LedgerError as failure:
        told = {"rows": [], "problem": str(failure)}
    return {"columns": overview.COLUMNS, **told}


def _now(own: str | None) -> dict[str, Any]:
    ledger = session.ledger()
    return {
        "today": f"{datetime.now().astimezone():%Y-%m-%d}",
        "totals": overview.totals(ledger.spend(own)),
        "budgets": overview.budgets(ledger.standings(own)),
    }


def _in_flight() -> list[dict[str, object]]:
    return overview.in_flight(live.running(), time.monotonic())


def static() -> Bundle:
    """Return the last state for where no widget runs."""
    ledger, own = session.ledger(), session.desk().session
    rows = ledger.rows(overview.MOST_PICTURED, session=own) or ledger.rows(overview.MOST_PICTURED)
    written = f"as of {datetime.now().astimezone():%Y-%m-%d %H:%M}"
    return overview.static(rows, ledger.spend(own), session=own, written=written)


def csv(scope: str) -> tuple[str, str]:
    """Return a file name, and the rows of the session, the day or of all as CSV.

    Raises LedgerError: there are more than a page takes.
    """
    from o1magic.ledger import export

    ledger, own = session.ledger(), session.desk().session
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    rows: Sequence[Row] = ledger.rows(_ALL, session=own if scope == "session" else None)
    if scope == "day":
        rows = [row for row in rows if row.day == today]
    if len(rows) > _MOST_EXPORTED:
        raise LedgerError(f"{len(rows):,} rows are too many for a page.", how="%o1 spend --csv FILE writes them all.")
    written = io.StringIO()
    export.export(reversed(rows), written)
    return f"o1magic-{scope if scope in ('session', 'day') else 'all'}-{today}.csv", written.getvalue()
