"""Characters of untrusted text: which are shown as marks, and how the rest is written so that no parser reads markup.

Layer 0, standard library only; called by `untrusted` and `untrusted.write`.

Escaping aims at every Markdown parser at once, and at what JupyterLab does around its own: it cuts mathematics out of
the source before parsing, and MathJax reads the finished page once more. Where a character could start markup that
runs or loads something, it is written as a character reference, which no parser takes for markup.
"""

from __future__ import annotations

import html as _html
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from re import Match

MAX_TARGET = 2_000

# A joiner between emoji or between Arabic and Indic letters is spelling; a variation selector after a character
# picks its picture. Anywhere else they hide something.
_JOINED = "\u0600-\u0dff\u2190-\u2bff\U0001f000-\U0001faff"
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e00ff\ud800-\udfff]"
    f"|(?<![{_JOINED}\ufe0f])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)

_URL = re.compile(r"(?i)\bhttps?://[^\s<>\"'`\\^{|}⟨⟩]+")

# What must not reach a parser as it is. A backslash is doubled where MathJax would read on: of two it shows one.
# A bracket must be closed on its line: marked reads a definition from one across any number of paragraphs.
_SPECIAL = re.compile(
    r"(?P<double>\\(?=[\\$(\[]|begin|end|ref|eqref|\Z))"
    r"|(?P<open>\[(?![^\[\]\n]*\](?![(\[:]|\Z)))"
    r"|(?P<close>\](?=[(\[:]|\Z))"
    r"|(?P<bang>!(?=\[|\Z))"
    r"|(?P<entity>&(?=[#A-Za-z]))"
    r"|(?P<at>(?<=@)@|(?<=[\w.+-])@(?=[\w-]))"
    r"|(?P<scheme>:(?=//))"
    r"|(?P<www>(?i:(?<=www))\.)"
    r"|(?P<under>(?<![^\W_])_|_(?![^\W_]))"
    r"|[\\`$<*~]"
)
_REWRITTEN = {"$": r"\\$", "<": "&lt;", "*": r"\*", "~": r"\~", "_": r"\_", "&": "&amp;"}
_LINE_START = re.compile(r"(?P<mark>[#>+\-=|:])|(?P<number>\d{1,9})(?=[.)])|(?P<fence>~)(?=~~)")


def visible(text: str) -> str:
    """Return the text with control, bidirectional and invisible characters as marks; newlines and tabs stay.

    An escape sequence becomes `␛[31m`, a right-to-left override `⟨U+202E⟩`, a lone surrogate U+FFFD.
    """
    return _HIDDEN.sub(_mark, text.replace("\r\n", "\n"))


def _mark(match: Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:  # noqa: PLR2004 - U+2400 and on are the pictures of the C0 controls
        return chr(0x2400 + code)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the surrogates
        return "\ufffd"
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"  # noqa: PLR2004 - DEL


def prose(text: str, *, in_link: bool = False, in_table: bool = False) -> str:
    """Return Markdown that shows the text, addresses in it as links; nothing else in it is markup.

    Inside a link nothing may close it, inside a table nothing may end the cell.
    """
    text = visible(text)
    written = _unbracketed(text) if in_link else _linked(text)
    return written.replace("|", "&#124;") if in_table else written


def _linked(text: str) -> str:
    pieces, done = [], 0
    for match in _URL.finditer(text):
        address = _trimmed(match[0])
        where = target(address)
        if where is None:
            continue
        pieces += [_plain(text[done : match.start()]), f"[{_unbracketed(address)}]({where})"]
        done = match.start() + len(address)
    return "".join([*pieces, _plain(text[done:])])


def _trimmed(address: str) -> str:
    """Return the address without the punctuation of the sentence around it."""
    address = address.rstrip(".,;:!?*_~'\"]")
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(".,;:!?*_~'\"]")
    return address


def _unbracketed(text: str) -> str:
    return _plain(text).replace("[", "&#91;").replace("]", "&#93;")


def _plain(text: str) -> str:
    return _SPECIAL.sub(_rewrite, text)


def _rewrite(match: Match[str]) -> str:
    if match.lastgroup == "double":
        return "&#92;&#92;"
    return _REWRITTEN.get(match[0]) or f"&#{ord(match[0])};"


def line(written: str) -> str:
    """Return the line of written inline Markdown such that its beginning starts no block."""
    written = written.strip(" \t")
    match = _LINE_START.match(written)
    if match is None:
        return written
    if match["number"]:
        return f"{match[0]}&#{ord(written[match.end()])};{written[match.end() + 1 :]}"
    if match["fence"]:
        return f"&#{ord(match[0])};{written[1:]}"
    return f"\\{written}"


def references(text: str) -> str:
    """Return the text with every character but ASCII letters, digits and spaces of a line as character references."""
    return re.sub(r"[^A-Za-z0-9 \u0080-\U0010ffff]", lambda match: f"&#{ord(match[0])};", text)


@lru_cache(maxsize=256)  # one definition may be used ten thousand times
def target(address: str) -> str | None:
    """Return the address as a link target no parser misreads; None when a click on it should do nothing.

    Kept are http, https and mailto, and anchors on this page. A relative address is not: it would point into the
    reader's own server, where JupyterLab opens files and `/logout` logs out. Whatever is written in another way
    (entities, control characters, another case of another scheme) starts with none of these and is dropped too.
    """
    if len(address) > MAX_TARGET or not re.match(r"(?i)https?://[^\s/?#\\]|mailto:[^\s?]|#[^\s]", address):
        return None
    if re.search(r"[\x00-\x20\x7f-\xa0\\]", address) or _HIDDEN.search(address):
        return None
    encoded = quote(address, safe="-._~:/?#@!&*+,;=%", errors="replace")
    encoded = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", encoded)
    return encoded.replace("*", "%2A").replace("@@", "%40%40").replace("&", "&amp;").replace("_", "%5F")


def html(text: str) -> str:
    """Return the text for `text/html`, in an element or in a quoted attribute; nothing in it is markup.

    JupyterLab runs MathJax over HTML outputs: a dollar amount belongs in an element of class `mathjax_ignore`.
    """
    return _html.escape(visible(text), quote=True)
