"""The Responses API: how its answers are read, what is asked of it, and what `%%o1` makes of both in a real kernel."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import FaultServer, fixture, http, raw, sse
from kernels import Kernel
from test_request import build

from o1magic import apis, wire
from o1magic.answer import Usage
from o1magic.errors import RequestError, UnreadableReplyError
from o1magic.simulator import Simulator
from o1magic.wire.responses import ResponseReader, reply_from_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_server import Connection, Script

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

KEY = "sk-live-AbCdEf0123456789AbCdEf0123456789"
OK = fixture("responses_ok")["body"]
BLOCKS = fixture("responses_stream")["sse_blocks"]
LINES = [block.rstrip("\n") for block in BLOCKS]
EVENTS = [json.loads(block.partition("data: ")[2]) for block in BLOCKS]
BROKE = {"code": "server_error", "message": "It broke."}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
USAGE = Usage(prompt=81, cached=0, reasoning=832, completion=1035)


def response(**changes: object) -> dict[str, Any]:
    return {**OK, **changes}


def read(events: list[dict[str, Any]], reader: ResponseReader | None = None) -> ResponseReader:
    reader = reader or ResponseReader()
    for event in events:
        reader.feed(json.dumps(event), event["type"])
    return reader


# ---- reading


def test_a_whole_response_reads_as_a_chat_completion_does() -> None:
    """Text, summary, usage, model and id are found where this API puts them."""
    reply = reply_from_body(OK)

    assert (reply.text, reply.reasoning_text) == ("The answer.", "**Planning**\n\n...")
    assert (reply.finish_reason, reply.complete, reply.choices) == ("stop", True, 1)
    assert (reply.model, reply.provider_id, reply.usage) == ("o3-2025-04-16", OK["id"], USAGE)


def test_a_recorded_stream_reads_as_its_whole_response() -> None:
    """The events add up to what the response object at their end holds, each piece told once."""
    reader, texts, thoughts = ResponseReader(), [], []
    for event in EVENTS:
        texts.append(reader.feed(json.dumps(event), event["type"]))
        thoughts.append(reader.thought)

    assert reader.reply() == reply_from_body(OK)
    assert reader.done
    assert ("".join(texts), "".join(thoughts)) == ("The answer.", "**Planning**")


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("completed", None, "stop"),
        ("incomplete", {"reason": "max_output_tokens"}, "length"),
        ("incomplete", {"reason": "max_tokens"}, "length"),
        ("incomplete", {"reason": "content_filter"}, "content_filter"),
        ("incomplete", {"reason": "steered"}, "steered"),
        ("incomplete", None, "incomplete"),
        ("failed", None, "failed"),
        ("cancelled", None, "cancelled"),
        ("in_progress", None, None),
        ("queued", None, None),
    ],
)
def test_each_status_has_the_name_of_a_finish_reason(status: str, details: object, reason: str | None) -> None:
    """What ends an answer has one name, whichever API said it; what has not ended has none."""
    reply = reply_from_body(response(status=status, incomplete_details=details))

    assert (reply.finish_reason, reply.complete) == (reason, reason is not None)


def test_an_incomplete_response_keeps_what_it_took() -> None:
    """The allowance went into reasoning: no text, and the tokens are known."""
    reply = reply_from_body(fixture("responses_incomplete")["body"])

    assert (reply.text, reply.finish_reason, reply.usage.reasoning, reply.choices) == ("", "length", 300, 0)


def test_a_failed_response_is_an_outcome_and_says_why() -> None:
    """The error of a response is no transport fault: it is how the answer ended."""
    body = response(status="failed", error=BROKE, output=[], usage=None)

    assert wire.fault_in(body) is None
    assert (reply_from_body(body).error, reply_from_body(body).usage) == ("It broke.", Usage())


def test_a_refusal_and_a_tool_call_are_named() -> None:
    """A refusal part and a function call are found among the output items."""
    refused = [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]
    called = [{"type": "function_call", "name": "f", "arguments": "{}"}]

    assert reply_from_body(response(output=refused)).refusal == "No."
    assert reply_from_body(response(output=called)).finish_reason == "tool_calls"


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": -5, "output_tokens": 1.5}, {"input_tokens": 10**30}])
def test_an_absurd_usage_is_unknown(usage: object) -> None:
    """Unknown is never zero, on this API as on the other."""
    assert not reply_from_body(response(usage=usage)).usage.known


@pytest.mark.parametrize("body", [[], {}, {"object": "chat.completion", "choices": []}, "text", None])
def test_what_is_no_response_is_unreadable(body: object) -> None:
    """Another object's JSON is not taken for an empty answer."""
    with pytest.raises(UnreadableReplyError):
        reply_from_body(body)


