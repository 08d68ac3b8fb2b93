"""Writes o1magic/lint/cues/index.txt from the cues beside it; a test fails when it is not what this writes."""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "o1magic" / "lint" / "cues"
FILE = FOLDER / "index.txt"


def text() -> str:
    """Return what the file should hold."""
    sys.path.insert(0, str(ROOT))
    from o1magic.lint.index import written
    from o1magic.lint.phrases import languages

    codes = sorted(file.stem for file in FOLDER.glob("*[0-9].toml"))
    return written((code, language) for code in codes for language in languages(code))


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
