"""The sidebar in a real JupyterLab, beside real kernels that call the simulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab import evaluate, lab_page, lab_server, open_notebook, run_cell, write_notebook

ROOT = Path(__file__).parents[2]
LOAD = "%load_ext o1magic\n%o1 connect simulator"
QUICK = "%%o1 -m o3\nIs 391 prime? Think step by step."
SLOW = "%%o1 --endpoint simulator:slow -m o3\nIs 391 prime?"
NEXT = "print('inputs', len(In))"
EXECUTE = "name => window.jupyterapp.commands.execute(name)"
SOME = "() => Number(document.querySelector('.o1-sidebar .o1-value').textContent) > 0"
THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    for name in ("first", "second", "tabs", "restart", "jump", "moved", "words", "kept", "broken"):
        write_notebook(root, name, [LOAD, QUICK, SLOW, NEXT])
    other = root / "other.sqlite3"
    write_notebook(root, "elsewhere", [f"%env O1MAGIC_LEDGER={other}\n{LOAD}", QUICK])
    write_notebook(root, "bare", ["import sys\nsys.modules['o1magic'] = None"])
    with lab_server(root, {"PYTHONPATH": str(ROOT), "O1MAGIC_LEDGER": str(root / "ledger.sqlite3")}) as running:
        yield running


def opened(page, lab, name):
    """Open a notebook and the sidebar beside it."""
    open_notebook(page, lab, f"{name}.ipynb")
    evaluate(page, EXECUTE, "o1magic:show-panel")
    page.wait_for_selector(".o1-sidebar .o1-value", timeout=15_000)


def in_lab(page, url):
    """Open a notebook in the interface with many tabs."""
    page.goto(url)
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets", timeout=60_000)


def until(page, calls):
    """Wait until the sidebar counts so many calls."""
    page.wait_for_function(
        "n => document.querySelector('.o1-sidebar .o1-value')?.textContent === n", arg=calls, timeout=15_000
    )


def notes(page, words):
    """Wait until just this stands below the number of calls."""
    page.wait_for_function(
        "words => document.querySelector('.o1-sidebar .o1-note')?.textContent === words", arg=words, timeout=15_000
    )


def says(page, words):
    """Wait until a notice stands above the figures."""
    page.wait_for_selector(f".o1-notice >> text={words}", timeout=15_000)


def says_nothing(page):
    """Wait until there is no notice."""
    page.wait_for_function("() => !document.querySelector('.o1-notice')", timeout=15_000)


def cell(page, index):
    return page.locator(".jp-Notebook .jp-Cell").nth(index)


def test_the_sidebar_moves_while_a_cell_runs_and_stops_its_call(lab, watched_page):
    """From "not loaded" to a call in flight with its clock; Stop ends that call, and the next cell is untouched."""
    page, watch = watched_page
    opened(page, lab, "first")
    says(page, "%load_ext o1magic")

    run_cell(page, 0)
    says_nothing(page)
    until(page, "0")
    run_cell(page, 1)
    until(page, "1")
    notes(page, "simulated")
    run_cell(page, 2, wait=False)
    page.wait_for_selector(".o1-sidebar .o1-doing >> text=thinking", timeout=10_000)
    until(page, "2")
    page.wait_for_function("() => document.querySelector('.o1-sidebar .o1-clock')?.textContent >= '2 s'", timeout=9_000)
    assert page.locator(".o1-sidebar .o1-about").inner_text() == "o3 · simulated"
    assert evaluate(page, "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "busy"
    page.locator(".o1-sidebar .o1-stop").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".o1-sidebar .o1-idle", timeout=5_000)

    assert "Stopped; the connection" in cell(page, 2).inner_text()
    page.wait_for_selector(".o1-sidebar .o1-note >> text=cost of 1 unknown", timeout=5_000)
    assert run_cell(page, 3) is True
    # The five cells that ran and the empty one that every session begins with: what the sidebar asked left no trace.
    assert "inputs 5" in cell(page, 3).inner_text()
    assert (watch.foreign, watch.errors, watch.dialogs) == ([], [], [])


def test_another_notebook_another_session_and_one_ledger(lab, watched_page):
    """The name, the figures and what is to be done are those of the notebook in front; today has both."""
    page, _ = watched_page
    opened(page, lab, "second")
    run_cell(page, 0)
    run_cell(page, 1)
    until(page, "1")
    in_lab(page, f"{lab.url}/lab/tree/second.ipynb?token={lab.token}&reset")
    evaluate(page, EXECUTE, "o1magic:show-panel")
    until(page, "1")

    evaluate(page, "() => window.jupyterapp.commands.execute('docmanager:open', {path: 'bare.ipynb'})")
    page.wait_for_selector(".o1-name-of-notebook >> text=bare.ipynb", timeout=15_000)
    says(page, "not loaded in this kernel")
    until(page, "0")
    run_cell(page, 0)
    says(page, "%pip install o1magic")
    page.locator(".o1-scopes input").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(SOME, timeout=5_000)
    evaluate(page, "() => window.jupyterapp.commands.execute('docmanager:open', {path: 'second.ipynb'})")
    page.wait_for_selector(".o1-name-of-notebook >> text=second.ipynb", timeout=15_000)
    page.locator(".o1-scopes label").first.click()
    until(page, "1")
    says_nothing(page)
    evaluate(page, "() => [...window.jupyterapp.shell.widgets('main')].forEach(one => one.dispose())")
    says(page, "No notebook is open")


def test_two_pages_show_the_same_kernel(lab, watched_page, browser):
    """A page that comes while a cell runs sees its call and can stop it; what one runs moves the other's sidebar."""
    page, _ = watched_page
    opened(page, lab, "tabs")
    run_cell(page, 0)
    run_cell(page, 2, wait=False)
    with lab_page(browser) as (second, _):
        second.goto(f"{lab.url}/doc/tree/tabs.ipynb?token={lab.token}")
        second.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets", timeout=60_000)
        evaluate(second, EXECUTE, "o1magic:show-panel")

        for one in (page, second):
            one.wait_for_selector(".o1-sidebar .o1-doing >> text=thinking", timeout=15_000)
        second.locator(".o1-sidebar .o1-stop").click()
        for one in (page, second):
            one.wait_for_selector(".o1-sidebar .o1-idle", timeout=5_000)
            until(one, "1")
        assert "Stopped; the connection" in cell(page, 2).inner_text()
        run_cell(page, 1)
        for one in (page, second):
            until(one, "2")


