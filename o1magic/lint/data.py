"""The data files of the rules, read when first asked for: cues/<CODE>.toml, a table per language.

Called by whatever looks for phrases; knows nothing of what the tables mean.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from o1magic.lint.patterns import late

_FOLDER: Final = __file__.removesuffix("data.py") + "cues"
# The part of TOML that the data files are written in; what does not fit it is left to tomllib.
_ENTRY = late(
    r"\s*(?:#[^\n]*(?=\n|$)|\[(\w+)\][ \t]*(?=\n|$)"
    r"|(\w+) = (?:'''\n(.*?)'''|'([^'\n]*)'|(true|false)))",
    re.DOTALL,
)


@cache
def tables(name: str) -> dict[str, Any]:
    """Return a data file as it is written."""
    text = read(f"{name}.toml")
    plain = _plain(text)
    if plain is not None:
        return plain
    import tomllib

    return tomllib.loads(text)


def read(name: str) -> str:
    """Return the text of a data file."""
    # Not through pkgutil or pathlib, each of which takes longer to import than all data files take to read.
    with open(f"{_FOLDER}/{name}", encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


def _plain(text: str) -> dict[str, Any] | None:
    """Return the tables of a file of plain strings, None where there is more in it: tomllib takes 20 times as long."""
    found: dict[str, Any] = {}
    table = found
    position, end = 0, len(text.rstrip())
    while position < end:
        entry = _ENTRY.match(text, position)
        if entry is None:
            return None
        name, key, block, line, flag = entry.groups()
        if name:
            table = found.setdefault(name, {})
        elif key:
            table[key] = flag == "true" if flag else line if block is None else block
        position = entry.end()
    return found
