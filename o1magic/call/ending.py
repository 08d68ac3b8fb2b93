"""How a call that was sent ends: what it cost, and what is recorded and said of one that brought no answer.

Layer 4, pure. Called by `call` beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from o1magic import cost, tokens
from o1magic.answer import Usage
from o1magic.errors import InterruptError, O1Error
from o1magic.ledger import Outcome
from o1magic.settings import TIERS
from o1magic.wire import Reply

if TYPE_CHECKING:
    from o1magic.call import Call, Watch
    from o1magic.request import Request


_OWN_PRICE = frozenset(TIERS) - {"auto", "default"}


def priced(call: Call, reply: Reply) -> tuple[str, int | None, str | None]:
    """Return the model that answered, what that cost, and by which price; None where it is not known."""
    answered = reply.model or call.asked
    facts = call.catalog.find(answered)
    if not (facts.known or facts.prices) and answered == call.asked:  # a deployment's name: what it was said to be
        facts = call.request.model
    price = facts.price_on(call.today()) if at_list_price(call.request, reply.tier) else None
    nano = cost.cost_nano_usd(reply.usage, price)
    return answered, nano, price.id if price and nano is not None else None


def at_list_price(request: Request, served: str | None = None) -> bool:
    """Tell whether the catalog's prices hold: a service tier of its own has a price of its own.

    `served` is the tier that the reply names: a project may have a default of its own, and flex may be full.
    """
    asked = request.body.get("service_tier") in (None, "auto", "default")
    return served not in _OWN_PRICE and (asked or served == "default")


def interrupted(call: Call, watch: Watch) -> InterruptError:
    """Return what to raise for a call that was stopped: whether anything had left, and what had come back."""
    if not watch.in_flight:
        what = "Stopped before it was sent again." if watch.attempts else "Stopped before anything was sent."
        return InterruptError(what, billed="maybe" if watch.unsure else "no", attempts=watch.attempts, partial=None)
    stopped = InterruptError(
        f"Stopped; the connection to {call.endpoint.host} is closed.",
        billed="maybe",
        attempts=watch.attempts,
        partial=watch.reply(),
        in_flight=True,
    )
    see_to_billing(stopped, call)
    return stopped


def see_to_billing(failure: O1Error, call: Call) -> None:
    """Say of a call that was stopped what becomes of its money; the simulator takes none."""
    if not isinstance(failure, InterruptError) or failure.billed != "maybe":
        return
    if call.endpoint.kind == "simulator":
        failure.billed = "no"
    elif failure.data.get("in_flight") and not _is_told(failure.data.get("partial")):
        bound = "" if call.worst_nano_usd is None else f" (at most {cost.dollars(call.worst_nano_usd)})"
        failure.how = f"What it thought until then{bound} stays on hold in the ledger."


def _is_told(partial: object) -> TypeGuard[Reply]:
    """Tell whether the endpoint itself said how the answer ended, and what it took."""
    return isinstance(partial, Reply) and partial.finish_reason is not None and partial.usage.known


def outcome_of(failure: O1Error, seconds: float, call: Call) -> Outcome:
    """Return what a failed call is in the ledger: nothing billed, partial, or unknown with its hold kept."""
    unsure = failure.billed != "no" or bool(failure.data.get("in_flight"))
    partial = failure.data.get("partial")
    usage, model, nano, price_id = Usage(), None, None if unsure else 0, None
    if unsure and _is_told(partial):
        usage, (model, nano, price_id) = partial.usage, priced(call, partial)
    elif unsure and partial:
        # What can be counted here of an answer that was cut: its hidden reasoning stays unknown. The prompt of a
        # resumed call is not at hand: it counts to nothing.
        text, request = partial.text, call.request
        counted = tokens.count(text, request.model.encoding).tokens if text else None
        usage = Usage(prompt=request.prompt_tokens.tokens or None, completion=counted, estimated=True)
    return Outcome(
        state=("partial" if partial else "unknown") if unsure else "failed",
        model=model,
        usage=usage,
        cost_nano_usd=nano,
        price_id=price_id,
        attempts=int(failure.data.get("attempts", 1)),
        seconds=seconds,
        finish_reason=type(failure).__name__,
    )
