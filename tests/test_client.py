from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from typing import Any

import pytest
from fault_server import FaultServer, chunked, delta, fixture, http, raw, sse, wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from o1magic.answer import Usage
from o1magic.client import Client, Received, Retrying, Sent, Text, Thought, faults, retry, transport
from o1magic.client.faults import Refusal
from o1magic.endpoint import Endpoint, Secret
from o1magic.errors import (
    APIError,
    ConfigError,
    DeadlineError,
    InterruptError,
    LostReplyError,
    NotSentError,
    O1Error,
    RedirectError,
    UnreadableReplyError,
)

KEY = "sk-test-0123456789abcdef"
BODY = {"model": "o3", "messages": [{"role": "user", "content": "Hi"}]}
OK = fixture("chat_completion_ok")["body"]
STOP = delta(finish_reason="stop")
DONE = "data: [DONE]"
HALF = b'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"id": 1, '


@pytest.fixture(scope="module")
def client():
    made = Client()
    yield made
    made.close()


@pytest.fixture
def serve():
    servers: list[FaultServer] = []

    def start(*scripts) -> FaultServer:
        servers.append(FaultServer(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def endpoint(url: str, *, kind: Any = "compatible", key: str = KEY) -> Endpoint:
    return Endpoint("test", url, Secret(key), kind, "environment variable OPENAI_API_KEY")


def ask(
    client: Client,
    where: Any,
    *,
    timeout_s: float = 5.0,
    events: list | None = None,
    unsafe: bool = False,
    **body: Any,
) -> Received:
    """Send one request; `where` is a server or an endpoint."""
    target = where if isinstance(where, Endpoint) else endpoint(where.url)
    seen: list = [] if events is None else events
    call = client.send({**BODY, **body}, target, unsafe=unsafe, timeout_s=timeout_s, on_event=seen.append)
    return client.run(call)


def failure(kind: type[O1Error], client: Client, where: Any, **given: Any) -> Any:
    """Return the error a request ends in, having checked what holds for all of them."""
    with pytest.raises(kind) as caught:
        ask(client, where, **given)
    error = caught.value
    assert type(error) is kind
    shown = error._render_traceback_()
    assert len(shown) <= 3
    assert KEY not in "".join(shown) + repr(error) + repr(vars(error))
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


# What goes right


def test_a_plain_reply(client, serve):
    """The body given is the body sent, unknown parameters included, and the reply comes back read."""
    server = serve(http(200, OK))

    received = ask(client, server, made_up=[1, None])

    assert received.reply.text == "The transpose is ..."
    assert received.attempts == 1
    assert server.requests[0].body == {**BODY, "made_up": [1, None]}
    assert server.requests[0].line == "POST /v1/chat/completions HTTP/1.1"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("framing", [sse, chunked])
def test_a_streamed_reply(client, serve, framing):
    """Text arrives in events as it comes, and whole in the reply."""
    events: list = []
    server = serve(framing(fixture("chat_stream_include_usage")["sse_lines"]))

    received = ask(client, server, events=events, stream=True)

    assert events == [Sent(), Text("Hel"), Text("lo")]
    assert (received.reply.text, received.reply.complete) == ("Hello", True)
    assert received.reply.usage == Usage(prompt=11, cached=0, reasoning=192, completion=210)


def test_reasoning_arrives_as_thoughts(client, serve):
    """What a compatible server shows of the reasoning comes in events of its own."""
    events: list = []
    server = serve(sse([delta(delta={"reasoning_content": "Hm."}), delta("<think>x</think>Yes."), STOP, DONE]))

    received = ask(client, server, events=events, stream=True)

    assert events == [Sent(), Thought("Hm."), Thought("x"), Text("Yes.")]
    assert (received.reply.text, received.reply.reasoning_text) == ("Yes.", "Hm.x")


def test_think_tags_of_openai_are_text(client, serve):
    """At OpenAI an answer that begins with a tag is exactly that answer."""
    server = serve(sse([delta("<think>x</think>"), STOP]))

    assert ask(client, endpoint(server.url, kind="openai"), stream=True).reply.text == "<think>x</think>"


def test_a_plain_reply_to_a_streaming_request(client, serve):
    """A server that does not stream is understood all the same."""
    assert ask(client, serve(http(200, OK)), stream=True).reply.text == "The transpose is ..."


def test_a_streamed_reply_to_a_plain_request(client, serve):
    """A server that always streams is understood all the same."""
    assert ask(client, serve(sse([delta("Yes"), STOP, DONE]))).reply.text == "Yes"


def test_the_content_type_does_not_matter(client, serve):
    """A reply is read for what it is, whatever it calls itself."""
    assert ask(client, serve(http(200, OK, {"content-type": "text/plain"}))).reply.choices == 1


@pytest.mark.parametrize("gap", ["\n", "\r\n\r\n"])
def test_streams_of_careless_servers(client, serve, gap):
    """Events without empty lines between them, or with CRLF, are read."""
    assert ask(client, serve(sse([delta("Ye"), delta("s"), STOP, DONE], gap=gap)), stream=True).reply.text == "Yes"


def test_connections_are_reused(client, serve):
    """A second call, streamed or not, goes over the first one's connection."""
    server = serve(chunked([delta("a"), STOP, DONE]), http(200, OK))

    ask(client, server, stream=True)
    ask(client, server)

    assert (len(server.requests), server.connections) == (2, 1)


@pytest.mark.parametrize("end", [[STOP, DONE], [STOP], [DONE]])
@pytest.mark.parametrize("then", ["hang", "reset"])
def test_what_follows_the_end_of_a_stream_does_not_matter(client, serve, end, then, monkeypatch):
    """After a finish reason or [DONE] neither a reset nor a server that never closes spoils the answer."""
    monkeypatch.setattr("o1magic.client.read.Incoming.grace_s", property(lambda self: 0.2 if self.has_answer else None))
    server = serve(sse([delta("Yes"), *end], then=then))

    assert ask(client, server, stream=True).reply.text == "Yes"


def test_without_a_key_no_authorization_is_sent(client, serve):
    """An endpoint without a key gets no header that pretends to be one."""
    server = serve(http(200, OK))

    ask(client, endpoint(server.url, key=""))

    assert "authorization" not in server.requests[0].headers


def test_openais_environment_stays_with_openai(client, serve, monkeypatch):
    """Organisation, project and custom headers go to OpenAI and to nobody else."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer other\nX-Secret: s")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    there, here = serve(http(200, OK)), serve(http(200, OK))

    ask(client, there)
    ask(client, endpoint(here.url, kind="openai"))

    headers = there.requests[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert not headers.keys() & {"openai-organization", "openai-project", "x-secret"}
    assert here.requests[0].headers["openai-organization"] == "org-1"


def test_a_proxy_is_not_asked_for_this_machine(client, serve, monkeypatch):
    """A server on the loopback is reached without the proxy that the environment names."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert ask(client, serve(http(200, OK))).attempts == 1


def test_stream_options_are_dropped_where_refused(client, serve):
    """A compatible server that does not know stream_options is asked again without them, and then never with them."""
    refusal = http(400, {"error": {"message": "Unknown field: stream_options"}})
    server, events = serve(refusal, sse([delta("Yes"), STOP])), []
    options = {"stream": True, "stream_options": {"include_usage": True}}

    first = ask(client, server, events=events, **options)
    ask(client, server, **options)

    assert first.attempts == 2
    assert isinstance(events[1], Retrying)
    assert ["stream_options" in request.body for request in server.requests] == [True, False, False]


# N: the network


def test_n1_refused(client):
    """A refused connection names host and cause, and was not billed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"

    error = failure(NotSentError, client, endpoint(f"http://{host}/v1"))

    assert str(error) == (
        f"{host} was not reached: the connection was refused. Nothing was billed. Is the server running?"
    )
    assert error.attempts == 1


def test_n1_dns(client, monkeypatch):
    """A name that does not resolve is called that."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    error = failure(NotSentError, client, endpoint("http://nowhere.invalid/v1"))

    assert "nowhere.invalid was not reached: its name is not known (DNS)." in str(error)


def test_n1_tls(client, serve):
    """A server that does not speak TLS is told from one that is not there."""
    server = serve(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n", then="close"))
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        sock, _ = listener.accept()
        sock.recv(1000)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        sock.close()

    threading.Thread(target=answer, daemon=True).start()
    error = failure(NotSentError, client, endpoint(f"https://127.0.0.1:{listener.getsockname()[1]}/v1"))
    listener.close()

    assert "TLS failed" in str(error)
    assert "http://" in str(error)
    assert not server.requests


def test_n1_certificate():
    """A certificate that is not accepted names the reason and the variable to set."""
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"

    error = transport.not_sent([cause], {"ConnectError"}, faults.Place(endpoint("https://h/v1")))

    assert "not accepted (self-signed certificate)" in str(error)
    assert "SSL_CERT_FILE" in str(error)


def test_n1_a_proxy_that_is_not_there(client, monkeypatch):
    """A call that goes through a proxy says so, since it may be the proxy that is missing."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    error = failure(NotSentError, client, endpoint("http://proxied.invalid/v1"))

    assert "proxied.invalid was not reached: the connection was refused" in str(error)
    assert "HTTP_PROXY is set" in str(error)


@pytest.mark.parametrize("then", ["reset", "close"])
def test_n2_no_byte_of_a_reply(client, serve, then):
    """A connection that ends before any reply may have been billed, and is not tried again."""
    server = serve(raw(then=then))

    error = failure(LostReplyError, client, server)

    assert "It may have been billed." in str(error)
    assert (error.partial, len(server.requests)) == (None, 1)


@pytest.mark.parametrize("then", ["reset", "close"])
def test_n3_a_body_cut_short(client, serve, then):
    """A body shorter than announced is lost, and how much came is said."""
    server = serve(raw(HALF, then=then))

    error = failure(LostReplyError, client, server)

    assert "broke off its reply after 10 bytes" in str(error)
    assert (error.billed, len(server.requests)) == ("maybe", 1)


def test_n3_a_chunk_cut_short(client, serve):
    """A stream whose chunked encoding breaks off keeps the text that came."""
    error = failure(LostReplyError, client, serve(chunked([delta("Part")], whole=False, then="close")), stream=True)

    assert (error.partial.text, error.partial.complete) == ("Part", False)


@pytest.mark.parametrize("then", ["reset", "close"])
def test_n4_a_stream_without_an_end(client, serve, then):
    """A stream that ends without finish reason and [DONE] keeps the text that came, marked as cut."""
    events: list = []
    server = serve(sse([delta("Part")], then=then))

    error = failure(LostReplyError, client, server, stream=True, events=events)

    assert (error.partial.text, error.partial.complete) == ("Part", False)
    assert events == [Sent(), Text("Part")]
    assert len(server.requests) == 1


def test_n5_a_stalled_stream(client, serve):
    """A stream that stops coming ends at the deadline with the text that came."""
    server = serve(sse([delta("Part")], then="hang"))

    error = failure(DeadlineError, client, server, stream=True, timeout_s=0.3)

    assert error.partial.text == "Part"
    assert server.hung_up.wait(2)


def test_n6_bad_json_in_a_stream(client, serve):
    """A broken chunk ends in an error that keeps all the text around it, and the usage."""
    usage = json.dumps({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    server = serve(sse([delta("a"), 'data: {"choices": [{"de', delta("b"), STOP, f"data: {usage}", DONE]))

    error = failure(LostReplyError, client, server, stream=True)

    assert error.partial.text == "ab"
    assert error.partial.usage.known


@pytest.mark.parametrize(
    "event", [fixture("chat_stream_error_mid")["sse_lines"][0], 'event: error\ndata: {"message": "had an error"}']
)
def test_n6_an_error_in_a_stream(client, serve, event):
    """An error after some text keeps the text and says what the API said."""
    error = failure(LostReplyError, client, serve(sse([delta("Part"), event])), stream=True)

    assert "had an error" in str(error)
    assert error.partial.text == "Part"


def test_n6_an_error_instead_of_a_stream(client, serve):
    """An error before any text is the API's refusal."""
    error = failure(APIError, client, serve(wire("chat_stream_error_mid")), stream=True)

    assert (error.status, error.billed) == (200, "maybe")


def test_n6_no_usage(client, serve):
    """A stream without usage is a whole answer of unknown cost."""
    reply = ask(client, serve(sse([delta("Yes"), STOP, DONE])), stream=True).reply

    assert (reply.complete, reply.usage) == (True, Usage())


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-le"])
def test_n7_a_hang(client, serve, sent):
    """Without an answer the deadline holds to the tenth of a second, and the connection is closed."""
    server = serve(raw(sent, then="hang"))
    started = time.monotonic()

    error = failure(DeadlineError, client, server, timeout_s=0.5)

    assert time.monotonic() - started < 2
    assert (error.seconds, error.partial, error.attempts) == (0.5, None, 1)
    assert "within 0.5 s" in str(error)
    assert server.hung_up.wait(2)


def test_n7_slowloris(client, serve):
    """A reply that trickles in does not move the deadline."""
    server = serve(raw(b"HTTP/1.1 200 OK\r\n", *[b"x: y\r\n"] * 40, pause_s=0.05, then="hang"))

    assert failure(DeadlineError, client, server, timeout_s=0.4).billed == "maybe"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (http(200, b""), "is empty"),
        (http(200, '{"id": "x", "cho'), '{"id": "x", "cho'),
        (http(200, [1]), "is not the API's"),
        (http(200, b"\x00\x1b[31mred"), "[31mred"),
        (http(200, b"no gzip", {"content-encoding": "gzip"}), "compressed"),
        (raw(b"220 mail ready\r\n\r\n", then="close"), "not HTTP"),
        (http(204, b""), "is empty"),
    ],
)
def test_n8_an_unreadable_reply(client, serve, script, said):
    """A reply that is not the API's says so in one line, escaped."""
    error = failure(UnreadableReplyError, client, serve(script))

    assert said in str(error)
    assert error.billed == "maybe"
    assert "\x1b" not in str(error) + error.raw


def test_n8_good_gzip(client, serve):
    """A compressed reply is read."""
    server = serve(http(200, gzip.compress(json.dumps(OK).encode()), {"content-encoding": "gzip"}))

    assert ask(client, server).reply.text == "The transpose is ..."


def test_n8_invalid_utf8(client, serve):
    """Bytes that are no UTF-8 cost a character, not the answer."""
    content = json.dumps(OK).replace("...", "\\u0041").encode().replace(b"transpose", b"trans\xffpose")

    assert ask(client, serve(http(200, content))).reply.text == "The trans\ufffdpose is A"


@pytest.mark.parametrize(("status", "billed"), [(200, "maybe"), (403, "no"), (502, "maybe")])
def test_n9_a_web_page(client, serve, status, billed, monkeypatch):
    """A proxy's page is named by its title."""
    monkeypatch.setattr("o1magic.client.retry.TRIES", 1)
    page = "<!DOCTYPE html><html><head><title>Sign in &amp;\n pay</title></head><body>" + "x" * 5000

    error = failure(UnreadableReplyError, client, serve(http(status, page, {"content-type": "text/html"})))

    assert "with a web page titled “Sign in & pay”" in str(error)
    assert len(str(error)) < 300
    assert error.billed == billed


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_n10_a_redirect_is_not_followed(client, serve, status):
    """A redirect is one request, names the host it points to, and takes no key there."""
    other = serve(http(200, OK))
    server = serve(http(status, b"", {"location": f"{other.url}/{KEY}?token=x"}))

    error = failure(RedirectError, client, server)

    assert error.target == f"http://{other.host}"
    assert (len(server.requests), other.requests) == (1, [])


def test_n10_a_redirect_loop(client, serve):
    """A redirect to itself is one request too."""
    server = serve(http(302, b"", {"location": "/v1/chat/completions"}))

    assert "Correct the endpoint's address." in str(failure(RedirectError, client, server))
    assert len(server.requests) == 1


# A: the API


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("error_temperature_param_o1_o3_mini", "--param temperature=VALUE"),
        ("error_max_tokens_unsupported_o1_o3_gpt5", "--max-completion-tokens"),
        ("error_reasoning_effort_value", "-e/--effort"),
        ("error_reasoning_effort_non_reasoning_model", "-e/--effort"),
        ("error_unknown_parameter", "--param web_search_options=VALUE"),
        ("error_unrecognized_arguments_plural", "--param maxTokens=VALUE"),
        ("error_stream_o1_preview_beta", "--param stream=false"),
        ("error_system_role_o1_preview_o1_mini", "-m/--model"),
        ("error_invalid_prompt_policy", "Reword the prompt"),
    ],
)
def test_a1_a_refused_parameter(client, serve, name, hint):
    """A refused parameter names the flag to change, and nothing was billed."""
    server = serve(wire(name))

    error = failure(APIError, client, server)

    assert hint in str(error)
    assert "Nothing was billed." in str(error)
    assert (error.status, error.param) == (400, fixture(name)["body"]["error"]["param"])
    assert len(server.requests) == 1


