"""The panel as a kernel sends it, and as a terminal prints it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kernels import Kernel

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

WIDGET = "application/vnd.jupyter.widget-view+json"
USAGE = "application/vnd.o1magic.usage+json"
ASK = "o1magic.ask('Is 391 prime?', model='o1', endpoint='simulator')"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with Kernel(tmp_path_factory.mktemp("kernel")) as started:
        assert started.run("%load_ext o1magic\n%o1 connect simulator\nimport o1magic").status == "ok"
        yield started


def test_loading_and_calling_import_no_widgets(kernel):
    """Only a panel that is opened costs what widgets cost."""
    kernel.run(ASK)

    ran = kernel.run("import sys\nprint({'anywidget', 'ipywidgets', 'o1magic.jupyter.panel'} & set(sys.modules))")
    assert ran.text() == "set()\n"


def test_the_panel_is_a_widget_and_below_it_the_last_state(kernel):
    """Hosts that draw no widget find nothing in its place but the table that follows."""
    ran = kernel.run("%o1 panel")

    widget, last = ran.outputs
    assert widget["data"].keys() == {WIDGET, "text/html", "text/plain"}
    assert widget["data"]["text/html"] == widget["data"]["text/plain"] == ""
    assert last["data"]["text/plain"].startswith("this session: 1 call")
    assert "<img" in last["data"]["text/html"]


def news_of(kernel, code):
    """Run a cell and return the news that a chart was sent meanwhile."""
    message_id, found = kernel.start(code), []
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        content = message["content"]
        if message["msg_type"] == "comm_msg" and "news" in content["data"].get("state", {}):
            found.append(content["data"]["state"]["news"])
        ended = message["msg_type"] == "status" and content["execution_state"] == "idle"
        if ended and message["parent_header"].get("msg_id") == message_id:
            kernel.client.get_shell_msg(timeout=30)
            return found


def test_each_call_sends_news_whose_size_does_not_grow(kernel):
    """A call is told when it is sent and when it ends; the fortieth costs as many bytes as the tenth."""
    first = news_of(kernel, f"for _ in range(10): {ASK}")
    later = news_of(kernel, f"for _ in range(29): {ASK}\n{ASK}")

    assert [one["said"] for news in first + later for one in news["running"]]
    assert first[-1]["running"] == later[-1]["running"] == []
    assert later[-1]["totals"]["session"]["calls"] == 41
    assert dict(zip(later[-1]["columns"], later[-1]["rows"][-1], strict=True))["state"] == "settled"
    assert len(json.dumps(later[-1])) < 1.1 * len(json.dumps(first[-1])) < 6_000
    for before, after in zip(first + later, [*first, *later][1:], strict=False):
        assert after["from"] <= before["seq"]  # no page misses a call


def test_what_no_call_told_of_is_sent_whole(kernel):
    """A budget, or another notebook's calls, show after the next cell; a cell that changes nothing sends nothing."""
    assert snapshots_of(kernel, "1 + 1") == []

    (told,) = snapshots_of(kernel, "%o1 budget 2000")

    assert [one["limit"] for one in told["budgets"] if not one["simulated"]] == [2_000 * 10**9]
    (told,) = snapshots_of(kernel, "%o1 budget --remove")
    assert told["budgets"] == []
    assert told["totals"]["session"]["calls"] == len(told["rows"]) > 1


def snapshots_of(kernel, code):
    """Run a cell and return the snapshots that a chart was sent meanwhile."""
    message_id, found = kernel.start(code), []
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        content = message["content"]
        if message["msg_type"] == "comm_msg" and ["snapshot"] in content["data"].get("buffer_paths", []):
            found.append(json.loads(bytes(message["buffers"][0])))
        ended = message["msg_type"] == "status" and content["execution_state"] == "idle"
        if ended and message["parent_header"].get("msg_id") == message_id:
            kernel.client.get_shell_msg(timeout=30)
            return found


def test_closed_panels_are_told_nothing_and_kept_by_nobody(kernel):
    """A widget that is closed leaves the calls unwatched, as they were before any panel."""
    count = "from o1magic import live\nprint(len(live.watchers))"
    assert kernel.run(count).text() == "1\n"

    kernel.run("import ipywidgets\nipywidgets.Widget.close_all()")

    assert kernel.run(count).text() == "0\n"
    assert news_of(kernel, ASK) == []


def test_a_page_without_the_panel_is_told_nothing_until_it_is_back(kernel):
    """An output that is cleared counts no view any more: its chart sleeps, and wakes with everything up to date."""
    kernel.run("from o1magic.jupyter import chart\none = chart.Chart('x')")
    views = "one.set_state({{'_view_count': {}}})"

    assert kernel.run(views.format(1)).status == "ok"
    assert news_of(kernel, ASK)
    kernel.run(views.format(0))
    assert news_of(kernel, ASK) == []
    kernel.run(views.format(1))
    assert news_of(kernel, ASK)
    kernel.run("one.close()")


def test_who_looks_is_told_only_what_is_new(kernel):
    """A page that has the totals as they are gets no answer; one that has others gets everything."""
    kernel.run("one = chart.Chart('y')\nfrom o1magic import panels")
    look = "chart._answer(one, {{'look': {}}}, [])"

    assert snapshots_of(kernel, look.format("panels.news(())['totals']")) == []
    assert len(snapshots_of(kernel, look.format("None"))) == 1
    kernel.run("one.close()")


def test_every_answer_carries_its_usage_for_programs(kernel):
    """Numbers and names beside the Markdown; no text of prompt or answer."""
    ran = kernel.run("%%o1 -m o1\nIs the number 391 prime?")

    (shown,) = [one["data"] for one in ran.outputs if USAGE in one.get("data", {})]
    usage = shown[USAGE]
    assert usage["version"] == 1
    assert usage["simulated"] is True
    assert usage["reasoning"] > 0
    assert usage["completion"] > usage["reasoning"]
    assert usage["cost_nano_usd"] > 0
    assert not [value for value in usage.values() if isinstance(value, str) and len(value) > 40]
    assert len(json.dumps(usage)) < 500


def test_in_a_terminal_the_panel_is_a_table(tmp_path: Path):
    """Without a kernel nothing of a widget is imported or printed."""
    code = (
        "import sys, o1magic\n"
        f"{ASK}\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('%load_ext o1magic')\n"
        "shell.run_cell('%o1 panel')\n"
        "print(repr(o1magic.panel()))\n"
        "assert not {'ipywidgets', 'anywidget'} & set(sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
    )

    assert len(re.findall("this session: 1 call · reasoning", ran.stdout)) == 2
    assert "o1 (simulated)" in ran.stdout


def test_the_running_clock_names_the_call_as_the_ledger_will(kernel):
    """A program that watches finds the row of a call that has not ended; the answer bears the same id."""
    ran = kernel.run("%%o1 -m o1 --endpoint simulator:rate-limit\nIs 391 prime?")

    told = [one["content"].get("data", {}).get(USAGE) for one in ran.messages]
    running = [one for one in told if one and one["state"] == "running"]
    assert running
    assert running[0].keys() == {"version", "id", "state", "asked", "said", "seconds"}
    assert {one["id"] for one in running} == {one["id"] for one in told if one and one["state"] == "settled"}
