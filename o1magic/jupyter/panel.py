"""The panel: cumulative reasoning and visible tokens, live, where widgets are drawn; a table and a picture elsewhere.

Layer 9. Light: the widgets are in `chart`, imported when a kernel shows a panel. Called by `%o1 panel` and as
`o1magic.panel()`.
"""

from __future__ import annotations

import uuid

from IPython.core.getipython import get_ipython
from IPython.display import display, publish_display_data

from o1magic import panels

_WIDGET = "application/vnd.jupyter.widget-view+json"


def panel() -> Panel:
    """Return the panel, which shows itself as the value of a cell; each display of it is a panel of its own."""
    return Panel()


class Panel:
    """The panel of this process's session."""

    def _ipython_display_(self) -> None:
        """Show it: in a kernel as widgets, and below them the last state for when the notebook is read later.

        A page hides the second while the first is alive. The empty texts keep those who draw no widgets from
        printing what they found in its place.
        """
        last = panels.static()
        if not hasattr(get_ipython(), "kernel"):
            display(last, raw=True)
            return
        from o1magic.jupyter import chart

        identity = uuid.uuid4().hex
        view = chart.board(identity)._repr_mimebundle_()[_WIDGET]
        publish_display_data({_WIDGET: view, "text/html": "", "text/plain": ""})
        publish_display_data(last, transient={"display_id": identity})

    def __repr__(self) -> str:
        """Return the last state as text."""
        return str(panels.static()["text/plain"])
