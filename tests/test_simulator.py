"""The simulator over real HTTP, its error bodies against the ones collected in tests/wire."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from o1magic import catalog, tokens
from o1magic.errors import ArgumentError, ConfigError
from o1magic.simulator import SCENARIOS, Simulator, reasoning_tokens, serve
from o1magic.simulator.billing import has_reasoning_cue
from o1magic.simulator.errors import masked
from o1magic.simulator.findings import look

WIRE = Path(__file__).with_name("wire")
KEY = "sk-simul" + "x" * 39 + "0000"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
FIRST_WORDS = "Simulated answer: no model ran."


def wire(name):
    return json.loads((WIRE / f"{name}.json").read_text(encoding="utf-8"))


def chat(**changes):
    """Return a request that o3 accepts, with changes; a change to None leaves the key out."""
    body = {"model": "o3", "messages": [{"role": "user", "content": "Is 391 prime?"}], **changes}
    return {name: value for name, value in body.items() if value is not None}


@contextmanager
def connected(simulator):
    port = int(re.search(r":(\d+)/", simulator.base_url)[1])
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        yield connection


def call(simulator, body, *, path="/v1/chat/completions", verb="POST", headers=HEADERS):
    """Return status, headers and bytes of one request; `body` is JSON unless it is bytes already."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    with connected(simulator) as connection:
        connection.request(verb, path, body=data, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def post(simulator, scenario=None, **changes):
    """Return status and parsed body of one chat request."""
    path = f"/scenario/{scenario}/v1/chat/completions" if scenario else "/v1/chat/completions"
    status, _, data = call(simulator, chat(**changes), path=path)
    return status, json.loads(data)


def events(data):
    """Return the data of each server-sent event, asserting the framing of tests/wire."""
    text = data.decode("utf-8")
    assert text.endswith("\n\n")
    lines = text[:-2].split("\n\n")
    assert all(line.startswith("data: ") and "\n" not in line for line in lines)
    return [line.removeprefix("data: ") for line in lines]


def shape(value):
    """Return the keys of a JSON value at every depth, without its values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def text_of(body):
    return body["choices"][0]["message"]["content"]


@pytest.fixture(scope="module")
def simulator():
    with Simulator(delay_s=0) as running:
        yield running


# The documented errors.

SYSTEM = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
WEB = {"search_context_size": "low"}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}

DOCUMENTED = {
    "error_max_tokens_unsupported_o1_o3_gpt5": {"model": "o1-preview", "max_tokens": 40},
    "error_system_role_o1_preview_o1_mini": {"model": "o1-mini", "messages": SYSTEM},
    "error_temperature_value_o1_preview_o3_gpt5": {"model": "o3", "temperature": 0.2},
    "error_temperature_param_o1_o3_mini": {"model": "o1", "temperature": 0.2},
    "error_stream_o1_preview_beta": {"model": "o1-preview", "stream": True},
    "error_tools_o1_preview_beta": {"model": "o1-preview", "tools": [{"type": "function"}]},
    "error_functions_o1_preview_beta": {"model": "o1-mini", "functions": [{"name": "f"}]},
    "error_response_format_o1_preview_beta": {"model": "o1-preview", "response_format": JSON_SCHEMA},
    "error_reasoning_effort_non_reasoning_model": {"model": "gpt-4o", "reasoning_effort": "low"},
    "error_parallel_tool_calls_o_series": {"model": "o1", "parallel_tool_calls": False},
    "error_responses_only_model_on_chat": {"model": "o3-pro"},
}


@pytest.mark.parametrize(("name", "changes"), DOCUMENTED.items(), ids=DOCUMENTED)
def test_documented_error(simulator, name, changes):
    """A request beyond a model's limits gets the documented status and body."""
    expected = wire(name)

    status, body = post(simulator, **changes)

    assert (expected["http_status"], expected["body"]) == (status, body)


# Fixture, request, and what in the fixture's text stands for this request's own numbers and names.
ADAPTED = {
    "error_unknown_parameter": ({"web_search": WEB}, {"web_search_options": "web_search"}),
    "error_model_not_found": ({"model": "o9-preview"}, {"o1-preview": "o9-preview"}),
    "error_reasoning_effort_value": (
        {"model": "gpt-5.1", "reasoning_effort": "minimal"},
        {"reasoning.effort": "reasoning_effort"},
    ),
    "error_max_tokens_too_large": (
        {"model": "o1-preview", "max_completion_tokens": 40000},
        {"max_tokens": "max_completion_tokens"},
    ),
}


@pytest.mark.parametrize(("name", "changes", "names"), [(n, *a) for n, a in ADAPTED.items()], ids=ADAPTED)
def test_documented_error_with_names(simulator, name, changes, names):
    """A documented error names the parameter, value and model of this request."""
    expected = json.dumps(wire(name)["body"])
    for seen, here in names.items():
        expected = expected.replace(seen, here)

    status, body = post(simulator, **changes)

    assert (wire(name)["http_status"], json.loads(expected)) == (status, body)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (
            "error_context_length_exceeded_input",
            {"messages": [{"role": "user", "content": "one two " * 70_000}]},
        ),
        (
            "error_context_length_exceeded_input_plus_output",
            {"messages": [{"role": "user", "content": "one two " * 50_000}], "max_completion_tokens": 32768},
        ),
    ],
)
def test_context_length(simulator, name, changes):
    """A prompt that does not fit the window is refused with this request's numbers, which add up."""
    status, body = post(simulator, model="o1-preview", **changes)

    expected = wire(name)
    numbers = [int(n) for n in re.findall(r"\d+", body["error"]["message"])]
    assert expected["http_status"] == status
    assert re.sub(r"\d+", "N", json.dumps(expected["body"])) == re.sub(r"\d+", "N", json.dumps(body))
    assert numbers[0] == 128_000
    assert numbers[1] > 128_000
    assert numbers[2:] in ([], [numbers[1] - 32768, 32768])


