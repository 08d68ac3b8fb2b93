"""The calls in flight, for whoever watches them: what each is doing, and how to stop it.

Layer 4. A call comes here only while somebody watches. Called by `ask`, `view` and the panel.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from o1magic import log
from o1magic.client import Retrying, Sent, Text, Waiting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from o1magic.answer import Answer
    from o1magic.call import Call, Event

logger = log.named(__name__)

# Called with a call's id when it was sent, went over to something else, or ended; on the client's loop thread.
watchers: list[Callable[[str], None]] = []

WRITING = "writing"

_running: dict[str, Running] = {}


@dataclass(slots=True)
class Running:
    """A call in flight; `waits` tells whether the main thread waits for it, so that an interrupt stops it."""

    call: Call
    since: float
    waits: bool
    said: str = ""
    cancel: Callable[[], None] = lambda: None


def running() -> tuple[Running, ...]:
    """Return the calls in flight, the oldest first."""
    return tuple(_running.values())


def stop(call_id: str) -> bool:
    """Stop a call from any thread; False, and nothing happens, where it is no longer in flight."""
    found = _running.get(call_id)
    if found is None:
        return False
    found.cancel()
    return True


def said(event: Event) -> str | None:
    """Return what a call is doing from this event on, None where the event does not tell."""
    if isinstance(event, Text):
        return WRITING
    if isinstance(event, Sent):
        return "thinking"
    if isinstance(event, Retrying):
        return f"{event.reason}; try {event.attempt + 1} of {event.of} in {event.wait_s:.0f} s"
    if isinstance(event, Waiting):
        return f"{event.said} It goes on there; asked again in {event.wait_s:.1f} s"
    return None


def watched(made: Call, make: Callable[[Call], Awaitable[Answer]]) -> Coroutine[Any, Any, Answer]:
    """Return `make(made)` with the watchers told; to be called on the thread that will wait for it."""
    waits = threading.current_thread() is threading.main_thread()
    return _make(make, Running(made, time.monotonic(), waits))


async def _make(make: Callable[[Call], Awaitable[Answer]], one: Running) -> Answer:
    made = one.call
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - inside a coroutine there is one

    def cancel() -> None:
        loop.call_soon_threadsafe(task.cancel)

    def note(event: Event) -> None:
        doing = said(event)
        if doing is not None and doing != one.said:
            one.said, one.cancel = doing, cancel
            _running[made.id] = one
            _tell(made.id)
        made.on_event(event)

    try:
        return await make(replace(made, on_event=note))
    finally:
        _running.pop(made.id, None)
        _tell(made.id)


def _tell(call_id: str) -> None:
    for watcher in watchers.copy():
        try:
            watcher(call_id)
        except Exception:  # the answer is paid for: no watcher may cost it
            logger.debug("watcher_failed", exc_info=True)
