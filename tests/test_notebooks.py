"""The notebooks in notebooks/, each run top to bottom in a real kernel on the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_top_to_bottom(path: Path, tmp_path: Path) -> None:
    """Every cell succeeds without key and network, and every answer is marked as simulated."""
    book = nbformat.read(path, as_version=4)
    environment = {**os.environ, "O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}

    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute(env=environment)

    asked = [cell for cell in book.cells if cell.source.startswith("%%o1") and "--dry-run" not in cell.source]
    assert asked
    for cell in asked:
        assert "simulated" in json.dumps(cell.outputs)
    assert "error" not in {output.output_type for cell in book.cells for output in cell.get("outputs", ())}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    """No output is in the repository that a run did not produce."""
    book = nbformat.read(path, as_version=4)

    assert [cell.outputs for cell in book.cells if cell.cell_type == "code" and cell.outputs] == []


def test_quickstart_shows_what_it_promises(tmp_path: Path) -> None:
    """`o1magic demo --execute` prints each answer, the findings and the closing spend table."""
    environment = {**os.environ}
    environment.pop("O1MAGIC_LEDGER")
    command = [sys.executable, "-m", "o1magic.cli", "demo", "--execute"]

    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
    )

    assert ran.returncode == 0, ran.stderr
    for promised in ("COT001", "DEL001", "spent 100 of 100", "≈", "worst cost $2.40", "this session", "simulated"):
        assert promised in ran.stdout
    assert (tmp_path / "notebooks" / "quickstart.ipynb").exists()


def test_a_demo_with_a_failing_cell_is_status_1(tmp_path: Path) -> None:
    """The exit status is 0 only if every cell succeeded."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(book, folder / "quickstart.ipynb")

    ran = subprocess.run(
        [sys.executable, "-m", "o1magic.cli", "demo", "--execute"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ran.returncode == 1
    assert "ZeroDivisionError" in ran.stdout + ran.stderr
