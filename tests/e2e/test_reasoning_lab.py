"""Reasoning that an endpoint shows, in a real JupyterLab: folded, as text, and harmless in a cell that was just run."""

from __future__ import annotations

from fault_server import FaultServer, delta, http, sse
from lab import evaluate, lab_server, open_notebook, run_cell, write_notebook
from test_untrusted_lab import ATTACKS

STOP = delta(finish_reason="stop")


def test_reasoning_is_folded_text_that_runs_nothing(tmp_path, watched_page):
    """It is closed until it is opened, is read as it was written, and ends where it ends; the answer is below."""
    page, watch = watched_page
    thought = "First $x$ and **y**.\n\n" + "\n\n".join([*ATTACKS, "</pre></details><b>out</b>"])
    message = {"role": "assistant", "content": "It is prime.", "reasoning_content": thought}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    streamed = [delta(delta={"reasoning": thought}), delta("It is "), delta("prime."), STOP, "data: [DONE]"]
    servers = [FaultServer(http(200, whole)), FaultServer(sse(streamed))]
    asked = [f"%%o1 -m qwen3:8b --endpoint {one.url} --param stream={flag}\nIs 391 prime?"
             for one, flag in zip(servers, ("false", "true"), strict=True)]  # fmt: skip
    write_notebook(tmp_path, "reasoning", ["%load_ext o1magic", *asked])

    with lab_server(tmp_path, {"O1MAGIC_LEDGER": str(tmp_path / "ledger.sqlite3")}) as lab:
        open_notebook(page, lab, "reasoning.ipynb")
        for index in range(3):
            run_cell(page, index)
        folds = page.locator(".jp-OutputArea-output details")
        folds.nth(1).wait_for(state="attached")

        assert folds.count() == 2
        for fold in (folds.nth(0), folds.nth(1)):
            assert fold.get_attribute("open") is None
            assert not fold.locator("pre").is_visible()
            fold.locator("summary").click()
            fold.locator("pre").wait_for(state="visible")
            said = fold.locator("pre").inner_text()
            assert said.startswith("First $x$ and **y**.\n\n<script>")
            assert said.endswith("</pre></details><b>out</b>")
            assert fold.locator("b, script, img, iframe, svg, a, mjx-container").count() == 0
        assert page.locator(".jp-OutputArea-output").get_by_text("It is prime.").count() == 2
        assert evaluate(page, "() => String(window.__pwned)") == "undefined"

    assert watch.foreign == []
    assert watch.dialogs == []
    for server in servers:
        server.close()
