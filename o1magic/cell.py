"""Where the magic line of a `%%o1` cell begins: told the same way to the magic, the API and the command line.

Layer 0. Imports nothing of ours, so that a linter of files need not import what sends prompts.
"""

from __future__ import annotations

import re

MAGIC = "%%o1"
# As IPython reads a cell: blank lines before the magic do not count, `%%o1x` is another magic.
_HEAD = re.compile(rf"(?:[ \t]*\r?\n)*+[ \t]*+{MAGIC}(?=\s|\Z)")


def arguments_at(text: str) -> int | None:
    """Return where the arguments of the cell begin, None where the text is no such cell."""
    head = _HEAD.match(text)
    return head.end() if head else None
