"""One paid call: hold its worst case, send, settle. Exactly one ledger row, whatever happens.

Layer 4. Runs on the client's loop thread, where no Ctrl-C can fall between an answer and its row: a cancelled task
still settles. The ledger is written right there: a thread of its own cost half a millisecond of CPU per call.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from o1magic import client as http
from o1magic import cost, log, render, tokens, verdict
from o1magic.answer import Answer, Usage
from o1magic.errors import InterruptError, LedgerBusyError, LedgerError, O1Error
from o1magic.ledger import Intent, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from o1magic.catalog import Catalog
    from o1magic.endpoint import Endpoint
    from o1magic.ledger import Ledger, Standing, Total
    from o1magic.request import Request
    from o1magic.wire import Reply

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
    """All that one call needs: what is sent where, under which ledger, and who is told of its events."""

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
    id: str = field(default_factory=new_id)


async def make(call: Call) -> Answer:
    """Return the answer, its row settled.

    Raises LedgerError or BudgetError before anything is sent; AnswerError with the paid-for answer; InterruptError;
    and whatever the client raises. In each case the row already says what is known.
    """
    started = time.monotonic()
    watch = _Watch(call.on_event)
    try:
        await _hold(call)
    except asyncio.CancelledError:
        raise _interrupted(call, watch) from None
    try:
        await asyncio.sleep(0)  # an interrupt that came while the row was written: nothing has left yet
        received = await call.client.send(call.request.body, call.endpoint, timeout_s=call.timeout_s, on_event=watch)
    except asyncio.CancelledError:
        failure: O1Error = _interrupted(call, watch)
    except O1Error as error:
        failure = error
        if watch.unsure and failure.billed == "no":
            failure.billed = "maybe"  # the last try was refused; an earlier one may have been processed
    except Exception as surprise:  # the row must be written before anything surprising goes on
        logger.debug("call_failed", exc_info=True)
        failure = O1Error(f"o1magic failed while calling: {type(surprise).__name__}.", billed="maybe")
    else:
        if watch.unsure:
            call.on_event(Noted("an earlier try may have been billed too; it is not in this cost"))
        return _conclude(call, received.reply, received.attempts, time.monotonic() - started)
    _write(call, _outcome_of(failure, time.monotonic() - started, call.request))
    raise failure from None


def _conclude(call: Call, reply: Reply, attempts: int, seconds: float) -> Answer:
    """Settle a reply and return it as an answer, or raise what it lacks."""
    answered = reply.model or call.asked
    facts = call.catalog.find(answered)
    if not (facts.known or facts.prices) and answered == call.asked:  # a deployment's name: what it was said to be
        facts = call.request.model
    price = facts.price_on(call.today()) if at_list_price(call.request) else None
    nano = cost.cost_nano_usd(reply.usage, price)
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
        price_id=price.id if price and nano is not None else None,
        attempts=attempts,
        seconds=seconds,
        finish_reason=reply.finish_reason,
        provider_id=reply.provider_id,
        simulated=reply.simulated,
    )
    total, standings = _write(call, outcome)
    footer = render.footer(answer, session=total, standings=standings, bound_nano_usd=call.worst_nano_usd)
    answer = replace(answer, footer=footer)
    problem = verdict.lacking(answer, call.request, tool_calls=reply.tool_calls, choices=reply.choices)
    if problem is not None:
        raise problem
    return answer


def at_list_price(request: Request) -> bool:
    """Tell whether the catalog's prices hold: a service tier of its own has a price of its own."""
    return request.body.get("service_tier") in (None, "auto", "default")


def _interrupted(call: Call, watch: _Watch) -> InterruptError:
    if not watch.in_flight:
        what = "Stopped before it was sent again." if watch.attempts else "Stopped before anything was sent."
        return InterruptError(what, billed="maybe" if watch.unsure else "no", attempts=watch.attempts, partial=None)
    worst = cost.dollars(call.worst_nano_usd)
    bound = f" (at most {worst})" if call.worst_nano_usd is not None else ""
    simulated = call.endpoint.kind == "simulator"
    return InterruptError(
        f"Stopped; the connection to {call.endpoint.host} is closed.",
        how=f"What it thought until then{bound} stays on hold in the ledger." if not simulated else "",
        billed="no" if simulated else "maybe",
        attempts=watch.attempts,
        partial=watch.text(),
        in_flight=True,
    )


def _outcome_of(failure: O1Error, seconds: float, request: Request) -> Outcome:
    """Return what a failed call is in the ledger: nothing billed, partial, or unknown with its hold kept."""
    unsure = failure.billed != "no" or bool(failure.data.get("in_flight"))
    partial = failure.data.get("partial")
    usage = Usage()
    if unsure and partial:
        # What can be counted here of an answer that was cut: its hidden reasoning stays unknown.
        text = partial if isinstance(partial, str) else partial.text
        counted = tokens.count(text, request.model.encoding).tokens if text else None
        usage = Usage(prompt=request.prompt_tokens.tokens, completion=counted, estimated=True)
    return Outcome(
        state=("partial" if partial else "unknown") if unsure else "failed",
        model=None,
        usage=usage,
        cost_nano_usd=None if unsure else 0,
        price_id=None,
        attempts=int(failure.data.get("attempts", 1)),
        seconds=seconds,
        finish_reason=type(failure).__name__,
    )


class _Watch:
    """Passes events on, and remembers whether a request is out and what text came back."""

    def __init__(self, on_event: Callable[[http.Event], None]) -> None:
        self._on_event = on_event
        self._pieces: list[str] = []
        self.in_flight = self.unsure = False
        self.attempts = 0

    def __call__(self, event: http.Event) -> None:
        if isinstance(event, http.Sent):
            self.in_flight = True
            self.attempts += 1
        elif isinstance(event, http.Retrying):
            self.in_flight = False
            self.unsure = self.unsure or event.billed != "no"
        elif isinstance(event, http.Text):
            self._pieces.append(event.text)
        self._on_event(event)

    def text(self) -> str | None:
        return "".join(self._pieces) or None


async def _hold(call: Call) -> None:
    """Put the call on record. While another program writes, the loop goes on with other calls and hears interrupts."""
    price = call.request.model.price_on(call.today())
    intent = Intent(
        id=call.id,
        session=call.session,
        notebook=call.notebook,
        endpoint=call.endpoint.host,
        model=call.asked,
        effort=call.request.body.get("reasoning_effort"),
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