def test_a_cut_stream_holds_what_came_of_it() -> None:
    """Text and summary so far, not complete."""
    reply = read(EVENTS[:11]).reply()

    assert (reply.text, reply.reasoning_text, reply.complete) == ("The answer.", "**Planning**", False)


def test_events_that_come_again_count_once() -> None:
    """A stream that is followed from an earlier event adds only what is new."""
    reader = read(EVENTS[:11])
    reader.again()

    added = "".join(reader.feed(json.dumps(event), event["type"]) for event in EVENTS[3:])

    assert (added, reader.reply()) == ("", reply_from_body(OK))


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "ERR", "message": "Something went wrong", "param": None, "sequence_number": 1},
        {"type": "error", "error": {"message": "Something went wrong"}},
        {"error": {"message": "Something went wrong", "code": "ERR"}},
    ],
)
def test_an_error_event_is_a_fault_in_each_of_its_forms(event: dict[str, Any]) -> None:
    """Flat as documented, nested as seen in the wild, or without a type."""
    reader = ResponseReader()
    reader.feed(json.dumps(event), str(event.get("type", "")))

    assert reader.fault is not None
    assert reader.fault.message == "Something went wrong"


# ---- asking


def test_a_model_that_answers_on_responses_only_gets_that_api() -> None:
    """The pro models work without a flag: prompt, allowance and effort in this API's words, nothing stored."""
    made = build("o3-pro", "-e high --developer 'be brief'")

    assert made.api == "responses"
    assert made.body == {
        "model": "o3-pro",
        "input": [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hello"}],
        "reasoning": {"effort": "high"},
        "max_output_tokens": 25_000,
        "store": False,
    } | ({"stream": True} if made.model.streams else {})
    assert (made.effort, made.sent) == ("high", "[developer]\nbe brief\n\n[user]\nhello")


def test_chat_is_spoken_wherever_it_will_do() -> None:
    """A model of both APIs gets chat, unless a flag asks for what only the other has."""
    assert build("o3").api == "chat"
    assert build("o3", "--api responses").api == "responses"
    assert build("o3", "--summary auto").body["reasoning"] == {"summary": "auto"}
    assert build("o3", "--summary none").api == "chat"


def test_a_background_response_is_stored_and_no_other() -> None:
    """Only what has to be found again is kept at the endpoint; --param store says otherwise."""
    assert build("o3", "--background").body["store"] is True
    assert build("o3", "--background").body["background"] is True
    assert build("o3", "--api responses").body["store"] is False
    assert build("o3", "--api responses --param store=true").body["store"] is True


def test_parameters_go_where_this_api_has_them() -> None:
    """Verbosity and format belong to the text; what is not known goes through as it is."""
    line = "--api responses --param verbosity=low --param truncation=auto --param n=1 --param response_format="
    line += r"{\"type\":\"json_object\"}"

    body = build("gpt-5", line).body

    assert body["text"] == {"verbosity": "low", "format": {"type": "json_object"}}
    assert (body["truncation"], "n" in body, "response_format" in body) == ("auto", False, False)


def test_a_server_that_is_not_known_to_speak_it_gets_chat() -> None:
    """A gateway may serve a pro model on chat; what only the other API has is refused with the way to insist."""
    made = build("o3-pro", has_responses=False)

    assert (made.api, "messages" in made.body) == ("chat", True)
    assert build("o3-pro", "--api responses", has_responses=False).api == "responses"
    with pytest.raises(RequestError, match="--api responses"):
        build("o3", "--summary auto", has_responses=False)


@pytest.mark.parametrize(
    ("choice", "environ", "known"),
    [
        (None, {}, True),
        ("openai", {}, True),
        ("simulator:quota", {}, True),
        ("https://api.openai.com/v1", {}, True),
        ("https://me.openai.azure.com/openai/v1", {}, True),
        ("azure", {"AZURE_OPENAI_ENDPOINT": "https://mine.example"}, True),
        ("azure", {}, False),
        ("ollama", {}, False),
        ("http://localhost:8000/v1", {}, False),
        ("https://openai.azure.com.example.org/v1", {}, False),
        ("openai", {"OPENAI_BASE_URL": "http://localhost:8000/v1"}, False),
        (None, {"O1MAGIC_ENDPOINT": "https://openrouter.ai/api/v1"}, False),
        ("http://[", {}, False),
    ],
)
def test_who_is_known_to_speak_it(choice: str | None, environ: dict[str, str], known: object) -> None:
    """OpenAI, Azure and the simulator; nobody is asked."""
    assert apis.has_responses(choice, environ) is known


# ---- the whole, in a kernel


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Simulator]:
    """Start a simulator that outlives the kernels."""
    with Simulator(delay_s=0.2) as running:
        yield running


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start a kernel that holds a real-looking key."""
    with Kernel(tmp_path_factory.mktemp("asking"), OPENAI_API_KEY=KEY) as started:
        assert started.run("%load_ext o1magic").status == "ok"
        yield started


def rows(kernel: Kernel) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(kernel.environment["O1MAGIC_LEDGER"])) as ledger:
        ledger.row_factory = sqlite3.Row
        return [dict(row) for row in ledger.execute("select * from call order by seq")]


def test_a_pro_model_answers_in_a_cell(kernel: Kernel) -> None:
    """The cell of a model that answers on the Responses API alone needs no flag, and is settled like any other."""
    ran = kernel.run("%%o1 -m o3-pro\nIs 391 prime?")

    assert ran.status == "ok"
    assert "simulated · o3-pro" in ran.text("text/markdown")
    row = rows(kernel)[-1]
    assert (row["state"], row["finish_reason"], row["provider_id"][:5]) == ("settled", "stop", "resp_")
    assert row["reasoning_tokens"] > 0


def test_a_summary_stands_folded_above_the_answer(kernel: Kernel) -> None:
    """--summary is shown closed, kept apart from the text, once in the saved cell."""
    ran = kernel.run("%%o1 -m o3 --summary auto -o reply\nIs 391 prime?")

    shown = ran.text("text/markdown")
    assert shown.index("<details><summary>reasoning") < shown.index("Simulated summary") < shown.index("</details>")
    assert shown.index("</details>") < shown.index("Simulated answer")
    assert shown.count("Simulated summary") == 1
    said = kernel.run("print(reply.reasoning_text[:21], 'Simulated summary' in reply.text)").text()
    assert said == "**Simulated summary** False\n"


def test_a_hostile_summary_runs_nothing_and_stays_in_its_fold(
    asking: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """HTML in a summary is text, and cannot end the fold."""
    evil = "</details><script>alert(1)</script>\n\n</details>\n\n```\nopen"
    body = response(
        output=[{"type": "reasoning", "summary": [{"type": "summary_text", "text": evil}]}, OK["output"][1]]
    )
    server = serve(http(200, body))

    ran = asking.run(f"%%o1 -m o3 --api responses --summary auto --endpoint {server.url}\nHi")

    shown = ran.text("text/markdown")
    assert "<script" not in shown
    assert shown.count("</details>") == 1
    assert server.requests[0].line.startswith("POST /v1/responses ")
    assert server.requests[0].body["store"] is False


# (what the server does, state recorded, what is said)
MATRIX: list[tuple[str, list[Script], str, str]] = [
    ("stream cut", [sse(LINES[:11])], "partial", "may have been billed"),
    ("cut before a word", [sse(LINES[:3])], "unknown", "may have been billed"),
    ("error event", [sse([*LINES[:11], fixture("responses_stream_error_event")["sse_block"]])], "partial", "Someth"),
    ("failed", [http(200, response(status="failed", error=BROKE, output=[]))], "settled", "It broke."),
    ("cancelled", [http(200, response(status="cancelled", output=[], usage=None))], "settled", "stop"),
    ("incomplete", [http(200, fixture("responses_incomplete")["body"])], "settled", "300 of 300"),
    ("no output", [http(200, response(output=[]))], "settled", "no answer"),
    ("a chat completion", [http(200, fixture("chat_completion_ok")["body"])], "unknown", "not the API's"),
    ("effort refused", [http(400, fixture("error_reasoning_effort_value")["body"])], "failed", "-e/--effort"),
    ("not verified", [http(400, fixture("error_org_verification_reasoning_summary")["body"])], "failed", "verified"),
]  # fmt: skip


@pytest.mark.parametrize(("scripts", "state", "said"), [case[1:] for case in MATRIX], ids=[c[0] for c in MATRIX])
def test_a_fault_on_this_api_is_said_and_recorded_as_on_the_other(
    asking: Kernel, serve: Callable[..., FaultServer], scripts: list[Script], state: str, said: str
) -> None:
    """The cell fails in at most three lines, sent once, one row, no key in any byte."""
    before, server = len(rows(asking)), serve(*scripts)

    ran = asking.run(f"%%o1 -m o3 --api responses --endpoint {server.url}\nIs 391 prime?")

    assert ran.status == "error"
    assert 1 <= len(ran.error) <= 3
    assert said in " ".join(ran.error)
    assert KEY not in ran.everything
    assert [row["state"] for row in rows(asking)[before:]] == [state]
    assert len(server.requests) == 1


def test_a_failed_answer_shows_what_it_had_written(asking: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Text before a failure stays, marked as a part; what it cost is on record, since the endpoint said so."""
    server = serve(http(200, response(status="failed", error=BROKE)))

    ran = asking.run(f"%%o1 -m o3 --api responses --endpoint {server.url}\nIs 391 prime?")

    assert ran.status == "error"
    assert "The answer." in ran.text("text/markdown")
    assert "cut short" in ran.text("text/markdown")
    assert rows(asking)[-1]["cost_nano"] > 0


