"""Knows an untrusted text that is harmless Markdown as it stands: prose, headings, flat lists and fenced code.

Layer 0; called by `untrusted` alone. Most answers are such texts, or begin as one, and to see that costs a thirtieth of
what it costs to parse and write them anew. Everything else is the business of `parse` and `write`.
"""

from __future__ import annotations

import re

from o1magic.untrusted.write import code_block, is_language

# Nothing here begins a tag, a reference, a link, a picture, an escape, a formula, a table, a quote or another fence.
_START = r" {0,8}+(?:(?:#{1,6}+|[-*+]|\d{1,3}+[.)]) )?+(?!\d++[.)])(?:\*\*|[*`\"'(“‘「『（])?+"
_LINE = rf"(?:{_START}[^\W_][^<&\[\]\\$~|@\n]*+)?+"
_PROSE = re.compile(rf"{_LINE}(?:\n{_LINE})*+")
_ADDRESS = re.compile(r"://|(?i:www)\.")
_FENCE = "```"
# What closes late costs parsers quadratic time, within one block: where one has more marks than people use, the text is
# parsed, and judged, here.
_MANY = 500


def lines(text: str) -> list[str] | None:
    """Return the lines that show a visible text as it is meant, None when it takes a parser to say."""
    parts = text.split(_FENCE)
    prose, code = parts[::2], parts[1::2]
    if len(prose) == len(code) or any(_marks(block) > _MANY for one in prose for block in one.split("\n\n")):
        return None
    if any(not (one.endswith("\n") or (index == 0 and not one)) for index, one in enumerate(prose[:-1])):
        return None
    if any(one and not one.startswith("\n") for one in prose[1:]):
        return None
    if any(_PROSE.fullmatch(one) is None or _ADDRESS.search(one) for one in prose):
        return None
    blocks = [[prose[0].strip("\n")]]
    for block, after in zip(code, prose[1:], strict=True):
        info, _, content = block.partition("\n")
        if not content.endswith("\n") or (info and not is_language(info)):
            return None
        blocks += [code_block(content, info), [after.strip("\n")]]
    shown: list[str] = []
    for block_lines in blocks:
        if any(block_lines):
            shown += [*([""] if shown else []), *block_lines]
    return shown


def _marks(block: str) -> int:
    return sum(map(block.count, "*_`"))
