"""The prompt linter: `check` finds, `repair` fixes, `explain` tells why. Pure, offline, linear in the text's length.

Knows what reasoning models make of a prompt. Adding a rule is adding its file under rules/, its fixtures under
tests/lint/fixtures/, and cues/<CODE>.toml if it looks for phrases; nothing else is edited, and `make docs` writes what
follows from these.
"""

from __future__ import annotations

from o1magic.lint.diagnostic import Context, Diagnostic, Edit, Fix, FixResult, FlagUse, Severity
from o1magic.lint.engine import check, repair
from o1magic.lint.registry import Rule, explain, rules

__all__ = [
    "Context",
    "Diagnostic",
    "Edit",
    "Fix",
    "FixResult",
    "FlagUse",
    "Rule",
    "Severity",
    "check",
    "explain",
    "repair",
    "rules",
]
