"""A raw-socket HTTP server that does, request by request, what a script says: every fault a network or an API has."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Script = Callable[["Connection"], None]

WIRE = Path(__file__).parent / "wire"


@dataclass(frozen=True)
class Request:
    """A request as it arrived; header names in lower case."""

    line: str
    headers: dict[str, str]
    body: Any


class Connection:
    """One accepted connection, in the hands of a script."""

    def __init__(self, server: FaultServer, sock: socket.socket) -> None:
        self._server = server
        self._sock = sock
        self._sock.settimeout(10)

    def read(self) -> Request | None:
        """Return the next request, None when the client is gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._sock.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rows = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
        length = int(headers.get("content-length", 0))
        while len(body) < length:
            body += self._sock.recv(65536)
        return Request(line, headers, json.loads(body) if body else None)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._sock.sendall(data)
        except OSError:
            self._note_hang_up()
            raise

    def reset(self) -> None:
        """Send RST instead of FIN."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Send FIN."""
        self._sock.close()

    def wait_for_hang_up(self) -> None:
        """Block until the client closes its side, and note when that was."""
        with contextlib.suppress(OSError):
            while self._sock.recv(65536):
                pass
        self._note_hang_up()

    def _note_hang_up(self) -> None:
        self._server.hung_up_at = time.monotonic()
        self._server.hung_up.set()


class FaultServer:
    """Serves each request with the next script, the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.requests: list[Request] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self.hung_up_at = 0.0
        self.reached = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[Connection] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        """Return the base URL of the API."""
        return f"http://{self.host}/v1"

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                connection = Connection(self, sock)
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with contextlib.suppress(OSError):
            while (request := connection.read()) is not None:
                script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
                self.requests.append(request)
                script(connection)


def fixture(name: str) -> dict[str, Any]:
    return json.loads((WIRE / f"{name}.json").read_text(encoding="utf-8"))


def http(status: int, body: bytes | str | object, headers: Mapping[str, str] | None = None) -> Script:
    """Answer with a status and a whole body."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    given = {"content-type": "application/json", "content-length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return raw(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)


def wire(name: str) -> Script:
    """Answer with a fixture of tests/wire."""
    case = fixture(name)
    if "sse_lines" in case:
        return sse(case["sse_lines"])
    return http(case.get("http_status", 200), case["body"], case.get("headers"))


def raw(*pieces: bytes, pause_s: float = 0.0, then: str = "keep") -> Script:
    """Send bytes as they are; `then` keep, close or reset the connection, or hang until the client hangs up."""

    def script(connection: Connection) -> None:
        for piece in pieces:
            connection.send(piece)
            time.sleep(pause_s)
        connection._server.reached.set()
        if then == "close":
            connection.close()
        elif then == "reset":
            time.sleep(0.05)  # what was sent must arrive: an RST discards what the other side has not read
            connection.reset()
        elif then == "hang":
            connection.wait_for_hang_up()

    return script


SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


def sse(lines: Iterable[str], *, then: str = "close", pause_s: float = 0.0, gap: str = "\n\n") -> Script:
    """Send event lines in one body that the end of the connection ends."""
    head = SSE_HEAD + b"connection: close\r\n\r\n"
    return raw(head, *((line + gap).encode("utf-8", "surrogatepass") for line in lines), pause_s=pause_s, then=then)


def chunked(lines: Iterable[str], *, whole: bool = True, then: str = "keep") -> Script:
    """Send event lines in chunked encoding, as OpenAI does; not `whole` leaves the last chunk out."""
    pieces = [(line + "\n\n").encode() for line in lines]
    framed = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    end = b"0\r\n\r\n" if whole else b"40\r\ndata: {"
    return raw(SSE_HEAD + b"transfer-encoding: chunked\r\n\r\n" + framed + end, then=then)


def delta(text: str | None = None, **choice: Any) -> str:
    """Return the data line of one chunk."""
    row = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": None, **choice}
    return "data: " + json.dumps({"id": "c1", "model": "o3-2025-04-16", "choices": [row], "usage": None})
