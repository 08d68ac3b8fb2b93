"""The panel's widgets and what keeps them up to date: a chart, told of each call as it begins and ends.

Layer 9. Imported when a panel is opened in a kernel: anywidget and ipywidgets cost a tenth of a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
from IPython.core.getipython import get_ipython
from IPython.display import publish_display_data
from traitlets import Any as AnyTrait
from traitlets import Bool, Int, observe

from o1magic import live, panels
from o1magic.errors import LedgerError, O1Error

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each news tells again of so many calls: a page that was still loading has then missed nothing.
_AGAIN = 8
# News are sent no more often; calls in a loop on the simulator take milliseconds.
_PAUSE_S = 0.1


class Feed:
    """Tells every chart that is shown somewhere what became of which call, on the client's loop thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._charts: weakref.WeakSet[Chart] = weakref.WeakSet()
        self._recent: dict[str, tuple[int, list[object]]] = {}
        self._told = self._forgotten = self.seq = self.count = 0
        self._next_s = 0.0
        self._waiting = self._called = False
        self._kept: dict[str, Any] = {}

    def attach(self, chart: Chart) -> bool:
        """Keep a chart up to date, as long as something else holds it; tell whether it was not."""
        with self._lock:
            if chart in self._charts:
                return False
            self._charts.add(chart)
            if self.changed not in live.watchers:
                self._kept = panels.news(())
                live.watchers.append(self.changed)
                _events().register("post_run_cell", self.keep)
            return True

    def detach(self, chart: Chart) -> None:
        """Leave a chart alone; without any, no call is watched."""
        with self._lock:
            self._charts.discard(chart)
            if not self._charts and self.changed in live.watchers:
                live.watchers.remove(self.changed)
                _events().unregister("post_run_cell", self.keep)

    def changed(self, call_id: str) -> None:
        """Take note of a call; tell of it now or, soon after the last time, a moment later."""
        with self._lock:
            self._called = True
            entry = panels.entry(call_id)
            if entry is not None:
                self.seq += 1
                self._recent.pop(call_id, None)
                self._recent[call_id] = (self.seq, entry)
            wait_s = self._next_s - time.monotonic()
            if wait_s <= 0:
                self._tell()
            elif not self._waiting:
                self._waiting = True
                asyncio.get_running_loop().call_later(wait_s, self._tell)

    def keep(self, *_: object) -> None:
        """At the end of a cell, keep the state below each chart, as the saved notebook will show it.

        What no call of ours has told of (a budget, a price, another notebook) is sent whole.
        """
        with self._lock, contextlib.suppress(LedgerError):
            now = panels.news(())
            if now == self._kept:
                return
            self._kept = now
            called, self._called = self._called, False
            if called:
                self._tell()
            bundle = panels.static()
            for chart in list(self._charts):
                if not called:
                    chart.send_state("snapshot")
                publish_display_data(bundle, transient={"display_id": chart.static_id}, update=True)

    def _tell(self) -> None:
        with self._lock, contextlib.suppress(LedgerError):
            self._waiting, self._next_s = False, time.monotonic() + _PAUSE_S
            while len(self._recent) > _AGAIN:
                oldest = next(iter(self._recent))
                if self._recent[oldest][0] > self._told:
                    break
                self._forgotten = self._recent.pop(oldest)[0]
            self.count += 1
            news = panels.news([entry for _, entry in self._recent.values()])
            news |= {"from": self._forgotten, "seq": self.seq, "count": self.count}
            self._told = self.seq
            for chart in list(self._charts):
                chart.tell(news)


def _events() -> Any:
    shell = get_ipython()
    assert shell is not None  # noqa: S101 - a chart is made in a kernel
    return shell.events


FEED = Feed()


class Chart(anywidget.AnyWidget):
    """The chart; what it shows is asked for when a page wants it, and never kept."""

    _esm = Path(__file__).with_name("chart.js").read_text(encoding="utf-8")
    _view_count = Int(0, allow_none=True).tag(sync=True)
    # Neither is ever assigned: each is made at the moment it is sent.
    snapshot = AnyTrait().tag(sync=True, to_json=lambda _, __: panels.snapshot(seq=FEED.seq, count=FEED.count))
    news = AnyTrait().tag(sync=True, to_json=lambda _, chart: chart.latest)
    scope = Int(0).tag(sync=True)
    inputs = Bool(default_value=False).tag(sync=True)

    def __init__(self, static_id: str) -> None:
        self.latest: Mapping[str, object] = {}
        self.static_id = static_id
        super().__init__()
        self.on_msg(_answer)
        FEED.attach(self)

    def tell(self, news: Mapping[str, object]) -> None:
        """Send news."""
        self.latest = news
        self.send_state("news")

    def close(self) -> None:
        """Close the widget."""
        FEED.detach(self)
        super().close()

    @observe("_view_count")
    def _viewed(self, change: Mapping[str, Any]) -> None:
        if not change["new"]:
            FEED.detach(self)
        elif FEED.attach(self):  # it was asleep
            self.send_state("snapshot")


def _answer(chart: Chart, message: Mapping[str, Any], _: object) -> None:
    """Do what the page asks for: stop that call if it still runs, show what is on record, export."""
    if "stop" in message:
        live.stop(str(message["stop"]))
    elif "look" in message:
        if message["look"] != panels.news(())["totals"]:
            chart.send_state("snapshot")
    elif "csv" in message:
        answer = {"csv": message["csv"]}
        try:
            name, content = panels.csv(str(message.get("scope")))
        except O1Error as failure:
            chart.send({**answer, "problem": str(failure)})
        else:
            chart.send({**answer, "name": name}, [content.encode("utf-8")])


def board(static_id: str) -> ipywidgets.Widget:
    """Return the panel: its controls, linked to the chart in the page, so that they work while the kernel is busy."""
    chart = Chart(static_id)
    scope = ipywidgets.ToggleButtons(
        options=["Session", "Today", "All time"],
        tooltips=["Calls of this kernel's session", "Calls of today, all notebooks", "Every call on record"],
        style={"button_width": "84px"},
    )
    inputs = ipywidgets.Checkbox(value=False, description="Prompt tokens", indent=False, layout={"width": "auto"})
    ipywidgets.jslink((scope, "index"), (chart, "scope"))
    ipywidgets.jslink((inputs, "value"), (chart, "inputs"))
    row = {"justify_content": "space-between", "align_items": "center"}
    return ipywidgets.VBox([ipywidgets.HBox([scope, inputs], layout=row), chart])
