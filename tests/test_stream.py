"""A streamed answer in a real kernel: its reasoning folded, its text growing, all of it once in the end."""

from __future__ import annotations

import html
import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import FaultServer, chunked, delta, http, raw, sse
from kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_server import Connection, Script

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

STOP = delta(finish_reason="stop")
DONE = "data: [DONE]"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVIL = "</details><script>alert(1)</script>"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start a kernel."""
    with Kernel(tmp_path_factory.mktemp("stream")) as started:
        assert started.run("%load_ext o1magic").status == "ok"
        yield started


def usage(**details: int) -> str:
    """Return the data line of a usage of ten tokens each way; `details` are of the completion."""
    counts: dict[str, Any] = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    return "data: " + json.dumps(
        {"choices": [], "usage": counts | ({"completion_tokens_details": details} if details else {})}
    )


def thought(name: str, text: str) -> str:
    return delta(delta={name: text})


def last_row(kernel: Kernel) -> dict[str, Any]:
    with closing(sqlite3.connect(kernel.environment["O1MAGIC_LEDGER"])) as ledger:
        ledger.row_factory = sqlite3.Row
        return dict(ledger.execute("select * from call order by seq desc limit 1").fetchone())


FORMS = {
    "reasoning_content": [thought("reasoning_content", "Compare "), thought("reasoning_content", "them.")],
    "reasoning": [thought("reasoning", "Compare "), thought("reasoning", "them.")],
    "both names": [delta(delta={"reasoning": "Compare them.", "reasoning_content": "Compare them."})],
    "inline": [delta("<thi"), delta("nk>Compare "), delta("them.</think>\n\n")],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_reasoning_of_compatible_servers_is_folded_and_kept_apart(
    kernel: Kernel, serve: Callable[..., FaultServer], form: list[str]
) -> None:
    """Under whichever name it comes it stands folded above the answer, once, in `.reasoning_text`, never in `.text`."""
    server = serve(sse([*form, delta("Ten is "), delta("greater."), STOP, usage(), DONE]))

    ran = kernel.run(f"%%o1 -m qwen3:8b -o reply --param stream=true --endpoint {server.url}\nWhich is greater?")

    shown = html.unescape(ran.text("text/markdown"))
    assert ran.status == "ok", ran.error
    assert shown.count("Compare them.") == 1
    assert shown.index("<details>") < shown.index("Compare them.") < shown.index("</details>") < shown.index("Ten is")
    assert kernel.run("print([reply.text, reply.reasoning_text])").text() == "['Ten is greater.', 'Compare them.']\n"
    assert kernel.run("print(reply.usage.reasoning, reply.usage.visible)").text() == "None None\n"


def test_reasoning_is_counted_where_the_server_counts_it(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """The count is the server's own; the text is never counted in its place."""
    server = serve(sse([*FORMS["reasoning_content"], delta("Ten."), STOP, usage(reasoning_tokens=7), DONE]))

    kernel.run(f"%%o1 -m qwen3:8b -o reply --param stream=true --endpoint {server.url}\nWhich is greater?")

    assert kernel.run("print(reply.usage.reasoning, reply.usage.visible)").text() == "7 3\n"