def test_a1_control_characters_are_made_visible(client, serve):
    """What a body holds cannot colour or reverse a terminal, and is cut."""
    server = serve(http(400, {"error": {"message": "\x1b[31m\u202ered\x00" + "x" * 5000}}))

    error = failure(APIError, client, server)

    assert not {"\x1b", "\u202e", "\x00"} & set(str(error))
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    ("name", "used", "limit"),
    [
        ("error_context_length_exceeded_input", 202868, 128000),
        ("error_context_length_exceeded_input_plus_output", 8256, 8192),
    ],
)
def test_a2_context_length(client, serve, name, used, limit):
    """A prompt that does not fit says how long it is and how long it may be."""
    error = failure(APIError, client, serve(wire(name)))

    assert (error.code, error.tokens_used, error.tokens_limit) == ("context_length_exceeded", used, limit)
    assert "Shorten the prompt" in str(error)


def test_a3_a_bad_key(client, serve):
    """A refused key is known by its source and its last four characters."""
    server = serve(http(401, {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid_api_key"}}))

    error = failure(APIError, client, server)

    assert "The key ending in …cdef came from environment variable OPENAI_API_KEY" in str(error)
    assert len(server.requests) == 1


def test_a3_a_short_key_is_not_shown_at_all(client, serve):
    """Four characters of a short key would be half of it."""
    error = failure(APIError, client, endpoint(serve(wire("error_invalid_api_key")).url, key="abcd1234"))

    assert "1234" not in str(error)
    assert "The key came from" in str(error)


def test_a3_no_key(client, serve):
    """Without a key the error says how to give one."""
    where = Endpoint("t", serve(http(401, "")).url, Secret(""), "compatible", "no key was sent: set O1MAGIC_API_KEY")

    assert "No key was sent: set O1MAGIC_API_KEY." in str(failure(APIError, client, where))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (http(403, {"error": {"message": "Country not supported"}}), "does not allow this: Country not supported"),
        (http(413, b""), "too large"),
        (http(422, {"detail": [{"loc": ["body", "n"], "msg": "not an int"}]}), "not an int"),
        (http(402, b""), "quota"),
        (http(404, b"404 page not found"), "knows no such address: 404 page not found"),
        (wire("error_unknown_url_404"), "knows no such address"),
        (http(418, b"teapot"), "refused the request (418): teapot"),
    ],
)
def test_a4_other_refusals(client, serve, script, said):
    """Each refusal is one sentence."""
    assert said in str(failure(APIError, client, serve(script)))


def test_a4_an_unknown_model(client, serve):
    """A model that is not served comes with the names near it."""
    where = endpoint(serve(wire("error_model_not_found")).url, kind="openai")

    error = failure(APIError, client, where, model="o1-previw")

    assert "does not serve o1-previw" in str(error)
    assert "Near it: " in str(error)
    assert "o1-preview" in error.how


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a5_a_passing_refusal_is_retried(client, serve, status):
    """Each retriable status is tried again, announced before the wait, and counted."""
    events: list = []
    server = serve(http(status, b"", {"retry-after-ms": "20"}), http(200, OK))

    received = ask(client, server, events=events)

    assert received.attempts == 2
    assert [type(event) for event in events] == [Sent, Retrying, Sent]
    assert (events[1].attempt, events[1].of, events[1].wait_s) == (1, 3, 0.02)
    assert str(status) in events[1].reason


def test_a5_a_lasting_refusal_is_an_error(client, serve):
    """After three requests the refusal is the error, with their number."""
    server = serve(http(503, fixture("error_overloaded_2026")["body"], {"retry-after-ms": "10"}))

    error = failure(APIError, client, server)

    assert "answered 503 Service Unavailable 3 times: Our servers are currently overloaded" in str(error)
    assert (error.attempts, len(server.requests), error.billed) == (3, 3, "no")


def test_a5_a_fault_after_a_retry_counts_both(client, serve):
    """An error on the second request says that there were two."""
    server = serve(http(503, b"", {"retry-after-ms": "10"}), raw(then="close"))

    assert failure(LostReplyError, client, server).attempts == 2


def test_a5_x_should_retry_is_obeyed(client, serve):
    """A server that says not to retry is not retried."""
    server = serve(http(500, b"", {"x-should-retry": "false"}))

    failure(APIError, client, server)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "0.05"}, 0.05, 0.05),
        ({"retry-after": "in 30 s, as a date"}, 10, 30),
        ({"retry-after": "soon-ish"}, 0.3, 0.5),
        ({"retry-after": "-5"}, 0.3, 0.5),
        ({"retry-after": "nan"}, 0.3, 0.5),
        ({"retry-after": "0"}, 0.3, 0.5),
        ({"retry-after": "Sun, 99 Nov 2026 99:99:99 GMT"}, 0.3, 0.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2, 2),
        ({"retry-after-ms": "-1"}, 0.3, 0.5),
        # By the server's clock, which is years off ours.
        ({"retry-after": formatdate(20, usegmt=True), "date": formatdate(0, usegmt=True)}, 20, 20),
        ({"retry-after": formatdate(0, usegmt=True)}, 0.3, 0.5),
        ({}, 0.3, 0.5),
        ({"retry-after-ms": "6596", "retry-after": "7"}, 6.596, 6.596),
    ],
)
def test_a6_retry_after(client, serve, headers, least, most, monkeypatch):
    """Seconds, dates and milliseconds are honoured; nonsense means the usual pause."""
    events: list = []
    monkeypatch.setattr("o1magic.client.asyncio.sleep", _no_sleep)
    if "date" in headers.get("retry-after", ""):  # of now, not of when the tests were collected
        headers = {"retry-after": formatdate(time.time() + 30, usegmt=True)}
    server = serve(http(429, b"", headers), http(200, OK))

    ask(client, server, timeout_s=60, events=events)

    assert least <= events[1].wait_s <= most