def test_a_restart_begins_a_session_at_zero(lab, watched_page):
    """It is said, on the page that restarts and on one that comes later; the day still has the calls from before."""
    page, _ = watched_page
    opened(page, lab, "restart")
    run_cell(page, 0)
    run_cell(page, 1)
    until(page, "1")

    evaluate(page, "() => window.jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()")
    says(page, "a new session, which begins at zero")
    says(page, "%load_ext o1magic")
    until(page, "0")
    run_cell(page, 0)
    page.wait_for_function("() => document.querySelectorAll('.o1-notice').length === 1", timeout=15_000)
    opened(page, lab, "restart")
    until(page, "0")
    run_cell(page, 1)
    until(page, "1")
    says_nothing(page)
    page.locator(".o1-scopes label").nth(1).click()
    page.wait_for_function(SOME, timeout=5_000)


def test_a_call_leads_to_its_cell(lab, watched_page):
    """A click, or Enter, in the list activates the cell that shows the answer; where none does, that is said."""
    page, _ = watched_page
    opened(page, lab, "jump")
    for index in (0, 1):
        run_cell(page, index)
    until(page, "1")
    page.locator(".o1-sidebar .o1-jump").focus()
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    evaluate(page, "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 3; }")

    page.keyboard.press("Enter")
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex === 1", timeout=5_000)
    evaluate(page, EXECUTE, "notebook:clear-all-cell-outputs")
    evaluate(page, "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 3; }")
    page.locator(".o1-sidebar tr[data-id]").first.click()
    says(page, "No open notebook shows this call")
    assert evaluate(page, active) == 3


def test_a_renamed_notebook_keeps_its_session_and_another_kernel_has_its_own(lab, watched_page):
    """The name above the figures changes with the file; a kernel that is chosen anew begins at zero, unloaded."""
    page, _ = watched_page
    opened(page, lab, "moved")
    for index in (0, 1):
        run_cell(page, index)
    until(page, "1")

    evaluate(page, "() => window.jupyterapp.shell.currentWidget.context.rename('named.ipynb')")
    page.wait_for_selector(".o1-name-of-notebook >> text=named.ipynb", timeout=10_000)
    until(page, "1")
    session = "window.jupyterapp.shell.currentWidget.context.sessionContext"
    evaluate(
        page,
        f"async () => {{ await {session}.changeKernel({{name: 'python3'}}); await {session}.session.kernel.info }}",
    )
    says(page, "%load_ext o1magic")
    until(page, "0")
    assert page.locator(".o1-notice").count() == 1


