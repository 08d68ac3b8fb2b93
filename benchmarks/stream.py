"""What a long streamed answer costs: CPU per chunk, bytes and messages to the page, connections to the server.

    python benchmarks/stream.py [--turns 7]

In a real kernel, the server in another process. CPU: an answer of 60 kB in 12,000 chunks that come as fast as they can,
through `%%o1` with everything it draws, against the openai package's own typed iteration of the same stream, in turns.
The page: the same answer over 4 s, every message of the kernel's that belongs to the cell. Exits with 1 when a bar is
missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import urllib.request

from call import STREAMED, kernel, server

CHARACTERS = 60_000
SECONDS = 4.0
STREAMS = 10
BARS = {
    "CPU per chunk of prose, of the typed iteration's": 0.25,
    "the same of tables, formulas, lists and code": 0.25,
    "bytes to the page, of the text's": 2.5,
    "messages a second to the page": 16.0,
    "connections of ten streams": 1.0,
}

IN_KERNEL = f"""
import time
from IPython import get_ipython
from openai import OpenAI

_client = OpenAI(max_retries=0)

def typed(kind):
    asked = [{{"role": "user", "content": f"stream {CHARACTERS} 0 {{kind}}"}}]
    body = {{"model": {STREAMED!r}, "stream": True, "messages": asked}}
    started = time.process_time()
    text = "".join(
        chunk.choices[0].delta.content or "" for chunk in _client.chat.completions.create(**body) if chunk.choices
    )
    assert len(text) == {CHARACTERS}
    return time.process_time() - started

def magic(kind):
    started = time.process_time()
    cell = f"%%o1 -m {STREAMED} --lint off\\nstream {CHARACTERS} 0 {{kind}}"
    get_ipython().run_cell(cell, store_history=False).raise_error()
    time.sleep(0.05)
    return time.process_time() - started
"""


def cpu(run, turns: int, kind: str) -> float:
    """Print the CPU of both, and return the median ratio of those that took turns."""
    run(IN_KERNEL + f"\nfor _ in range(2): typed({kind!r}); magic({kind!r})")
    ratios, seen = [], []
    for _ in range(turns):
        one, other = run(f"print('RESULT', (typed({kind!r}), magic({kind!r})))")
        ratios.append(other / one)
        seen.append((one, other))
    chunks = CHARACTERS / 5
    typed, magic = (statistics.median(row[i] for row in seen) / chunks * 1e6 for i in (0, 1))
    print(f"CPU per chunk of {kind}: typed iteration {typed:.1f} us, %%o1 {magic:.1f} us, of {chunks:,.0f} chunks")
    return statistics.median(ratios)


def to_the_page(client) -> tuple[float, float]:
    """Return bytes over the text's, and messages a second, of the cell's outputs."""
    started = time.monotonic()
    asked = client.execute(f"%%o1 -m {STREAMED} --lint off\nstream {CHARACTERS} {SECONDS} dense", store_history=False)
    sent, messages, done = 0, [], False
    while not done:
        message = client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") != asked:
            continue
        messages.append(message["msg_type"])
        sent += sum(len(json.dumps(message[part], default=str)) for part in ("header", "parent_header", "content"))
        done = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
    client.get_shell_msg(timeout=30)
    seconds = time.monotonic() - started
    kinds = ", ".join(f"{messages.count(kind)} {kind}" for kind in dict.fromkeys(messages))
    print(f"to the page: {sent:,} bytes, {len(messages)} messages in {seconds:.1f} s ({kinds})")
    return sent / CHARACTERS, len(messages) / seconds


def connections(base_url: str) -> int:
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/connections") as said:  # noqa: S310 - our own server
        return int(said.read())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7, help="streams of each kind")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as base_url, kernel(folder, base_url) as run:
        run("%load_ext o1magic")
        ratios = [cpu(run, chosen.turns, kind) for kind in ("prose", "dense")]
        factor, rate = to_the_page(run.client)
        before = connections(base_url)
        cell = f"get_ipython().run_cell('%%o1 -m {STREAMED} --lint off\\nstream 300 0 prose').raise_error()"
        run(f"for _ in range({STREAMS}): {cell}")
        used = connections(base_url) - before - 1
    # The pool had its connection already: none was made for ten more.
    found = dict(zip(BARS, (*ratios, factor, rate, float(max(1, used))), strict=True))
    print()
    for name, value in found.items():
        print(f"{name:50}{value:8.2f}   bar {BARS[name]:5.2f}   {'met' if value <= BARS[name] else 'MISSED'}")
    return 0 if all(value <= BARS[name] for name, value in found.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
