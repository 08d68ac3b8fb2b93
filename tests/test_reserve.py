"""The learned allowance in a real kernel, on a ledger that holds a hundred calls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fault_server import FaultServer, fixture, http
from kernels import Kernel
from ledger_kit import SETTLED, USAGE, record

from o1magic import cli
from o1magic.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """Start a server that answers everything."""
    started = FaultServer(http(200, fixture("chat_completion_ok")["body"]))
    yield started
    started.close()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, server: FaultServer) -> Iterator[Kernel]:
    """Start a kernel whose ledger holds 120 real calls of o1 at low effort, and 20 simulated ones."""
    folder = tmp_path_factory.mktemp("kernel")
    with Ledger(folder / "ledger.sqlite3") as ledger:
        for number in range(120):
            usage = replace(USAGE, completion=3_000 + number, reasoning=2_000)
            record(ledger, replace(SETTLED, usage=usage), model="o1")
        for _ in range(20):
            record(ledger, SETTLED, model="o1", simulated=True)
    with Kernel(folder, OPENAI_API_KEY="sk-of-nobody-0123456789") as started:
        started.run(f"%load_ext o1magic\n%o1 connect {server.url}\n%o1 model o1")
        yield started


WHY = "3,200 allowed instead of 25,000: 120 of 120 calls like this one needed no more"


def test_the_learned_allowance_is_sent_and_said(kernel: Kernel, server: FaultServer) -> None:
    """It goes out as max_completion_tokens, with the reason in the strip; the same in a dry run."""
    ran = kernel.run("%%o1 -e low\nIs 391 prime?")
    dry = kernel.run("%%o1 -e low --dry-run\nIs 391 prime?").text()

    assert ran.status == "ok"
    assert server.requests[-1].body["max_completion_tokens"] == 3_200
    assert WHY in ran.text()
    assert WHY in dry
    assert "3,200 allowed for reasoning and answer" in dry


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("-e low --max-completion-tokens 7000", "7,000"),
        ("-e low --param max_tokens=8000", "8,000"),
        ("-e high", "25,000"),
        ("", "25,000"),
        ("-e low --endpoint simulator", "25,000"),
    ],
)
def test_elsewhere_it_is_as_it_was(kernel: Kernel, line: str, allowed: str) -> None:
    """A flag decides; another effort, or the simulator, has too few calls on record: 25,000, and nothing is said."""
    shown = kernel.run(f"%%o1 {line} --dry-run\nIs 391 prime?").text()

    assert f"{allowed} allowed for reasoning and answer" in shown
    assert "instead of 25,000" not in shown


def test_config_decides(kernel: Kernel) -> None:
    """%config sets it for all calls, to 25,000 too."""
    kernel.run("%config O1Magics.reserve_tokens = 25_000")
    shown = kernel.run("%%o1 -e low --dry-run\nIs 391 prime?").text()
    suggested = kernel.run("%o1 suggest -e low").text()
    kernel.run("%config O1Magics.reserve_tokens = None")

    assert "25,000 allowed for reasoning and answer" in shown
    assert "reserve_tokens allows 25,000" in suggested


def test_suggest_lists_what_each_kind_of_call_needed(kernel: Kernel) -> None:
    """The sentence is for the kind in force, the table for each on record, simulated ones apart, with the reason."""
    shown = kernel.run("%o1 suggest -e low").text()
    few = kernel.run("%o1 suggest -e high").text()

    assert "o1 at effort low: 3,200 tokens for reasoning and answer; 12" in shown
    assert "o1 writes at most 100,000." in shown
    lines = [line.split() for line in shown.splitlines() if line.startswith("o1 ")]
    assert ["o1", "low", "simulated", "20", "0", "80", "80", "25,000"] in [one[:8] for one in lines]
    assert "0 of 99 calls it takes to show what one in a hundred needs" in few


def test_the_command_line_has_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    """`o1magic suggest` prints the same; an empty ledger is no error."""
    assert cli.main(["suggest", "o3"]) == 0

    assert "o3: 25,000 tokens for reasoning and answer; 0 of 99 calls" in capsys.readouterr().out
