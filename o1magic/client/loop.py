"""A daemon thread that owns one asyncio loop, and the jobs handed to it.

Layer 3. Called by `client`. Knows nothing of HTTP. A blocked main thread can be interrupted while this loop goes on,
which no other arrangement allows in a kernel: a top-level await never sees the interrupt, a blocking call sees it late.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from o1magic.errors import InterruptError, O1Error

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_CLOSE_S = 1.0
_SETTLE_S = 1.0


class Job(Generic[T]):
    """A coroutine running on the loop; waited for, cancelled and asked for its outcome from another thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], ended: Callable[[], object]
    ) -> None:
        self._loop = loop
        self._coroutine = coroutine
        self._finished = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._values: list[T] = []
        self.error: BaseException | None = None
        self._ended = ended
        loop.call_soon_threadsafe(self._start)

    def wait(self, seconds: float) -> bool:
        """Wait at most that long and tell whether the job has finished."""
        return self._finished.wait(seconds)

    def cancel(self) -> None:
        """Ask the job to stop, from any thread."""
        self._loop.call_soon_threadsafe(self._cancel)

    @property
    def values(self) -> list[T]:
        """Return what the job returned, as a list of one, or an empty list."""
        return list(self._values)

    def _start(self) -> None:
        self._task = self._loop.create_task(self._work())
        self._task.add_done_callback(self._end)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        # A task that raises KeyboardInterrupt, as InterruptError is one, takes the whole loop down with it.
        try:
            self._values.append(await self._coroutine)
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread
            self.error = error

    def _end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # before its first step
            self._coroutine.close()
            self.error = asyncio.CancelledError()
        self._finished.set()
        self._ended()


class LoopThread:
    """The thread "o1magic-io" and its loop, started on creation."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="o1magic-io", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, T], *, ended: Callable[[], object] = lambda: None) -> Job[T]:
        """Start a coroutine on the loop; `ended` is called there when it has finished."""
        return Job(self.loop, coroutine, ended)

    def is_current(self) -> bool:
        """Tell whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what is running, run `last`, and end the thread; gives up on it after a second."""
        self.submit(self._wind_down(last))
        self._thread.join(_CLOSE_S)
        if not self._thread.is_alive():
            self.loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _wind_down(self, last: Coroutine[Any, Any, None]) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        try:
            await last
        finally:
            await self.loop.shutdown_asyncgens()
            self.loop.call_soon(self.loop.stop)


def interruption(job: Job[T] | None) -> BaseException:
    """Return what to raise after an interrupt: what the job raised, if it did so in time."""
    if job is None:
        return InterruptError("Stopped before anything was sent.", partial=None, attempts=0)
    try:
        ended = job.wait(_SETTLE_S)
    except KeyboardInterrupt:
        ended = False
    if not ended:
        what = "Stopped before the call had wound down; `%o1 spend` says what is on hold."
        return InterruptError(what, billed="maybe", partial=None)
    if isinstance(job.error, O1Error):
        job.error.__cause__ = job.error.__context__ = None
        return job.error.with_traceback(None)
    if job.values:
        return InterruptError("Stopped just as it was done.", billed="maybe", partial=job.values[0])
    return InterruptError("Stopped.", billed="maybe", partial=None)
