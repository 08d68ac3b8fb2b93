"""What the benchmark of calls does inside its kernel: cells that take turns, and the CPU each of them took.

Imported by a cell that `call.py` runs. CPU is the whole process's: the thread that reads the stream, the one that
writes the ledger and the one that publishes to the page are all in it.
"""

import importlib
import inspect
import os
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from IPython.core.getipython import get_ipython

# A turn is over when the threads beside the main one have done what is left to do.
SETTLE_S = 0.006

QUESTION = (
    "Compare two ways to find which of the bridges in a city of the eighteenth century can be crossed exactly once "
    "each on one walk: the parity of the degrees, and a search over all walks. Say which of the two grows faster with "
    "the number of bridges, and what changes when one bridge is closed for repair in winter."
)
LENGTHS = (300, 2_000)


def prompt(length: int, turn: int) -> str:
    """Return an ordinary prompt of that many characters, different at each turn."""
    opening = f"Variant {turn}. "
    text = opening + "\n\n".join([QUESTION] * (length // len(QUESTION) + 1))
    return text[: length - 1].rstrip() + "."


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of some work, in all threads."""
    before = time.process_time()
    work()
    time.sleep(SETTLE_S)
    return (time.process_time() - before) * 1e3


class Turns:
    """The contestants for one model, prompt length and pace."""

    def __init__(self, model: str, length: int, *, pace: str = "") -> None:
        from openai import OpenAI

        self.shell = get_ipython()
        self.model, self.length, self.pace = model, length, pace
        self.client = OpenAI(max_retries=0)
        self.shell.user_ns["bare_call"] = self.bare
        self.body = self._body()

    def _body(self) -> dict:
        """Return what `%%o1` sends, for the bare call to send as well."""
        self.magic("probe")
        draft = self.shell.magics_manager.registry["O1Magics"]._work.draft
        return dict(draft.request.body)

    def text(self, turn: object) -> str:
        """Return the prompt of a turn."""
        return self.pace + prompt(self.length - len(self.pace), turn)

    def cell(self, text: str) -> None:
        """Run a cell; an error in it is an error here."""
        done = self.shell.run_cell(text, store_history=False)
        done.raise_error()

    def bare(self, turn: object) -> str:
        """Make the call with nothing around it, and read its text as anybody would."""
        messages = [{"role": "user", "content": self.text(turn)}]
        reply = self.client.chat.completions.create(**self.body | {"messages": messages})
        if not self.body.get("stream"):
            return reply.choices[0].message.content
        return "".join(chunk.choices[0].delta.content or "" for chunk in reply if chunk.choices)

    def bare_cell(self, turn: object) -> None:
        """Make the call as a cell's only line."""
        self.cell(f"reply = bare_call({turn!r})")

    def shown_cell(self, turn: object) -> None:
        """Make the call in a cell that shows its answer as Markdown, which is the least a person does with it."""
        self.cell(f"from IPython.display import Markdown\nMarkdown(bare_call({turn!r}))")

    def magic(self, turn: object) -> None:
        """Make the call with everything o1magic puts around it."""
        self.cell(f"%%o1 -m {self.model}\n{self.text(turn)}\n")

    def contestants(self) -> dict[str, Callable[[object], object]]:
        """Return the ways to make the call, by name."""
        return {"bare": self.bare, "in a cell": self.bare_cell, "shown": self.shown_cell, "%%o1": self.magic}

    def run(self, turns: int, warm_up: int) -> dict[str, list[float]]:
        """Return the CPU milliseconds of each turn of each contestant."""
        found: dict[str, list[float]] = {name: [] for name in self.contestants()}
        for turn in range(-warm_up, turns):
            for name, work in self.contestants().items():
                spent = cpu_ms(lambda work=work, turn=turn: work(turn))
                if turn >= 0:
                    found[name].append(spent)
        return found


def measure(model: str, length: int, pace: str, turns: int, warm_up: int) -> dict:
    return Turns(model, length, pace=pace).run(turns, warm_up)


# ---- where the time goes

# Each stage: module and attribute; indented ones are part of the one above. Names that are gone are reported.
STAGES = {
    "magic line": ("o1magic.arguments", "parse"),
    "all before sending": ("o1magic.ask", "compose"),
    "  settings": ("o1magic.draft", "settle_settings"),
    "  lint and fixes": ("o1magic.draft", "lint_cell"),
    "  request": ("o1magic.request", "build"),
    "    tokens": ("o1magic.tokens", "count_messages"),
    "ledger: calls whose process is gone": ("o1magic.ask", "lost_calls"),
    "ledger: hold, durable": ("o1magic.ledger", "Ledger.hold"),
    "ledger: settle, durable": ("o1magic.ledger", "Ledger.settle"),
    "ledger: session's total": ("o1magic.ledger", "Ledger.total"),
    "client: send and read": ("o1magic.client.line", "exchange"),
    "  up to the response's head": ("o1magic.client.openai_sdk", "send"),
    "display hook, all of it": ("ipykernel.displayhook", "ZMQShellDisplayHook.__call__"),
    "  answer made safe to show": ("o1magic.untrusted", "markdown"),
    "  messages signed and sent": ("jupyter_client.session", "Session.send"),
}


class Stopwatch:
    """The CPU of a stage on the thread it runs on, added up over its calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.missing: list[str] = []
        self._undo: list[tuple[object, str, object]] = []

    def __enter__(self) -> Self:
        """Start to time every stage that is still there."""
        for stage, (module, path) in STAGES.items():
            self._wrap(stage, module, path)
        return self

    def __exit__(self, *_: object) -> None:
        """Put the stages back as they were."""
        for owner, name, original in reversed(self._undo):
            setattr(owner, name, original)

    def _wrap(self, stage: str, module: str, path: str) -> None:
        *inner, name = path.split(".")
        try:
            owner = importlib.import_module(module)
            for one in inner:
                owner = getattr(owner, one)
            original = getattr(owner, name)
        except (ImportError, AttributeError):
            self.missing.append(stage.strip())
            return
        self._undo.append((owner, name, original))
        setattr(owner, name, self._timed(stage, original))

    def _timed(self, stage: str, original: Callable) -> Callable:
        self.spent[stage] = 0.0

        async def awaited(*args: object, **options: object) -> object:
            before = time.thread_time()
            try:
                return await original(*args, **options)
            finally:
                self.spent[stage] += time.thread_time() - before

        def called(*args: object, **options: object) -> object:
            before = time.thread_time()
            try:
                return original(*args, **options)
            finally:
                self.spent[stage] += time.thread_time() - before

        return awaited if inspect.iscoroutinefunction(original) else called


def threads_ms() -> dict[str, float]:
    """Return the CPU of each thread of this process by name, in milliseconds."""
    return {
        one.name.rstrip("_0123456789"): time.clock_gettime(time.pthread_getcpuclockid(one.ident)) * 1e3
        for one in threading.enumerate()
        if one.ident is not None
    }


def breakdown(model: str, length: int, turns: int) -> dict:
    """Return the mean CPU milliseconds per `%%o1` of each thread and of each stage, and the stages not found."""
    contest = Turns(model, length)
    for turn in range(5):
        contest.magic(turn)
    time.sleep(0.1)
    before = threads_ms()
    for turn in range(turns):
        contest.magic(turn)
        time.sleep(SETTLE_S)
    after = threads_ms()
    threads = {name: (spent - before.get(name, 0.0)) / turns for name, spent in after.items()}
    with Stopwatch() as watch:
        for turn in range(turns):
            contest.magic(turn)
    stages = {stage: spent / turns * 1e3 for stage, spent in watch.spent.items()}
    return {"threads": threads, "stages": stages, "missing": watch.missing}


def commits_ms() -> float:
    """Return the median CPU of two durable SQLite commits of one row in the ledger's folder: the least there is."""
    place = Path(os.environ["O1MAGIC_LEDGER"]).with_name("floor.db")
    connection = sqlite3.connect(place, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE row (text)")

    def commit_twice() -> None:
        for _ in range(2):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO row VALUES ('x')")
            connection.execute("COMMIT")

    spent = statistics.median(cpu_ms(commit_twice) for _ in range(50))
    connection.close()
    return spent
