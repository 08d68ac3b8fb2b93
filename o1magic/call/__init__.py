"""One paid call: hold its worst case, send, settle. Exactly one ledger row, whatever happens.

Layer 4; `ending` beside it says how calls end. Runs on the client's loop thread, where no Ctrl-C can fall between an
answer and its row: a cancelled task still settles. The ledger is written right there: a thread of its own cost half a
millisecond of CPU per call.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from o1magic import client as http
from o1magic import log, render, verdict
from o1magic.answer import Answer
from o1magic.call.ending import at_list_price, interrupted, outcome_of, priced, see_to_billing
from o1magic.errors import LedgerBusyError, LedgerError, O1Error
from o1magic.ledger import Intent, Outcome
from o1magic.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from o1magic.catalog import Catalog
    from o1magic.endpoint import Endpoint
    from o1magic.ledger import Ledger, Standing, Total
    from o1magic.request import Request

__all__ = ["Call", "Event", "Noted", "at_list_price", "make"]

# Added to the deadline: after that long, a call without an outcome belongs to a process that is gone.
_LEASE_MARGIN_S = 120.0
# How long a call waits for other programs to be done with the ledger, and how often it looks.
_BUSY_S = 20.0
_BUSY_PAUSE_S = 0.05


logger = log.named(__name__)


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about the ledger that the user should read."""

    text: str


Event = http.Event | Noted


def new_id() -> str:
    """Return what a call that is about to be made is called in the ledger."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Call:
    """All that one call needs: what is sent where, under which ledger, and who is told of its events.

    `resumes` is the response to ask for instead of sending: the call is on record, and went on without us.
    """

    request: Request
    asked: str
    endpoint: Endpoint
    timeout_s: float
    catalog: Catalog
    client: http.Client
    ledger: Ledger
    today: Callable[[], date]
    session: str
    on_event: Callable[[Event], None]
    worst_nano_usd: int | None = None
    notebook: str | None = None
    lint_found: tuple[str, ...] = ()
    lint_fixed: tuple[str, ...] = ()
    resumes: str | None = None
    retry_unsafe: bool = False
    id: str = field(default_factory=new_id)


async def make(call: Call) -> Answer:
    """Return the answer, its row settled.

    Raises LedgerError or BudgetError before anything is sent; AnswerError with the paid-for answer; InterruptError;
    and whatever the client raises. In each case the row already says what is known.
    """
    started = time.monotonic()
    watch = Watch(call)
    try:
        if call.resumes is None:
            await _hold(call)
    except asyncio.CancelledError:
        raise interrupted(call, watch) from None
    try:
        await asyncio.sleep(0)  # an interrupt that came while the row was written: nothing has left yet
        received = await _received(call, watch)
    except asyncio.CancelledError:
        failure: O1Error = interrupted(call, watch)
    except O1Error as error:
        failure = error
        see_to_billing(failure, call)
        if watch.unsure and failure.billed == "no":
            failure.billed = "maybe"  # the last try was refused; an earlier one may have been processed
    except Exception as surprise:  # the row must be written before anything surprising goes on
        logger.debug("call_failed", exc_info=True)
        failure = O1Error(f"o1magic failed while calling: {type(surprise).__name__}.", billed="maybe")
    else:
        if watch.unsure:
            call.on_event(Noted("an earlier try may have been billed too; it is not in this cost"))
        return _conclude(call, received.reply, received.attempts, time.monotonic() - started)
    if failure.data.get("response_id") is None:
        _write(call, outcome_of(failure, time.monotonic() - started, call))
    else:
        _try(call, lambda: call.ledger.leave(call.id))
    raise failure from None


async def _received(call: Call, watch: Watch) -> http.Received:
    timed: dict[str, Any] = {"timeout_s": call.timeout_s, "on_event": watch}
    if call.resumes is not None:
        return await call.client.resume(call.resumes, call.endpoint, model=call.asked, **timed)
    api, unsafe = call.request.api, call.retry_unsafe
    return await call.client.send(call.request.body, call.endpoint, api=api, unsafe=unsafe, **timed)


def _conclude(call: Call, reply: Reply, attempts: int, seconds: float) -> Answer:
    """Settle a reply and return it as an answer, or raise what it lacks."""
    answered, nano, price_id = priced(call, reply)
    answer = Answer(
        text=reply.text,
        usage=reply.usage,
        finish_reason=reply.finish_reason,
        model=answered,
        seconds=seconds,
        cost_nano_usd=nano,
        asked=call.asked,
        reasoning_text=reply.reasoning_text,
        refusal=reply.refusal,
        endpoint=call.endpoint.host,
        attempts=attempts,
        simulated=reply.simulated,
        id=call.id,
    )
    outcome = Outcome(
        state="settled",
        model=answered,
        usage=reply.usage,
        cost_nano_usd=nano,
        price_id=price_id,
        attempts=attempts,
        seconds=seconds,
        finish_reason=reply.finish_reason,
        provider_id=reply.provider_id,
        simulated=reply.simulated,
    )
    total, standings = _write(call, outcome)
    footer = render.footer(answer, session=total, standings=standings, bound_nano_usd=call.worst_nano_usd)
    answer = replace(answer, footer=footer)
    problem = verdict.lacking(answer, call.request, reply)
    if problem is not None:
        raise problem
    return answer


class Watch:
    """Passes events on, and remembers whether a request is out and what text came back."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pieces: list[str] = []
        self._thoughts: list[str] = []
        self.in_flight = self.unsure = False
        self.attempts = 0

    def __call__(self, event: http.Event) -> None:
        if isinstance(event, http.Text):
            self._pieces.append(event.text)
        elif isinstance(event, http.Sent):
            self.in_flight = True
            self.attempts += 1
        elif isinstance(event, http.Retrying):
            self.in_flight = False
            self.unsure = self.unsure or event.billed != "no"
        elif isinstance(event, http.Thought):
            self._thoughts.append(event.text)
        elif isinstance(event, http.Accepted):
            self.in_flight = True
            _try(self._call, lambda: self._call.ledger.accepted(self._call.id, event.response_id))
        self._call.on_event(event)

    def reply(self) -> Reply | None:
        """Return what came of an answer, None where nothing did."""
        text, thought = "".join(self._pieces), "".join(self._thoughts).strip()
        return Reply(text=text, reasoning_text=thought, complete=False) if text or thought else None