# Each scenario that answers with one of the documented errors.
SCENARIO_ERRORS = {
    "quota": "error_insufficient_quota",
    "overloaded": "error_overloaded_2026",
    "server-error": "error_server_error_500",
    "bad-key": "error_invalid_api_key",
}


@pytest.mark.parametrize(("scenario", "name"), SCENARIO_ERRORS.items())
@pytest.mark.parametrize("stream", [True, None])
def test_scenario_error(simulator, scenario, name, stream):
    """A scenario's error is the documented one, as plain JSON even when a stream was asked for."""
    expected = wire(name)

    status, body = post(simulator, scenario, stream=stream)

    assert (expected["http_status"], expected["body"]) == (status, body)


@pytest.mark.parametrize("scenario", ["rate-limit", "rate-limit-forever"])
def test_rate_limit_error(simulator, scenario):
    """A rate limit has the documented body with its own numbers, and Retry-After: 1."""
    expected = wire("error_rate_limit_rpm")["body"]["error"]

    status, headers, data = call(simulator, chat(model="gpt-4o-mini"), path=f"/scenario/{scenario}/v1/chat/completions")

    error = json.loads(data)["error"]
    assert (status, headers["Retry-After"]) == (429, "1")
    message = expected["message"].replace("org-XXXX", "org-simulator").replace("20s", "1s")
    assert {**expected, "message": message} == error


@pytest.mark.parametrize(("scenario", "status"), [("rate-limit", 429), ("server-error", 500)])
def test_fails_once(simulator, scenario, status):
    """A scenario that fails once fails the first try of each distinct request and no other."""
    asked = [post(simulator, scenario, seed=seed)[0] for seed in (1, 1, 2, 1, 2)]

    assert [status, 200, status, 200, 200] == asked


# Documented errors that no request and no scenario of the simulator leads to, and why.
NOT_PLAYED = {
    "error_invalid_prompt_policy": "there is no policy model",
    "error_model_error_500_o1_preview": "server-error covers the status",
    "error_model_shut_down": "retired models are served",
    "error_not_a_chat_model": "the catalog holds chat and responses models only",
    "error_org_verification_reasoning_summary": "Responses only",
    "error_org_verification_stream": "there are no organisations",
    "error_output_limit_reached_400": "the length answer is the form seen most",
    "error_overloaded_503": "the wording of 2023",
    "error_rate_limit_tpm": "rate-limit plays the requests form",
    "error_request_too_large_tpm": "there are no tiers",
    "error_unrecognized_arguments_plural": "the wording of 2023",
}


def test_every_documented_error_is_accounted_for():
    """Each error in tests/wire is either played, or named with the reason why not."""
    played = {
        *DOCUMENTED,
        *ADAPTED,
        *SCENARIO_ERRORS.values(),
        "error_rate_limit_rpm",
        "error_unknown_url_404",
    }
    played |= {"error_context_length_exceeded_input", "error_context_length_exceeded_input_plus_output"}

    assert {file.stem for file in WIRE.glob("error_*.json")} == played | set(NOT_PLAYED)


