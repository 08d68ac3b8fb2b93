"""How the extension looks: the same before and after a reload, and laid out the same in light and in dark."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from lab import evaluate, lab_server, open_notebook, run_cell, write_notebook
from PIL import Image, ImageChops

ROOT = Path(__file__).parents[2]
# A folder to keep pictures in, read before the tests' environment is scrubbed.
PICTURES = os.environ.get("SCREENSHOTS")
# What a compositor's rounding may change, and no eye sees.
UNSEEN = 16
CELLS = ["%load_ext o1magic\n%o1 connect simulator\n%o1 budget 2.00", "%%o1 -m o3\nIs 391 prime? Think step by step."]
MASK = """node => {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        // The editor would take it for typing; names in a style sheet hold digits.
        if (!text.parentElement.closest('.cm-content, style')) { text.data = text.data.replace(/[0-9]/g, '0'); }
    }
}"""
BOXES = """node => [...node.querySelectorAll('*')].map(one => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.tagName, Math.round(x), Math.round(y), Math.round(width), Math.round(height)];
})"""
EXECUTE = "([name, args]) => window.jupyterapp.commands.execute(name, args)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Return a server with a notebook that has not run."""
    root = tmp_path_factory.mktemp("lab")
    write_notebook(root, "looks", CELLS)
    with lab_server(root, {"PYTHONPATH": str(ROOT), "O1MAGIC_LEDGER": str(root / "ledger.sqlite3")}) as running:
        yield running


def dressed(page, theme):
    """Put a theme on, and wait until it is there."""
    evaluate(page, EXECUTE, ["apputils:change-theme", {"theme": theme}])
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme, timeout=15_000)


def shot(page, selector, name):
    """Return a picture of a part of the page, digits masked, and where everything in it stands."""
    part = page.locator(selector)
    page.wait_for_timeout(800)  # what fades has faded
    part.evaluate(MASK)
    picture = part.screenshot(animations="disabled", caret="hide")
    if PICTURES:
        (Path(PICTURES) / f"{name}.png").write_bytes(picture)
    return picture, part.evaluate(BOXES)


def difference(one, other):
    """Return by how much a colour of a pixel differs at most, of 255."""
    pictures = [Image.open(BytesIO(picture)).convert("RGB") for picture in (one, other)]
    assert pictures[0].size == pictures[1].size
    return max(most for _, most in ImageChops.difference(*pictures).getextrema())


def opened(page, lab):
    """Open the notebook with the sidebar beside it, its prompt the active cell."""
    open_notebook(page, lab, "looks.ipynb")
    evaluate(page, EXECUTE, ["o1magic:show-panel", {}])
    evaluate(page, "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")


def parts(page, name):
    """Return sidebar and prompt cell, as pictures and as boxes."""
    page.wait_for_selector(".o1-sidebar >> text=nothing was billed", timeout=30_000)
    page.wait_for_selector(".cm-lintRange", timeout=30_000)
    page.wait_for_selector(".o1-strip >> text=at most", timeout=30_000)
    cell = ".jp-Notebook .jp-Cell:nth-child(2) .jp-InputArea-editor"
    return [shot(page, one, f"{name}-{place}") for place, one in enumerate((".o1-sidebar", cell))]


def test_it_looks_the_same_after_a_reload_and_in_the_dark(lab, watched_page):
    """Pictures before and after a reload are equal but for digits; the dark theme moves nothing."""
    page, watch = watched_page
    page.set_viewport_size({"width": 1400, "height": 1300})
    opened(page, lab)
    run_cell(page, 0)
    run_cell(page, 1)
    boxes = []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        dressed(page, theme)
        live = parts(page, f"{theme}-live")
        evaluate(page, EXECUTE, ["docmanager:save", {}])
        opened(page, lab)
        for _ in range(5):  # on a busy machine the page is still settling
            again = parts(page, f"{theme}-again")
            seen = [difference(before, after) for (before, _), (after, _) in zip(live, again, strict=True)]
            if max(seen) <= UNSEEN:
                break

        assert max(seen) <= UNSEEN
        boxes.append([where for _, where in again])
    light, dark = boxes
    assert light == dark
    assert watch.foreign == []
