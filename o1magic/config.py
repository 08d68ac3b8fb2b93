"""What the magics say of themselves when they are loaded: where `%config` is asked, and which session this is.

Layer 0, and small: it is imported by `%load_ext`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _nothing() -> Mapping[str, Any]:
    return {}


changed: Callable[[], Mapping[str, Any]] = _nothing
"""Returns what `%config`, or a sub-command, has changed; nothing outside IPython."""

session: str | None = None
"""The process's session in the ledger; in a Jupyter kernel `KERNELID-xxxxxxxx`. None before anything needed it."""