# Requests that are wrong in themselves.


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"model": 5}, "model", "invalid_type"),
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": "hi"}, "messages", "invalid_type"),
        ({"messages": [7]}, "messages[0]", "invalid_type"),
        ({"messages": [{"role": "boss", "content": ""}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": ["user"], "content": ""}]}, "messages[0].role", "invalid_type"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", "invalid_type"),
        ({"max_completion_tokens": 0}, "max_completion_tokens", "integer_below_min_value"),
        ({"max_completion_tokens": True}, "max_completion_tokens", "invalid_type"),
        ({"max_completion_tokens": 10**30}, "max_completion_tokens", None),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"reasoning_effort": ["low"]}, "reasoning_effort", "invalid_type"),
        ({"reasoning_effort": "ultra"}, "reasoning_effort", "unsupported_value"),
        ({"model": "o1-mini", "reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter"),
        ({"model": "o1-preview", "temperature": 0.0}, "temperature", "unsupported_value"),
        ({"model": "o1-preview", "presence_penalty": 0.5}, "presence_penalty", "unsupported_value"),
        ({"model": "o1-preview", "n": 2}, "n", "unsupported_value"),
        ({"model": "o1-preview", "logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"model": "o3", "stop": "x"}, "stop", "unsupported_parameter"),
        ({"model": "gpt-4o", "temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"model": "gpt-4o", "n": 2}, "n", "not_simulated"),
        ({"model": "gpt-4o", "max_tokens": 5, "max_completion_tokens": 5}, "max_completion_tokens", None),
        ({"temperatur": 1}, "temperatur", "unknown_parameter"),
        ({"\ud800": 1}, "\ufffd", "unknown_parameter"),
        ({"model": "o1-preview", "temperature": True}, "temperature", "unsupported_value"),
    ],
)
def test_wrong_request(simulator, changes, param, code):
    """A wrong request gets a 400 with the four keys, naming the parameter."""
    status, body = post(simulator, **changes)

    assert status == 400
    assert {"message", "type", "param", "code"} == set(body["error"])
    assert param == body["error"]["param"]
    assert code in (None, body["error"]["code"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"model": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[]",
        b'"o1"',
        b"null",
        b"9" * 5000,
    ],
    ids=range(10),
)
def test_malformed_json(simulator, body):
    """A body that is not a JSON object gets a 400 with the four keys, and the server lives on."""
    status, headers, data = call(simulator, body)

    assert (status, json.loads(data)["error"]["code"]) == (400, "invalid_json")
    assert headers["Content-Type"] == "application/json"
    assert post(simulator)[0] == 200


@pytest.mark.parametrize("model", ["o1-preview", "o1-mini", "o3-mini"])
def test_images_to_a_text_only_model(simulator, model):
    """A text-only model refuses an image; a model with vision bills a flat 85 tokens for it."""
    parts = [
        {"type": "text", "text": "Is 391 prime?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    messages = [{"role": "user", "content": parts}]

    status, body = post(simulator, model=model, messages=messages)
    seen = post(simulator, messages=messages)[1]["usage"]["prompt_tokens"]

    assert (status, body["error"]["param"]) == (400, "messages[0].content[1].type")
    assert seen == post(simulator)[1]["usage"]["prompt_tokens"] + 85


def test_fixed_values_are_allowed(simulator):
    """A parameter that takes one value takes that one, and null means left out."""
    fixed = {"temperature": 1, "top_p": 1.0, "n": 1, "presence_penalty": 0, "frequency_penalty": 0}

    status, _, data = call(
        simulator, chat(model="o1-preview", **fixed) | {"tools": None, "stream": False, "max_tokens": None}
    )

    assert status == 200, data


# Keys, hosts, verbs, addresses, framing.


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc"])
def test_missing_key(simulator, value):
    """A header without a bearer key gets a 401; any non-empty key, or no header at all, will do."""
    status, _, data = call(simulator, chat(), headers={"Authorization": value})
    assert call(simulator, chat(), headers={})[0] == 200
    accepted = call(simulator, chat(), headers={"Authorization": "bearer x"})[0]

    assert (status, accepted) == (401, 200)
    assert json.loads(data)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("key", ["x", "sk-short", "sk-" + "a" * 17, KEY, "sk-proj-" + "b" * 500])
def test_no_key_is_echoed(key):
    """A key is never echoed whole, and never more than half of it."""
    shown = masked(key)

    assert key not in shown
    assert sum(char != "*" for char in shown) <= len(key) / 2
    assert len(shown) <= 51


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "169.254.1.1"])
def test_foreign_host_is_refused(simulator, host):
    """A request whose Host is not this machine is refused, and no reply allows another origin."""
    status, headers, _ = call(simulator, chat(), headers={**HEADERS, "Host": host, "Origin": "http://a.example"})

    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("host", ["localhost:1", "LOCALHOST", "[::1]:80", "127.0.0.1"])
def test_loopback_host_is_served(simulator, host):
    """Any name of this machine is served, at any port: it may be forwarded."""
    assert call(simulator, chat(), headers={**HEADERS, "Host": host})[0] == 200


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/chat/completions", "POST"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
        ("POST", "/v1/models", "GET"),
        ("PUT", "/v1/models/o3", "GET"),
        ("BREW", "/v1/models", None),
    ],
)
def test_wrong_verb(simulator, verb, path, allowed):
    """A wrong verb gets a 405 in the API's error form, which names the right one."""
    status, headers, data = call(simulator, None, path=path, verb=verb)

    assert (405, allowed) == (status, headers["Allow"])
    assert {"message", "type", "param", "code"} == set(json.loads(data)["error"])


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/response", "/v1/responses/x/y", "/v1/chat/completions/", "/chat/completions?x=1"]
)
def test_wrong_address(simulator, path):
    """An address that does not exist gets the documented 404."""
    expected = wire("error_unknown_url_404")

    status, _, data = call(simulator, b"{}", path=path)

    old = "/deployments/o1-preview/chat/completions?api-version=undefined"
    assert expected["http_status"] == status
    assert json.loads(json.dumps(expected["body"]).replace(old, path)) == json.loads(data)


