"""Cues that stand in a filled answer slot of a worked example: words of its answer, and asked of nobody.

Called by the rules that find such cues.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from o1magic.lint.data import tables
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from o1magic.lint.cues import Cue
    from o1magic.lint.document import Document

_LABEL = late(r"[\s*_>#]{0,6}(?!\d)([^\W_][\w ]{0,20}?)(?=[*_ ]{0,3}[:：(\[（])")
_LONGEST_LABEL = 60
_WORD = late(r"[^\W_]")
_MARKS = " \t\n#>•·.'\"…0123456789)(]["


def answers_an_example(document: Document, cue: Cue) -> bool:
    """Return whether the cue stands in a filled answer slot: the answer of a worked example, asked of nobody."""
    text = document.text
    line = max(text.rfind("\n", max(0, cue.start - _LONGEST_LABEL), cue.start) + 1, document.start)
    if cue.start - line >= _LONGEST_LABEL:
        return False
    label = _LABEL.match(text, line, cue.start)
    if label is None or not _WORD.search(text, cue.end):
        return False
    head, name = text[label.end() : cue.start], fold(label.group(1)).text.strip()
    if name not in _answer_labels():
        return False
    inside = ":" in text[cue.end : cue.end + 4] or "：" in text[cue.end : cue.end + 4]
    return inside or head.strip(_MARKS)[-1:] in (":", "：")


@cache
def _answer_labels() -> frozenset[str]:
    outputs = (word for table in tables("FEW001").values() for word in fold(table["outputs"]).text.split("\n"))
    return frozenset(["reasoning", "rationale", "thought", "explanation", *outputs])
