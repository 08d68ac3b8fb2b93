from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import o1magic
from o1magic import live, session
from o1magic.errors import InterruptError


@pytest.fixture
def told():
    """Watch, and give what was told: the call's id and what it was doing then."""
    heard: list[tuple[str, tuple[str, ...]]] = []

    def watcher(call_id: str) -> None:
        heard.append((call_id, tuple(one.said for one in live.running())))

    live.watchers.append(watcher)
    yield heard
    live.watchers.remove(watcher)


def test_a_watcher_hears_of_a_call_from_beginning_to_end(told: list[tuple[str, tuple[str, ...]]]) -> None:
    """It thinks, it writes, it is over; in the end nothing is in flight and the row is settled."""
    answer = o1magic.ask("Is 391 prime?", model="o3", endpoint="simulator")

    assert [said for _, said in told] == [("thinking",), ("writing",), ()]
    assert {call_id for call_id, _ in told} == {answer.id}
    assert live.running() == ()
    row = session.ledger().row(answer.id)
    assert row is not None
    assert row.state == "settled"


def test_nobody_watching_means_no_call_is_kept() -> None:
    """Without a panel a call does not come here at all."""
    o1magic.ask("Is 391 prime?", model="o3", endpoint="simulator")

    assert live.watchers == []
    assert live.running() == ()


def test_stop_ends_the_call_it_names_and_no_other(told: list[tuple[str, tuple[str, ...]]]) -> None:
    """A late stop finds nothing; the right one ends the call within a second, its row kept."""
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            o1magic.ask("Is 391 prime?", model="o3", endpoint="simulator:slow")
        except InterruptError as stopped:
            ended.append(stopped)

    thread = threading.Thread(target=ask)
    thread.start()
    while not live.running():
        time.sleep(0.01)
    (one,) = live.running()

    assert one.waits is False  # an interrupt would hit the main thread, which does something else
    assert live.stop("another call") is False
    assert live.stop(one.call.id) is True
    thread.join(2)
    assert not thread.is_alive()
    assert "Stopped" in str(ended[0])
    assert live.stop(one.call.id) is False
    assert told[-1] == (one.call.id, ())


def test_a_watcher_that_breaks_costs_no_answer(told: list[tuple[str, tuple[str, ...]]]) -> None:
    """The answer is paid for: it arrives, and the other watchers hear of it."""

    def broken(_: str) -> None:
        raise ValueError

    live.watchers.insert(0, broken)
    try:
        assert o1magic.ask("Is 391 prime?", model="o3", endpoint="simulator").text
    finally:
        live.watchers.remove(broken)

    assert told[-1][1] == ()


def test_a_call_that_is_never_sent_is_never_in_flight(
    told: list[tuple[str, tuple[str, ...]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that refuses the hold stops the call before it is listed."""
    monkeypatch.setenv("O1MAGIC_LEDGER", str(tmp_path))  # a folder is no ledger

    with pytest.raises(o1magic.O1Error):
        o1magic.ask("Is 391 prime?", model="o3", endpoint="simulator")

    assert all(said == () for _, said in told)
