"""The bytes of a 2xx reply, as they come, -> one `wire.Reply` or the error that says what is wrong with it.

Layer 3, no I/O of its own. Called by `exchange`. Looks at the bytes, not at the content type, to tell a stream
of events from one JSON body: servers send either whatever was asked for.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from o1magic import wire
from o1magic.client import faults, transport
from o1magic.client.sse import Events
from o1magic.errors import LostReplyError, O1Error, UnreadableReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from o1magic.client.faults import Place

MAX_BYTES = 64 * 2**20

_BLANK = b"\xef\xbb\xbf \t\r\n"
_FIELDS = (b"data", b"event", b"id:", b"retry", b":")
_ENOUGH = 5  # bytes that tell a field name from JSON or HTML


class Incoming:
    """A reply while it comes in; `on_text` and `on_thought` are told what a stream adds.

    `stream` adds up the events, `whole` reads a reply that is one JSON body.
    """

    def __init__(
        self,
        stream: wire.StreamReader,
        whole: Callable[[object], wire.Reply],
        *,
        on_text: Callable[[str], None],
        on_thought: Callable[[str], None],
    ) -> None:
        self.received = 0
        self._on_text, self._on_thought = on_text, on_thought
        self._stream, self._read_whole = stream, whole
        self._events = Events()
        self._is_stream: bool | None = None
        self._chunks: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.received += len(chunk)
        if self._is_stream is None:
            self._chunks.append(chunk)
            head = b"".join(self._chunks).lstrip(_BLANK)
            if len(head) < _ENOUGH:
                self._chunks = [head]  # blanks are not gone through again for each chunk
                return
            self._is_stream = head.startswith(_FIELDS)
            chunk = head
            self._chunks = []
        if self._is_stream:
            self._take(self._events.feed(chunk))
        else:
            self._chunks.append(chunk)

    @property
    def is_over(self) -> bool:
        """Tell whether there is no point in reading on: it is too long, or the server reported an error."""
        return self.received > MAX_BYTES or self._stream.fault is not None

    @property
    def has_answer(self) -> bool:
        """Tell whether the answer is whole, though the stream may go on to say what it cost."""
        return self._stream.done or self._stream.finish_reason is not None

    @property
    def grace_s(self) -> float | None:
        """Return how long the rest is worth waiting for; None while there is no end in sight."""
        if self._stream.done:
            return 0.25
        if self._stream.finish_reason is None:
            return None
        return 2.0 if self._stream.billed else 10.0

    def partial(self) -> wire.Reply | None:
        """Return what has come so far as a reply that is not complete, None when there is no text in it."""
        reply = self._stream.reply()
        has_text = bool(reply.text or reply.reasoning_text or reply.refusal)
        return replace(reply, complete=False) if has_text else None

    def reply(self, place: Place) -> wire.Reply:
        """Return the reply after the last byte. Raises O1Error: it is cut, unreadable, or an error in itself."""
        if self.received > MAX_BYTES:
            raise self._unreadable(f"The reply from {place.host} is longer than {MAX_BYTES >> 20} MB.", place)
        if not self._is_stream:
            return self._whole(place)
        self._take(self._events.finish())
        if self._stream.fault is not None:
            raise self._reported(self._stream.fault, place)
        reply = self._stream.reply()
        if self._stream.unreadable:
            partial = self.partial()
            what = f"{self._stream.unreadable} pieces of the stream from {place.host} cannot be read."
            if partial is None:
                raise self._unreadable(what, place)
            raise LostReplyError(
                what, how=transport.NOT_TWICE, billed="maybe", partial=partial, attempts=place.attempts
            )
        if not reply.complete:
            raise transport.lost(place, self.partial(), self.received)
        return reply

    def _take(self, events: Iterable[tuple[str, str]]) -> None:
        for kind, data in events:
            text = self._stream.feed(data, kind)
            if self._stream.thought:
                self._on_thought(self._stream.thought)
            if text:
                self._on_text(text)

    def _whole(self, place: Place) -> wire.Reply:
        text = b"".join(self._chunks).decode("utf-8-sig", "replace")
        if not text.strip():
            raise self._unreadable(f"The reply from {place.host} is empty.", place)
        if faults.is_html(text):
            raise faults.web_page(place, text, "200", "maybe")
        # Raised outside of the handlers, whose exceptions hold the whole body.
        body: object = None
        reply: wire.Reply | None = None
        with contextlib.suppress(ValueError):
            body = wire.parsed(text)
        fault = wire.fault_in(body)
        if fault is not None:
            raise self._reported(fault, place)
        with contextlib.suppress(UnreadableReplyError):
            reply = self._read_whole(body)
        if reply is None:
            raise self._unreadable(f"The reply from {place.host} is not the API's: {place.safe(text)}", place, text)
        return reply

    def _reported(self, fault: wire.Fault, place: Place) -> O1Error:
        """Return the error for one that came with status 200, before or after some text."""
        partial = self.partial()
        said = place.safe(fault.message)
        if partial is None:
            what = f"{place.host} reported an error: {said}"
            return faults.api_error(fault, place, what=what, billed="maybe", status=200)
        return LostReplyError(
            f"{place.host} broke off its answer: {said}",
            how=transport.NOT_TWICE,
            billed="maybe",
            partial=partial,
            attempts=place.attempts,
        )

    def _unreadable(self, what: str, place: Place, text: str = "") -> UnreadableReplyError:
        return UnreadableReplyError(
            what,
            how="Is this the address of an OpenAI-compatible API?",
            billed="maybe",
            raw=place.safe(text, faults.MAX_RAW),
            partial=self.partial(),
            attempts=place.attempts,
        )
