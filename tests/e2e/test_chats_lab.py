"""A conversation in JupyterLab, whose cells have ids that the kernel is told."""

from __future__ import annotations

from lab import evaluate, lab_server, open_notebook, run_cell, write_notebook

CELLS = (
    "%load_ext o1magic\n%o1 connect simulator\n%o1 model o1",
    "%%o1 -c lab\nIs 391 prime?",
    "%%o1 -c lab\nIs 391 prime?",
)
OUTPUTS = """async index => JSON.stringify(
    window.jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()
)"""


def test_cells_of_the_same_text_are_turns_of_their_own(tmp_path, watched_page):
    """Two cells that ask the same are two turns; the first one run again is the first turn again, and a branch."""
    page, watch = watched_page
    write_notebook(tmp_path, "chat", CELLS)

    with lab_server(tmp_path, {"O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}) as lab:
        open_notebook(page, lab, "chat.ipynb")
        said = []
        for index in (0, 1, 2, 1, 2):
            run_cell(page, index)
            said.append(evaluate(page, OUTPUTS, index))

    assert watch.foreign == []
    assert "lab: 1 turn," in said[1]
    assert "lab: 2 turns," in said[2]
    assert "this cell is turn 1 of lab: it is asked again, as the first" in said[3]
    assert "lab: 1 turn," in said[3]
    assert "this cell is turn 2 of lab: it is asked again, after turn 1" in said[4]
    assert "lab: 2 turns," in said[4]