async def _no_sleep(_: float) -> None:
    """Take no time."""


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("86400", "Come back in 24 h."),
        ("90", "Come back in 90 s."),
        ("600", "Come back in 10 min."),
        ("inf", "Come back in several years."),
        ("1e30", "Come back in several years."),
        ("9" * 500, "Come back in several years."),
    ],
)
def test_a6_a_long_wait_is_not_waited(client, serve, after, said, monkeypatch):
    """A server that asks for more than a minute is asked again by the user, however long the deadline."""
    monkeypatch.setattr("o1magic.client.asyncio.sleep", _no_sleep)
    server = serve(http(429, b"", {"retry-after": after}))

    error = failure(APIError, client, server, timeout_s=1e6)

    assert said in str(error)
    assert (error.retry_after_s, len(server.requests)) == (float(after), 1)


def test_a6_the_wait_in_a_message_counts(client, serve):
    """A 429 without any header still says in words when to come back."""
    server = serve(http(429, fixture("error_rate_limit_rpm")["body"]))

    assert failure(APIError, client, server, timeout_s=5).retry_after_s == 20


@pytest.mark.parametrize("name", ["error_insufficient_quota", "error_request_too_large_tpm"])
def test_a7_what_waiting_cannot_help_is_not_retried(client, serve, name):
    """An empty account and a request over the limit are asked once."""
    server = serve(wire(name))

    error = failure(APIError, client, server)

    assert len(server.requests) == 1
    assert error.billed == "no"
    assert ("Add credit" in str(error)) == (error.code == "insufficient_quota")


