"""CPU and memory of the linter on texts of many kinds, normal and adversarial, and beside its peers.

    python benchmarks/lint_speed.py [--runs 3] [--select CODES] [--peers [PYTHON]]

Bars: a warm cell of 2 kB in 1 ms, 100 kB of prose, code, rows, logs or Chinese in 25 ms, an adversarial 100 kB in 4
times what the slowest normal one takes, 10 MB in memory of 10 times its size, the import in 40 ms over bare Python,
`o1magic lint` on a small file within 5 times `python -c pass`, 863 kB of prose in 0.3 s. Exits with 1 when a bar is
missed. With --peers promptlint-cli and proselint lint the same 863 kB, if PYTHON (default: this one) can import them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZE = 100_000
CELL_MS, NORMAL_MS, IMPORT_MS, PROSE_S, TIMES, MEMORY, COMMAND = 1.0, 25.0, 40.0, 0.3, 4, 10, 5
SMALL = "Think step by step. Is 391 prime?"
# As an installed package runs: from bytecode, wherever the script was started.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)
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
    "- a\n", '"a" ', "def f(x):\n", "Q:\n", "a: b\n", "//\n", "/*\n", "~~~\n", "'''\n", '"""\n', "]\n", '"a":1,\n',
    '{"a":',
    "<a>\n</a>\n", "<p>\n", "<example>x</example>\n", '<a>\n"x"\n', "```a\n```\n", "Explain your reasoning.\n",
    "Summarize this:\n", "Explain it.\n", "Text:\n", "Document 1 ", "\u202e", "\ufeff", "\u064b", "étape par étape ",
    "шаг за шагом ", "خطوة بخطوة ", "कदम दर कदम ", "ステップバイステップで考えて", "từng bước ", "sk-", "eyJ",
    "a@b.co ",
    "://a:b@c ", "12:00:00 ", "2026-01-01 10:00:00 INFO x\n", "Traceback (most recent call last):\n", "@@ -1 +1 @@\n",
)  # fmt: skip
# What no linter may choke on: 1 MB each.
ODD = ("a", "\0", "\ud800", "\u202e", "a\u0301", "“", "[{<", "`\"'", "<a>")


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
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, env=ENVIRONMENT
    )
    return json.loads(ran.stdout)


def fresh() -> tuple[float, float]:
    """Return the CPU of the import and of the first check, in milliseconds, the least of nine processes."""
    script = (
        # Not `import ... as`: that would ask the package for its function of the same name, and load all of it.
        "import importlib, time\na = time.process_time()\n"
        "lint = importlib.import_module('o1magic.lint')\nb = time.process_time()\n"
        f"lint.check({SMALL!r})\nprint([(b - a) * 1e3, (time.process_time() - b) * 1e3])"
    )
    runs = [child(script) for _ in range(9)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def spent(command: list[str]) -> tuple[float, float]:
    """Return the CPU and the wall time of a command, in seconds, with what it prints thrown away."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - start


def command_line() -> tuple[float, float]:
    """Return how many times the CPU and the wall time of `python -c pass` the command line takes on a small file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "small.txt")
        file.write_text(SMALL, encoding="utf-8")
        lint = f"from o1magic.cli import main; main(['lint', {str(file)!r}])"
        runs = [[spent([sys.executable, "-c", code]) for code in ("pass", lint)] for _ in range(9)]
    bare, linted = ([min(run[which][i] for run in runs) for i in (0, 1)] for which in (0, 1))
    return linted[0] / bare[0], linted[1] / bare[1]


def odd(check) -> list[str]:
    """Return the odd texts that break a rule; one that raised would end the run."""
    return [ascii(piece) for piece in ODD if any(one.code == "X001" for one in check(filled(piece, 1_000_000)) or ())]


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


def peers(text: str, python: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "prompt.txt")
        file.write_text(text, encoding="utf-8")
        for package, arguments in (("promptlint", [str(file)]), ("proselint", ["check", str(file)])):
            if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
                print(f"{package:24} absent")
            else:
                print(f"{package:24} {spent([python, '-m', package, *arguments])[0]:8.2f} s")


class Table:
    """Prints one figure a line, and remembers which missed its bar."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def show(self, name: str, value: float, bar: float, unit: str) -> None:
        """Print a figure beside its bar."""
        self.missed += [name] if value > bar else []
        print(f"{name:24} {value:8.2f} {unit:3} bar {bar:.4g}{'  MISSED' if value > bar else ''}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--select")
    parser.add_argument("--peers", nargs="?", const=sys.executable, metavar="PYTHON")
    arguments = parser.parse_args()
    table = Table()
    # First: a child's peak starts from what its parent had when it was forked.
    for name in ("prose", "code", "rows"):
        seconds, share = large(NORMAL[name], arguments.select)
        table.show(f"10 MB of {name}, {seconds:.1f} s", share, MEMORY, "x")
    at_import, at_first = fresh()
    table.show("import", at_import, IMPORT_MS, "ms")
    print(f"{'first check':24} {at_first:8.2f} ms")
    cpu, wall = command_line()
    table.show("command line, CPU", cpu, COMMAND, "x")
    table.show("command line, wall", wall, COMMAND, "x")
    sys.path.insert(0, str(ROOT))
    lint = importlib.import_module("o1magic.lint")

    def check(text: str) -> list[object]:
        return lint.check(text, select=arguments.select)

    check(CELL)
    table.show("cell of 2 kB", ms(check, CELL[:2000], 100), CELL_MS, "ms")
    normal = {name: ms(check, filled(piece), arguments.runs) for name, piece in NORMAL.items()}
    for name, value in normal.items():
        table.show(name, value, NORMAL_MS, "ms")
    bar = TIMES * max(normal.values())
    for piece in ADVERSARIAL:
        table.show(ascii(piece), ms(check, filled(piece), min(2, arguments.runs)), bar, "ms")
    table.show("odd texts that break", len(odd(check)), 0, "")
    text = filled(PROSE, 863_000)
    table.show("863 kB of prose", ms(check, text, 2) / 1e3, PROSE_S, "s")
    if arguments.peers:
        peers(text, arguments.peers)
    print(f"missed: {', '.join(table.missed) or 'none'}")
    return bool(table.missed)


if __name__ == "__main__":
    sys.exit(main())
