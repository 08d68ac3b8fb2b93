"""`await o1magic.ask_async(...)`: in scripts and in a real kernel's own event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import http, raw, wire
from test_magic import rows

import o1magic
from o1magic import live
from o1magic.errors import ArgumentError, O1Error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fault_server import FaultServer
    from kernels import Kernel

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

HANGS = raw(b"", then="hang")


def asked(server: FaultServer) -> None:
    """Return when the server has been asked something."""
    until = time.monotonic() + 20
    while not server.requests and time.monotonic() < until:
        time.sleep(0.01)


def states(tmp_path: Path) -> list[str]:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as ledger:
        return [state for (state,) in ledger.execute("select state from call order by rowid")]


def test_it_takes_what_ask_takes() -> None:
    """One signature: what is no argument of `ask` is a parameter, as there."""
    answer = asyncio.run(o1magic.ask_async("hello", model="o1", effort="low", endpoint="simulator", seed=7))

    assert "Effort: low" in answer.text
    with pytest.raises(O1Error, match="A prompt is a string"):
        asyncio.run(o1magic.ask_async(3, endpoint="simulator"))  # type: ignore[arg-type] # the point


def test_many_at_once_have_a_row_each(tmp_path: Path) -> None:
    """Twenty gathered calls: twenty answers in their order, twenty settled rows with ids of their own."""

    async def all_of_them() -> list[o1magic.Answer]:
        calls = (o1magic.ask_async(f"Is {n} prime?", model="o1", endpoint="simulator") for n in range(20))
        return await asyncio.gather(*calls)

    answers = asyncio.run(all_of_them())

    assert all(f"`Is {n} prime?`" in one.text for n, one in enumerate(answers))
    assert len({one.id for one in answers}) == 20
    assert states(tmp_path) == ["settled"] * 20


def test_calls_wait_side_by_side_and_the_loop_goes_on(serve: Callable[..., FaultServer]) -> None:
    """Five calls to a slow server take the time of one, and other tasks run meanwhile."""
    ok = wire("chat_completion_ok")

    def slow(connection: Any) -> None:
        time.sleep(0.5)
        ok(connection)

    server = serve(slow)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    async def both() -> float:
        counting = asyncio.create_task(count())
        await o1magic.ask_async("warm", model="o1-mini", endpoint=server.url)
        began = time.monotonic()
        calls = [o1magic.ask_async(f"{n}", model="o1-mini", endpoint=server.url) for n in range(5)]
        await asyncio.gather(*calls)
        counting.cancel()
        return time.monotonic() - began

    assert asyncio.run(both()) < 1.5
    assert turns > 20


def test_a_cancelled_call_closes_its_connection_and_is_recorded(
    serve: Callable[..., FaultServer], tmp_path: Path
) -> None:
    """Cancelling the task hangs up at once; the row keeps its hold as unknown; the other call goes on."""
    server, other = serve(HANGS), serve(wire("chat_completion_ok"))

    async def cancelled() -> str:
        task = asyncio.create_task(o1magic.ask_async("Is 391 prime?", model="o1-mini", endpoint=server.url))
        await asyncio.to_thread(asked, server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return (await o1magic.ask_async("hello", model="o1-mini", endpoint=other.url)).text

    assert asyncio.run(cancelled())
    assert server.hung_up.wait(1)
    assert states(tmp_path) == ["unknown", "settled"]


def test_a_timeout_of_asyncio_ends_it(serve: Callable[..., FaultServer]) -> None:
    """`asyncio.wait_for` works as with anything else that is awaited."""
    server = serve(HANGS)

    async def impatient() -> None:
        await asyncio.wait_for(o1magic.ask_async("hello", model="o1-mini", endpoint=server.url), 0.5)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    assert server.hung_up.wait(1)


def test_a_call_stopped_from_elsewhere_is_an_error_and_not_the_end_of_the_loop(
    serve: Callable[..., FaultServer],
) -> None:
    """The panel's Stop button raises an O1Error in the task; a KeyboardInterrupt would end the caller's loop."""
    server = serve(HANGS)
    live.watchers.append(lambda _: None)

    async def stopped() -> str:
        task = asyncio.create_task(o1magic.ask_async("hello", model="o1-mini", endpoint=server.url))
        await asyncio.to_thread(asked, server)
        assert live.stop(live.running()[0].call.id)
        with pytest.raises(O1Error, match="Stopped") as failed:
            await task
        assert not isinstance(failed.value, KeyboardInterrupt)
        return "the loop goes on"

    try:
        assert asyncio.run(stopped()) == "the loop goes on"
    finally:
        live.watchers.clear()


def test_errors_come_as_from_ask(serve: Callable[..., FaultServer]) -> None:
    """Checks before sending, and what the API refuses, raise the same errors."""
    refused = serve(http(404, {"error": {"message": "no", "type": "x", "param": None, "code": "model_not_found"}}))

    with pytest.raises(ArgumentError, match="exclude each other"):
        asyncio.run(o1magic.ask_async("JSON", model="o1", endpoint="simulator", json=True, schema={}))
    with pytest.raises(O1Error, match="does not serve o1-mini"):
        asyncio.run(o1magic.ask_async("hello", model="o1-mini", endpoint=refused.url))


def test_no_thread_is_left() -> None:
    """After a loop has ended only the client's own thread is there, as before."""
    asyncio.run(o1magic.ask_async("hello", model="o1", endpoint="simulator"))
    before = {thread.name for thread in threading.enumerate()}

    asyncio.run(o1magic.ask_async("hello", model="o1", endpoint="simulator"))

    assert {thread.name for thread in threading.enumerate()} <= before


def test_a_cell_awaits_it(kernel: Kernel) -> None:
    """In a notebook `await` needs nothing around it, also for many at once."""
    ran = kernel.run(
        "import asyncio, o1magic\n"
        "two = await asyncio.gather(*(o1magic.ask_async(q, model='o1', endpoint='simulator') for q in ('a', 'b')))\n"
        "print([one.finish_reason for one in two])"
    )

    assert ran.text() == "['stop', 'stop']\n"
    assert [state for state, *_ in rows(kernel)][-2:] == ["settled", "settled"]


def test_an_interrupt_gets_the_cell_back(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """The notebook's stop button ends an awaiting cell, closes the connection, and leaves the kernel usable."""
    server = serve(HANGS)
    started = kernel.start(
        f"import o1magic\nawait o1magic.ask_async('hello', model='o1-mini', endpoint='{server.url}')"
    )
    asked(server)

    kernel.interrupt()
    ran = kernel.finish(started, timeout=20)

    assert ran.status == "error"
    assert ran.seconds < 1
    assert len(ran.error) < 60
    assert server.hung_up.wait(2)
    assert kernel.run("print('alive')").text() == "alive\n"