@pytest.mark.parametrize(
    "said", ["You exceeded your current quota, see your plan.", "Insufficient balance", "The billing hard limit is hit"]
)
def test_a7_a_quota_that_only_the_words_tell(client, serve, said):
    """A server without OpenAI's codes: money that ran out is not asked for again, and called so."""
    server = serve(http(429, {"error": {"message": said}}, {"retry-after": "1"}))

    error = failure(APIError, client, server)

    assert len(server.requests) == 1
    assert "Add credit" in str(error)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "date"]),
        st.text(max_size=40)
        | st.floats().map(str)
        | st.integers(-(10**20), 10**20).map(lambda seconds: formatdate(seconds % 10**11)),
    )
)
def test_a6_no_header_breaks_the_wait(headers):
    """Whatever a server writes there: a time to wait above zero, or none, and never more than a minute waited."""
    refusal = Refusal(429, headers, "")

    asked = retry.retry_after_s(refusal, 1e9)
    waited = retry.wait_s(refusal, 1, left_s=1e6, now=1e9, chance=0.5)

    assert asked is None or asked > 0
    assert waited is None or 0 < waited <= 60


@pytest.mark.parametrize("lost", [raw(then="reset"), raw(then="close"), raw(HALF, then="close"), sse([], then="reset")])
def test_n2_n3_a_lost_reply_is_asked_for_again_only_if_told_to(client, serve, lost):
    """Once by itself; with --retry-unsafe again, in sight, and said to have been billed, perhaps."""
    events: list = []
    safe, unsafe = serve(lost, http(200, OK)), serve(lost, http(200, OK))

    error = failure(LostReplyError, client, safe)
    received = ask(client, unsafe, events=events, unsafe=True)

    assert (len(safe.requests), error.attempts) == (1, 1)
    assert "--retry-unsafe" in error.how
    assert received.attempts == len(unsafe.requests) == 2
    assert (events[1].attempt, events[1].of, events[1].billed) == (1, 3, "maybe")
    assert "the reply was lost" in events[1].reason


