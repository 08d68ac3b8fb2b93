"""`%o1 resume`: the answer of a call that went on in the background without us.

Layer 6. Asks the endpoint for what the ledger has on record; sends no prompt, and adds no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic import arguments, call, endpoint, live
from o1magic.draft import settle_settings
from o1magic.errors import ArgumentError
from o1magic.request import Request
from o1magic.tokens import Count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from o1magic.answer import Answer
    from o1magic.ask import Desk, View
    from o1magic.ledger import Row

_SHOWN = 8


def resume(name: str | None, desk: Desk, view: View) -> Answer:
    """Return the answer of a call by the first letters of its id, or of the newest one that nobody waits for.

    Raises ArgumentError: there is no such call, or it went to another endpoint. O1Error: as `ask`.
    """
    ledger = desk.ledger()
    row = meant(ledger.resumable(), name)
    chosen = settle_settings(arguments.Arguments(), desk)
    target = endpoint.resolve(chosen.endpoint, desk.environ, simulator=desk.simulator, typed=desk.keys)
    if target.host != row.endpoint:
        raise ArgumentError(
            f"Call {row.id[:_SHOWN]} went to {row.endpoint}, and prompts go to {target.host} now; nothing was asked.",
            how="Connect that endpoint again: %o1 connect.",
        )
    client = desk.client()
    # A call that was not held at list price is not costed by it either.
    body = {"model": row.model} | ({"service_tier": "unknown"} if row.hold_nano_usd is None else {})
    made = call.Call(
        request=Request(desk.catalog.find(row.model), body, Count(0, exact=False), None, api="responses"),
        asked=row.model,
        endpoint=target,
        timeout_s=chosen.timeout_s,
        catalog=ledger.priced(desk.catalog),
        client=client,
        ledger=ledger,
        today=desk.today,
        session=desk.session,
        on_event=view.event,
        worst_nano_usd=row.hold_nano_usd,
        notebook=desk.notebook,
        resumes=row.provider_id,
        id=row.id,
    )
    return client.run(live.watched(made, call.make) if live.watchers else call.make(made), tick=view.tick)


def meant(rows: Sequence[Row], name: str | None) -> Row:
    """Return the call that is meant.

    Raises ArgumentError: none, or by mistake several.
    """
    left = [row for row in rows if row.state == "unknown"]
    if name is None:
        if not left:
            raise ArgumentError("No call of this ledger goes on in the background; nothing was asked.")
        return left[0]
    found = [row for row in rows if row.id.startswith(name) or row.provider_id == name]
    if len(found) != 1:
        known = ", ".join(row.id[:_SHOWN] for row in left) or "none"
        several = "may be several calls" if found else "is no call that goes on in the background"
        raise ArgumentError(f"{name!r} {several}; nothing was asked.", how=f"There are: {known}.")
    return found[0]
