"""A magic line -> its words, unquoted, each with where it stands.

Layer 1. Quotes are the shell's, and nothing is expanded. Called by `arguments`.
"""

from __future__ import annotations

import re

from o1magic.errors import ArgumentError

# Words of a magic line: runs of unquoted text and closed quotes. Linear: each alternative starts differently.
_TOKEN = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")


def of(line: str) -> list[tuple[str, int, int]]:
    """Return the words of a line, unquoted, with where they stand.

    Raises ArgumentError: a quote that is not closed.
    """
    tokens, position = [], 0
    for match in _TOKEN.finditer(line):
        if line[position : match.start()].strip():
            break
        tokens.append((_unquote(match.group()), match.start(), match.end()))
        position = match.end()
    if line[position:].strip():
        raise ArgumentError(f"A quote is not closed: {line[position:].strip()[:40]!r}; nothing was sent.")
    return tokens


def _unquote(word: str) -> str:
    if word.startswith("'") and word.endswith("'") and word.count("'") == 2:  # noqa: PLR2004 - one pair
        return word[1:-1]
    return re.sub(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", _inner, word)


def _inner(match: re.Match[str]) -> str:
    single, double, escaped = match.groups()
    if single is not None:
        return single
    return escaped if double is None else re.sub(r'\\(["\\])', r"\1", double)