def test_n2_a_reply_that_stays_lost_is_an_error(client, serve):
    """Three requests, and the error says that each may have been billed."""
    error = failure(LostReplyError, client, serve(raw(then="close")), unsafe=True)

    assert error.attempts == 3
    assert "It was sent 3 times, and each may have been billed." in str(error)


def test_n4_text_that_came_is_not_written_twice(client, serve):
    """An answer that was cut in the middle is not begun anew, --retry-unsafe or not."""
    events: list = []
    server = serve(sse([delta("Half")], then="reset"))

    with pytest.raises(LostReplyError):
        ask(client, server, events=events, unsafe=True, stream=True)

    assert events == [Sent(), Text("Half")]
    assert len(server.requests) == 1


def test_n7_a_deadline_is_the_end(client, serve):
    """What did not answer in time is not asked again, --retry-unsafe or not."""
    assert failure(DeadlineError, client, serve(raw(then="hang")), timeout_s=0.3, unsafe=True).attempts == 1


def test_a8_absurd_usage_is_unknown(client, serve):
    """An answer whose usage cannot be is whole, and of unknown cost."""
    content = json.dumps({**OK, "usage": {"prompt_tokens": -5, "completion_tokens": float("nan")}})

    reply = ask(client, serve(http(200, content))).reply

    assert (reply.text, reply.usage.known) == ("The transpose is ...", False)
    assert "NaN" in str(reply.usage.raw)