# ---- in the background


def test_a_cut_connection_does_not_cost_a_background_answer(kernel: Kernel, elsewhere: Simulator) -> None:
    """The stream breaks in its middle and is followed from the last event read: one row, settled, the whole text."""
    before = len(rows(kernel))
    url = elsewhere.scenario_url("cut-stream")

    ran = kernel.run(f"%%o1 -m o3 --api responses --background -o reply --endpoint {url}\nIs 391 prime?")

    assert ran.status == "ok", ran.error
    assert ran.text("text/markdown").count("Simulated answer") == 1
    assert "The question begins" in kernel.run("print(reply.text)").text()
    assert [row["state"] for row in rows(kernel)[before:]] == ["settled"]


def answering(*, after: int) -> Callable[[Connection], None]:
    """Return a script that streams the recorded events up to a number, and ends the connection."""
    return sse(LINES[:after])


def test_a_background_answer_is_asked_for_from_the_last_event_and_then_polled(
    asking: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """Where the server no longer streams it, its state is asked for until it has ended."""
    too_old = http(400, {"error": {"message": "This response can no longer be streamed.", "type": "x"}})
    server = serve(answering(after=11), too_old, http(200, response(status="in_progress", output=[])), http(200, OK))

    ran = asking.run(f"%%o1 -m o3 --api responses --background --endpoint {server.url}\nIs 391 prime?")

    assert ran.status == "ok", ran.error
    lines = [request.line.split()[:2] for request in server.requests]
    assert lines == [
        ["POST", "/v1/responses"],
        ["GET", f"/v1/responses/{OK['id']}?stream=true&starting_after=10"],
        ["GET", f"/v1/responses/{OK['id']}"],
        ["GET", f"/v1/responses/{OK['id']}"],
    ]
    assert rows(asking)[-1]["state"] == "settled"


def _wait_for(found: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_interrupt_cancels_the_response_and_records_what_is_known(
    asking: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """The endpoint is told to stop, and what it says it took is on record; the text so far stays."""
    cancelled = response(status="cancelled", output=[])
    server = serve(raw(HEAD, *(block.encode() + b"\n" for block in BLOCKS[:11]), then="hang"), http(200, cancelled))
    started = asking.start(f"%%o1 -m o3 --api responses --background --endpoint {server.url}\nIs 391 prime?")
    assert server.reached.wait(20)
    time.sleep(0.3)

    stopped = time.monotonic()
    asking.interrupt()
    ran = asking.finish(started)

    assert time.monotonic() - stopped < 2.0
    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert "cut short" in ran.text("text/markdown")
    assert server.requests[-1].line.startswith(f"POST /v1/responses/{OK['id']}/cancel ")
    row = rows(asking)[-1]
    assert (row["state"], row["completion_tokens"], row["estimated"]) == ("partial", 1035, 0)
    assert row["cost_nano"] > 0


def test_what_cannot_be_cancelled_stays_on_hold_and_is_resumed(
    asking: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """The endpoint does not answer to the cancel: the row stays open, and %o1 resume settles that very row."""
    server = serve(
        raw(HEAD, *(block.encode() + b"\n" for block in BLOCKS[:2]), then="hang"), http(500, b"no"), http(200, OK)
    )
    before = len(rows(asking))
    started = asking.start(f"%%o1 -m o3 --api responses --background --endpoint {server.url}\nIs 391 prime?")
    assert server.reached.wait(20)
    time.sleep(0.3)
    asking.interrupt()
    stopped = asking.finish(started)

    assert "%o1 resume" in " ".join(stopped.error)
    (row,) = rows(asking)[before:]
    assert (row["state"], row["provider_id"], row["closed_ms"]) == ("unknown", OK["id"], None)
    assert row["hold_nano"] > 0

    ran = asking.run(f"%o1 connect {server.url}\n%o1 resume")

    assert ran.status == "ok", ran.error
    assert "The answer." in ran.text("text/markdown")
    (row,) = rows(asking)[before:]
    assert (row["state"], row["completion_tokens"]) == ("settled", 1035)
    assert "No call" in " ".join(asking.run("%o1 resume").error)


@pytest.mark.parametrize("now", [True, False], ids=["killed", "shut down"])
def test_a_background_answer_outlives_its_kernel(tmp_path_factory: pytest.TempPathFactory, now: object) -> None:
    """The kernel is restarted while the answer is made; a new one fetches it: the same row, settled once."""
    folder = tmp_path_factory.mktemp("killed")
    with Simulator(delay_s=8) as simulator:
        with Kernel(folder) as first:
            first.run(f"%load_ext o1magic\n%o1 connect {simulator.base_url}\n%o1 spend")
            first.start("%%o1 -m o3 --api responses --background\nIs 391 prime?")
            _wait_for(lambda: any(row["provider_id"] for row in rows(first)))
            first.manager.restart_kernel(now=now)
        assert [row["closed_ms"] for row in rows(first)] == [None]

        with Kernel(folder) as second:
            second.run(f"%load_ext o1magic\n%o1 connect {simulator.base_url}")
            ran = second.run("%o1 resume", timeout=30)

    assert ran.status == "ok", ran.error
    assert "The question begins" in ran.text("text/markdown")
    (row,) = rows(first)
    assert (row["state"], row["finish_reason"], row["simulated"]) == ("settled", "stop", 1)


def test_a_call_is_resumed_at_its_own_endpoint_only(asking: Kernel, serve: Callable[..., FaultServer]) -> None:
    """The id, and the key beside it, go to no other host."""
    server = serve(raw(HEAD, *(block.encode() + b"\n" for block in BLOCKS[:2])), raw(then="hang"))
    other = serve(http(200, OK))
    asking.run(f"%%o1 -m o3 --api responses --background --timeout 1 --endpoint {server.url}\nIs 391 prime?")
    assert rows(asking)[-1]["state"] == "unknown"

    ran = asking.run(f"%o1 connect {other.url}\n%o1 resume")

    assert ran.status == "error"
    assert server.host in ran.error[0]
    assert other.requests == []
