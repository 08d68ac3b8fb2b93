"""Reads untrusted Markdown: markdown-it without raw HTML, plus mathematics as models write it.

Layer 0; imported on first use by `untrusted`, so that nothing else pays for markdown-it-py. What this parser takes for
code or mathematics decides how an answer looks; that it is safe is the business of `untrusted.write`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# Deeper than this markdown-it drops text; the caller shows such an answer as plain text instead.
MAX_NESTING = 40
MAX_FORMULA = 5_000
MAX_INLINE_FORMULA = 1_000
MAX_CLOSINGS = 8  # closing delimiters tried for one formula: bounds the time that a page of dollars takes

# LaTeX environments that are displays by themselves: inside $$ MathJax calls them wrongly nested.
DISPLAYS = re.compile(r"(?:equation|align|gather|multline|alignat|flalign|eqnarray)\*?")
_OPENER = re.compile(r"\$\$|\\\[|\\\(|\$|\\begin\{([A-Za-z]{1,20}\*?)\}")
# After a formula: the end of a word would be a shell variable or a price, except for an ordinal or a plural.
_GOES_ON = re.compile(r"[0-9]|(?!(?:th|st|nd|rd|s)\b)[A-Za-z]")
_PRICE = re.compile(r"[\d.,]+[kKMB]?(?:$|[\s,;.)].*(?<![\\A-Za-z])[A-Za-z]{2})", re.DOTALL)


def parse(text: str) -> list[Token]:
    """Return the block tokens of the text."""
    return _parser().parse(text)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    # Every address is accepted here, as written: `untrusted.text.target` judges it, and the text of the link stays.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - the parser's own hook
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.inline.ruler.before("escape", "math", _inline_math)
    parser.block.ruler.before("fence", "math", _block_math, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return parser


def _closer(opener: str, environment: str | None) -> str:
    return f"\\end{{{environment}}}" if environment else {"\\[": "\\]", "\\(": "\\)"}.get(opener, opener)


def _inline_math(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    if state.src[state.pos] not in "$\\":
        return False
    opening = _OPENER.match(state.src, state.pos)
    if opening is None:
        return False
    closing = _closer(opening[0], opening[1])
    inside = opening.end()
    longest = MAX_INLINE_FORMULA if closing == "$" else MAX_FORMULA
    end = _end_of_formula(state.src, inside, closing, min(state.posMax, inside + longest))
    if end is None or "`" in state.src[inside:end]:
        return False
    if closing == "$" and not _is_inline_math(state.src, inside, end):
        return False
    if not silent:
        _push(state, "math_inline", opening, state.src[inside:end])
    state.pos = end + len(closing)
    return True


def _end_of_formula(source: str, start: int, closing: str, limit: int) -> int | None:
    """Return where the closing delimiter stands that is neither escaped nor inside braces."""
    at = start - len(closing)
    for _ in range(MAX_CLOSINGS):
        at = source.find(closing, at + len(closing), limit)
        if at < 0:
            return None
        inside = source[start:at]
        if (len(inside) - len(inside.rstrip("\\"))) % 2:
            continue
        if inside.count("{") - inside.count("\\{") <= inside.count("}") - inside.count("\\}"):
            return at if inside.strip() else None
    return None


def _is_inline_math(source: str, inside: int, end: int) -> bool:
    """Tell `$x^2$` from prices and shell variables: `$5 and $7`, `$HOME:$PATH`, `US$5`."""
    formula = source[inside:end]
    before = source[inside - 2] if inside > 1 else " "
    if formula[0].isspace() or formula[-1].isspace() or (before.isascii() and before.isalnum()):
        return False
    if _GOES_ON.match(source, end + 1):
        return False
    return formula.replace(".", "").replace(",", "").isdecimal() or _PRICE.match(formula) is None


def _block_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - as above
    if state.is_code_block(start):
        return False
    begin = state.bMarks[start] + state.tShift[start]
    opening = _OPENER.match(state.src, begin)
    if opening is None or opening[0] in {"$", "\\("}:
        return False
    closing = _closer(opening[0], opening[1])
    if state.src.find(closing, opening.end(), begin + MAX_FORMULA) < 0:
        return False
    lines, at = [state.src[opening.end() : state.eMarks[start]]], start
    while closing not in lines[-1]:
        at += 1
        if at >= end or state.isEmpty(at) or state.sCount[at] < state.blkIndent:
            return False
        lines.append(state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]])
    lines[-1], _, rest = lines[-1].partition(closing)
    formula = "\n".join(lines)
    if rest.strip(" \t.,;") or len(formula) > MAX_FORMULA or not formula.strip():
        return False
    if not silent:
        _push(state, "math_block", opening, formula)
    state.line = at + 1
    return True


def _push(state: StateInline | StateBlock, kind: str, opening: re.Match[str], formula: str) -> None:
    """Add the token: `content` is the formula, `markup` its opening as the model wrote it, `info` an environment."""
    token = state.push(kind, "", 0)
    token.content = formula
    token.markup = opening[0]
    token.info = opening[1] or ""