@pytest.mark.parametrize("choices", [{"choices": []}, {"choices": None}])
def test_a11_no_choices(client, serve, choices):
    """A reply without an answer in it is a reply: what it cost is known."""
    reply = ask(client, serve(http(200, {**OK, **choices}))).reply

    assert (reply.choices, reply.usage.known) == (0, True)


def test_a13_the_model_that_answered(client, serve):
    """The reply names the model that answered, not the one asked."""
    assert ask(client, serve(http(200, OK)), model="o1").reply.model == "o1-2024-12-17"


def test_a14_lone_surrogates(client, serve):
    """Half a character in an answer does not break the one who shows it."""
    reply = ask(client, serve(sse([delta("a\ud83d"), STOP]))).reply

    assert reply.text == "a\ufffd"


def test_a_200_with_an_error_body(client, serve):
    """The API's message is shown, and flagged as a maybe."""
    error = failure(APIError, client, serve(http(200, {"error": {"message": "Provider returned error", "code": 429}})))

    assert (error.code, error.billed) == ("429", "maybe")


def test_a_reply_without_end_is_cut(client, serve, monkeypatch):
    """A reply beyond all measure is not read to its end."""
    monkeypatch.setattr("o1magic.client.read.MAX_BYTES", 1 << 20)
    server = serve(raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * (1 << 16)] * 32, then="hang"))

    assert "longer than 1 MB" in str(failure(UnreadableReplyError, client, server))
    assert server.hung_up.wait(2)


