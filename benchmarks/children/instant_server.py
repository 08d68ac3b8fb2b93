"""A server that answers every chat completion at once, in a process of its own: its CPU is nobody's overhead.

Prints its port. A prompt that begins with "paced" is answered over a second, event by event.
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


def body(model: str) -> bytes:
    message = {"role": "assistant", "content": "".join(PIECES), "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model}
    return json.dumps(head | {"choices": [choice], "usage": USAGE}).encode()


def events(model: str) -> list[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "usage": None}
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in PIECES), {}]
    chunks = [head | {"choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
    chunks[-1]["choices"][0]["finish_reason"] = "stop"
    chunks.append(head | {"choices": [], "usage": USAGE})
    return [*(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks), b"data: [DONE]\n\n"]


class Handler(BaseHTTPRequestHandler):
    """Answers whatever is posted."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer whole or in events, as the request asks."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not asked.get("stream"):
            answer = body(asked["model"])
            head = f"Content-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + head.encode() + answer)
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events(asked["model"])]
        if asked["messages"][-1]["content"].startswith("paced"):
            self.wfile.write(head)
            for chunk in chunks:
                self.wfile.write(chunk)
                time.sleep(PACE_S)
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(head + b"".join(chunks) + b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Server(ThreadingHTTPServer):
    """Keeps no small packet waiting, and no thread at its end."""

    daemon_threads = True
    disable_nagle_algorithm = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
