"""What stops a draft before it is sent: a secret in it, or under --lint strict any warning.

Layer 3, pure. Called by `ask`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.errors import LintError
from o1magic.lint import check

if TYPE_CHECKING:
    from o1magic.draft import Draft

# The one finding that stops a call whatever --lint says, short of "off".
_LEAK = "SEC001"


def secrets(draft: Draft) -> None:
    """Raise LintError while a secret would be sent, unless the linter is off or told to ignore it."""
    found = [one for one in draft.remaining if one.code == _LEAK]
    if draft.settings.lint != "off" and draft.arguments.developer:
        found += check(draft.arguments.developer, select=(_LEAK,), ignore=draft.settings.ignore)
    if found:
        how = f"--fix all redacts what stands in the cell; --ignore {_LEAK} if it is no secret."
        raise LintError(f"{_LEAK}: {found[0].message}. Nothing was sent.", how=how, diagnostics=tuple(found))


def if_strict(draft: Draft) -> None:
    """Raise LintError under `--lint strict` while a warning or an error is left."""
    left = [one for one in draft.remaining if one.severity != "info"]
    if draft.settings.lint == "strict" and left:
        found = ", ".join(sorted({one.code for one in left}))
        raise LintError(
            f"--lint strict: {found} left in the prompt; nothing was sent.",
            how="Change the prompt, --fix all, or --ignore the code; `%o1 rule CODE` explains it.",
            diagnostics=tuple(left),
        )
