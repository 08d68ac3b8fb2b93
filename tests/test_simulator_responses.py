"""The simulator's Responses endpoint, byte for byte against tests/wire."""

from __future__ import annotations

import json
import time

import pytest
from test_simulator import KEY, call, shape, wire

from o1magic.simulator import Simulator

PATH = "/v1/responses"
OURS = {"system_fingerprint"}


@pytest.fixture(scope="module")
def simulator():
    with Simulator(delay_s=0) as running:
        yield running


def ask(simulator, scenario=None, **changes):
    """Return status and parsed body of one request."""
    path = f"/scenario/{scenario}{PATH}" if scenario else PATH
    body = {"model": "o3", "input": "Is 391 prime?", **changes}
    status, _, data = call(simulator, body, path=path)
    return status, json.loads(data)


def get(simulator, rest, verb="GET"):
    status, _, data = call(simulator, None, path=f"{PATH}/{rest}", verb=verb)
    return status, data


def events(data):
    """Return the events of a stream, asserting that each is framed with its type, as the API frames it."""
    blocks = data.decode().removesuffix("\n\n").split("\n\n")
    found = []
    for block in blocks:
        kind, _, payload = block.partition("\n")
        found.append(json.loads(payload.removeprefix("data: ")))
        assert kind == f"event: {found[-1]['type']}"
    return found


def stream(simulator, **changes):
    body = {"model": "o3", "input": "Is 391 prime?", "stream": True, **changes}
    return events(call(simulator, body, path=PATH)[2])


def keys(value, **more):
    return {name: inner for name, inner in shape(value).items() if name not in OURS | set(more)}


def test_a_response_has_the_documented_shape(simulator):
    """Every key of the recorded object, at every depth, and the mark of the simulator."""
    status, body = ask(simulator, reasoning={"summary": "auto"})

    assert (status, keys(body)) == (200, shape(wire("responses_ok")["body"]))
    assert body["system_fingerprint"] == "o1magic-simulator"
    assert body["output"][1]["content"][0]["text"].startswith("Simulated answer: no model ran.")


def test_an_exhausted_allowance_has_the_documented_shape(simulator):
    """Incomplete, because of its allowance, with every token spent on reasoning."""
    expected = wire("responses_incomplete")["body"]

    _, body = ask(simulator, max_output_tokens=300)

    assert keys(body) == shape(expected)
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert body["usage"]["output_tokens_details"]["reasoning_tokens"] == body["usage"]["output_tokens"] == 300


def test_a_stream_has_the_documented_events_in_their_order(simulator):
    """The recorded order, with as many deltas as there are words, numbered from 0 without a gap."""
    recorded = events("\n".join(wire("responses_stream")["sse_blocks"]).encode() + b"\n")

    found = stream(simulator, reasoning={"summary": "auto"}, stream_options={"include_obfuscation": False})

    assert list(dict.fromkeys(event["type"] for event in found)) == list(dict.fromkeys(e["type"] for e in recorded))
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    by_type = {event["type"]: event for event in recorded}
    for event in found:
        assert event.keys() == by_type[event["type"]].keys(), event["type"]


def test_a_stream_adds_up_to_its_last_event(simulator):
    """The deltas are the text, and the last event holds the whole response with its usage."""
    found = stream(simulator)

    text = "".join(event["delta"] for event in found if event["type"] == "response.output_text.delta")
    last = found[-1]["response"]
    assert text == last["output"][1]["content"][0]["text"]
    assert last["usage"]["total_tokens"] == last["usage"]["input_tokens"] + last["usage"]["output_tokens"]
    assert all("obfuscation" in event for event in found if "delta" in event)


def test_both_apis_bill_the_same(simulator):
    """One formula: the same prompt takes the same reasoning on either."""
    _, _, data = call(simulator, {"model": "o3", "messages": [{"role": "user", "content": "Is 391 prime?"}]})
    chat = json.loads(data)["usage"]

    usage = ask(simulator)[1]["usage"]

    assert usage["input_tokens"] == chat["prompt_tokens"]
    reasoning = chat["completion_tokens_details"]["reasoning_tokens"]
    assert usage["output_tokens_details"]["reasoning_tokens"] == reasoning


REFUSED = {
    "a chat-only model": ({"model": "o1-preview"}, 404, "model", "v1/chat/completions"),
    "an unknown model": ({"model": "o99"}, 404, None, "does not exist"),
    "an unknown parameter": ({"seed": 1}, 400, "seed", "Unknown parameter"),
    "chat's parameter": ({"messages": []}, 400, "messages", "Unknown parameter"),
    "temperature": ({"temperature": 0.2}, 400, "temperature", "temperature"),
    "an effort": ({"reasoning": {"effort": "minimal"}}, 400, "reasoning.effort", "Supported values are"),
    "effort without reasoning": ({"model": "gpt-4o", "reasoning": {"effort": "low"}}, 400, "reasoning.effort", "not"),
    "a summary": ({"reasoning": {"summary": "long"}}, 400, "reasoning.summary", "Supported values are"),
    "a tier": ({"service_tier": "golden"}, 400, "service_tier", "Supported values are"),
    "no input": ({"input": None}, 400, "input", "Missing required parameter"),
    "a role": ({"input": [{"role": "robot", "content": "Hi"}]}, 400, "input[0].role", "Supported values"),
    "a small allowance": ({"max_output_tokens": 5}, 400, "max_output_tokens", ">= 16"),
    "a large allowance": ({"max_output_tokens": 10**6}, 400, "max_output_tokens", "at most"),
    "background, not stored": ({"background": True, "store": False}, 400, "store", "store"),
    "an earlier turn": ({"previous_response_id": "resp_1"}, 400, "previous_response_id", "does not simulate"),
}


