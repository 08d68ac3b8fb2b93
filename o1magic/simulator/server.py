"""The simulator's HTTP: addresses, keys, bodies, plain replies and server-sent events, on loopback only.

Layer 5. The package starts it; what is answered comes from `contract` and `reply`.
Requests whose Host is not loopback are refused (a web page could otherwise reach it by DNS rebinding), and no
CORS header is ever sent.
"""

from __future__ import annotations

import hashlib
import re
import socket
import time
import uuid
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from o1magic import log
from o1magic.simulator import errors, scenarios
from o1magic.simulator.billing import thinking_s, writing_s
from o1magic.simulator.body import dump_json, parse_json, read_body
from o1magic.simulator.contract import ChatRequest, read_request
from o1magic.simulator.reply import Envelope, Reply, answer, chunks, completion, model_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.simulator import Server

logger = log.named(__name__)

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
SCENARIO_HEADER = "x-o1magic-scenario"

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
_SCENARIO_PATH = re.compile(r"/scenario/([^/]+)(/.*)")
_IDLE_S = 300.0
_DRAIN_S = 1.0


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "o1magic-simulator"
    sys_version = ""
    timeout = _IDLE_S
    # One packet per reply or chunk: buffered, flushed on purpose, never held back by the kernel.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        """Answer one request, whatever its verb."""
        self._started = time.monotonic()
        self._answering = False
        try:
            self._route(read_body(self.headers, self.rfile, self.server.max_body_bytes))
        except errors.Refused as refused:
            self._refuse(refused)
        except OSError:
            self.close_connection = True
            raise
        except Exception:
            logger.exception("simulator_fault")
            self.close_connection = True
            if not self._answering:
                self._refuse(errors.Refused(500, "The o1magic simulator itself failed.", type_="server_error"))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - base's names

    def _route(self, body: bytes) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0].strip()):
            raise errors.Refused(403, "The simulator answers requests to this machine only.", code="host_not_allowed")
        path, scenario = self._scenario()
        if self._play_proxy(scenario, body):
            return
        self._check_key(scenario)
        if path == "/v1/chat/completions":
            self._expect("POST", path)
            self._chat(body, scenario)
        elif path == "/v1/models":
            self._expect("GET", path)
            self._send_json(200, {"object": "list", "data": [model_object(one) for one in self.server.models()]})
        elif path.startswith("/v1/models/"):
            self._expect("GET", path)
            self._model(unquote(path.removeprefix("/v1/models/")))
        else:
            raise errors.unknown_url(self.command, self.path)

    def _expect(self, verb: str, path: str) -> None:
        if self.command != verb:
            raise errors.wrong_verb(self.command, path, verb)

    def _scenario(self) -> tuple[str, str | None]:
        """Return the API path, and the scenario of the path, else of the header, else of the server."""
        path = self.path.split("?", 1)[0]
        within = _SCENARIO_PATH.fullmatch(path)
        name = within[1] if within else self.headers.get(SCENARIO_HEADER, self.server.scenario)
        if name is not None and name not in scenarios.SCENARIOS:
            message = f"There is no scenario {name[:50]!r}. There are: {', '.join(scenarios.SCENARIOS)}."
            raise errors.Refused(404, message, code="unknown_scenario")
        return (within[2] if within else path), name

    def _check_key(self, scenario: str | None) -> None:
        given = self.headers.get("Authorization")
        if given is None and scenario != "bad-key":
            return  # practice needs no key; a header without one is still refused as the API does
        scheme, _, key = (given or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise errors.no_key()
        if scenario == "bad-key":
            raise errors.bad_key(key.strip())

    def _play_proxy(self, scenario: str | None, body: bytes) -> bool:
        """Answer in place of the API, as a proxy in between might; tell whether that was done."""
        if scenario == "html":
            self._send(200, scenarios.HTML_PAGE, "text/html; charset=utf-8")
        elif scenario == "redirect":
            self._send(302, b"", "text/html; charset=utf-8", {"Location": scenarios.REDIRECT_TARGET})
        elif scenario == "empty":
            self._send(200, b"", JSON)
        elif scenario == "garbage":
            streamed = re.search(rb'"stream"\s*:\s*true', body) is not None
            content = (scenarios.GARBAGE_EVENT, EVENTS) if streamed else (scenarios.GARBAGE, JSON)
            self._send(200, *content)
        else:
            return False
        return True

    def _model(self, name: str) -> None:
        model = self.server.catalog.find(name)
        if not model.known:
            raise errors.model_not_found(name)
        self._send_json(200, model_object(model))

    def _chat(self, body: bytes, scenario: str | None) -> None:
        request = read_request(parse_json(body), self.server.catalog)
        mark = hashlib.sha256(f"{scenario}\n".encode() + body).digest()
        first = scenario in ("rate-limit", "server-error") and self.server.first_tries.is_first(mark)
        refused = scenarios.refusal_of(scenario, model=request.asked, first_try=first)
        if refused is not None:
            raise refused
        reply = answer(request, scenario)
        envelope = Envelope(id=f"chatcmpl-{uuid.uuid4().hex}", created=int(time.time()))
        if request.stream:
            self._stream(request, reply, envelope, scenario)
        else:
            self._plain(request, reply, envelope, scenario)

    def _silence_s(self, reply: Reply, scenario: str | None) -> float:
        return self.server.slow_s if scenario == "slow" else thinking_s(reply.reasoning, self.server.delay_s)

    def _plain(self, request: ChatRequest, reply: Reply, envelope: Envelope, scenario: str | None) -> None:
        self._wait(self._silence_s(reply, scenario) + writing_s(self.server.delay_s))
        content = dump_json(completion(reply, request, envelope))
        if scenario != "cut-stream":
            self._send(200, content, JSON)
            return
        self._head(200, JSON, {"Content-Length": str(len(content))})
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def _stream(self, request: ChatRequest, reply: Reply, envelope: Envelope, scenario: str | None) -> None:
        chunked = self.request_version != "HTTP/1.0"
        self._head(200, EVENTS, {"Transfer-Encoding": "chunked"} if chunked else {"Connection": "close"})
        self.wfile.flush()
        self._wait(self._silence_s(reply, scenario))
        events = [dump_json(chunk) for chunk in chunks(reply, request, envelope)]
        events = events[: len(events) // 2] if scenario == "cut-stream" else [*events, b"[DONE]"]
        pause_s = writing_s(self.server.delay_s) / len(events)
        for event in events:
            data = b"data: " + event + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
            self.wfile.flush()
            self._wait(pause_s)
        if scenario == "cut-stream":
            self.close_connection = True
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _wait(self, seconds: float) -> None:
        """Let simulated time pass. Raises ConnectionAbortedError: the client left or the server stops."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.server.stopping.wait(min(left, 0.1)) or self._client_left():
                raise ConnectionAbortedError("nobody waits for this answer")

    def _client_left(self) -> bool:
        # A client that only ends its sending side counts as gone, as it does for most servers.
        self.connection.settimeout(0)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        finally:
            self.connection.settimeout(self.timeout)

    def _refuse(self, refused: errors.Refused) -> None:
        self._send_json(refused.status, refused.body, refused.headers)
        if refused.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            self._drain()

    def _drain(self) -> None:
        """Read on for a moment: closing on unread bytes resets the connection, and the refusal is lost."""
        self.wfile.flush()
        until = time.monotonic() + _DRAIN_S
        self.connection.settimeout(_DRAIN_S)
        with suppress(OSError):
            while time.monotonic() < until and self.rfile.read1(1 << 20):
                pass

    def _send_json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, dump_json(value), JSON, headers)

    def _send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self._head(status, kind, {"Content-Length": str(len(content)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        self._answering = True
        self.send_response(status)
        took_ms = int(1000 * (time.monotonic() - self._started))
        fixed = {
            "Content-Type": kind,
            "x-o1magic-simulated": "1",
            "x-request-id": f"req_{uuid.uuid4().hex}",
            "openai-version": "2020-10-01",
            "openai-processing-ms": str(took_ms),
        }
        for name, value in {**fixed, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the base class finds wrong (a bad request line, an unknown verb) in JSON as well."""
        del explain
        self._started = time.monotonic()
        self.close_connection = True
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        refused = errors.Refused(status, (message or status.phrase)[:200], headers={"Connection": "close"})
        self._refuse(refused)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Log at DEBUG; the base class would print to stderr."""
        logger.debug("simulator_%s", format.split(maxsplit=1)[0], extra={"details": args[1:]})
