"""What people do with an answer, in a real JupyterLab: its code in the next cell, its text on the clipboard."""

from __future__ import annotations

from lab import evaluate, lab_server, open_notebook, run_all, write_notebook

CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
    source: cell.model.sharedModel.getSource(),
    count: cell.model.executionCount ?? null,
}))"""


def test_code_lands_in_a_cell_that_nobody_ran_and_a_click_copies_an_answer(tmp_path, watched_page):
    """--code inserts a cell that Run All does not run; what `%o1 copy` shows is copied by a click and Ctrl-C."""
    page, _watch = watched_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(
        tmp_path,
        "code",
        ["%load_ext o1magic\n%o1 connect simulator:code", "%%o1 -m o1 --code\nWrite code.", "after = 1", "%o1 copy"],
    )

    with lab_server(tmp_path, {"O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}) as lab:
        open_notebook(page, lab, "code.ipynb")
        errors = run_all(page)

        assert errors == []
        page.wait_for_function(f"({CELLS})().length === 5")
        cells = evaluate(page, CELLS)
        assert [(one["source"], one["count"]) for one in cells[2:4]] == [
            ('print("the first block")', None),
            ("after = 1", 3),
        ]
        page.locator("pre[style*='user-select']").click()
        page.keyboard.press("Control+c")
        copied = evaluate(page, "() => navigator.clipboard.readText()")
        assert copied.rstrip("\n") == page.locator("pre[style*='user-select']").text_content().strip("\n")
        assert copied.startswith("Simulated answer: no model ran.")
