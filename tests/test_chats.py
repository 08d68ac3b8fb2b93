"""Conversations in a real kernel, over real HTTP: what each turn sends, and what running a cell again does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import FaultServer, delta, fixture, http, raw, sse, wire
from kernels import Kernel

import o1magic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_server import Script

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown


def reply(text: str) -> Script:
    """Return a script that answers with this text."""
    whole = json.loads(json.dumps(fixture("chat_completion_ok")["body"]))
    whole["choices"][0]["message"]["content"] = text
    return http(200, whole)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start a kernel with a key for a server of this machine."""
    with Kernel(tmp_path_factory.mktemp("kernel"), OPENAI_API_KEY="sk-of-nobody-0123456789") as started:
        assert started.run("%load_ext o1magic").status == "ok"
        yield started


@pytest.fixture
def serve(kernel: Kernel) -> Iterator[Callable[..., FaultServer]]:
    """Return a function that starts a server and connects the kernel to it."""
    servers: list[FaultServer] = []

    def start(*scripts: Script) -> FaultServer:
        servers.append(FaultServer(*scripts))
        kernel.run(f"%o1 connect {servers[-1].url}\n%o1 model o3")
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def sent(server: FaultServer) -> list[list[str]]:
    """Return the texts of each request's messages."""
    return [[one["content"] for one in request.body["messages"]] for request in server.requests]


