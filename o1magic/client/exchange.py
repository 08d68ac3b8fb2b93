"""One request and what comes of it: a reply, a refusal, or the error that says what broke.

Layer 3. Called by `client`, on the loop thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from o1magic.client import openai_sdk, transport
from o1magic.client.faults import Refusal
from o1magic.errors import DeadlineError, NotSentError, O1Error

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from o1magic.client.faults import Place
    from o1magic.client.openai_sdk import Message, Response
    from o1magic.client.read import Incoming
    from o1magic.wire import Reply


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call must be over, on the loop's clock, and how long that was from its start."""

    at: float
    seconds: float

    def left_s(self) -> float:
        """Return the seconds that are left."""
        return self.at - asyncio.get_running_loop().time()


async def exchange(
    sdk: AsyncOpenAI, message: Message, place: Place, incoming: Incoming, deadline: Deadline
) -> Reply | Refusal:
    """Return the reply, or a refusal that may be retried.

    Raises O1Error: anything that must not be sent again. It carries neither cause nor context: the library's
    exceptions hold the request, and that the key.
    """
    outcome = await _outcome(sdk, message, place, incoming, deadline)
    if isinstance(outcome, O1Error):
        raise outcome
    return outcome or incoming.reply(place)


async def _outcome(
    sdk: AsyncOpenAI, message: Message, place: Place, incoming: Incoming, deadline: Deadline
) -> Refusal | O1Error | None:
    """Return None once all is read that there is to read."""
    broken: Exception | None = None
    limit = asyncio.timeout_at(deadline.at)
    try:
        async with limit:
            connect_s = min(openai_sdk.CONNECT_S, 0.9 * max(deadline.left_s(), 0.01))
            keyless = not place.endpoint.key.value
            response = await openai_sdk.send(sdk, message, keyless=keyless, connect_s=connect_s)
            try:
                await _read(response, incoming, limit)
            finally:
                # Dropping an unread response would leave its connection, and the model behind it, running.
                with contextlib.suppress(OSError):
                    await response.aclose()
    except Exception as error:  # noqa: BLE001 - sorted out below, outside of the handler: see exchange
        broken = error
    if isinstance(broken, TimeoutError) and limit.expired():
        return None if incoming.has_answer else _too_late(place, incoming, deadline)
    return None if broken is None else _judged(broken, place, incoming)


def _judged(broken: Exception, place: Place, incoming: Incoming) -> Refusal | O1Error | None:
    """Return what an exception means; raises it again if it is a mistake in a program."""
    refused = openai_sdk.refused(broken)
    if refused is not None:
        return Refusal(*refused)
    if openai_sdk.is_connection_error(broken) or transport.is_transport(broken):
        if incoming.has_answer:
            return None
        return transport.transport_error(broken, place, incoming.partial(), incoming.received)
    if incoming.received or not isinstance(broken, TypeError | ValueError):
        raise broken
    # The body is no JSON. The exception's own words would show the prompt.
    return NotSentError(
        f"The request cannot be written as JSON ({type(broken).__name__}).",
        how="Look for a lone surrogate in the prompt, or a value that is no JSON in --param.",
        attempts=place.attempts,
    )


async def _read(response: Response, incoming: Incoming, limit: asyncio.Timeout) -> None:
    loop = asyncio.get_running_loop()
    grace_s: float | None = None
    async for chunk in response.aiter_bytes():
        incoming.feed(chunk)
        if incoming.is_over:
            return
        if incoming.grace_s != grace_s and not limit.expired():
            grace_s = incoming.grace_s
            limit.reschedule(min(limit.when() or 0.0, loop.time() + (grace_s or 0.0)))


def _too_late(place: Place, incoming: Incoming, deadline: Deadline) -> DeadlineError:
    partial = incoming.partial()
    came = f"; {len(partial.text):,} characters of it came" if partial and partial.text else ""
    return DeadlineError(
        f"No whole answer from {place.host} within {deadline.seconds:g} s{came}.",
        how="Allow more with --timeout SECONDS, or ask for less effort with -e.",
        billed="maybe",
        seconds=deadline.seconds,
        partial=partial,
        attempts=place.attempts,
    )
