"""Choosing delimiters for a payload and inserting them: fence, tag or triple quotes, never a byte of the payload.

Called by the DEL rules.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint.diagnostic import Edit, Fix
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from o1magic.lint.document import Document

_TICKS = late(r"`{3,}")
_NAME = late(r"</?([A-Za-z]\w{0,60})")
_SHORTEST = 3
_LOOK = 1000

# Which words tell a language; the one with most hits names the fence.
_LANGUAGES = (
    (
        "python",
        late(
            r"^\s*(?:def |import \w|from \w|elif |except\b|print\(|class \w+(?:\(.{0,40}\))?:)|self\.|\bNone\b|\):\s*$",
            re.MULTILINE,
        ),
    ),
    ("jsx", late(r"</?[A-Z]\w*[\s/>]|className=|useState\(|return \(\s*$", re.MULTILINE)),
    ("ts", late(r"^\s*(?:interface|type) \w+ |: (?:string|number|boolean)\b", re.MULTILINE)),
    ("js", late(r"^\s*(?:const|let|var) |\bfunction\b|=>|console\.|===", re.MULTILINE)),
    ("java", late(r"^\s*(?:public|private|protected) |System\.out|\bnew [A-Z]\w*\(|^import java", re.MULTILINE)),
    ("csharp", late(r"^\s*using [\w.]+;|\bnamespace\b|Console\.Write|\{ get; ", re.MULTILINE)),
    ("cpp", late(r"#include <\w+>|std::|cout\b|template ?<|\bnullptr\b", re.MULTILINE)),
    ("c", late(r"#include ?[<\"]\w+\.h|\bprintf\(|\bmalloc\(|^\s*(?:int|char|void|double) \**\w+", re.MULTILINE)),
    ("go", late(r"^\s*(?:func|package) |:=|fmt\.", re.MULTILINE)),
    ("rust", late(r"\bfn \w|\blet mut\b|println!|^\s*(?:impl|use \w+::)|-> \w+ \{", re.MULTILINE)),
    (
        "sql",
        late(
            r"\b(?:SELECT|FROM|WHERE|JOIN|GROUP BY|INSERT INTO|CREATE TABLE|UPDATE)\b|^\s*select .{1,100} from ",
            re.MULTILINE,
        ),
    ),
    ("html", late(r"</?(?:div|p|html|body|span|head|ul|li|a|h\d|table|tr|td|form|input|button)\b", re.MULTILINE)),
    ("css", late(r"^\s*[.#]?[\w-]+ ?\{\s*$|^\s*[a-z-]+: ?[^;{}\n]{1,80};\s*$", re.MULTILINE)),
    ("php", late(r"<\?php|^\s*\$\w+ ?=", re.MULTILINE)),
    ("ruby", late(r"^\s*(?:end|puts |require )|\.each do", re.MULTILINE)),
    ("bash", late(r"^#!.*sh|^\s*(?:fi|done|echo )\b|\$\{\w+\}", re.MULTILINE)),
    ("latex", late(r"\\(?:documentclass|usepackage|begin)\{", re.MULTILINE)),
)
_INFO = {"diff": "diff", "log": "text", "traceback": "text", "csv": "csv", "json": "json"}


def language_of(payload: str) -> str:
    """Return the fence's info string for a piece of code, "" when nothing tells."""
    return _language_of(payload[:_LOOK])


@lru_cache(maxsize=64)
def _language_of(look: str) -> str:
    hits = {name: len(pattern.findall(look)) for name, pattern in _LANGUAGES}
    if hits["jsx"]:
        hits["jsx"] += hits["js"]
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] else ""


def delimit(document: Document, start: int, end: int, kind: str) -> Fix:
    """Return the safe fix that puts the payload between delimiters on lines of their own."""
    text = document.text
    payload = text[start:end]
    opening, closing = _pair(document, payload, kind)
    # Each inserted line ends as its neighbour does, so that no existing line's ending changes.
    after = "\r\n" if text.startswith("\r\n", end) else "\n" if end < len(text) else ""
    before = "\r\n" if text.endswith("\r\n", 0, start) else "\n" if start else after
    edits = (Edit(start, start, opening + (before or "\n")), Edit(end, end, (after or before or "\n") + closing))
    return Fix(safe=True, edits=edits, title=f"Put it between {opening} and {closing}")


def _pair(document: Document, payload: str, kind: str) -> tuple[str, str]:
    style = document.style
    if style.triple and style.triple not in payload:
        return style.triple, style.triple
    if style.tags and not style.fences:
        return _tag(style, "code" if kind in ("code", "diff") else "data")
    if kind in ("csv", "json", "table") and not style.fences:
        return _tag(style, "data")
    longest = max((len(run) for run in _TICKS.findall(payload)), default=_SHORTEST - 1)
    fence = "`" * max(_SHORTEST, longest + 1)
    info = language_of(payload) if kind == "code" else _INFO.get(kind, "")
    return fence + info, fence


def _tag(style: Style, name: str) -> tuple[str, str]:
    """Return a tag that occurs nowhere in the text, numbered if need be."""
    wanted, number = name, 1
    while wanted in style.names:
        number += 1
        wanted = f"{name}{number}"
    return f"<{wanted}>", f"</{wanted}>"


class Style(NamedTuple):
    """How the prompt already delimits: its triple quote if it has one in pairs, tags, fences, and every tag name."""

    triple: str
    tags: bool
    fences: bool
    names: frozenset[str]


def style_of(document: Document) -> Style:
    """Return the delimiting style of a prompt."""
    text, used = document.text, [region.kind for region in document.regions]
    triple = next((text[r.start : r.start + 3] for r in document.regions if r.kind == "triple"), "")
    if triple and text.count(triple) != 2 * used.count("triple"):
        triple = ""
    names = frozenset(name.lower() for name in _NAME.findall(text))
    return Style(triple, "tag" in used, "fence" in used, names)
