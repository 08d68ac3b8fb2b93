"""Writes docs/rules.md from the rules' own pages; a test fails when it is not what this writes."""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "rules.md"


def text() -> str:
    """Return what the file should hold."""
    sys.path.insert(0, str(ROOT))
    from o1magic.lint_command.rule_pages import reference

    return reference()


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8", newline="\n")
