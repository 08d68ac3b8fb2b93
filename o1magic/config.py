"""Where `%config` is asked for its values: the magics put themselves here when they are loaded.

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
