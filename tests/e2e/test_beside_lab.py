"""The extension where other things are too: in Notebook 7, and beside jupyterlab-lsp in the same notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from lab import evaluate, lab_page, lab_server, run_all

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PROMPT = "%%o1 -m o1\nTranspose a matrix. Think step by step."
PYTHON = "import os\nx = undefined_name"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write(folder: Path, *cells: str) -> None:
    made = [nbformat.v4.new_code_cell(cell) for cell in ("%load_ext o1magic\n%o1 connect simulator", *cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL}), folder / "a.ipynb")


def underlined(page: Page, cell: int) -> list[str]:
    """Return the texts that are underlined in a cell."""
    return page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".cm-lintRange").all_inner_texts()


def test_notebook_7_works_as_jupyterlab_does(browser: Browser, tmp_path: Path) -> None:
    """The cue is underlined, its fix removes it, what sending takes stands below, and the cell is answered."""
    write(tmp_path, PROMPT)
    with lab_server(tmp_path, app="notebook") as server, lab_page(browser) as (page, watch):
        page.goto(f"{server.url}/notebooks/a.ipynb?token={server.token}")
        page.wait_for_selector(".cm-lintRange", timeout=60_000)

        assert underlined(page, 1) == ["Think step by step"]
        page.wait_for_selector("text=/prompt [0-9]+.*at most \\$/")
        page.locator(".cm-lintRange").hover()
        page.locator(".cm-tooltip-lint button", has_text="Remove").click()
        page.wait_for_function("() => !document.querySelector('.cm-lintRange')")

        assert "step by step" not in page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".cm-content").inner_text()
        ready = "() => window.jupyterapp.shell.currentWidget.context.sessionContext.ready"
        evaluate(page, ready)
        assert run_all(page) == []
        page.wait_for_selector(".jp-OutputArea >> text=/simulated.*reasoning/", timeout=10_000)
        assert watch.foreign == []


def test_findings_of_the_language_server_stand_beside_ours(browser: Browser, tmp_path: Path) -> None:
    """Each tool underlines in its own cells, before and after either has changed something."""
    write(tmp_path, PROMPT, PYTHON)
    with lab_server(tmp_path, lsp=True) as server, lab_page(browser) as (page, watch):
        page.goto(f"{server.url}/lab/tree/a.ipynb?token={server.token}&reset")
        theirs = page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-lintRange")
        theirs.first.wait_for(timeout=90_000)
        page.wait_for_selector("text=/prompt [0-9]+.*at most \\$/")
        before = underlined(page, 2)

        assert underlined(page, 1) == ["Think step by step"]
        assert any("undefined_name" in text for text in before)
        page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type(" Think hard.")
        page.wait_for_function("() => document.querySelectorAll('.jp-Cell:nth-child(2) .cm-lintRange').length > 1")
        page.wait_for_timeout(1500)  # the language server answers in its own time

        assert underlined(page, 2) == before
        assert underlined(page, 1)[0] == "Think step by step"
        page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("\ny = another_name")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.cm-lintRange')].some(e => e.textContent.includes('another'))",
            timeout=30_000,
        )
        assert underlined(page, 1)[0] == "Think step by step"
        assert watch.foreign == []