def test_unknown_scenario(simulator):
    """A scenario that does not exist is a 404 over HTTP and an ArgumentError in Python."""
    status, body = post(simulator, "rate-limt")

    assert (status, body["error"]["code"]) == (404, "unknown_scenario")
    with pytest.raises(ArgumentError, match="rate-limit"):
        Simulator(scenario="rate-limt")
    with pytest.raises(ArgumentError):
        simulator.scenario_url("nope")


def test_scenario_by_header(simulator):
    """A call may name its scenario in a header as well as in the address."""
    status, _, _ = call(simulator, chat(), headers={**HEADERS, "x-o1magic-scenario": "quota"})

    assert status == 429


def test_connection_is_kept(simulator):
    """Requests follow each other on one connection, refusals among them."""
    with connected(simulator) as connection:
        statuses = []
        for body in (chat(), chat(n=2), chat(stream=True), chat()):
            connection.request("POST", "/v1/chat/completions", json.dumps(body), HEADERS)
            response = connection.getresponse()
            response.read()
            statuses.append((response.status, connection.sock is not None))

    assert statuses == [(200, True), (400, True), (200, True), (200, True)]


def test_chunked_request_body(simulator):
    """A request body may come in chunks."""
    with connected(simulator) as connection:
        parts = [b'{"model": "o3", ', b'"messages": [{"role": "user", "content": "Hi"}]}']
        connection.request("POST", "/v1/chat/completions", iter(parts), HEADERS, encode_chunked=True)

        assert connection.getresponse().status == 200


