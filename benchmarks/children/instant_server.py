"""A server that answers every chat completion at once, in a process of its own: its CPU is nobody's overhead.

Prints its port. A prompt that begins with "paced" is answered over a second, event by event; one that begins with
"stream CHARACTERS SECONDS KIND" with so long a text in events of a few letters. GET /connections: how many there were.
"""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SENTENCE = "The plan has **three** steps: read the table, group by year, and draw `the chart`.\n\n"
EVENTS = 100
PACE_S = 0.01
USAGE = {
    "prompt_tokens": 80,
    "completion_tokens": 500,
    "total_tokens": 580,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 400},
}
_words = SENTENCE.split(" ")
PIECES = [f"{_words[i % len(_words)]} " for i in range(EVENTS)]


# One of each: prose, a list, code, a table, a formula.
ROUND = (
    SENTENCE
    + "- first, the rows that are complete\n- then those that lack a price\n\n"
    + "```python\ntotals = frame.groupby('year')['cost'].sum()\nprint(totals.head(3))\n```\n\n"
    + "| year | cost |\n|---|---|\n| 2024 | 12.35 |\n| 2025 | 14.46 |\n\n"
    + "The mean is $\\bar{x} = \\frac{1}{n}\\sum_i x_i$ over all of them.\n\n"
)
PIECE_CHARS = 5


KINDS = {"dense": ROUND, "prose": SENTENCE + "## What it takes\n\n" + 3 * SENTENCE}


def long_pieces(characters: int, kind: str) -> list[str]:
    text = (KINDS[kind] * (characters // len(KINDS[kind]) + 1))[:characters]
    return [text[at : at + PIECE_CHARS] for at in range(0, characters, PIECE_CHARS)]


def body(model: str) -> bytes:
    message = {"role": "assistant", "content": "".join(PIECES), "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model}
    return json.dumps(head | {"choices": [choice], "usage": USAGE}).encode()


def events(model: str, pieces: list[str] = PIECES) -> list[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "usage": None}
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces), {}]
    chunks = [head | {"choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
    chunks[-1]["choices"][0]["finish_reason"] = "stop"
    chunks.append(head | {"choices": [], "usage": USAGE})
    return [*(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks), b"data: [DONE]\n\n"]


class Handler(BaseHTTPRequestHandler):
    """Answers whatever is posted."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say how many connections there were, this one not counted."""
        said = str(self.server.connections - 1).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))

    def do_POST(self) -> None:
        """Answer whole or in events, as the request asks."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not asked.get("stream"):
            answer = body(asked["model"])
            head = f"Content-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + head.encode() + answer)
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        prompt = asked["messages"][-1]["content"].split()
        pieces, seconds = PIECES, PACE_S * EVENTS if prompt[0] == "paced" else 0.0
        if prompt[0] == "stream":
            pieces, seconds = long_pieces(int(prompt[1]), prompt[3]), float(prompt[2])
        chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events(asked["model"], pieces)]
        if seconds:
            self.wfile.write(head)
            started = time.monotonic()
            for number, chunk in enumerate(chunks):
                self.wfile.write(chunk)
                time.sleep(max(0.0, started + seconds * number / len(chunks) - time.monotonic()))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(head + b"".join(chunks) + b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Server(ThreadingHTTPServer):
    """Keeps no small packet waiting, and no thread at its end."""

    daemon_threads = True
    disable_nagle_algorithm = True
    connections = 0

    def process_request(self, request: object, client_address: object) -> None:
        """Count the connection."""
        self.connections += 1
        super().process_request(request, client_address)


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
