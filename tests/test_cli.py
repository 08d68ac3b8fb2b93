"""The command line, as a shell runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from o1magic.simulator import Simulator


def run(*words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "o1magic.cli", *words]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=120,
    )


def test_ask_prints_the_answer_alone_on_standard_output() -> None:
    """The answer can be piped on; tokens and cost go to standard error."""
    ran = run("ask", "--endpoint", "simulator", "-m", "o1", "Is 391 prime?")

    assert ran.returncode == 0
    assert ran.stdout.startswith("Simulated answer")
    assert "reasoning" not in ran.stdout.splitlines()[-1]
    assert "simulated · o1" in ran.stderr


def test_ask_reads_standard_input() -> None:
    """`-` and no prompt at all read it from standard input."""
    ran = run("ask", "--endpoint", "simulator", "--dry-run", stdin="from the pipe")

    assert '"content": "from the pipe"' in ran.stdout


def test_a_failed_call_is_status_1_in_at_most_three_lines() -> None:
    """Without key and endpoint both ways out are named."""
    ran = run("ask", "hello")

    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) <= 3
    assert "connect simulator" in ran.stderr


def test_a_slip_is_status_2() -> None:
    """A model one slip away is named and nothing is sent; an unknown rule too."""
    assert "COT001" in run("rule", "COT0001").stderr
    assert run("rule", "COT0001").returncode == 2


def test_lint_prints_json_with_the_documented_fields() -> None:
    """--output-format json is a list of the public fields plus filename."""
    ran = run("lint", "--output-format", "json", "-", stdin="Is 391 prime? Think step by step.")

    (one,) = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert {"filename", "code", "name", "severity", "message", "start", "end", "fix"} <= set(one)
    assert (one["filename"], one["code"], one["fix"]["safe"]) == ("-", "COT001", False)


def test_lint_of_a_clean_file_is_status_0(tmp_path: Path) -> None:
    """A clean prompt prints nothing in text and an empty list in JSON."""
    clean = tmp_path / "prompt.txt"
    clean.write_text("Is 391 prime?", encoding="utf-8")

    assert (run("lint", str(clean)).stdout, run("lint", str(clean)).returncode) == ("", 0)
    assert json.loads(run("lint", "--output-format", "json", str(clean)).stdout) == []


def test_lint_of_a_missing_file_is_no_pass(tmp_path: Path) -> None:
    """A file that cannot be read is an error, not zero findings."""
    ran = run("lint", str(tmp_path / "missing.txt"))

    assert ran.returncode == 2
    assert "cannot be read" in ran.stderr


def test_spend_prints_the_documented_object() -> None:
    """One object with session, today and total, each with the documented integers."""
    run("ask", "--endpoint", "simulator", "hello")

    spent = json.loads(run("spend", "--json").stdout)

    keys = {
        "calls", "prompt_tokens", "cached_tokens", "reasoning_tokens", "visible_tokens", "cost_nano_usd",
        "unknown_calls", "held_nano_usd", "currency",
    }  # fmt: skip
    assert set(spent) == {"session", "today", "total"}
    assert all(keys <= set(scope) for scope in spent.values())
    assert (spent["session"]["calls"], spent["today"]["calls"], spent["total"]["calls"]) == (0, 1, 1)
    assert spent["total"]["currency"] == "USD"


def test_spend_exports_every_row(tmp_path: Path) -> None:
    """--csv writes the rows with a header."""
    run("ask", "--endpoint", "simulator", "hello")

    ran = run("spend", "--csv", str(tmp_path / "rows.csv"))

    assert "1 rows" in ran.stdout
    assert len((tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()) == 2
    assert "cannot be written" in run("spend", "--csv", str(tmp_path)).stderr


def test_models_lists_every_model() -> None:
    """The table holds the catalog."""
    assert {"o1-preview", "gpt-6.2-astra"} <= set(run("models").stdout.split())


def test_simulate_serves_until_ctrl_c() -> None:
    """The URL is printed once it listens; Ctrl-C ends it at once and quietly."""
    command = [sys.executable, "-m", "o1magic.cli", "simulate", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        url = served.stdout.readline().split()[0]
        request = urllib.request.Request(f"{url}/models", headers={"Authorization": "Bearer x"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            assert "o1-preview" in {model["id"] for model in json.load(reply)["data"]}
        begun = time.monotonic()
        served.send_signal(signal.SIGINT)
        _, errors = served.communicate(timeout=10)

    assert time.monotonic() - begun < 3
    assert (served.returncode, errors) == (0, "")


@pytest.mark.parametrize("words", [["--help"], ["ask", "--help"], ["lint", "--help"], ["simulate", "--list"]])
def test_help_is_printed(words: list[str]) -> None:
    """Every command explains itself."""
    ran = run(*words)

    assert ran.returncode == 0
    assert ran.stdout.strip()


def test_resume_prints_the_answer_of_a_call_that_went_on() -> None:
    """A call given up at its deadline goes on at the endpoint; `o1magic resume` prints its answer."""
    line = ("-m", "o3", "--api", "responses", "--background", "--summary", "auto", "--timeout", "1")
    with Simulator(delay_s=6) as simulator:
        given_up = run("ask", *line, "Is 391 prime?", O1MAGIC_ENDPOINT=simulator.base_url)
        resumed = run("resume", O1MAGIC_ENDPOINT=simulator.base_url)

    assert (given_up.returncode, "%o1 resume" in given_up.stderr) == (1, True)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.startswith("Simulated answer")
    assert "Simulated summary" in resumed.stderr
    assert "o3" in resumed.stderr