def raw(simulator, data):
    """Return all that comes back for these bytes."""
    port = int(re.search(r":(\d+)/", simulator.base_url)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: -1",
        "Content-Length: many",
        "Content-Length: 2\r\nContent-Length: 3",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Transfer-Encoding: chunked\r\n\r\nzz",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nabc",
    ],
)
def test_wrong_framing(simulator, head):
    """A body whose length nobody can tell gets a 400, and the connection ends."""
    reply = raw(simulator, f"POST /v1/models HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())

    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in reply


@pytest.mark.parametrize("line", [b"nonsense", b"GET / HTTP/9.9", b"GET  / / HTTP/1.1"])
def test_bad_request_line(simulator, line):
    """A request line that is not HTTP is answered in JSON, not in HTML."""
    reply = raw(simulator, line + b"\r\nHost: localhost\r\n\r\n")

    assert b"<" not in reply
    assert b'{"error":{"message":' in reply


def test_too_large_a_body(simulator):
    """A body over the cap gets a 413 that arrives, whether its length is announced or comes in chunks."""
    announced = raw(
        simulator,
        b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 2 * 10**7,
    )
    in_chunks = raw(
        simulator,
        b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5F5E0FF\r\n",
    )

    assert announced.startswith(b"HTTP/1.1 413 ")
    assert in_chunks.startswith(b"HTTP/1.1 413 ")


def test_http_1_0_stream(simulator):
    """A client that knows no chunks gets a stream that ends with the connection."""
    body = json.dumps(chat(stream=True)).encode()
    head = "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer x\r\n"

    reply = raw(simulator, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    assert reply.endswith(b"\n\ndata: [DONE]\n\n")
    assert b"chunked" not in reply


# The answer.


def test_completion_has_the_documented_shape(simulator):
    """A completion has the documented keys, and says in two places that it is simulated."""
    status, headers, data = call(simulator, chat())

    body = json.loads(data)
    assert status == 200
    assert shape(wire("chat_completion_ok")["body"]) == shape(body)
    assert body["system_fingerprint"] == "o1magic-simulator"
    assert headers["x-o1magic-simulated"] == "1"
    assert text_of(body).splitlines()[0].startswith(FIRST_WORDS)


def test_usage_adds_up(simulator):
    """The usage block counts the real prompt, the documented reasoning and the text that is there."""
    body = post(simulator, reasoning_effort="high")[1]

    usage = body["usage"]
    prompt = tokens.count_messages(chat()["messages"], "o200k_base").tokens
    reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
    visible = tokens.count(text_of(body), "o200k_base").tokens
    assert prompt == usage["prompt_tokens"]
    assert reasoning_tokens(prompt, "high", has_cue=False) == reasoning
    assert reasoning + visible == usage["completion_tokens"]
    assert prompt + reasoning + visible == usage["total_tokens"]


@pytest.mark.parametrize("scenario", [None, "length"])
def test_length(simulator, scenario):
    """An allowance that reasoning uses up gives the documented empty answer, billed whole."""
    expected = wire("chat_completion_length_empty")["body"]

    status, body = post(simulator, scenario, model="o1-preview", max_completion_tokens=300)

    usage = body["usage"]
    assert status == 200
    assert expected["choices"] == body["choices"]
    assert shape(expected["usage"]) == shape(usage)
    assert usage["completion_tokens_details"]["reasoning_tokens"] == usage["completion_tokens"] == 300
    assert usage["total_tokens"] == usage["prompt_tokens"] + 300


def test_cut_answer(simulator):
    """An allowance that ends within the text cuts the text, and all of the allowance is billed."""
    whole = post(simulator)[1]
    allowance = whole["usage"]["completion_tokens"] - 40

    body = post(simulator, max_completion_tokens=allowance)[1]

    text = text_of(body)
    assert body["choices"][0]["finish_reason"] == "length"
    assert allowance == body["usage"]["completion_tokens"]
    assert text.startswith(FIRST_WORDS)
    assert 0 < tokens.count(text, "o200k_base").tokens <= allowance


@pytest.mark.parametrize(("model", "effort"), [("gpt-4o", None), ("gpt-5.1", "none"), ("gpt-5.1", None)])
def test_no_reasoning_bills_none(simulator, model, effort):
    """A model that does not reason, or not at this effort, bills no reasoning tokens."""
    body = post(simulator, model=model, reasoning_effort=effort)[1]

    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


@pytest.mark.parametrize("effort", ["minimal", "low", None, "medium", "high", "xhigh", "max"])
@pytest.mark.parametrize("prompt", [0, 1, 7, 100, 1269, 50_000, 1_000_000])
def test_reasoning_formula(prompt, effort):
    """A chain-of-thought cue bills 20 to 80 % more, a longer prompt and a higher effort never less."""
    plain, cued = (reasoning_tokens(prompt, effort, has_cue=cue) for cue in (False, True))

    assert 1.2 <= cued / plain <= 1.8
    assert reasoning_tokens(prompt + 10_000, effort, has_cue=False) > plain
    assert reasoning_tokens(prompt, "minimal", has_cue=False) <= plain <= 128_000
    assert reasoning_tokens(prompt, "none", has_cue=True) == 0


@pytest.mark.parametrize(
    "text",
    [
        "Think step by step.",
        "Please reason about this carefully, step-by-step!",
        "Let’s think.",
        "请一步一步思考。",
        "단계별로 생각해 주세요.",
        "ステップバイステップで考えてください",
        "Bitte denke Schritt für Schritt.",
    ],
)
def test_cue(simulator, text):
    """A chain-of-thought cue is seen in several languages, billed, and reported."""
    plain = post(simulator)[1]
    cued = post(simulator, messages=[{"role": "user", "content": "Is 391 prime? " + text}])[1]

    reasoning = [body["usage"]["completion_tokens_details"]["reasoning_tokens"] for body in (plain, cued)]
    assert reasoning[1] >= 1.2 * reasoning[0]
    assert "chain-of-thought cue" in text_of(cued)
    assert "chain-of-thought cue" not in text_of(plain)


def test_content_is_not_a_cue():
    """Steps that are the subject of the prompt are no cue."""
    assert not has_reasoning_cue("Explain photosynthesis step by step. Write a step-by-step recipe.")


@pytest.mark.parametrize("at", [0, 300_000])
def test_cue_in_a_long_prompt(at):
    """A cue at either end of a prompt of megabytes is seen, at no noticeable cost."""
    started = time.process_time()

    assert has_reasoning_cue("work " * at + "Think step by step." + "work " * (300_000 - at))
    assert time.process_time() - started < 0.5


def test_report(simulator):
    """The report names the roles, tokens, delimited parts with their sizes, and the question's words."""
    text = "Refactor this:\n```jsx\nconst a = 1;\n```\n<data>\nx,y\n1,2\n</data>\n한국어로 답하세요"
    messages = [{"role": "developer", "content": "# Style\nBe brief."}, {"role": "user", "content": text}]

    report = text_of(post(simulator, messages=messages, max_completion_tokens=9000)[1])

    assert "- Messages: 2 (1 developer, 1 user)" in report
    assert "- Effort: medium (the default)" in report
    assert "- Allowance: 9,000 tokens" in report
    assert "- Code fence `jsx`: 1 line, 13 characters" in report
    assert "- Section in the tag `data`: 4 lines, 9 characters" in report
    assert "- Headings: 1" in report
    assert "Hangul" in report
    assert "Refactor this:" in report.split("question begins")[1]


HOSTILE = [
    "``` ```` ``````\n```\nunclosed `",
    "</data><script>alert(1)</script><data>",
    "\ud800 lone \udfff",
    "\x00\x1b[31m\u202e\u200b\x85\u2028",
    "`" * 5000,
    "<" * 50_000,
    "<a>" * 30_000,
    "# \n" * 10_000,
    "{{x}} {os.environ[HOME]} $x$ \\( y \\)",
    "",
    " \n\t",
    "a" * 300_000,
    "🏳️‍🌈" * 1000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("stream", [True, None])
def test_any_prompt_gives_sound_markdown(simulator, text, stream):
    """Whatever the prompt holds, the answer is valid UTF-8, its Markdown has no HTML, fence, open span."""
    from markdown_it import MarkdownIt

    path = "/v1/chat/completions"
    status, _, data = call(simulator, chat(messages=[{"role": "user", "content": text}], stream=stream), path=path)

    assert status == 200, data
    if stream:
        chunks = [json.loads(event) for event in events(data)[:-1]]
        report = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    else:
        report = text_of(json.loads(data.decode("utf-8")))
    parsed = MarkdownIt().parse(report)
    inline = [child for token in parsed for child in token.children or []]
    assert report.startswith(FIRST_WORDS)
    assert not {"fence", "code_block", "html_block", "heading_open"} & {token.type for token in parsed}
    assert not {"html_inline", "link_open", "image"} & {token.type for token in inline}
    assert not [token for token in inline if token.type == "text" and "`" in token.content]
    assert not [char for char in report if (ord(char) < 32 and char != "\n") or 0xD800 <= ord(char) <= 0xDFFF]
    assert parsed[-2].children[0].type in ("code_inline", "text")
    assert len(report) < 4000


def test_look_reads_nested_and_open_parts():
    """A fence inside a longer fence is its content, an open one says so, and only outermost tags count."""
    found = look("````md\n```js\nx\n```\n````\n<a><a>1</a></a>\n~~~\nopen")

    assert [(part.name, part.lines, part.closed) for part in found.fences] == [
        ("md", 3, True),
        ("", 1, False),
    ]
    assert [(part.name, part.lines, part.chars) for part in found.tags] == [("a", 1, 8)]


def test_retired_models_are_served(simulator):
    """Every chat model of the catalog answers, retired or not, under its dated name too."""
    for name, model in catalog.load().models.items():
        status, body = post(simulator, model=name)
        assert (200 if "chat" in model.apis else 404) == status, body
    status, body = post(simulator, model="o1-preview-2024-09-12")

    assert (status, body["model"]) == (200, "o1-preview-2024-09-12")


def test_models(simulator):
    """The model list has the documented shape, with the shutdown dates of the catalog."""
    status, _, data = call(simulator, None, path="/v1/models", verb="GET")
    one = json.loads(call(simulator, None, path="/v1/models/o3", verb="GET")[2])
    missing = call(simulator, None, path="/v1/models/o9", verb="GET")[0]

    listed = json.loads(data)
    known = catalog.load().models
    assert (status, missing) == (200, 404)
    assert shape(wire("models_list")["body"]) == shape(listed)
    assert {name: m.shutdown and m.shutdown.isoformat() for name, m in known.items()} == {
        model["id"]: model["shutdown_date"] for model in listed["data"]
    }
    assert one in listed["data"]


# Streams.


def stream(simulator, scenario=None, **changes):
    path = f"/scenario/{scenario}/v1/chat/completions" if scenario else "/v1/chat/completions"
    _, headers, data = call(simulator, chat(stream=True, **changes), path=path)
    return headers, events(data)


def test_stream_is_as_documented(simulator):
    """A stream has the documented chunks in the documented order, and says what the plain answer says."""
    expected = [json.loads(line[6:]) for line in wire("chat_stream_include_usage")["sse_lines"][:-1]]

    headers, lines = stream(simulator, stream_options={"include_usage": True})
    plain = post(simulator)[1]

    chunks = [json.loads(line) for line in lines[:-1]]
    first, *words, last, usage = chunks
    assert wire("chat_stream_include_usage")["headers"]["content-type"] == headers["Content-Type"]
    assert lines[-1] == "[DONE]"
    assert [list(chunk) for chunk in (expected[0], expected[1], expected[-2], expected[-1])] == [
        list(chunk) for chunk in (first, words[0], last, usage)
    ]
    assert expected[0]["choices"] == first["choices"]
    assert expected[-2]["choices"] == last["choices"]
    assert usage["choices"] == []
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert usage["usage"] == plain["usage"]
    assert text_of(plain) == "".join(chunk["choices"][0]["delta"]["content"] for chunk in words)
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_stream_without_options(simulator):
    """Without include_usage there is no usage anywhere; include_obfuscation false takes the padding away."""
    bare = stream(simulator)[1]
    unpadded = stream(simulator, stream_options={"include_obfuscation": False})[1]

    assert not [line for line in bare if '"usage"' in line]
    assert all('"obfuscation"' in line for line in bare[:-1])
    assert not [line for line in unpadded if '"obfuscation"' in line]


def test_time_passes():
    """An answer takes no longer than delay_s, and a stream is silent while it thinks."""
    with Simulator(delay_s=0.4) as slower, connected(slower) as connection:
        started = time.monotonic()
        body = json.dumps(
            chat(stream=True, reasoning_effort="high", messages=[{"role": "user", "content": "x " * 9999}])
        )
        connection.request("POST", "/v1/chat/completions", body, HEADERS)
        response = connection.getresponse()
        headers_s = time.monotonic() - started
        response.readline()
        first_s = time.monotonic() - started
        response.read()

    assert first_s - headers_s > 0.2
    assert time.monotonic() - started < 2


# The other scenarios.


@pytest.mark.parametrize(
    ("scenario", "name"),
    [("refusal", "chat_completion_refusal"), ("content-filter", "chat_completion_content_filter")],
)
def test_named_states(simulator, scenario, name):
    """A refusal and a filtered answer have the documented shape, null content among it."""
    expected = wire(name)["body"]["choices"][0]

    body = post(simulator, scenario)[1]

    choice = body["choices"][0]
    assert shape(expected) == shape(choice)
    assert expected["finish_reason"] == choice["finish_reason"]
    assert choice["message"]["content"] is None
    assert (expected["message"]["refusal"] is None) == (choice["message"]["refusal"] is None)
    assert body["usage"]["completion_tokens"] >= body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_streamed_refusal(simulator):
    """A refusal is streamed in its own field."""
    deltas = [json.loads(line)["choices"][0]["delta"] for line in stream(simulator, "refusal")[1][:-1]]

    assert "".join(delta.get("refusal") or "" for delta in deltas).startswith("Simulated refusal")
    assert not [delta for delta in deltas if delta.get("content")]


def test_bare_scenarios(simulator):
    """Usage, content and choices go missing each in its scenario, plain and streamed."""
    asked = {"stream_options": {"include_usage": True}}

    assert "usage" not in post(simulator, "no-usage")[1]
    assert text_of(post(simulator, "null-content")[1]) is None
    assert post(simulator, "no-choices")[1]["choices"] == []
    assert not [line for line in stream(simulator, "no-usage", **asked)[1] if '"usage":{' in line]
    assert len(stream(simulator, "null-content", **asked)[1]) == 4
    assert ['"choices":[]' in line for line in stream(simulator, "no-choices", **asked)[1]] == [True, False]


def test_cut_stream(simulator):
    """The connection ends in the middle of the answer, streamed or plain."""
    path = "/scenario/cut-stream/v1/chat/completions"

    with pytest.raises(http.client.IncompleteRead) as cut:
        call(simulator, chat(stream=True), path=path)
    with pytest.raises(http.client.IncompleteRead) as half:
        call(simulator, chat(), path=path)

    assert FIRST_WORDS.split(maxsplit=1)[0].encode() in cut.value.partial
    assert b"[DONE]" not in cut.value.partial
    assert b"chat.completion" in half.value.partial


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models"])
def test_proxies(simulator, path):
    """Something between client and API answers in its own way, whatever is asked."""
    replies = {
        name: call(simulator, chat(), path=f"/scenario/{name}{path}", headers={})
        for name in ("html", "redirect", "empty", "garbage")
    }

    assert {n: r[0] for n, r in replies.items()} == {
        "html": 200,
        "redirect": 302,
        "empty": 200,
        "garbage": 200,
    }
    assert replies["html"][1]["Content-Type"].startswith("text/html")
    assert b"<title>" in replies["html"][2]
    assert replies["redirect"][1]["Location"] == "http://portal.invalid/login"
    assert replies["empty"][2] == b""
    with pytest.raises(ValueError, match="utf-8"):
        json.loads(replies["garbage"][2])


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"slow", "cut-stream", "bad-json"}))
def test_every_scenario_does_something(simulator, name):
    """Each scenario has one sentence, and its reply differs from the usual one."""
    usual = call(simulator, chat(user="usual"))
    played = call(simulator, chat(user="usual"), path=f"/scenario/{name}/v1/chat/completions")

    own = re.compile(rb'"(?:id|created)":"?[\w-]+')
    assert SCENARIOS[name].endswith(".")
    assert (usual[0], own.sub(b"", usual[2])) != (played[0], own.sub(b"", played[2]))


