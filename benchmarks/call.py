"""CPU of a warm `%%o1` against the bare `openai` call it contains, in a real kernel, the server in another process.

    python benchmarks/call.py [--turns 200] [--breakdown]

Four ways of making a call take turns within one kernel: the bare call, the same call as a cell's only line, the same
cell showing the answer, and a `%%o1` cell with its lint, token count, two durable ledger commits and its answer shown.
Exits with 1 when the bar is missed by `%%o1` as it is typed, which is streamed. Whole answers (o1-preview, o1-mini) are
measured beside it and named where they are over it: for them the cell that only shows the answer is over it already.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BAR_MS = 1.5
WAYS = BARE, _, SHOWN, OURS = "bare", "in a cell", "shown", "%%o1"
PACED = "paced "
# By the catalog's facts one of them is sent whole; the other, which answers unless one asks for another, is streamed.
WHOLE, STREAMED = "o1-preview", "gpt-6.1-sol"
CASES = ((WHOLE, 300), (WHOLE, 2_000), (STREAMED, 300), (STREAMED, 2_000))


@contextlib.contextmanager
def server():
    """Yield the base URL of the instant server."""
    command = [sys.executable, str(HERE / "children" / "instant_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


@contextlib.contextmanager
def kernel(folder: str, base_url: str):
    """Yield a function that runs a cell in a fresh kernel and returns what it printed as a value."""
    from jupyter_client.manager import start_new_kernel

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "O1MAGIC_"))}
    env = kept | {
        "HOME": folder,
        "IPYTHONDIR": f"{folder}/ipython",
        "O1MAGIC_LEDGER": f"{folder}/ledger.db",
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "sk-benchmark",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join((str(HERE / "children"), str(HERE.parent))),
    }
    # A kernel over TCP warns on stderr; what goes wrong in a cell comes back as its reply.
    manager, client = start_new_kernel(kernel_name="python3", env=env, cwd=folder, stderr=subprocess.DEVNULL)

    def run(code: str):
        printed: list[str] = []

        def hear(message):
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])

        reply = client.execute_interactive(code, output_hook=hear, store_history=False, timeout=900)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"][-5:]))
        found = [line for line in "".join(printed).splitlines() if line.startswith("RESULT ")]
        return ast.literal_eval(found[-1].removeprefix("RESULT ")) if found else None

    run.client = client
    try:
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def row(case: str, found: dict[str, list[float]]) -> float:
    """Print the medians of one case and return how many milliseconds `%%o1` is over the bare call."""
    medians = "".join(f"{statistics.median(found[name]):>11.2f}" for name in WAYS)
    # Each turn's own difference: what slows the machine for a while slows all four of a turn.
    over_bare, over_shown = (
        [one - other for one, other in zip(found[OURS], found[name], strict=True)] for name in (BARE, SHOWN)
    )
    low, over, high = statistics.quantiles(over_bare, n=4)
    spread = f"{low:+.2f} to {high:+.2f}"
    print(f"{case:38}{medians}{over:>+12.2f}{spread:>18}{statistics.median(over_shown):>+13.2f}", flush=True)
    return over


def compare(run, turns: int, warm_up: int, paced_turns: int) -> dict[str, bool]:
    """Print the table; return by model whether no case of it is over the bar."""
    print(f"process CPU per call in ms, medians of {turns} turns after {warm_up} to warm up")
    heads = "".join(f"{name:>11}" for name in WAYS)
    print(f"{'':38}{heads}{'over bare':>12}{'quartiles':>18}{'over shown':>13}")
    met = {WHOLE: True, STREAMED: True}
    for model, length in CASES:
        found = run(f"print('RESULT', in_kernel.measure({model!r}, {length}, '', {turns}, {warm_up}))")
        how = "streamed" if model == STREAMED else "whole"
        met[model] &= row(f"{model}, {how}, {length:,} characters", found) <= BAR_MS
    if paced_turns:
        found = run(f"print('RESULT', in_kernel.measure({STREAMED!r}, 300, {PACED!r}, {paced_turns}, 2))")
        row(f"{STREAMED}, streamed over 1 s ({paced_turns} turns)", found)
    return met


def explain(run, turns: int) -> None:
    """Print the CPU of a `%%o1` by thread, and by stage."""
    for model, length in (CASES[0], CASES[2]):
        found = run(f"print('RESULT', in_kernel.breakdown({model!r}, {length}, {turns}))")
        print(f"\nwhere a %%o1 goes: {model}, {length} characters, mean of {turns}, ms")
        for name, spent in sorted(found["threads"].items(), key=lambda one: -one[1]):
            if spent >= 0.005:  # noqa: PLR2004 - below what can be told apart from noise
                print(f"  thread {name:35}{spent:>7.3f}")
        for stage, spent in found["stages"].items():
            print(f"  {stage:42}{spent:>7.3f}")
        if found["missing"]:
            print(f"  not found any more: {', '.join(found['missing'])}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=200, help="calls of each kind per case")
    parser.add_argument("--warm-up", type=int, default=20, help="calls of each kind before they count")
    parser.add_argument("--paced", type=int, default=10, help="calls of each kind streamed over a second; 0: none")
    parser.add_argument("--breakdown", action="store_true", help="also print where the time goes")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as base_url, kernel(folder, base_url) as run:
        run("%load_ext o1magic\nimport in_kernel")
        met = compare(run, chosen.turns, chosen.warm_up, chosen.paced)
        if chosen.breakdown:
            explain(run, min(chosen.turns, 100))
        commits = run("print('RESULT', in_kernel.commits_ms())")
    print(f"\ntwo durable SQLite commits of one row, and nothing else, where the ledger was: {commits:.2f} ms")
    print(f"bar: at most +{BAR_MS} ms over the bare call")
    for model, held in met.items():
        print(f"  {model}: {'met' if held else 'MISSED'}")
    return 0 if met[STREAMED] else 1


if __name__ == "__main__":
    sys.exit(main())
