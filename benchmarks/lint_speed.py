"""CPU and memory of the linter on texts of many kinds, normal and adversarial, and beside its peers.

    python benchmarks/lint_speed.py [--runs 3] [--select CODES] [--peers]

Bars: a warm cell of 2 kB in 1 ms, 100 kB of prose, code, rows, logs or Chinese in 25 ms, an adversarial 100 kB in 4
times what the slowest normal one takes, 10 MB in memory of 10 times its size, the import in 40 ms, 863 kB of prose in
0.3 s. Exits with 1 when a bar is missed. With --peers promptlint-cli and proselint lint the same 863 kB, where there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZE = 100_000
CELL_MS, NORMAL_MS, IMPORT_MS, PROSE_S, TIMES, MEMORY = 1.0, 25.0, 40.0, 0.3, 4, 10
PROSE = (
    "The committee met on Tuesday to discuss the budget, which had been under review for some weeks. Members asked "
    "whether the schedule could be kept; the chair thought so, with reservations about staffing.\n"
)
CODE = (
    'def total(rows: list[dict[str, float]]) -> float:\n    """Return the sum."""\n'
    '    return sum(r["n"] for r in rows)\n\n'
)
CELL = f"Refactor this so that it handles empty input. Think step by step.\n\n{CODE}{PROSE * 9}"
NORMAL = {
    "prose": PROSE,
    "one line": PROSE.replace("\n", " "),
    "code": f"Fix this.\n\n{CODE * 9}",
    "rows": "Sum by region.\n" + "north,12,3.5,ab\n" * 7000,
    "log": "Why?\n" + "2026-01-01 10:00:00 INFO server started on port 8080 with 3 workers\n" * 1600,
    "Chinese": "委员会在周二开会讨论预算问题，主席认为时间表可以保持。\n",
    "German": "Der Ausschuß prüfte über längere Zeit die Möglichkeiten für das Jahr; niemand äußerte Zweifel.\n",
}
ADVERSARIAL = (
    "a\n", " ", "\n", '"', "'", "`", "“", "[", "{", "(", "[\n", "{\n", "{{", "<", "<a>", "</a>", "<a></a>",
    "<x ", "```\n", "> a\n", "#", "# data\n", "|", "|\n", ",", "a,b\n", "a\tb\n", "step by step ",
    "think step by step. ", "your ", "think ", "show your ", "一步一步", "请一步一步思考。", "단계별로 ",
    "Q: a\nA: b\n", "a -> b\n", "Data:\nx\n", ":\n", "x = 1\n", "@a\n", "e\u0301", "\u200d", "\ud800", "\0", "\r", ". ",
    "- a\n", '"a" ', "def f(x):\n",
)  # fmt: skip


def filled(piece: str, size: int = SIZE) -> str:
    return (piece * (size // len(piece) + 1))[:size]


def ms(check, text: str, runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        check(text)
        best = min(best, time.process_time() - start)
    return best * 1e3


def child(script: str) -> list[float]:
    """Return the numbers a fresh process prints."""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(ran.stdout)


def fresh() -> tuple[float, float]:
    """Return the CPU of the import and of the first check, in milliseconds, medians of five processes."""
    script = (
        # Not `import ... as`: that would ask the package for its function of the same name, and load all of it.
        "import importlib, time\na = time.process_time()\n"
        "lint = importlib.import_module('o1magic.lint')\nb = time.process_time()\n"
        "lint.check('Think step by step. Is 391 prime?')\nprint([(b - a) * 1e3, (time.process_time() - b) * 1e3])"
    )
    runs = [child(script) for _ in range(5)]
    return sorted(run[0] for run in runs)[2], sorted(run[1] for run in runs)[2]


def large(piece: str, select: str | None) -> tuple[float, float]:
    """Return the seconds and the bytes of memory per byte of text that 10 MB take."""
    script = (
        "import importlib, json, resource, time\nlint = importlib.import_module('o1magic.lint')\nlint.check('x')\n"
        f"text = ({piece!r} * 10_000_000)[:10_000_000]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nstart = time.process_time()\n"
        f"lint.check(text, select={select!r})\nafter = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print([time.process_time() - start, (after - before) * 1024 / 1e7])"
    ).replace("* 10_000_000", f"* {10_000_000 // len(piece) + 1}")
    seconds, share = child(script)
    return seconds, share


def peers(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "prompt.txt")
        file.write_text(text, encoding="utf-8")
        for name, command in (
            ("promptlint-cli", ["promptlint", str(file)]),
            ("proselint", ["proselint", "check", str(file)]),
        ):
            if shutil.which(command[0]) is None:
                print(f"{name:24} absent")
                continue
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            subprocess.run(command, capture_output=True, check=False)
            print(f"{name:24} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before:8.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--select")
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    missed: list[str] = []

    def show(name: str, value: float, bar: float, unit: str) -> None:
        missed.extend([name] if value > bar else [])
        print(f"{name:24} {value:8.2f} {unit:3} bar {bar:.4g}{'  MISSED' if value > bar else ''}")

    at_import, at_first = fresh()
    show("import", at_import, IMPORT_MS, "ms")
    print(f"{'first check':24} {at_first:8.2f} ms")
    lint = importlib.import_module("o1magic.lint")

    def check(text: str) -> None:
        lint.check(text, select=arguments.select)

    check(CELL)
    show("cell of 2 kB", ms(check, CELL[:2000], 30), CELL_MS, "ms")
    normal = {name: ms(check, filled(piece), arguments.runs) for name, piece in NORMAL.items()}
    for name, value in normal.items():
        show(name, value, NORMAL_MS, "ms")
    bar = TIMES * max(normal.values())
    for piece in ADVERSARIAL:
        show(ascii(piece), ms(check, filled(piece), min(2, arguments.runs)), bar, "ms")
    text = filled(PROSE, 863_000)
    show("863 kB of prose", ms(check, text, 2) / 1e3, PROSE_S, "s")
    if arguments.peers:
        peers(text)
    for piece in (PROSE, CODE):
        seconds, share = large(piece, arguments.select)
        show(f"memory, 10 MB in {seconds:.1f} s", share, MEMORY, "x")
    print(f"missed: {', '.join(missed) or 'none'}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
