"""The body of an HTTP request, read whole under a cap, and its JSON.

Layer 5, standard library only; called by `server`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from o1magic.simulator.errors import Refused

if TYPE_CHECKING:
    from email.message import Message
    from io import BufferedIOBase

# The longest window in the catalog is about 5 MB of English, escaped Chinese takes six bytes a character.
MAX_BYTES = 32 * 1024 * 1024
_MAX_LINE = 1024
_HEX = re.compile(rb"[0-9A-Fa-f]{1,8}")


def read_body(headers: Message, stream: BufferedIOBase, limit: int = MAX_BYTES) -> bytes:
    """Return the body. Raises Refused: too long or wrongly framed; ConnectionError: it ends early."""
    coding, length = headers.get("Transfer-Encoding"), headers.get_all("Content-Length", [])
    if coding is not None:
        if coding.strip().lower() != "chunked" or length:
            raise _unframed("Transfer-Encoding must be chunked, and then without a Content-Length.")
        return _read_chunked(stream, limit)
    if not length:
        return b""
    if len(length) > 1 or not re.fullmatch(r"[0-9]{1,15}", length[0].strip(), re.ASCII):
        raise _unframed("Content-Length must be one number.")
    size = int(length[0])
    if size > limit:
        raise _too_large(limit)
    return _exactly(stream, size)


def _read_chunked(stream: BufferedIOBase, limit: int) -> bytes:
    parts: list[bytes] = []
    received = 0
    while size := _chunk_size(stream):
        received += size
        if received > limit:
            raise _too_large(limit)
        parts.append(_exactly(stream, size))
        if _line(stream):
            raise _unframed("A chunk is longer than its size says.")
    while _line(stream):
        pass
    return b"".join(parts)


def _chunk_size(stream: BufferedIOBase) -> int:
    size = _line(stream).split(b";", 1)[0].strip()
    if not _HEX.fullmatch(size):
        raise _unframed("A chunk starts without its size.")
    return int(size, 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(_MAX_LINE)
    if not line:
        raise ConnectionAbortedError("the body ended early")
    if not line.endswith(b"\n"):
        raise _unframed("A line between chunks is too long.")
    return line.rstrip(b"\r\n")


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise ConnectionAbortedError("the body ended early")
    return data


def _unframed(message: str) -> Refused:
    return Refused(400, message, code="invalid_request", headers={"Connection": "close"})


def _too_large(limit: int) -> Refused:
    message = f"The body is longer than the {limit:,} bytes the simulator takes."
    return Refused(413, message, code="request_too_large", headers={"Connection": "close"})


def parse_json(body: bytes) -> Any:
    """Return the parsed body. Raises Refused: when it is not JSON, NaN and Infinity included."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        message = (
            "We could not parse the JSON body of your request: the API expects a JSON payload, "
            "but what was sent was not valid JSON."
        )
        raise Refused(400, message, code="invalid_json") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def dump_json(value: Any) -> bytes:
    """Return compact JSON as UTF-8, with U+FFFD for the lone surrogates that UTF-8 cannot hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LONE_SURROGATE.sub("\ufffd", text).encode("utf-8")