def test_what_is_no_json_is_not_sent(client, serve):
    """A prompt that cannot be encoded is refused without being shown."""
    server = serve(http(200, OK))

    error = failure(NotSentError, client, server, temperature=float("nan"))

    assert "cannot be written as JSON" in str(error)
    assert server.requests == []


# Keys


@pytest.mark.parametrize("key", ["sk-test-0123456789\nx", "sk-“test”-0123456789"])
def test_a_key_no_header_can_carry_is_not_sent(client, serve, key, caplog):
    """A malformed key is refused by its position before any library sees it."""
    caplog.set_level(logging.DEBUG)
    server = serve(http(200, OK))

    with pytest.raises(ConfigError) as caught:
        ask(client, endpoint(server.url, key=key))

    assert key not in str(caught.value) + caplog.text
    assert server.requests == []


@pytest.mark.parametrize("script", [http(200, OK), http(400, {"error": {"message": KEY}}), raw(then="close")])
def test_no_key_in_any_log(client, serve, script, caplog):
    """At DEBUG, no logger of any library writes the key."""
    caplog.set_level(logging.DEBUG)

    with contextlib.suppress(O1Error):
        ask(client, serve(script))

    assert caplog.records
    assert KEY not in caplog.text
    assert KEY not in repr([vars(record) for record in caplog.records])


def test_a_key_of_any_shape_is_masked(client, serve):
    """A key that looks like no key is masked wherever a body echoes it."""
    echo = {"error": {"message": f"{KEY} plain-0123456789", "code": "plain-0123456789", "param": "plain-0123456789"}}
    where = endpoint(serve(http(400, echo)).url, key="plain-0123456789")

    error = failure(APIError, client, where)

    assert "plain-0123456789" not in str(error) + repr(vars(error))


def test_no_key_in_the_chain_of_an_error(client):
    """What an error was raised from does not leave the loop: it may hold the request."""

    async def call() -> None:
        try:
            int(KEY)
        except ValueError as error:
            raise O1Error("mine") from error

    with pytest.raises(O1Error) as caught:
        client.run(call())

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_no_key_in_the_client(client, serve):
    """Neither the client nor its attributes show a key."""
    ask(client, serve(http(200, OK)))

    assert KEY not in repr(client) + repr(vars(client))


# K - interrupts


def interrupt_after(server: FaultServer, pause_s: float = 0.1) -> list[float]:
    """Interrupt the main thread once the server has been reached; the list will hold when."""
    at: list[float] = []

    def press() -> None:
        while not server.requests:
            time.sleep(0.01)
        time.sleep(pause_s)
        at.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    return at


