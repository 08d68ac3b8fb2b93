"""The responses that are kept: those in the background, which go on without a connection, and stored ones.

Layer 5. Called by `server`. A job writes its events at the pace of an answer; readers follow it from any event on.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from o1magic.simulator.response_events import Made, response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST = 1_000


class Job:
    """One kept response: the events so far, and whether it has ended."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.events: list[dict[str, Any]] = []
        self.status = "queued"
        self._changed = threading.Condition()

    def run(self, timed: Iterable[tuple[float, dict[str, Any]]], stopping: threading.Event) -> None:
        """Write each event at its time, until cancelled or the server stops."""
        for seconds, event in timed:
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0 and not self.ended:
                if stopping.wait(min(left, 0.05)):
                    return
            with self._changed:
                if self.ended:
                    return
                self.events.append(event)
                self.status = event["response"]["status"] if "response" in event else self.status
                self._changed.notify_all()

    def finish(self) -> None:
        """Take a response that its caller has waited for as ended."""
        self.status = self.made.status

    def cancel(self) -> None:
        """End it as cancelled, unless it has ended already."""
        with self._changed:
            if not self.ended:
                self.status = "cancelled"
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Tell whether nothing follows."""
        return self.status not in ("queued", "in_progress")

    def response(self) -> dict[str, Any]:
        """Return the response object as it is now."""
        return response(self.made, self.status)

    def follow(self, after: int, gone: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """Yield the events past number `after`, as they come, until the end or until the reader is gone."""
        position = after + 1
        while True:
            with self._changed:
                if len(self.events) <= position and not self.ended:
                    self._changed.wait(0.05)
                fresh, ended = self.events[position:], self.ended
            yield from fresh
            position += len(fresh)
            if (ended and position >= len(self.events)) or gone():
                return


class Jobs:
    """The kept responses by id, the newest thousand."""

    def __init__(self) -> None:
        self._kept: dict[str, Job] = {}
        self._lock = threading.Lock()

    def keep(self, made: Made) -> Job:
        """Keep a response."""
        job = Job(made)
        with self._lock:
            self._kept[made.envelope.id] = job
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        return job

    def find(self, response_id: str) -> Job | None:
        """Return the response of that id, None where none is kept."""
        return self._kept.get(response_id)