def test_a_whole_reply_folds_its_reasoning_too(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Not streamed, the reasoning is folded all the same; what is hostile in it is text and cannot end the fold."""
    message = {"role": "assistant", "content": "Fine.", "reasoning_content": f"One\n\n```\n{EVIL}\n\n{EVIL}"}
    server = serve(http(200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))

    ran = kernel.run(f"%%o1 -m qwen3:8b --endpoint {server.url}\nHi")

    shown = ran.text("text/markdown")
    assert ran.status == "ok", ran.error
    assert "<script" not in shown
    assert shown.count("</details>") == 1
    assert shown.index("</details>") < shown.index("Fine.")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([*FORMS["reasoning_content"]], ""),
        ([*FORMS["reasoning_content"], delta("Ten is")], "Ten is"),
        ([delta("<think>Compare them.")], ""),
    ],
    ids=["while thinking", "while writing", "inside think"],
)
def test_a_cut_leaves_reasoning_and_text_marked_as_partial(
    kernel: Kernel, serve: Callable[..., FaultServer], lines: list[str], text: str
) -> None:
    """What had come of either stays in the cell, folded and marked; the row is partial and keeps its hold."""
    server = serve(sse(lines, then="reset"))

    ran = kernel.run(f"%%o1 -m qwen3:8b --param stream=true --endpoint {server.url}\nWhich is greater?")

    shown = html.unescape(ran.text("text/markdown"))
    assert ran.status == "error"
    assert shown.index("Compare them.") < shown.index("</details>") < shown.index("cut short")
    assert text in shown
    assert (last_row(kernel)["state"], last_row(kernel)["cost_nano"]) == ("partial", None)


def test_an_interrupt_while_thinking_leaves_the_reasoning(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Interrupted before a word of the answer: the reasoning that was shown stays, and the connection is closed."""
    server = serve(raw(HEAD, *_framed(FORMS["reasoning_content"]), then="hang"))
    started = kernel.start(f"%%o1 -m qwen3:8b --param stream=true --endpoint {server.url}\nWhich is greater?")
    assert server.reached.wait(20)
    time.sleep(0.3)

    kernel.interrupt()
    ran = kernel.finish(started)

    assert ran.status == "error"
    assert "Compare them." in html.unescape(ran.text("text/markdown"))
    assert "cut short" in ran.text("text/markdown")
    assert server.hung_up.wait(2)


def _framed(lines: list[str]) -> list[bytes]:
    pieces = [(line + "\n\n").encode() for line in lines]
    return [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]


def paced(text: str, seconds: float, *, size: int = 100) -> Script:
    """Answer with a text over some seconds."""
    pieces = _framed([delta(text[at : at + size]) for at in range(0, len(text), size)])

    def script(connection: Connection) -> None:
        connection.send(HEAD)
        started = time.monotonic()
        for number, piece in enumerate(pieces):
            connection.send(piece)
            time.sleep(max(0.0, started + seconds * number / len(pieces) - time.monotonic()))
        connection.send(b"".join(_framed([STOP, usage(), DONE])) + b"0\r\n\r\n")

    return script


PARAGRAPH = "The bridge **carries** two lanes and the river below it is not deep, as `ls -l` and 12 others say.\n\n"
TEXT = "".join(f"Number {number}. {PARAGRAPH}" for number in range(570))[:60_000]


def test_a_long_answer_reaches_the_page_in_little_more_than_its_own_length(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """60 kB over 4 s: at most 2.5 times its bytes, 16 messages a second, and in the end it is there once."""
    server = serve(paced(TEXT, 4.0))

    ran = kernel.run(f"%%o1 -m qwen3:8b --param stream=true --endpoint {server.url}\nTell me", timeout=60)

    assert ran.status == "ok", ran.error
    sent = sum(len(json.dumps(one, ensure_ascii=False).encode()) for one in ran.messages)
    assert sent <= 2.5 * len(TEXT)
    assert len(ran.messages) <= 16 * ran.seconds
    assert len([one for one in ran.messages if one["type"] == "update_display_data"]) >= 4
    assert repr(ran.outputs).count("Number 77.") == 1
    assert kernel.run("print(len(_.text))").text() == f"{len(TEXT)}\n"


def test_ten_streams_one_after_the_other_use_one_connection(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Each stream is read to its end, so that its connection serves the next."""
    server = serve(chunked([delta("Yes."), STOP, usage(), DONE]))

    for _ in range(10):
        ran = kernel.run(f"%%o1 -m qwen3:8b --param stream=true --endpoint {server.url}\nIs it?")
        assert ran.status == "ok", ran.error

    assert (server.connections, len(server.requests)) == (1, 10)