@pytest.mark.parametrize(
    "script",
    [
        raw(then="hang"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-le", then="hang"),
        sse([delta("Part")], then="hang"),
        sse([delta("x")] * 400, pause_s=0.01, then="hang"),
    ],
    ids=["before headers", "in headers", "mid stream, silent", "mid stream, flowing"],
)
def test_k2_k3_an_interrupt_closes_the_connection(client, serve, script):
    """An interrupt comes back in 0.3 s, and by then the server has seen the client hang up."""
    server = serve(script)
    at = interrupt_after(server)

    with pytest.raises(InterruptError):
        ask(client, server, stream=True)

    assert time.monotonic() - at[0] < 0.3
    assert server.hung_up.wait(5)
    assert len(server.requests) == 1


def test_k1_an_interrupt_while_waiting_to_retry(client, serve):
    """The wait before a retry can be interrupted, and nothing more is sent."""
    server = serve(http(429, b"", {"retry-after": "30"}))
    at = interrupt_after(server)

    with pytest.raises(InterruptError):
        ask(client, server, timeout_s=60)

    assert time.monotonic() - at[0] < 0.3
    time.sleep(0.1)
    assert len(server.requests) == 1


def test_k_what_the_task_raises_is_what_comes_out(client, serve):
    """A coroutine that turns its cancellation into an error of its own is heard."""
    server = serve(raw(then="hang"))
    interrupt_after(server)

    async def call() -> None:
        try:
            await client.send(BODY, endpoint(server.url), timeout_s=5, on_event=lambda _: None)
        except asyncio.CancelledError:
            raise InterruptError("mine", partial=None) from None

    with pytest.raises(InterruptError, match="mine"):
        client.run(call())
    assert ask(client, serve(http(200, OK))).attempts == 1  # the loop is still there


def test_k_a_second_interrupt_returns_at_once(client, serve):
    """While the call winds down, a second interrupt is not waited out."""
    server = serve(raw(then="hang"))
    at = interrupt_after(server, 0.1)
    again = interrupt_after(server, 0.3)

    async def stubborn() -> None:
        try:
            await client.send(BODY, endpoint(server.url), timeout_s=5, on_event=lambda _: None)
        finally:
            await asyncio.sleep(0.8)

    with pytest.raises(InterruptError):
        client.run(stubborn())

    assert time.monotonic() - again[0] < 0.1
    assert at[0] < again[0]
    time.sleep(0.7)


def test_k_nothing_is_left_on_the_loop(client, serve):
    """After an interrupt no task of the call is left."""
    server = serve(sse([delta("Part")], then="hang"))
    interrupt_after(server)
    with pytest.raises(InterruptError):
        ask(client, server, stream=True)

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    assert client.run(tasks()) == 1


def test_the_clock_ticks(client, serve):
    """While a call waits, `tick` is told the seconds that have gone."""
    ticks: list[float] = []
    server = serve(raw(then="hang"))
    call = client.send(BODY, endpoint(server.url), timeout_s=0.3, on_event=lambda _: None)

    with pytest.raises(DeadlineError):
        client.run(call, tick=ticks.append, poll_s=0.05)

    assert len(ticks) >= 4
    assert ticks == sorted(ticks)


def test_a_tick_that_fails_stops_the_call(client, serve):
    """An exception of the display closes the connection too."""
    server = serve(raw(then="hang"))
    call = client.send(BODY, endpoint(server.url), timeout_s=5, on_event=lambda _: None)

    def broken(_: float) -> None:
        if server.requests:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        client.run(call, tick=broken, poll_s=0.01)

    assert server.hung_up.wait(2)


# The life of a client


def test_send_belongs_on_the_loop(client):
    """On any other loop the connections of the pool would not work."""
    with pytest.raises(RuntimeError, match=r"inside Client\.run"):
        asyncio.run(client.send(BODY, endpoint("http://h/v1"), timeout_s=1, on_event=lambda _: None))


def test_a_closed_client_can_be_used_again(serve):
    """Closing ends the thread; the next call starts another."""
    client, server = Client(), serve(http(200, OK))
    before = [thread.name for thread in threading.enumerate() if thread.name == "o1magic-io"]
    ask(client, server)
    client.close()
    left = [thread.name for thread in threading.enumerate() if thread.name == "o1magic-io"]

    ask(client, server)
    client.close()

    assert len(left) <= len(before)
    assert server.connections == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_k9_a_forked_child_has_its_own(client, serve):
    """After a fork the child calls over a loop and a connection of its own, and the parent's still work."""
    server = serve(http(200, OK))
    ask(client, server)

    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if ask(client, server).attempts == 1 else 2
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(client, server).attempts == 1
    assert server.connections == 2


SCRIPT = """
import os, signal, sys, threading
from o1magic import client as http
from o1magic.endpoint import Endpoint, Secret
from o1magic.errors import InterruptError
url, press = sys.argv[1:]
where = Endpoint("t", url, Secret("sk-test-0123456789abcdef"), "compatible", "x")
client = http.client()
client.warm()
if press == "warm":
    sys.exit()
call = client.send({"model": "m", "messages": []}, where, timeout_s=20, on_event=lambda event: print(event, flush=True))
try:
    print(client.run(call).reply.text)
except InterruptError as error:
    print(type(error).__name__, flush=True)
"""


def run_script(server: FaultServer, mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, server.url, mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_exit_is_quiet(serve):
    """A process that called ends without a warning, at once."""
    process = run_script(serve(http(200, OK)), "answer")

    out, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (0, "")
    assert "The transpose is" in out


def test_exit_while_importing_is_quiet(serve):
    """A process that ends while openai is being imported in the background does so without a word."""
    process = run_script(serve(http(200, OK)), "warm")

    _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (0, "")


def test_k2_a_process_interrupted_from_outside(serve):
    """SIGINT ends the call in 0.3 s with the connection closed, and the process exits quietly."""
    server = serve(sse([delta("Part")], then="hang"))
    process = run_script(server, "interrupt")
    assert server.reached.wait(15)
    time.sleep(0.1)

    at = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert server.hung_up.wait(5)
    hung_up_s = server.hung_up_at - at
    out, err = process.communicate(timeout=20)

    assert hung_up_s < 0.3
    assert (process.returncode, err) == (0, "")
    assert out.endswith("InterruptError\n")


def test_importing_the_client_does_not_import_openai():
    """The package that costs a second is imported on first use."""
    code = "import sys, o1magic.client; sys.exit('openai' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
