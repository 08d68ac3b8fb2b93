"""The Responses API: a response is created and read; in the background it outlives its connection and is found again.

Layer 3, on the loop thread; not imported before a request goes to that API. Called by `client`. A response in the
background is streamed again from the last event read, and polled where the server no longer streams it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from o1magic.client import faults, retry
from o1magic.client.events import Accepted, Waiting
from o1magic.client.exchange import Deadline, exchange
from o1magic.client.faults import Refusal
from o1magic.client.openai_sdk import Message
from o1magic.errors import APIError, DeadlineError, InterruptError, O1Error, TransportError
from o1magic.wire.responses import ResponseReader

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from o1magic.client import Client
    from o1magic.client.line import Line
    from o1magic.client.read import Incoming
    from o1magic.wire import Reply

_PATH = "/responses"
_FIRST_PAUSE_S, _MAX_PAUSE_S = 0.25, 5.0
# A restart interrupts first and ends the process a moment later; what it leaves running is there to be resumed.
_ENDING_S = 0.1
_CANCEL_S = 10.0
# What becomes a part of an address must look like an id.
_ID = re.compile(r"[\w.-]{1,200}", re.ASCII)
# Of a stream: too old (400), unknown (404), not for GET (405), expired (409, 410), no such parameter (422).
_NO_STREAM = frozenset({400, 404, 405, 409, 410, 422})
_GOES_ON = "It goes on there: `%o1 resume` shows its answer."


async def create(line: Line, body: Mapping[str, Any], client: Client) -> Reply:
    """Return the reply to a Responses request. Raises as `Line.ask`; see also `_Response`."""
    if not body.get("background"):
        return await line.ask(Message(_PATH, body), lambda: _read_by(line, ResponseReader()))
    return await _Response(line, client, streams=bool(body.get("stream"))).created(body)


def _read_by(line: Line, reader: ResponseReader) -> Incoming:
    return line.incoming(reader, reader.take)


async def resume(line: Line, response_id: str, client: Client) -> Reply:
    """Return the reply of a response in the background, from its beginning."""
    return await _Response(line, client, streams=True).followed(response_id)


class _Response:
    """A response in the background. What fails once it has an id carries it as `.response_id`: it can be resumed."""

    def __init__(self, line: Line, client: Client, *, streams: bool) -> None:
        self._line, self._client, self._streams = line, client, streams
        self._reader = ResponseReader(on_id=self._accepted)
        self._id: str | None = None

    async def created(self, body: Mapping[str, Any]) -> Reply:
        """Create the response and return its reply."""
        return await self._kept(self._created(body))

    async def followed(self, response_id: str) -> Reply:
        """Return the reply of a response that was created before."""
        self._accepted(response_id)
        return await self._kept(self._followed())

    def _accepted(self, response_id: str) -> None:
        if self._id is None and _ID.fullmatch(response_id):
            self._id = response_id
            self._line.on_event(Accepted(response_id))

    async def _kept(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """Return the reply; cancel the response on an interrupt, and say by what name to find it after a failure."""
        try:
            return await work
        except asyncio.CancelledError:
            if self._id is None:
                raise
        except O1Error as failure:
            # What the endpoint no longer knows cannot be asked for again.
            if self._id is not None and getattr(failure, "status", None) != HTTPStatus.NOT_FOUND:
                failure.response_id = failure.data["response_id"] = self._id  # type: ignore[attr-defined] # errors carry their data as attributes
                failure.billed, failure.how = "maybe", f"{failure.how} {_GOES_ON}".strip()
            raise
        return await self._withdrawn()

    async def _created(self, body: Mapping[str, Any]) -> Reply:
        try:
            reply = await self._line.ask(Message(_PATH, body), self._incoming)
        except (TransportError, APIError) as broken:
            if self._id is None or isinstance(broken, DeadlineError):
                raise
            return await self._followed()
        return reply if reply.complete or self._id is None else await self._followed()

    def _incoming(self) -> Incoming:
        return _read_by(self._line, self._reader)

    async def _followed(self) -> Reply:
        """Ask for the response until it has ended. Raises DeadlineError, and APIError for a refusal that stays."""
        pause_s = _FIRST_PAUSE_S
        while True:
            before = self._reader.sequence
            found = await self._asked(self._question())
            if not isinstance(found, str):
                return found
            if self._reader.sequence == before:
                self._streams = False
            else:
                pause_s = _FIRST_PAUSE_S
            await self._pause(found, pause_s)
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    async def _asked(self, message: Message, deadline: Deadline | None = None) -> Reply | str:
        """Return the reply if the response has ended, else what keeps it, "" where that is only that it goes on."""
        line = self._line
        self._reader.again()
        try:
            found = await exchange(line.sdk, message, line.place, self._incoming(), deadline or line.deadline)
        except (TransportError, APIError) as broken:
            if isinstance(broken, DeadlineError):
                raise
            return broken.what
        if isinstance(found, Refusal):
            return self._refused(found)
        return found if found.complete else ""

    def _question(self) -> Message:
        path = f"{_PATH}/{self._id}"
        if not self._streams:
            return Message(path, method="GET")
        after = {} if self._reader.sequence is None else {"starting_after": str(self._reader.sequence)}
        return Message(path, query={"stream": "true", **after}, method="GET")

    def _refused(self, refusal: Refusal) -> str:
        """Return what to say of a refusal that may pass. Raises APIError: it will not."""
        # A stream is kept for minutes only, the response itself much longer.
        if self._streams and refusal.status in _NO_STREAM:
            return ""
        if retry.is_final(refusal):
            raise faults.refused(refusal, self._line.place, time.time())
        return f"{self._line.place.host}: {refusal.reason}"

    async def _pause(self, said: str, seconds: float) -> None:
        line = self._line
        if seconds >= line.deadline.left_s():
            limit = line.deadline.seconds
            what = f"No whole answer from {line.place.host} within {limit:g} s."
            raise DeadlineError(what, billed="maybe", seconds=limit, partial=None, attempts=line.attempts)
        if said:
            line.on_event(Waiting(said, seconds))
        await asyncio.sleep(seconds)

    async def _withdrawn(self) -> Reply:
        """Cancel the response at the endpoint, and return its reply if that was too late.

        Raises InterruptError: with what is known of it, or, not cancelled, with its `.response_id`.
        """
        host, attempts = self._line.place.host, self._line.attempts
        came: Reply | str = "the program is ending"
        await asyncio.sleep(_ENDING_S)
        if not self._client.is_ending():
            limit = Deadline(asyncio.get_running_loop().time() + _CANCEL_S, _CANCEL_S)
            with contextlib.suppress(DeadlineError, APIError):
                came = await self._asked(Message(f"{_PATH}/{self._id}/cancel"), limit)
        if isinstance(came, str):
            raise InterruptError(
                f"Stopped here, but not at {host}: response {self._id} was not cancelled.",
                how=_GOES_ON,
                billed="maybe",
                partial=self._reader.reply(),
                attempts=attempts,
                response_id=self._id,
            )
        if came.finish_reason != "cancelled":
            return came
        raise InterruptError(
            f"Stopped; {host} cancelled the response.", billed="maybe", partial=came, attempts=attempts, in_flight=True
        )
