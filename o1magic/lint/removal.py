"""Taking a cue out of a prompt: the whole sentence, or a clause at its edge, and nothing where that would leave none.

Everything outside the seam stays byte for byte. Called by the rules whose fix deletes words (never a safe fix).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Edit, Fix
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from o1magic.lint.cues import Cue
    from o1magic.lint.document import Document
    from o1magic.lint.phrases import Language
    from o1magic.lint.shorthand import Phrases

# Nobody wrote a prompt with more cues by hand; what is to go from it is not for a fix to guess.
_MOST = 1000
_WORD = late(r"[^\W_]|\0")
_BULLET = late(r"[ \t]*(?:[-*+•·>#]{1,6}|\d{1,3}[.)、．]|\(?[a-zA-Z][.)])?[ \t]*")
_TERMINATOR = late(r"[\s.!?。！？…;；,，*_]*$")


def removal(document: Document, cue: Cue) -> Fix | None:
    """Return the unsafe fix that takes the cue out, None where no whole clause could go, or cues abound."""
    if any(len(found) > _MOST for found in document.cues.values()):
        return None
    start, end = document.sentence_at(cue.start)
    text = document.text
    head, tail = text[start : cue.removable[0]], text[cue.removable[1] : end]
    if not _says_nothing(tail, cue.language):
        return None
    whole = _says_nothing(head, cue.language)
    span = _sentence_seam(text, start, end, document.start) if whole else _clause_seam(text, start, cue, end)
    if span is None or document.protected.touches(*span) or not document.leaves_something(*span):
        return None
    quoted = " ".join(text[cue.removable[0] : cue.removable[1]].split())
    return Fix(safe=False, edits=(Edit(*span, ""),), title=f"Remove “{quoted}”")


def _says_nothing(piece: str, language: Language) -> bool:
    if not piece:
        return True
    return _only_fillers(piece, language.any_of("filler"), language.any_of("joint"), words=language.words)


@lru_cache(maxsize=512)
def _only_fillers(piece: str, filler: Phrases | None, joint: Phrases | None, *, words: bool) -> bool:
    folded = fold(piece).text
    if not words:
        folded = "".join(folded.split())
    for pattern in (filler, joint):
        folded = pattern.sub(" ", folded) if pattern else folded
    return _WORD.search(re.sub(r"^\s*\d{1,3}[.)]", "", folded)) is None


def _sentence_seam(text: str, start: int, end: int, body: int) -> tuple[int, int]:
    """Return the span of the sentence and of the blanks that only parted it from its neighbours."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    sentence = text[start:end]
    emphasis = sentence[: len(sentence) - len(sentence.lstrip("*_"))]
    if emphasis and text.startswith(emphasis, end):
        end += len(emphasis)
    line = max(text.rfind("\n", 0, start) + 1, body)
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    if _BULLET.fullmatch(text, line, start) and not text[end:stop].strip():
        return _line_seam(text, line, stop, body)
    if text[end:stop].strip():
        while text[end].isspace():
            end += 1
    else:
        while start > line and text[start - 1] in " \t":
            start -= 1
    return start, end


def _line_seam(text: str, start: int, end: int, body: int) -> tuple[int, int]:
    """Return the span of whole lines; a blank line on both sides becomes one, at the end of the text none."""
    after = end + 1 if end < len(text) else end
    if not text[after:].strip():
        # The last line: the break before it goes, the one after it (or its absence) stays.
        kept = start
        while kept > body and text[kept - 1] in " \t\r\n":
            kept -= 1
        return kept, end - 1 if text[end - 1 : end] == "\r" and end > start else end
    following = late(r"[ \t\r]*\n").match(text, after)
    if following and (start == body or text[body:start].endswith(("\n\n", "\n\r\n"))):
        after = following.end()
    return start, after


def _clause_seam(text: str, start: int, cue: Cue, end: int) -> tuple[int, int] | None:
    """Return the span of a clause that ends its sentence, with the comma or the "and" that tied it on."""
    first = cue.removable[0]
    head = text[start:first].rstrip()
    turn = cue.language.any_of("turn", at_end=True)
    if turn is not None and turn.search(fold(head).text) is not None:
        # "Not the answer alone but the reasoning": the first half means something else without the second.
        return None
    joint = cue.language.any_of("joint", at_end=True)
    match = joint.search(fold(head).text + " ") if joint else None
    tied = match is not None and len(fold(head).text) == len(head)
    if match is not None and tied:
        head = head[: match.start()].rstrip()
    detached = head.endswith((",", "，", "、", ";", "；", "—", "–", ":", "：", " -"))
    detached = detached or text[start:first].endswith("\n")
    narrower = cue.removable != (cue.start, cue.end)
    if not (tied or detached or narrower) or not head.strip():
        return None
    head = head.rstrip(",，、;；—– -") if (tied or detached) and not head.endswith((":", "：")) else head
    terminator = _TERMINATOR.search(text, cue.removable[1], end)
    return start + len(head), terminator.start() if terminator else end
