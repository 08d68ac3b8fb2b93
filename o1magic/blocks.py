"""Where a growing Markdown text may be cut: between two top-level blocks, never inside a fence, list, table or formula.

Layer 0; also tells what code a text holds. markdown-it-py is imported when it is first needed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_FORMULA_MARKS = re.compile(r"\$\$|\\\[|\\\]|\\begin\{|\\end\{")


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])  # what stands within the blocks is most of the work
    return parser


class Code(NamedTuple):
    """A fenced block of code: its language as it is named, "" where it is not, and its text."""

    language: str
    text: str


def code(text: str) -> tuple[Code, ...]:
    """Return the fenced blocks of a Markdown text, in their order, those within lists and quotes too."""
    fences = [token for token in _parser().parse(text) if token.type == "fence"]
    return tuple(Code(next(iter(fence.info.split()), ""), fence.content) for fence in fences)


def finished(text: str) -> int:
    """Return the length of the part of `text` that no further text can change: all but its last top-level block.

    0 where there is no such part yet.
    """
    starts = [token.map[0] for token in _parser().parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    lines = text.splitlines(keepends=True)
    for start in reversed(starts[1:]):
        length = sum(map(len, lines[:start]))
        if _formulas_closed(text[:length]):
            return length
    return 0


def _formulas_closed(text: str) -> bool:
    marks = _FORMULA_MARKS.findall(text)
    return (
        marks.count("$$") % 2 == 0
        and marks.count("\\[") == marks.count("\\]")
        and marks.count("\\begin{") == marks.count("\\end{")
    )
