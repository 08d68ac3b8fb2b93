"""The client: one background loop, one connection pool per endpoint and key, retries that are seen.

Layer 3, the only module, with its neighbours here, that speaks HTTP; `openai` is imported on first use. Called by
`call`, which keeps the ledger, and from the main thread through `Client.run`.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import os
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from o1magic import wire
from o1magic.client import openai_sdk
from o1magic.client.events import Accepted, Event, Retrying, Sent, Text, Thought, Waiting
from o1magic.client.exchange import Deadline
from o1magic.client.line import Line
from o1magic.client.loop import Job, LoopThread, interruption
from o1magic.client.openai_sdk import Message
from o1magic.errors import InterruptError, O1Error

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from openai import AsyncOpenAI

    from o1magic.endpoint import Endpoint

__all__ = [
    "Accepted",
    "Client",
    "Event",
    "Received",
    "Retrying",
    "Sent",
    "Text",
    "Thought",
    "Waiting",
    "client",
]

T = TypeVar("T")

# What a cancelled call has to close its connection and write its row.
_SETTLE_S = 1.0
_BEAT_S = 0.1


@dataclass(frozen=True, slots=True)
class Received:
    """A whole reply, and the number of requests it took."""

    reply: wire.Reply
    attempts: int


class Client:
    """Sends requests on a loop of its own; see `client` for the process's one."""

    def __init__(self) -> None:
        # Tells whether the process is about to end, which a notebook's restart announces by an interrupt.
        self.leaving: Callable[[], bool] = lambda: False
        self._abandoned: list[object] = []
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._package: Future[None] | None = None
        self._sdks: dict[tuple[str, str], AsyncOpenAI] = {}
        self._without_stream_options: set[str] = set()

    def run(
        self, coroutine: Coroutine[Any, Any, T], *, tick: Callable[[float], None] = lambda _: None, poll_s: float = 0.1
    ) -> T:
        """Return what a coroutine returns on the loop, calling `tick` with the seconds gone by every `poll_s`.

        On KeyboardInterrupt the coroutine is cancelled and has a second to end, which a second interrupt cuts short.
        Raises what it raises; InterruptError if that does not say more.
        """
        job: Job[T] | None = None
        interrupted = False
        started = time.monotonic()
        try:
            loop = self._io()
            if loop.is_current():
                raise RuntimeError("Client.run would wait for itself on its own loop")
            job = loop.submit(coroutine)
            while not job.wait(poll_s):
                tick(time.monotonic() - started)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            if job is None:
                coroutine.close()
            elif not job.wait(0):
                job.cancel()
        if interrupted:
            raise interruption(job)
        return _result(job)

    async def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns on the loop, awaited on the caller's own.

        Cancelled with the caller, it has a second to end. Raises what it raises; an interrupt, which would end the
        caller's loop, as a plain O1Error.
        """
        here, ended = asyncio.get_running_loop(), asyncio.Event()
        job = self._io().submit(coroutine, ended=lambda: _tell(here, ended))
        pulse = _Pulse(here)
        try:
            await ended.wait()
        except asyncio.CancelledError:
            job.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _SETTLE_S)
            raise
        finally:
            pulse.stop()
        if isinstance(job.error, InterruptError):
            raise O1Error(job.error.what, how=job.error.how, billed=job.error.billed, **job.error.data) from None
        return _result(job)

    async def send(
        self,
        request_body: Mapping[str, Any],
        endpoint: Endpoint,
        *,
        api: str = "chat",
        unsafe: bool = False,
        timeout_s: float,
        on_event: Callable[[Event], None],
    ) -> Received:
        """Return the reply to a request, of Chat Completions or of Responses; runs on the loop, inside `run`.

        Refusals that may pass are retried, each announced by a `Retrying` event; `timeout_s` is for all tries. With
        `unsafe` lost replies are too; a response in the background is rather looked for than created again.
        Raises TransportError, APIError, ConfigError; asyncio.CancelledError after closing the connection.
        """
        line = await self._line(endpoint, str(request_body.get("model", "")), timeout_s, on_event)
        line.unsafe = unsafe and not request_body.get("background")
        if api == "chat":
            return await _received(line, line.ask(Message("/chat/completions", request_body), line.chat))
        from o1magic.client import background

        return await _received(line, background.create(line, request_body, self))

    async def resume(
        self, response_id: str, endpoint: Endpoint, *, model: str, timeout_s: float, on_event: Callable[[Event], None]
    ) -> Received:
        """Return the reply of a response that was left running in the background; otherwise as `send`."""
        from o1magic.client import background

        line = await self._line(endpoint, model, timeout_s, on_event)
        return await _received(line, background.resume(line, response_id, self))

    async def _line(self, endpoint: Endpoint, model: str, timeout_s: float, on_event: Callable[[Event], None]) -> Line:
        if self._loop is None or not self._loop.is_current():
            raise RuntimeError("Client.send belongs inside Client.run: connections live on that loop")
        sdk = await self._sdk(endpoint)
        deadline = Deadline(asyncio.get_running_loop().time() + timeout_s, timeout_s)
        return Line(sdk, endpoint, model, deadline, on_event, self._without_stream_options)

    def is_ending(self) -> bool:
        """Tell whether this process is about to end, or the client is being closed."""
        return self._loop is None or self.leaving()

    def warm(self) -> None:
        """Start to import `openai` on a thread of its own; returns at once."""
        self._importing()

    def close(self) -> None:
        """Close the connections and end the thread; the client can be used again afterwards."""
        if self._pid != os.getpid():
            return
        with self._lock:
            loop, self._loop = self._loop, None
            sdks, self._sdks = list(self._sdks.values()), {}
        if loop is not None:
            loop.close(_closing(sdks))

    def _io(self) -> LoopThread:
        if self._pid != os.getpid():
            # Threads do not survive a fork. What the parent uses is kept from the garbage collector, whose
            # finalizers would take the parent's sockets out of the epoll object that both processes share.
            self._abandoned.append((self._loop, self._sdks))
            self._reset()
        with self._lock:
            if self._loop is None:
                self._loop = LoopThread()
            return self._loop

    def _importing(self) -> Future[None]:
        self._io()
        with self._lock:
            if self._package is None or (self._package.done() and self._package.exception() is not None):
                self._package = Future()
                # A daemon: an interpreter that wants to exit does not wait for an import.
                threading.Thread(target=_import, args=(self._package,), name="o1magic-import", daemon=True).start()
            return self._package

    async def _sdk(self, endpoint: Endpoint) -> AsyncOpenAI:
        package = self._importing()
        if not package.done():
            await asyncio.wrap_future(package)
        package.result()
        # Hashed, so that not even the client's __dict__ shows a key.
        digest = hashlib.sha256(endpoint.key.value.encode("utf-8", "replace")).hexdigest()
        sdk = self._sdks.get((endpoint.base_url, digest))
        if sdk is None:
            sdk = self._sdks[endpoint.base_url, digest] = openai_sdk.build(endpoint)
        return sdk


class _Pulse:
    """Wakes a loop ten times a second: a signal does not (PEP 475), and a kernel's stop button is one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._beat()

    def _beat(self) -> None:
        self._next = self._loop.call_later(_BEAT_S, self._beat)

    def stop(self) -> None:
        self._next.cancel()


