"""The quickstart as a newcomer sees it: opened in JupyterLab, every cell run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab import lab_server, open_notebook, run_all

# A folder to keep pictures in, read before the tests' environment is scrubbed.
PICTURES = os.environ.get("SCREENSHOTS")
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_the_quickstart_runs_in_jupyterlab(tmp_path, watched_page):
    """Every cell succeeds, nothing leaves this machine, and the page shows answers, findings and the spend."""
    page, watch = watched_page
    shutil.copy(NOTEBOOK, tmp_path)

    with lab_server(tmp_path, {"O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}) as lab:
        open_notebook(page, lab, NOTEBOOK.name)
        errors = run_all(page, timeout_s=90)

        assert errors == []
        assert watch.foreign == []
        assert watch.dialogs == []
        shown = page.locator(".jp-Notebook")
        for promised in ("COT001", "DEL001", "fixed in what was sent", "simulated", "worst cost $2.40", "all time"):
            assert shown.get_by_text(promised).count() > 0, promised
        if PICTURES:
            page.set_viewport_size({"width": 1100, "height": 7000})
            page.keyboard.press("Control+Home")
            page.locator(".jp-WindowedPanel-outer").evaluate("panel => panel.scrollTo(0, 0)")
            page.wait_for_timeout(1000)
            page.screenshot(path=str(Path(PICTURES) / "quickstart.png"))
