"""Where there is no JupyterLab: IPython in a terminal, and the page that nbconvert makes of a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\x1b[=>]")
PROMPT = r"In \[\d+\]: "


@pytest.fixture
def environment(tmp_path):
    """Return this process's environment without keys, with a ledger of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "O1MAGIC_"))}
    return {**kept, "IPYTHONDIR": str(tmp_path / "ipython"), "O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}


@pytest.fixture
def terminal(environment, tmp_path):
    """Return IPython in a pseudo-terminal, the extension loaded and the simulator chosen."""
    command = ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=NoColor"]
    child = pexpect.spawn(
        sys.executable, command, env=environment, cwd=str(tmp_path), encoding="utf-8", timeout=20, dimensions=(50, 160)
    )
    child.expect(PROMPT)
    run(child, "%load_ext o1magic")
    run(child, "%o1 connect simulator")
    yield child
    child.close(force=True)


def run(child, *lines):
    """Return what a cell printed."""
    begin(child, *lines)
    child.expect(PROMPT)
    return _ESCAPES.sub("", child.before)


def begin(child, *lines):
    """Type a cell and run it; one of several lines ends with empty ones."""
    for line in lines[:-1]:
        child.sendline(line)
        child.expect(r"\.\.\.: ")
    child.sendline(lines[-1])
    for _ in range(2 if len(lines) > 1 else 0):
        child.expect(r"\.\.\.: ")
        child.sendline("")


def test_the_terminal_shows_findings_answer_footer_and_spend_as_text(terminal):
    """The magic works in IPython's terminal: no markup, no object's name, everything in words."""
    shown = run(terminal, "%%o1 -m o1", "Transpose a matrix. Think step by step.")

    assert "COT001" in shown
    assert "simulated" in shown
    assert re.search(r"prompt \d+ · reasoning [\d,]+ · visible [\d,]+", shown)
    assert not re.search(r"</?\w+>|<IPython|Answer\(", shown)
    assert "reasoning" in run(terminal, "%o1 spend")
    panel = run(terminal, "%o1 panel")
    assert "1 call" in panel
    assert "widget" not in panel.lower()


def test_a_failed_call_in_the_terminal_is_three_lines(terminal):
    """An allowance spent on thinking is an error there too, and a short one."""
    shown = run(terminal, "%%o1 -m o1 --max-completion-tokens 20", "Prove it.")
    error = [line for line in shown.splitlines() if line.strip() and "...:" not in line]

    assert "reasoning" in shown
    assert "--max-completion-tokens" in shown
    assert "Traceback" not in shown
    assert len(error) <= 5  # the strip's line and the cell's own echo beside the three


def test_ctrl_c_in_the_terminal_stops_the_call(terminal):
    """The prompt is back at once, and the call is on record as stopped."""
    run(terminal, "%o1 connect simulator:slow")
    begin(terminal, "%%o1", "Take your time.")
    terminal.expect("thinking", timeout=20)
    terminal.sendintr()
    terminal.expect(PROMPT, timeout=5)

    assert "Traceback" not in _ESCAPES.sub("", terminal.before)
    assert "1 call" in run(terminal, "%o1 panel")


def test_nbconvert_keeps_answer_findings_and_footer(environment, tmp_path):
    """A notebook exported as HTML reads without o1magic: strip, answer and footer are in it, each once."""
    cells = [
        "%load_ext o1magic\n%o1 connect simulator",
        "%%o1 -m o1\nTranspose a matrix. Think step by step.",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60).execute(env=environment)
    file = tmp_path / "one.ipynb"
    nbformat.write(notebook, file)
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--log-level=ERROR", "--to", "html", str(file)], check=True, timeout=60
    )
    body = (tmp_path / "one.html").read_text(encoding="utf-8").partition("</head>")[2]
    text = re.sub(r"<[^>]+>", "", body)

    assert text.count("COT001") == 1
    assert len(re.findall(r"prompt \d+ · reasoning [\d,]+ · visible [\d,]+", text)) == 1
    assert "simulated" in text
    assert "o1magic.usage" not in body