def test_a_turn_takes_the_earlier_ones_along(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """The second turn sends question, answer, question by role; the footer says how full the window is."""
    server = serve(reply("17 times 23."), reply("Two."))

    kernel.run("%%o1 -c primes\nIs 391 prime?")
    ran = kernel.run("%%o1 -c primes\nHow many factors is that?")

    roles = [one["role"] for one in server.requests[1].body["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert sent(server) == [["Is 391 prime?"], ["Is 391 prime?", "17 times 23.", "How many factors is that?"]]
    assert "primes: 2 turns, " in ran.text("text/markdown")
    assert " of 200,000 tokens (0.0%)" in ran.text("text/markdown")


def test_an_earlier_cell_run_again_branches(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """It continues what it had continued, and so does each cell below: all run again are the same conversation."""
    server = serve(*(reply(f"answer {number}") for number in range(1, 8)))
    cells = {"a": "%%o1 -c b1\nfirst", "b": "%%o1 -c b1\nsecond", "c": "%%o1 -c b1\nthird"}
    for cell_id, code in cells.items():
        kernel.run(code, cell_id=cell_id)

    again = kernel.run("%%o1 -c b1\nsecond, reworded", cell_id="b")
    kernel.run(cells["c"], cell_id="c")
    kernel.run("%%o1 -c b1\nfourth", cell_id="d")

    assert sent(server)[3:] == [
        ["first", "answer 1", "second, reworded"],
        ["first", "answer 1", "second, reworded", "answer 4", "third"],
        ["first", "answer 1", "second, reworded", "answer 4", "third", "answer 5", "fourth"],
    ]
    assert "this cell is turn 2 of b1: it is asked again, after turn 1" in again.text()


def test_without_an_id_a_cell_is_known_by_its_text(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """A front end that names no cells: the same text again is the same turn again."""
    server = serve(reply("one"), reply("two"))

    kernel.run("%%o1 -c text\nfirst")
    kernel.run("%%o1 -c text\nfirst")

    assert sent(server) == [["first"], ["first"]]


def test_a_loop_in_one_cell_makes_turns(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Several calls of one cell are turns of their own; the cell run again asks them again."""
    server = serve(*(reply(str(number)) for number in range(4)))
    loop = "for q in ('p', 'q'): get_ipython().run_cell_magic('o1', '-c loop', q)"

    kernel.run(loop, cell_id="loop")
    kernel.run(loop, cell_id="loop")

    assert sent(server) == [["p"], ["p", "0", "q"], ["p"], ["p", "2", "q"]]


def test_new_starts_over_once_its_answer_is_there(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """A failed --new leaves the conversation as it was; an answered one is the first turn."""
    failed = http(400, {"error": {"message": "no"}})
    server = serve(reply("one"), failed, reply("two"), reply("three"), reply("four"))

    for code in ("-c n\nfirst", "-c n --new\nbroken", "-c n\nsecond", "-c n --new\nafresh", "-c n\nthird"):
        kernel.run(f"%%o1 {code}")

    assert sent(server)[2:] == [["first", "one", "second"], ["afresh"], ["afresh", "three", "third"]]


@pytest.mark.parametrize(
    "script",
    [raw(then="reset"), sse([delta("Part of it")], then="reset"), wire("chat_completion_length_empty")],
    ids=["lost", "cut", "empty"],
)
def test_what_is_no_whole_answer_is_no_turn(
    kernel: Kernel, serve: Callable[..., FaultServer], script: Script, request: pytest.FixtureRequest
) -> None:
    """A failed, cut or empty answer is not part of the conversation; the next turn continues the one before."""
    name, server = request.node.callspec.id, serve(reply("one"), script, reply("two"))

    kernel.run(f"%%o1 -c {name}\nfirst")
    assert kernel.run(f"%%o1 -c {name}\nbroken").status == "error"
    kernel.run(f"%%o1 -c {name}\nsecond")

    assert sent(server)[2] == ["first", "one", "second"]


def test_an_interrupted_turn_is_no_turn(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Stopped mid-stream, the turn does not count."""
    server = serve(reply("one"), sse([delta("Part of it")], then="hang"), reply("two"))
    kernel.run("%%o1 -c stop\nfirst")
    server.reached.clear()
    started = kernel.start("%%o1 -c stop\nbroken")
    assert server.reached.wait(20)
    kernel.interrupt()
    kernel.finish(started)

    kernel.run("%%o1 -c stop\nsecond")

    assert sent(server)[2] == ["first", "one", "second"]


def test_only_the_new_turn_is_linted_and_may_point_above(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """An earlier turn's finding is not found again, and "the text above" may be an earlier turn's."""
    serve(reply("one"), reply("two"))

    first = kernel.run("%%o1 -c lint\nThink step by step: is 391 prime?")
    second = kernel.run("%%o1 -c lint\nSummarize the text above in three points.")
    alone = kernel.run("%%o1 --dry-run\nSummarize the text above in three points.")

    assert "COT001" in first.text()
    assert "COT001" not in second.text()
    assert "AMB003" not in second.text()
    assert "AMB003" in alone.text()


def test_the_count_and_the_worst_cost_are_those_of_the_whole(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """--dry-run shows the earlier turns, and counts them; it is no turn itself."""
    server = serve(reply("word " * 2_000), reply("two"))
    kernel.run("%%o1 -c long\nfirst")

    shown = kernel.run("%%o1 -c long --dry-run\nsecond").text()
    alone = kernel.run("%%o1 --dry-run\nsecond").text()

    assert '"role": "assistant"' in shown
    assert int(shown.split("prompt ")[1].split(" tokens")[0].replace(",", "")) > 2_000
    assert shown.split("worst cost ")[1].split()[0] > alone.split("worst cost ")[1].split()[0]
    assert len(server.requests) == 1


def test_what_no_longer_fits_is_refused_with_the_largest_turns(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """Nothing is cut and nothing sent: the numbers, the largest turns and the ways on are named, in three lines."""
    server = serve(reply("word " * 150_000), reply("small"))
    kernel.run("%%o1 -c full\nfirst")

    ran = kernel.run("%%o1 -c full -m o1-preview\nsecond")

    said = " ".join(ran.error)
    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert "128,000" in said
    assert "turn 1 with 150,0" in said
    assert "--new" in said
    assert len(server.requests) == 1


def test_the_developer_message_stays_until_another_is_given(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """What the first turn told the model holds for the next."""
    server = serve(*(reply(str(number)) for number in range(3)))

    for line in ("-c dev --developer 'Be brief.'", "-c dev", "-c dev --developer 'Be long.'"):
        kernel.run(f"%%o1 {line}\nask {line[-4:]}")

    heads = [request.body["messages"][0] for request in server.requests]
    assert heads == [{"role": "developer", "content": text} for text in ("Be brief.", "Be brief.", "Be long.")]


def test_chats_are_listed_and_dropped(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Name, turns, tokens and window stand in a table; a dropped conversation begins anew; a slip names the nearest."""
    server = serve(reply("one"), reply("two"))
    kernel.run("%%o1 -c listed\nfirst")

    listed = kernel.run("%o1 chats").text()
    slip = kernel.run("%o1 chats --drop listd")
    dropped = kernel.run("%o1 chats --drop listed").text()
    kernel.run("%%o1 -c listed\nsecond")

    (row,) = [line.split() for line in listed.splitlines() if line.startswith("listed")]
    assert row[1:3] == ["1", "0"]
    assert row[4:] == ["200,000", "0.0%", "o3"]
    assert "did you mean listed?" in " ".join(slip.error)
    assert "listed is forgotten (1 turn)" in dropped
    assert sent(server) == [["first"], ["second"]]


def test_new_without_a_name_is_refused(kernel: Kernel) -> None:
    """--new says what it lacks."""
    assert "-c NAME" in " ".join(kernel.run("%%o1 --new\nhello").error)


def test_names_are_completed(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Tab offers the conversations there are."""
    serve(reply("one"))
    kernel.run("%%o1 -c completable\nfirst")

    for code in ("%%o1 -c compl", "%o1 chats --drop compl"):
        kernel.client.complete(code, len(code))
        content: dict[str, Any] = kernel.client.get_shell_msg(timeout=20)["content"]
        assert content["matches"] == ["completable"]


def test_the_responses_api_is_told_the_same(kernel: Kernel) -> None:
    """Earlier turns are items of its input; the next turn may go to either API."""
    kernel.run("%%o1 -c both --endpoint simulator\nfirst")
    ran = kernel.run("%%o1 -c both --endpoint simulator --api responses\nsecond")
    shown = kernel.run("%%o1 -c both --endpoint simulator --api responses --dry-run\nthird").text()

    body = json.loads(shown[shown.index("\n{") :])
    assert ran.status == "ok"
    assert [one["role"] for one in body["input"]] == ["user", "assistant", "user", "assistant", "user"]
    assert [one["content"] for one in body["input"]][::2] == ["first", "second", "third"]


def test_an_answer_of_another_shape_is_no_turn(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """A paid answer that is not the JSON asked for fails its cell, and is not part of the conversation."""
    server = serve(reply("one"), reply("not JSON"), reply("two"))

    kernel.run("%%o1 -c shape\nfirst")
    assert kernel.run("%%o1 -c shape --json\nbroken: give JSON").status == "error"
    kernel.run("%%o1 -c shape\nsecond")

    assert sent(server)[2] == ["first", "one", "second"]


def test_nothing_of_a_conversation_is_in_the_ledger(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Texts stay in memory: neither question nor answer is in any byte of the ledger."""
    serve(reply("an-answer-of-note"))
    kernel.run("%%o1 -c secret\na-question-of-note")

    stored = b"".join(one.read_bytes() for one in kernel.folder.glob("ledger.sqlite3*"))

    assert b"of-note" not in stored


def test_in_python_each_call_is_the_next_turn() -> None:
    """o1magic.ask takes a name, and `new` to start over."""
    given: dict[str, Any] = {"model": "o1", "endpoint": "simulator"}

    first = o1magic.ask("Is 391 prime?", chat="python", **given)
    second = o1magic.ask("Is 391 prime?", chat="python", **given)
    third = o1magic.ask("Is 391 prime?", chat="python", new=True, **given)

    assert "python: 1 turn," in first.footer
    assert "python: 2 turns," in second.footer
    assert "python: 1 turn," in third.footer
    assert (second.usage.prompt or 0) > (first.usage.prompt or 0)
