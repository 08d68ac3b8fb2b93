"""Bytes of a `text/event-stream`, cut anywhere, -> the type and data of its events.

Layer 3, pure. Called by `read`. Takes LF, CRLF and CR, comments, data over several lines, and a last event
without the empty line after it.
"""

from __future__ import annotations


class Events:
    """Cuts a stream of bytes into events."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._type = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[tuple[str, str]]:
        """Return the events that this chunk completes, as (type, data)."""
        if not (self._held or self._data or self._type) and _is_one_event(chunk):
            return [("", chunk[6:-2].decode("utf-8", "replace"))]
        if b"\n" not in chunk and b"\r" not in chunk:
            self._held.append(chunk)  # not joined: a long line in small chunks must not cost its square
            return []
        lines = b"".join((*self._held, chunk)).splitlines(keepends=True)
        # A line ending in CR may still be followed by its LF.
        self._held = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        return self._read(lines)

    def finish(self) -> list[tuple[str, str]]:
        """Return what the end of the stream completes."""
        lines, self._held = b"".join(self._held).splitlines(), []
        return self._read([*lines, b""])

    def _read(self, lines: list[bytes]) -> list[tuple[str, str]]:
        events = []
        for raw in lines:
            line = raw.rstrip(b"\r\n")
            if line:
                self._field(line)
            elif self._data:
                events.append((self._type, "\n".join(self._data)))
                self._data, self._type = [], ""
            else:
                self._type = ""
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if name == b"data":
            self._data.append(text)
        elif name == b"event":
            self._type = text


def _is_one_event(chunk: bytes) -> bool:
    """Tell whether this is one whole event of one line without a type, as most chunks of most servers are."""
    return (
        chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and chunk.count(b"\n") == 2 and b"\r" not in chunk  # noqa: PLR2004 - those two
    )
