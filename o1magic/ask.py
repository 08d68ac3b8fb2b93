"""The product on one screen: a cell goes in, is linted, becomes a request, is held, sent, settled; an answer comes out.

Layer 6. Everything it needs is handed in as a `Desk`; what people see of it is a `View`'s business.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from o1magic import call, chats, config, endpoint, live, refusals, remarks
from o1magic.answer import Answer
from o1magic.draft import Draft, compose, too_large
from o1magic.errors import APIError, BudgetError, InterruptError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping

    from o1magic.call import Event
    from o1magic.catalog import Catalog
    from o1magic.client import Client
    from o1magic.draft import Cell
    from o1magic.ledger import Ledger


class View(Protocol):
    """Shows a call while it runs. `event` is called on the loop thread, the others where the call was made."""

    def before(self, draft: Draft) -> None:
        """Show what was found and changed."""

    def event(self, event: Event) -> None:
        """Take note of what happened."""

    def tick(self, seconds: float) -> None:
        """Draw what is new, some ten times a second."""


@dataclass(slots=True)
class Desk:
    """What a session works with; made once per process by `session.desk`."""

    catalog: Catalog
    environ: Mapping[str, str] = field(repr=False)  # holds keys; %xmode Verbose shows the repr
    simulator: Callable[[str], str]
    client: Callable[[], Client]
    ledger: Callable[[], Ledger]
    session: str
    notebook: str | None = None
    keys: dict[endpoint.Origin, endpoint.Secret] = field(default_factory=dict)  # typed in this session
    greeted: list[Ledger] = field(default_factory=list)
    chats: chats.Chats = field(default_factory=dict, repr=False)
    config: Callable[[], Mapping[str, Any]] = lambda: config.changed()  # noqa: PLW0108 - as it is then
    today: Callable[[], date] = lambda: datetime.now(UTC).astimezone().date()


def ask(cell: Cell, desk: Desk, view: View) -> Answer | None:
    """Return the answer to a cell, None for a dry run.

    Raises O1Error: see the tree in `errors`; what it says about billing is already in the ledger.
    """
    ready = prepare(cell, desk, view)
    if ready is None:
        return None
    draft, work = ready
    with explained(draft, desk):
        answer = desk.client().run(work, tick=view.tick)
    return conclude(draft, desk, answer)


async def ask_async(cell: Cell, desk: Desk, view: View) -> Answer | None:
    """Return what `ask` returns, awaited on any event loop; a cancelled one closes its connection, and is recorded."""
    ready = await asyncio.to_thread(prepare, cell, desk, view)
    if ready is None:
        return None
    draft, work = ready
    with explained(draft, desk):
        answer = await desk.client().wait(work)
    return conclude(draft, desk, answer)


def prepare(cell: Cell, desk: Desk, view: View) -> tuple[Draft, Coroutine[Any, Any, Answer]] | None:
    """Return a cell ready to go and the call to be made, None for a dry run."""
    desk = replace(desk, catalog=desk.ledger().priced(desk.catalog))
    draft = compose(cell, desk)
    if draft.arguments.dry_run:
        view.before(draft)
        return None
    target = endpoint.resolve(draft.settings.endpoint, desk.environ, simulator=desk.simulator, typed=desk.keys)
    ledger = desk.ledger()
    draft = replace(
        draft,
        notes=(
            *remarks.lost_calls(ledger, desk.greeted),
            *remarks.retirement(draft.request.model, target, desk.today()),
            *draft.notes,
        ),
    )
    view.before(draft)
    refusals.secrets(draft)
    refusals.if_strict(draft)
    made = call.Call(
        request=draft.request,
        asked=draft.asked,
        endpoint=target,
        timeout_s=draft.settings.timeout_s,
        catalog=desk.catalog,
        client=desk.client(),
        ledger=ledger,
        today=desk.today,
        session=desk.session,
        on_event=view.event,
        worst_nano_usd=draft.worst_nano_usd,
        notebook=desk.notebook,
        lint_found=tuple(sorted({one.code for one in (*draft.applied, *draft.remaining)})),
        lint_fixed=tuple(sorted({one.code for one in draft.applied})),
        retry_unsafe=draft.arguments.retry_unsafe,
        id=draft.id,
    )
    return draft, live.watched(made, call.make) if live.watchers else call.make(made)


@contextmanager
def explained(draft: Draft, desk: Desk) -> Iterator[None]:
    """Add to what a call raises how to go on with this draft."""
    try:
        yield
    except BudgetError as refused:
        refused.how = f"{remarks.fitting(refused, draft.request, desk.today())} {refused.how}".strip()
        raise
    except APIError as refused:
        if refused.code == "context_length_exceeded":
            refused.how = f"{refused.how} {too_large(draft.prompt, draft.turn)}".strip()
        raise
    except InterruptError as stopped:
        # The answer had just arrived and is settled: it is kept, not lost to the key that was pressed too late.
        if isinstance(stopped.data.get("partial"), Answer):
            stopped.data["answer"] = stopped.data.pop("partial")
        raise


def conclude(draft: Draft, desk: Desk, answer: Answer) -> Answer:
    """Return an answer as the turn and in the form that were asked for. Raises AnswerError: it is of another form."""
    if draft.request.shape:
        answer = draft.request.shape.read(answer)
    if draft.turn:
        answer = chats.keep(desk.chats, draft.turn, draft.request, draft.body, answer, draft.arguments.developer)
    return answer
