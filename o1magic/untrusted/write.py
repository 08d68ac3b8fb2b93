"""Writes parsed untrusted Markdown anew, in the few forms that every parser reads alike.

Layer 0; called by `untrusted` alone. Nothing here rests on another parser agreeing with ours on what is code:

- prose goes through `untrusted.text.prose`, which leaves no `<`, no backtick and no link that is not ours;
- a code span is a pair of single backticks, when its content would be harmless as Markdown too; else `<code>` with
  character references;
- a code block at the top is a fence of backticks at column 0, longer than any run inside, between blank lines;
- one inside a list or a quote is a fence of tildes, which can neither open nor close the other kind, and only when
  its content would be harmless as Markdown too; else it is `<pre>` with character references;
- a formula holds nothing that would be markup, or a command that does more than typeset.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from o1magic.untrusted.parse import DISPLAYS, MAX_FORMULA, MAX_NESTING
from o1magic.untrusted.text import line, prose, references, target, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

# JupyterLab cuts mathematics out of code too: `\\(a\\)` would lose a backslash, the others their highlighted text.
_CUT_FROM_CODE = re.compile(r"\\\\[()\[\]]|\\begin\{|@@\d", re.IGNORECASE)
# Code that would do harm, or look different, where a parser did not see that it is code: marked lets ~~ reach across
# code spans, and turns tabs in lists into spaces.
_HARMFUL_AS_MARKDOWN = re.compile(r"<[A-Za-z/!?]|\]\s*[(\[:]|\$[^$]*\$|\t", re.DOTALL)
_UNCLEAR_SPAN = re.compile(r"`|\n|^\s|\s\Z|\\\Z|^\Z")
_LANGUAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#._-]{0,29}")
# Commands that load, link, style, name or redefine: a redefinition would reach every later formula of the page.
_UNWANTED_COMMAND = re.compile(
    r"\\(?:href|url|style|class|cssId|data|html\w*|require|autoload|unicode|mmlToken|includegraphics|bbox|enclose"
    r"|[egx]?def|let|futurelet|newcommand|renewcommand|providecommand|newenvironment|renewenvironment|newcolumntype"
    r"|Declare\w+|Newextarrow|csname|input|include|global|long|special|write|catcode|begingroup|definecolor"
    r"|texttip|mathtip|toggle|action|label|jax)(?![A-Za-z])"
)
_EMPHASIS = {"em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close"}
MAX_BRACES = 30
# Emphasis costs marked quadratic time in a paragraph: 25,000 marks froze a page for 15 s. Beyond this it is left out.
MAX_EMPHASIS = 2_000


def write(tokens: Sequence[Token], *, nested: bool = False) -> list[str]:
    """Return the lines of canonical Markdown for sibling block tokens; blocks are parted by blank lines."""
    lines: list[str] = []
    tight = False
    for token, inner in _siblings(tokens):
        written = _block(token, inner, nested=nested)
        if not written:
            continue
        if lines and not (tight and token.type.endswith("_list_open")):
            lines.append("")
        lines += written
        tight = token.type == "paragraph_open" and token.hidden
    return lines


def _siblings(tokens: Sequence[Token]) -> Iterator[tuple[Token, Sequence[Token]]]:
    """Yield each token of the outermost level with the tokens between it and its closing one."""
    depth, start = 0, 0
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth == 1 and token.nesting == 1:
            start = index
        elif depth == 0:
            yield (token, ()) if token.nesting == 0 else (tokens[start], tokens[start + 1 : index])


def _block(token: Token, inner: Sequence[Token], *, nested: bool) -> list[str]:
    match token.type:
        case "fence" | "code_block":
            return code_block(token.content, token.info, nested=nested)
        case "blockquote_open":
            return [f"> {text}" if text else ">" for text in write(inner, nested=True) or [""]]
        case "bullet_list_open" | "ordered_list_open":
            return _list(token, inner)
        case "table_open":
            return _table(inner)
        case _:
            return _leaf(token, inner)


def _leaf(token: Token, inner: Sequence[Token]) -> list[str]:
    match token.type:
        case "math_block":
            return [_formula(token, in_table=False)]
        case "hr":
            return ["___"]
        case "heading_open":
            words = " ".join(inline(inner).split())
            return [f"{'#' * int(token.tag[1])} {re.sub(r'#(?=#*$)', '&#35;', words)}".strip()]
        case _:
            written = [line(text) for text in inline(inner).split("\n")]
            return [text for text in written if text.strip()]


def _list(token: Token, inner: Sequence[Token]) -> list[str]:
    number = int(token.attrs.get("start", 1))
    lines: list[str] = []
    for item, content in _siblings(inner):
        marker = f"{number}{item.markup}" if token.type == "ordered_list_open" else item.markup
        loose = any(part.type == "paragraph_open" and not part.hidden for part, _ in _siblings(content))
        if lines and loose:
            lines.append("")
        first, *others = write(content, nested=True) or [""]
        indent = " " * (len(marker) + 1)
        lines += [f"{marker} {first}".rstrip(), *(indent + text if text else "" for text in others)]
        number += 1
    return lines


def _table(inner: Sequence[Token]) -> list[str]:
    lines = []
    for part, rows in _siblings(inner):
        for _, cells in _siblings(rows):
            written = [(cell, inline(content, in_table=True)) for cell, content in _siblings(cells)]
            lines.append("| " + " | ".join(" ".join(text.split()) for _, text in written) + " |")
            if part.type == "thead_open":
                lines.append("| " + " | ".join(_alignment(cell) for cell, _ in written) + " |")
    return lines


def _alignment(cell: Token) -> str:
    style = str(cell.attrs.get("style", ""))
    return {"left": ":---", "center": ":---:", "right": "---:"}.get(style.rpartition(":")[2], "---")


def code_block(content: str, info: str = "", *, nested: bool = False) -> list[str]:
    """Return the lines of a code block that holds exactly the visible form of `content`.

    The language is kept when it is a plain word. Not `mermaid`: JupyterLab would draw from it, which runs a program
    and can load images.
    """
    content = visible(content.removesuffix("\n"))
    word = info.split(maxsplit=1)[0] if info.split() else ""
    language = word if is_language(word) and word.lower() != "mermaid" else ""
    if _CUT_FROM_CODE.search(content) or (nested and _HARMFUL_AS_MARKDOWN.search(content)):
        kind = f' class="language-{language}"' if language else ""
        return [f"<pre><code{kind}>{references(content)}</code></pre>"]
    mark = "~" if nested else "`"
    longest = max((len(run) for run in re.findall(f"{mark}+", content)), default=0)
    fence = mark * max(3, longest + 1)
    return [fence + language, *(content.split("\n") if content else ()), fence]


def is_language(word: str) -> bool:
    """Tell whether the word may stand after a fence."""
    return _LANGUAGE.fullmatch(word) is not None


def inline(tokens: Sequence[Token], *, in_table: bool = False) -> str:
    """Return the inline Markdown of the first inline token among `tokens`."""
    children = next((token.children for token in tokens if token.type == "inline"), None) or []
    if sum(token.type in _EMPHASIS for token in children) > MAX_EMPHASIS:
        children = [token for token in children if token.type not in _EMPHASIS]
    writer = _Inline(in_table=in_table)
    for token in children:
        writer.add(token)
    return "".join(writer.pieces)


@dataclass(slots=True)
class _Inline:
    """Inline Markdown being written; `links` are the targets of the links that are open, None for a dropped one."""

    in_table: bool
    pieces: list[str] = field(default_factory=lambda: [""])
    links: list[str | None] = field(default_factory=list)
    struck: int = 0

    def add(self, token: Token) -> None:
        """Write the token at the end."""
        last, in_link = self.pieces[-1][-1:], any(self.links)
        match token.type:
            case "text":
                self._write(prose(token.content, in_link=in_link, in_table=self.in_table))
            case "code_inline":
                self._write(_code_span(token.content, last, in_table=self.in_table))
            case "math_inline":
                self._write(" " * (last == "$") + _formula(token, in_table=self.in_table))
            case "image":
                self._write(_image(token, in_link=in_link, in_table=self.in_table))
            case "link_open" | "link_close":
                self._link(token, last)
            case "s_open" | "s_close":
                # Two inside each other would write ~~~~, which opens a fence.
                self.struck += token.nesting
                self._write("~~" * (self.struck == (token.nesting == 1)))
            case "softbreak" | "hardbreak":
                self._write(" " if self.in_table else {"softbreak": "\n"}.get(token.type, "\\\n"))
            case _:
                self._write(token.markup)

    def _write(self, piece: str) -> None:
        if piece:  # the last piece is never empty: what is written next depends on its end
            self.pieces.append(piece)

    def _link(self, token: Token, last: str) -> None:
        if token.nesting == 1:
            where = None if any(self.links) else target(str(token.attrs.get("href", "")))
            self.links.append(where)
            self._write("[" * (where is not None))
            return
        where = self.links.pop()
        if where is not None:
            # A link without words could not be seen; prose in a link never ends in a bare bracket.
            name = prose(where, in_link=True, in_table=self.in_table) if last == "[" else ""
            self._write(f"{name}]({where})")


def _image(token: Token, *, in_link: bool, in_table: bool) -> str:
    """Return a link to the picture, which loads nothing by itself; inside a link, or for a bad address, its name."""
    name = prose(f"image: {token.content}" if token.content else "image", in_link=True, in_table=in_table)
    where = None if in_link else target(str(token.attrs.get("src", "")))
    return f"[{name}]({where})" if where else f"&#91;{name}&#93;"


def _code_span(content: str, before: str, *, in_table: bool) -> str:
    content = visible(content)
    unclear = before == "`" or (in_table and "|" in content) or _UNCLEAR_SPAN.search(content)
    if unclear or _CUT_FROM_CODE.search(content) or _HARMFUL_AS_MARKDOWN.search(content):
        return f"<code>{references(content)}</code>"
    return f"`{content}`"


def _formula(token: Token, *, in_table: bool) -> str:
    """Return the formula in dollars; as code, the way the model wrote it, when it is not plain mathematics."""
    formula = re.sub(r"(?<!\\)((?:\\\\)*)%.*", r"\1", visible(token.content))
    formula = " ".join(formula.split())
    display = token.markup not in {"$", "\\("}
    if not _is_plain(formula, display=display):
        closer = {"\\(": "\\)", "\\[": "\\]"}.get(token.markup, token.markup)
        closer = f"\\end{{{token.info}}}" if token.info else closer
        source = " ".join(f"{token.markup}{token.content}{closer}".split())
        return _code_span(source, "", in_table=in_table)
    # A space changes no formula, and leaves no parser a tag or a link.
    formula = re.sub(r"<(?=[A-Za-z/!?])", "< ", formula)
    formula = re.sub(r"\](?=[(\[:])", "] ", formula)
    if in_table:
        formula = formula.replace("\\|", "\\Vert ").replace("|", "\\vert ")
    if token.info:
        formula = f"\\begin{{{token.info}}}{formula}\\end{{{token.info}}}"
        if DISPLAYS.fullmatch(token.info):
            return formula
    return f"$${formula}$$" if display else f"${formula}$"


def _is_plain(formula: str, *, display: bool) -> bool:
    """Tell whether the formula is only mathematics, and ends where it says for every reader."""
    if not formula or len(formula) > MAX_FORMULA or re.search(r"`|@@|://|www\.", formula):
        return False
    if _UNWANTED_COMMAND.search(formula) or (len(formula) - len(formula.rstrip("\\"))) % 2:
        return False
    depth = 0
    for part in re.findall(r"\\.|[{}]|\$+", formula):
        depth += {"{": 1, "}": -1}.get(part, 0)
        if not 0 <= depth <= MAX_BRACES:
            return False
        if part[0] == "$" and (depth == 0 or (display and len(part) > 1)):
            return False
    return depth == 0


def too_deep(tokens: Sequence[Token]) -> bool:
    """Tell whether the parser may have left out text that was nested too deeply."""
    return any(
        token.level >= MAX_NESTING - 2 or any(child.level >= MAX_NESTING - 2 for child in token.children or ())
        for token in tokens
    )
