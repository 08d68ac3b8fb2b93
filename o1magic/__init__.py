"""Prompts to reasoning models from a notebook: `%load_ext o1magic`, then `%%o1`.

Nothing heavy is imported here: names are looked up when they are first used.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from o1magic.answer import Answer, Usage
    from o1magic.api import ask, ask_async, fix, lint
    from o1magic.errors import O1Error
    from o1magic.jupyter.panel import panel
    from o1magic.lint import Diagnostic, FixResult

__version__ = "0.1.0"

__all__ = ["Answer", "Diagnostic", "FixResult", "O1Error", "Usage", "ask", "ask_async", "fix", "lint", "panel"]

_HOMES = {
    "Answer": "o1magic.answer",
    "Diagnostic": "o1magic.lint",
    "FixResult": "o1magic.lint",
    "O1Error": "o1magic.errors",
    "Usage": "o1magic.answer",
    "ask": "o1magic.api",
    "ask_async": "o1magic.api",
    "fix": "o1magic.api",
    "lint": "o1magic.api",
    "panel": "o1magic.jupyter.panel",
}


class _Package(ModuleType):
    """The package, whose functions `ask` and `lint` keep their names although modules share them."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds each imported submodule here; `o1magic.lint(...)` must stay a call.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Return a public name, importing its module now."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__", "load_ipython_extension"]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Announce `%o1` and `%%o1`; touches neither the network nor the disk.

    What they are is imported when one is first used, or asked about, and at the latest when the loading cell has ended.
    """

    def complete(*_: object) -> None:
        ipython.events.unregister("post_run_cell", complete)
        from o1magic.jupyter.extension import complete_loading

        complete_loading(ipython)

    manager: Any = ipython.magics_manager
    if hasattr(manager, "load_all_lazy_magics"):
        manager.register_lazy("o1", "o1magic.jupyter.extension:O1Magics")
    else:  # an IPython whose `%config` does not know magics that are still to be imported
        from o1magic.jupyter.extension import O1Magics

        ipython.register_magics(O1Magics)
    ipython.events.register("post_run_cell", complete)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell the Jupyter server where its extension is; it asks when it starts."""
    return [{"module": "o1magic.jupyter.server"}]
