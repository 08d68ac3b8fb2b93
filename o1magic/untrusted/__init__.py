"""Untrusted text, made safe to show: a model's answer as Markdown, as plain text, as HTML.

Layer 0; `text` handles characters, `plain` knows Markdown that is harmless as it is, `parse` reads all other, `write`
writes it anew; markdown-it-py is imported at the first answer. Nothing returned here runs or loads anything when shown,
also in a trusted notebook, where JupyterLab does not sanitise Markdown.
"""

from __future__ import annotations

import logging

from o1magic.untrusted.text import html, line, prose, references, visible

__all__ = ["LIMIT", "caption", "folded", "html", "markdown", "name", "visible"]

logger = logging.getLogger(__name__)

# JupyterLab 4.6 renders Markdown on the page's main thread. Measured in headless Chromium: 50 kB of prose, code and
# tables 0.15 s, of dense formulas 1.1 s, of what is slowest to parse 1.9 s; 100 kB of that 9 s, 200 kB 46 s.
LIMIT = 50_000
# Ordinary answers grow by a few per cent; a reference used a thousand times can make one of a kilobyte into megabytes.
_GROWTH = 16
_NAME_CHARS = 120
# What somebody may read through in a fold.
_FOLDED = 20_000


def name(text: str) -> str:
    """Return a name that came over the wire as one short line of plain text."""
    return " ".join(visible(text[: 2 * _NAME_CHARS]).split())[:_NAME_CHARS]


def markdown(text: str, *, limit: int | None = LIMIT) -> str:
    """Return the text as Markdown for Jupyter in which nothing runs and nothing loads.

    Of a text longer than `limit` characters only the beginning is shown, and where the rest is; None shows all.
    """
    shown = text if limit is None or len(text) <= limit else _beginning(text, limit)
    written = "\n".join(_written(visible(shown.replace("\r\n", "\n").replace("\r", "\n"))))
    if len(shown) == len(text):
        return written
    rest = (
        f"*Shown are the first {len(shown):,} of {len(text):,} characters.* "
        "`%o1 last --text` *prints the whole answer; an* `Answer` *has it as* `.text`*.*"
    )
    return f"{written}\n\n{rest}"


def _beginning(text: str, limit: int) -> str:
    """Return at most `limit` characters, up to the last paragraph or line that ends there when that is not far."""
    for boundary in ("\n\n", "\n", " "):
        at = text.rfind(boundary, limit - limit // 10, limit)
        if at > 0:
            return text[:at]
    return text[:limit]


def _written(text: str) -> list[str]:
    from o1magic.untrusted import plain
    from o1magic.untrusted.parse import parse
    from o1magic.untrusted.write import code_block, too_deep, write

    known = plain.lines(text)
    if known is not None:
        return known
    try:
        tokens = parse(text)
        lines = [] if too_deep(tokens) else write(tokens)
    except Exception:  # the answer is paid for: whatever the parser stumbles over, it is shown
        logger.warning("markdown_unreadable", exc_info=True)
        lines = []
    if lines and sum(map(len, lines)) <= _GROWTH * len(text) + 1_000:
        return lines
    return code_block(text) if text.strip() else []


def folded(title: str, text: str) -> str:
    """Return the text as it is, in a fold that is closed until somebody opens it; nothing in it ends the fold.

    One line of HTML whose every mark is a character reference: some parsers read no Markdown between such tags, others
    look for the end of the fold within a fence.
    """
    more = f"\n… {len(text) - _FOLDED:,} more characters" if len(text) > _FOLDED else ""
    written = references(visible(text[:_FOLDED] + more))
    return f"<details><summary>{html(title)}</summary><pre>{written}</pre></details>"


def caption(text: str) -> str:
    """Return the text as one line of small print in Markdown."""
    words = line(prose(" ".join(text.split()), in_link=True))
    return f"<small>{words}</small>" if words else ""
