"""What the extension shows can be read and worked by everybody: axe finds nothing serious, in either theme."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from lab import evaluate, lab_page, lab_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
CELLS = (
    "%load_ext o1magic\n%o1 connect simulator\n%o1 budget 2.00",
    "%%o1 -m o1\nTranspose a matrix. Think step by step. Take your time.",
)
# Ours: the sidebar, and in the cells the line below, the tooltip and the marks.
OURS = ["#o1magic-sidebar", ".o1-strip", ".cm-tooltip-lint", ".cm-gutter-lint"]
LOOK = """async ours => {
    const there = ours.filter(one => document.querySelector(one));
    const found = await axe.run({ include: there.map(one => [one]) });
    return { there, violations: found.violations.map(one => [one.impact, one.id, one.nodes.map(n => n.html)]) };
}"""


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_serious(browser: Browser, tmp_path: Path, theme: str) -> None:
    """Names, roles, contrast: no violation that axe calls serious or critical, with calls made and findings shown."""
    made = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL}), tmp_path / "a.ipynb")
    settings = tmp_path / ".jupyter-of-this-test/config/lab/user-settings/@jupyterlab/apputils-extension"
    with (
        lab_server(tmp_path, {"O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}) as server,
        lab_page(browser) as (page, _),
    ):
        (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": theme}))
        page.goto(f"{server.url}/lab/tree/a.ipynb?token={server.token}&reset")
        page.wait_for_selector(".cm-lintRange", timeout=60_000)
        evaluate(page, "() => window.jupyterapp.shell.currentWidget.context.sessionContext.ready")
        evaluate(page, "() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        evaluate(page, "() => window.jupyterapp.commands.execute('o1magic:show-panel')")
        page.wait_for_selector("#o1magic-sidebar >> text=nothing was billed")
        page.locator(".cm-lintRange").first.hover()
        page.wait_for_selector(".cm-tooltip-lint")
        page.add_script_tag(path=str(AXE))
        looked = evaluate(page, LOOK, OURS)

        assert looked["there"] == OURS
        assert [one for one in looked["violations"] if one[0] in ("serious", "critical")] == []