def test_findings_are_fixed_and_models_are_listed_beside_the_notebook(lab, watched_page):
    """What the linter says of the active cell, with its fixes; limits, prices and last days of the models."""
    page, watch = watched_page
    opened(page, lab, "words")
    findings = page.locator(".o1-sidebar-findings")
    source = "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()"

    page.wait_for_selector(".o1-sidebar-findings >> text=no %%o1 prompt", timeout=10_000)
    evaluate(page, "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    page.wait_for_selector(".o1-sidebar-findings >> text=COT001", timeout=15_000)
    findings.get_by_role("button", name="Remove").click()
    page.wait_for_selector(".o1-sidebar-findings >> text=Nothing found in this prompt.", timeout=15_000)
    assert evaluate(page, source) == "%%o1 -m o3\nIs 391 prime?"
    page.locator(".o1-sidebar .jp-AccordionPanel-title").last.click()
    listed = page.locator(".o1-models li", has=page.get_by_text("o3", exact=True))
    listed.wait_for(timeout=10_000)
    assert listed.inner_text().split("\n")[:3] == ["o3", "$2.00 · $8.00", "200k window · 100k output"]
    assert "2026-12-11" in listed.inner_text()
    assert watch.errors == []


def test_a_kernel_with_a_ledger_of_its_own(lab, watched_page):
    """What the server does not read is said; the session is what the page heard, today is the server's."""
    page, _ = watched_page
    opened(page, lab, "elsewhere")
    run_cell(page, 0)
    run_cell(page, 1)

    says(page, "keeps its ledger elsewhere")
    until(page, "1")
    notes(page, "simulated")
    run_cell(page, 1)
    until(page, "2")


def saved_with_the_sidebar(page, lab):
    """Wait until the workspace on the server has the sidebar in front, and the notebook."""
    saved = f"""async () => {{
        for (;;) {{
            const answer = await fetch('{lab.url}/lab/api/workspaces/kept?token={lab.token}');
            const layout = (await answer.json()).data?.['layout-restorer:data'];
            if (layout?.right?.current === 'o1magic-sidebar' && layout.main?.dock?.widgets?.length) {{ return; }}
            await new Promise(then => setTimeout(then, 200));
        }}
    }}"""
    evaluate(page, saved)


def test_the_sidebar_comes_back_with_the_layout_on_either_side_in_any_theme(lab, watched_page):
    """After a reload it is open where it was; the setting moves it; its colours are the theme's."""
    page, watch = watched_page
    in_lab(page, f"{lab.url}/lab/workspaces/kept/tree/kept.ipynb?token={lab.token}&reset")
    evaluate(page, EXECUTE, "o1magic:show-panel")
    page.wait_for_selector("#jp-right-stack .o1-sidebar .o1-value", timeout=15_000)
    saved_with_the_sidebar(page, lab)

    settings = lab.root_dir / ".jupyter-of-this-test" / "config" / "lab" / "user-settings" / "o1magic"
    page.goto(f"{lab.url}/lab/workspaces/kept?token={lab.token}")
    page.wait_for_selector("#jp-right-stack .o1-sidebar .o1-value", timeout=60_000)
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "sidebar.jupyterlab-settings").write_text(json.dumps({"side": "left"}))
    opened(page, lab, "kept")
    assert page.locator("#jp-left-stack .o1-sidebar .o1-value").count() > 1
    (settings / "sidebar.jupyterlab-settings").unlink()
    colour = "() => getComputedStyle(document.querySelector('.o1-name-of-notebook')).color"
    seen = set()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        evaluate(page, THEME, theme)
        page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(theme.endswith("Light")).lower()
        )
        seen.add(evaluate(page, colour))
    assert len(seen) == 2
    assert watch.errors == []


def test_a_server_in_trouble_is_said(lab, watched_page):
    """An extension that is off, and a ledger that cannot be read, in a sentence each; and all is well after them."""
    page, watch = watched_page
    opened(page, lab, "broken")
    refresh = page.get_by_role("button", name="Read the ledger again")
    says(page, "%load_ext")

    page.route("**/o1magic/spend*", lambda route: route.fulfill(status=404, body="{}"))
    refresh.click()
    says(page, "The o1magic server extension is off")
    page.unroute("**/o1magic/spend*")
    refresh.click()
    page.wait_for_function("() => !document.querySelector('.o1-notice.o1-error')", timeout=15_000)
    ledger = lab.root_dir / "ledger.sqlite3"
    kept = ledger.read_bytes()
    for leftover in lab.root_dir.glob("ledger.sqlite3-*"):
        leftover.unlink()
    ledger.unlink()
    ledger.write_bytes(b"no database" * 1000)
    refresh.click()
    page.wait_for_selector(".o1-sidebar .o1-problem >> text=ledger.sqlite3", timeout=15_000)
    ledger.unlink()
    ledger.write_bytes(kept)
    assert watch.errors == []
