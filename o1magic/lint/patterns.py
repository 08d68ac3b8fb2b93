"""Patterns compiled when they are first used: a text needs few of them, and compiling all takes longer than its check.

Called by every module of the linter that looks for something; imports nothing of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, AnyStr, cast

if TYPE_CHECKING:
    from typing import Any


class _Late:
    """Stands for a compiled pattern; what is first asked of it compiles it, and is found at once from then on."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self.pattern = source
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, found)
        return found


def late(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return the pattern, not yet compiled."""
    return cast("re.Pattern[AnyStr]", _Late(source, flags))
