"""One call's line to its endpoint: each message sent, what may pass tried again, in sight.

Layer 3. Called by `client` and `background`, on the loop thread.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from o1magic import log, wire
from o1magic.client import faults, retry
from o1magic.client.events import Event, Retrying, Sent, Text, Thought
from o1magic.client.exchange import Deadline, exchange
from o1magic.client.faults import Place, Refusal
from o1magic.client.read import Incoming
from o1magic.errors import LostReplyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import AsyncOpenAI

    from o1magic.client.openai_sdk import Message
    from o1magic.endpoint import Endpoint
    from o1magic.errors import Billed

logger = log.named(__name__)


@dataclass(slots=True)
class Line:
    """An endpoint and how to reach it, until when, and who hears of it; `attempts` counts the requests made.

    `refusing` holds the addresses known to take no `stream_options`. `unsafe`: a request whose reply was lost before
    anything of the answer came is sent again too, although it may have been processed.
    """

    sdk: AsyncOpenAI
    endpoint: Endpoint
    model: str
    deadline: Deadline
    on_event: Callable[[Event], None]
    refusing: set[str]
    unsafe: bool = False
    attempts: int = 0

    @property
    def place(self) -> Place:
        """Return whom the call goes to, for what is said of it."""
        return Place(self.endpoint, self.model, self.attempts)

    def incoming(self, stream: wire.StreamReader, whole: Callable[[object], wire.Reply]) -> Incoming:
        """Return what takes in a reply and tells what it adds, the key masked."""
        key, tell = self.endpoint.key.value, self.on_event
        return Incoming(
            stream,
            whole,
            on_text=lambda text: tell(Text(wire.unkeyed(text, key))),
            on_thought=lambda text: tell(Thought(wire.unkeyed(text, key))),
        )

    def chat(self) -> Incoming:
        """Return what takes in a chat completion."""
        think_tags = self.endpoint.kind == "compatible"
        return self.incoming(
            wire.StreamReader(think_tags=think_tags), partial(wire.reply_from_body, think_tags=think_tags)
        )

    async def ask(self, message: Message, incoming: Callable[[], Incoming]) -> wire.Reply:
        """Return the reply to a request that may be billed.

        Refusals that may pass are retried, each announced by a `Retrying` event; so are lost replies, if asked for.
        Raises TransportError, APIError; asyncio.CancelledError after closing the connection.
        """
        message = self._sendable(message)
        while True:
            self.attempts += 1
            self.on_event(Sent())
            logger.debug("request", extra={"host": self.place.host, "attempt": self.attempts})
            try:
                outcome = await exchange(self.sdk, message, self.place, incoming(), self.deadline)
            except LostReplyError as lost:
                if not self._is_worth_again(lost):
                    raise
                outcome = None
            if isinstance(outcome, wire.Reply):
                return outcome
            if outcome is None:
                usual_s = retry.usual_s(self.attempts, random.random())  # noqa: S311 - so that not all come at once
                await self._pause(usual_s, "the reply was lost", "maybe")
            elif self._refuses_stream_options(outcome, message):
                self.refusing.add(self.endpoint.base_url)
                message = self._sendable(message)
                what = f"{self.place.host} takes no stream_options"
                self.on_event(Retrying(self.attempts, self.attempts + 1, 0.0, what))
            else:
                await self._pause(self._wait_s(outcome), outcome.reason, faults.billed(outcome))

    def _is_worth_again(self, lost: LostReplyError) -> bool:
        """Tell whether to send again what may have been processed; text that came stays, and is not written twice."""
        came = lost.data.get("partial")
        if not self.unsafe or (came is not None and (came.text or came.reasoning_text)):
            return False
        lost.how = f"It was sent {self.attempts} times, and each may have been billed."
        return self.attempts < retry.TRIES and self.deadline.left_s() > retry.usual_s(self.attempts, 0)

    def _wait_s(self, refusal: Refusal) -> float:
        """Return the seconds until the next request. Raises O1Error: there is to be no next request."""
        place, now, left_s = self.place, time.time(), self.deadline.left_s()
        wait_s = retry.wait_s(refusal, place.attempts, left_s=left_s, now=now, chance=random.random())  # noqa: S311
        if wait_s is None:
            raise faults.refused(refusal, place, now)
        return wait_s

    async def _pause(self, wait_s: float, reason: str, billed: Billed) -> None:
        """Announce the next request and wait for its time."""
        logger.warning("retry", extra={"host": self.place.host, "attempt": self.attempts, "wait_s": wait_s})
        self.on_event(Retrying(self.attempts, retry.TRIES, wait_s, f"{self.place.host}: {reason}", billed))
        await asyncio.sleep(wait_s)

    def _sendable(self, message: Message) -> Message:
        """Return the message without `stream_options` where the server is known to refuse it."""
        body: dict[str, Any] = dict(message.body or {})
        if self.endpoint.base_url not in self.refusing or "stream_options" not in body:
            return message
        del body["stream_options"]
        return replace(message, body=body)

    def _refuses_stream_options(self, refusal: Refusal, message: Message) -> bool:
        return (
            self.endpoint.kind == "compatible"
            and refusal.status in (400, 422)
            and "stream_options" in (message.body or {})
            and "stream_options" in refusal.body
        )