@pytest.mark.parametrize(("changes", "status", "param", "said"), REFUSED.values(), ids=REFUSED)
def test_what_the_model_or_the_endpoint_refuses(simulator, changes, status, param, said):
    """The limits are the same as on chat, under the names this endpoint has for them."""
    found, body = ask(simulator, **changes)

    assert (found, body["error"]["param"]) == (status, param)
    assert said in body["error"]["message"]


def test_messages_and_parts_are_read_in_their_form(simulator):
    """Instructions, roles, text parts and images count as the same chat messages would."""
    parts = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "https://example.org/a.png"},
    ]

    _, body = ask(simulator, instructions="Be brief.", input=[{"role": "user", "content": parts}])

    said = body["output"][1]["content"][0]["text"]
    assert "Messages: 2 (1 developer, 1 user)" in said
    assert "Images: 1" in said


@pytest.mark.parametrize(
    ("scenario", "status", "output"),
    [
        ("failed", "failed", []),
        ("length", "incomplete", ["reasoning"]),
        ("content-filter", "incomplete", ["reasoning"]),
        ("refusal", "completed", ["reasoning", "message"]),
        ("null-content", "completed", ["reasoning"]),
        ("no-choices", "completed", []),
        ("no-usage", "completed", ["reasoning", "message"]),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_scenarios_play_here_too(simulator, scenario, status, output, streamed):
    """Each ends a response in its own way, streamed or not."""
    if streamed:
        data = call(simulator, {"model": "o3", "input": "Hi", "stream": True}, path=f"/scenario/{scenario}{PATH}")[2]
        body = events(data)[-1]["response"]
    else:
        body = ask(simulator, scenario)[1]

    assert (body["status"], [item["type"] for item in body["output"]]) == (status, output)
    assert (body["usage"] is None) == (scenario in ("no-usage", "failed"))


def test_a_chat_stream_can_fail_too(simulator):
    """An error object in the middle of the stream; without a stream, a 500."""
    body = {"model": "o3", "messages": [{"role": "user", "content": "Hi"}]}

    streamed = call(simulator, {**body, "stream": True}, path="/scenario/failed/v1/chat/completions")[2].decode()
    status = call(simulator, body, path="/scenario/failed/v1/chat/completions")[0]

    expected = wire("chat_stream_error_mid")["sse_lines"][0]
    assert shape(json.loads(streamed.split("\n\n")[-3].removeprefix("data: "))) == shape(json.loads(expected[6:]))
    assert status == 500


# ---- kept responses


@pytest.fixture
def slow():
    with Simulator(delay_s=4) as running:
        yield running


def test_a_background_response_goes_on_without_its_connection(slow):
    """Created at once as queued, then found by its id until it has ended."""
    status, body = ask(slow, background=True)
    assert (status, body["status"], body["usage"]) == (200, "queued", None)

    until = time.monotonic() + 10
    while (found := json.loads(get(slow, body["id"])[1]))["status"] != "completed":
        assert found["status"] in ("queued", "in_progress")
        assert time.monotonic() < until
        time.sleep(0.05)

    assert found["output"][1]["content"][0]["text"].startswith("Simulated answer")
    assert found["usage"]["output_tokens"] > 0


def test_a_kept_stream_is_followed_from_any_event(simulator):
    """The events past a number, and all of them without one."""
    found = stream(simulator, background=True)
    response_id = found[0]["response"]["id"]

    again = events(get(simulator, f"{response_id}?stream=true")[1])
    rest = events(get(simulator, f"{response_id}?stream=true&starting_after=7")[1])

    assert again == found
    assert rest == found[8:]


def test_a_cancelled_response_ends(slow):
    """Cancelled on request, its usage unknown, and so it stays."""
    response_id = ask(slow, background=True)[1]["id"]

    status, data = get(slow, f"{response_id}/cancel", verb="POST")

    body = json.loads(data)
    assert (status, body["status"], body["usage"]) == (200, "cancelled", None)
    time.sleep(0.2)
    assert json.loads(get(slow, response_id)[1])["status"] == "cancelled"


def test_what_is_not_kept_is_not_found(simulator):
    """An unknown id, and a response that was not to be stored, are a 404; what was waited for cannot be cancelled."""
    unstored, stored = ask(simulator, store=False)[1]["id"], ask(simulator)[1]["id"]

    assert get(simulator, "resp_none")[0] == 404
    assert get(simulator, unstored)[0] == 404
    assert get(simulator, stored)[0] == 200
    assert get(simulator, f"{stored}/cancel", verb="POST")[0] == 400
    assert get(simulator, f"{stored}?stream=true")[0] == 400
    assert get(simulator, stored, verb="POST")[0] == 405


def test_the_key_is_checked_here_too(simulator):
    """The scenario of a bad key refuses it on this endpoint as well."""
    status, body = ask(simulator, "bad-key")

    assert (status, KEY in body["error"]["message"]) == (401, False)