def test_server_wide_scenario():
    """A simulator started with a scenario plays it at its plain address."""
    with Simulator(scenario="quota", delay_s=0) as running:
        assert post(running)[0] == 429


# Life.


def in_flight(simulator, body, path):
    """Send a request on a thread; return the list that its outcome will be in, and the thread."""
    outcome = []

    def ask():
        try:
            outcome.append(call(simulator, body, path=path)[0])
        except (OSError, http.client.HTTPException) as fault:
            outcome.append(type(fault).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    return outcome, thread


@pytest.mark.parametrize("streamed", [True, None])
def test_stop_is_quick(streamed):
    """Stopping ends a slow call in flight and returns in under half a second, and the port is free."""
    running = Simulator(delay_s=0)
    running.start()
    port = int(re.search(r":(\d+)/", running.base_url)[1])
    outcome, thread = in_flight(running, chat(stream=streamed), "/scenario/slow/v1/chat/completions")
    fast = [post(running)[0] for _ in range(3)]
    started = time.monotonic()

    running.stop()

    took_s = time.monotonic() - started
    thread.join(2)
    assert fast == [200, 200, 200]
    assert took_s < 0.5
    assert outcome
    assert outcome[0] != 200
    with Simulator(port, delay_s=0) as again:
        assert post(again)[0] == 200


def test_slow_takes_its_time():
    """The slow scenario answers in the end, while other calls are answered at once."""
    with Simulator(delay_s=0, slow_s=0.5) as running:
        started = time.monotonic()
        outcome, thread = in_flight(running, chat(), "/scenario/slow/v1/chat/completions")
        assert post(running)[0] == 200
        assert not outcome
        thread.join(5)

    assert outcome == [200]
    assert time.monotonic() - started >= 0.5


def test_a_client_that_leaves_is_noticed_quietly(capfd, caplog):
    """A client that hangs up frees its thread within moments, and nothing is printed or logged."""
    with Simulator(delay_s=0) as running:
        before = threading.active_count()
        with connected(running) as connection:
            body = json.dumps(chat())
            connection.request("POST", "/scenario/slow/v1/chat/completions", body, HEADERS)
            until = time.monotonic() + 3
            while threading.active_count() == before and time.monotonic() < until:
                time.sleep(0.01)
        raw(running, b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nhalf")
        while threading.active_count() > before and time.monotonic() < until:
            time.sleep(0.01)
        left = threading.active_count()

    assert left <= before
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_hung_clients_do_not_block_others(simulator):
    """Clients that send half a request, or nothing, keep nobody else waiting."""
    port = int(re.search(r":(\d+)/", simulator.base_url)[1])
    hung = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        for client in hung[:10]:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Le")
        started = time.monotonic()

        assert post(simulator)[0] == 200
        assert time.monotonic() - started < 2
    finally:
        for client in hung:
            client.close()


def test_many_at_once(simulator):
    """Fifty calls at once are all answered, each with an id of its own."""
    calls = [in_flight(simulator, chat(seed=seed), "/v1/chat/completions") for seed in range(50)]
    for _, thread in calls:
        thread.join(10)
    ids = {post(simulator)[1]["id"] for _ in range(3)}

    assert [outcome for outcome, _ in calls] == [[200]] * 50
    assert len(ids) == 3


def test_start_and_stop_are_idempotent():
    """Starting twice keeps the address, stopping twice is harmless, and a stopped one has no address."""
    running = Simulator(delay_s=0)
    running.start()
    address = running.base_url
    running.start()
    assert address == running.base_url
    running.stop()
    running.stop()

    with pytest.raises(ConfigError):
        _ = running.base_url


def test_taken_port(simulator):
    """A port that is taken, or is none, is one sentence that says how to go on."""
    port = int(re.search(r":(\d+)/", simulator.base_url)[1])

    with pytest.raises(ConfigError, match="Port 0"):
        Simulator(port).start()
    with pytest.raises(ArgumentError):
        Simulator(70_000)


def test_serve_ends_with_ctrl_c(capfd):
    """The blocking form says where it listens, ends cleanly on Ctrl-C, and prints nothing."""
    seen = []

    def ready(base_url):
        seen.append(base_url)
        raise KeyboardInterrupt

    serve(0, "quota", on_ready=ready)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", seen[0])
    assert capfd.readouterr() == ("", "")


def test_openai_package(simulator):
    """The openai package reads the plain answer, the stream and an error as it does the API's."""
    import openai

    messages = [{"role": "user", "content": "Is 391 prime?"}]
    with openai.OpenAI(base_url=simulator.base_url, api_key=KEY, max_retries=0) as client:
        plain = client.chat.completions.create(model="o1-preview", messages=messages)
        chunks = list(
            client.chat.completions.create(
                model="o3", messages=messages, stream=True, stream_options={"include_usage": True}
            )
        )
        listed = {model.id for model in client.models.list()}
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model="o9", messages=messages)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert plain.choices[0].message.content.startswith(FIRST_WORDS)
    assert plain.usage.completion_tokens_details.reasoning_tokens > 0
    assert text.startswith(FIRST_WORDS)
    assert chunks[-1].usage.total_tokens > 0
    assert "o1-preview" in listed
    assert missing.value.code == "model_not_found"
    assert missing.value.request_id.startswith("req_")


def test_openai_package_retries(simulator):
    """The openai package's own retry succeeds against the rate limit, at the address of the scenario."""
    import openai

    with openai.OpenAI(base_url=simulator.scenario_url("rate-limit"), api_key=KEY, max_retries=1) as client:
        answer = client.chat.completions.with_raw_response.create(
            model="o3", messages=[{"role": "user", "content": "Once more."}]
        )

    assert answer.retries_taken == 1
