"""What one connection writes and how long it takes: plain replies, server-sent events, simulated time.

Layer 5. `server` says what is answered.
"""

from __future__ import annotations

import socket
import time
import uuid
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from o1magic import log
from o1magic.simulator import errors
from o1magic.simulator.body import dump_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from o1magic.simulator import Server

logger = log.named(__name__)

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"

_IDLE_S = 300.0
_DRAIN_S = 1.0


class Connection(BaseHTTPRequestHandler):
    """One connection, as far as it only carries."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "o1magic-simulator"
    sys_version = ""
    timeout = _IDLE_S
    # One packet per reply or chunk: buffered, flushed on purpose, never held back by the kernel.
    wbufsize = -1
    disable_nagle_algorithm = True

    _started = 0.0
    _answering = False

    def _events(self, timed: Iterable[tuple[float, bytes]], *, whole: bool) -> None:
        """Send server-sent events, each after its seconds; not `whole`: the connection ends after the last of them."""
        chunked = self.request_version != "HTTP/1.0"
        self._head(200, EVENTS, {"Transfer-Encoding": "chunked"} if chunked else {"Connection": "close"})
        self.wfile.flush()
        for seconds, event in timed:
            self._wait(seconds)
            data = event + b"\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
            self.wfile.flush()
        if not whole:
            self.close_connection = True
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _wait(self, seconds: float) -> None:
        """Let simulated time pass. Raises ConnectionAbortedError: the client left or the server stops."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.server.stopping.wait(min(left, 0.1)) or self._client_left():
                raise ConnectionAbortedError("nobody waits for this answer")

    def _nobody_waits(self) -> bool:
        return self.server.stopping.is_set() or self._client_left()

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
