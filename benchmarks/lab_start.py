"""How much the extension adds to JupyterLab: its bytes, and the time until the page is restored, with and without.

The bars of issue 5, section "Speed": 60 kB gzipped, 30 ms. Two servers, one whose page has our bundle and one whose
page has not, take turns in one Chromium; each opening is a fresh context, so nothing is cached. Exits with 1 when a
bar is missed.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import lab  # noqa: E402

MOST_BYTES = 60_000
MOST_MS = 30.0
# Until the shell is laid out and every plugin that starts by itself has been activated.
RESTORED = "() => window.jupyterapp.restored.then(() => performance.now())"


def main() -> int:
    turns = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    turns.add_argument("--turns", type=int, default=20, help="openings of each page")
    given = turns.parse_args()
    scripts = (ROOT / "o1magic" / "labextension" / "static").glob("*.js")
    sizes = {one.name: len(gzip.compress(one.read_bytes())) for one in scripts}
    total = sum(sizes.values())
    for name, size in sorted(sizes.items(), key=lambda one: -one[1]):
        print(f"{size:8,} bytes gzipped  {name}")
    print(f"{total:8,} bytes in all; bar {MOST_BYTES:,}")
    without, with_it = measured(given.turns)
    added = statistics.median(b - a for a, b in zip(without, with_it, strict=True))
    for name, times in (("without", without), ("with", with_it)):
        first, middle, last = statistics.quantiles(times, n=4)
        print(f"{name:8} {middle:7.0f} ms to the restored page (quartiles {first:.0f} to {last:.0f})")
    print(f"added    {added:7.1f} ms (median of {given.turns} pairs); bar {MOST_MS:.0f}")
    return int(total > MOST_BYTES or added > MOST_MS)


def measured(turns: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each opening, without and with the extension, in pairs."""
    times: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        servers = [
            stack.enter_context(lab.lab_server(folder, extension=extension))
            for folder, extension in zip(folders, (False, True), strict=True)
        ]
        browser = stack.enter_context(lab.chromium())
        for turn in range(-1, turns):  # the first is for the servers to warm up
            for which in (0, 1) if turn % 2 else (1, 0):
                with lab.lab_page(browser) as (page, _):
                    page.goto(f"{servers[which].url}/lab?token={servers[which].token}&reset")
                    page.wait_for_function("() => window.jupyterapp?.restored")
                    restored = float(lab.evaluate(page, RESTORED))
                if turn >= 0:
                    times[which].append(restored)
    return times


if __name__ == "__main__":
    sys.exit(main())