def _tell(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with suppress(RuntimeError):  # that loop was closed, and nobody waits
        loop.call_soon_threadsafe(ended.set)


def _import(package: Future[None]) -> None:
    package.set_running_or_notify_cancel()  # from here on no cancelled call can cancel it
    try:
        openai_sdk.load()
    except O1Error as broken:
        package.set_exception(broken)
    else:
        package.set_result(None)


async def _received(line: Line, asked: Coroutine[Any, Any, wire.Reply]) -> Received:
    """Return what comes back with the key masked, wherever the endpoint echoed it."""
    key = line.endpoint.key.value
    try:
        reply = await asked
    except O1Error as failure:
        partial = failure.data.get("partial")
        if isinstance(partial, wire.Reply):
            failure.data["partial"] = failure.partial = wire.without_key(partial, key)  # type: ignore[attr-defined] # errors carry their data as attributes
        raise
    return Received(wire.without_key(reply, key), line.attempts)


async def _closing(sdks: list[AsyncOpenAI]) -> None:
    for sdk in sdks:
        await sdk.close()


def _result(job: Job[T] | None) -> T:
    error = job.error if job else None
    if error is None and job is not None:
        return job.values[0]
    if isinstance(error, O1Error):
        # Its traceback runs through frames that hold the request and the key.
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None)
    raise error or RuntimeError("the loop did not start")


_CLIENTS: list[Client] = []


def client() -> Client:
    """Return the process's client, which closes itself at exit."""
    if not _CLIENTS:
        _CLIENTS.append(Client())
        atexit.register(_CLIENTS[0].close)
    return _CLIENTS[0]