async def _hold(call: Call) -> None:
    """Put the call on record. While another program writes, the loop goes on with other calls and hears interrupts."""
    price = call.request.model.price_on(call.today())
    intent = Intent(
        id=call.id,
        session=call.session,
        notebook=call.notebook,
        endpoint=call.endpoint.host,
        model=call.asked,
        effort=call.request.effort,
        hold_nano_usd=call.worst_nano_usd,
        hold_tokens=call.request.worst_tokens,
        price_id=price.id if price else None,
        lint_found=call.lint_found,
        lint_fixed=call.lint_fixed,
        simulated=call.endpoint.kind == "simulator",
        lease_s=call.timeout_s + _LEASE_MARGIN_S,
    )
    given_up = time.monotonic() + _BUSY_S
    while True:
        try:
            return call.ledger.hold(intent, wait=False)
        except LedgerBusyError:
            if time.monotonic() > given_up:
                raise
        await asyncio.sleep(_BUSY_PAUSE_S)


def _write(call: Call, outcome: Outcome) -> tuple[Total | None, tuple[Standing, ...]]:
    """Settle the row and return the session's totals, None where the ledger cannot tell, and how budgets stand.

    The answer is paid for by now: a ledger that fails is said, and never costs the answer.
    """
    try:
        call.ledger.settle(call.id, outcome)
        return call.ledger.session_total(call.session), call.ledger.standings(call.session)
    except LedgerError as failure:
        call.on_event(Noted(f"the ledger could not record this call: {failure}"))
        return None, ()
    finally:
        for note in call.ledger.notes():
            call.on_event(Noted(note))


def _try(call: Call, write: Callable[[], None]) -> None:
    """Write to the ledger; where it fails, say so and go on with the answer."""
    try:
        write()
    except LedgerError as failure:
        call.on_event(Noted(f"the ledger could not record this call: {failure}"))
