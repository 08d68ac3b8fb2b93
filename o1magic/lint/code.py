"""How far code goes that starts at a line: each line adds or takes evidence, and the run ends where prose outweighs it.

Comments, blank lines and the inside of string literals weigh nothing, so they part no code; a sentence ends it. A run
whose evidence falls to nothing is given up at once, so a text is read once. Called by `payload`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from o1magic.lint import lines
from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from o1magic.lint.rows import Line, Rows

KINDS: Final = frozenset((lines.CERTAIN, lines.CODE, lines.WEAK, lines.KEY, lines.DIFF))
_GAIN = {lines.CERTAIN: 3.0, lines.CODE: 2.0, lines.DIFF: 3.0, lines.TABLE: -1.0, lines.BLANK: 0.0}
_WEAK, _KEY, _NESTED = 1.0, 0.5, 1.0
_STRONG = frozenset((lines.CERTAIN, lines.CODE, lines.DIFF))
_ENDS = frozenset((lines.PROTECTED, lines.LOG, lines.TRACE))
_ENOUGH = 3
_MIN_CHARS = 40
# So much evidence lost since the last line of code, and the code is over.
_DROP = 3
_SENTENCE, _WORDS, _FEW, _COMMENT, _INDENTED = -4.0, -2.0, -1.0, 0.25, -0.5
_FEW_WORDS = 3
# A blank line and two lines of comment above it.
_PARAGRAPH = 3
_BLANKS = 2
_COMMENTS = ("//", "/*", "--", "*", ";;", "%", "'''", '"""', "{-", "(*", "<!--", "#")
_LITERAL = late(r"\"{3}|'{3}|(?<!\S)/\*|\*/|\\(?:begin|end)\{document\}")
_CLOSERS = {'"""': '"""', "'''": "'''", "/*": "*/", "\\begin{document}": "\\end{document}"}
_HASH = late(r"#(?![#\w])")


def end(rows: Rows, first: int) -> tuple[int, int]:
    """Return the last line of the code that starts here (-1: a few marks only look like code), and how far it went."""
    score, best, last, i = 0.0, 0.0, first, first
    strong = met = certain = False
    literal, blanks, count = "", 0, len(rows)
    while i < count:
        kind = rows.kind(i)
        blanks = blanks + 1 if kind == lines.BLANK else 0
        if kind in _ENDS or (kind == lines.RULE and not literal and rows.text(i)[0] != "#"):
            break
        if literal:
            gain = _inside(rows.text(i))
        elif blanks > _BLANKS:
            gain = _FEW
        else:
            gain = _GAIN[kind] if kind in _GAIN else _gain(rows, i, kind)
        literal = _literal(rows.text(i), literal) if rows.quotes(i) else literal
        score += gain
        met = met or kind in (lines.CERTAIN, lines.DIFF)
        if score > best:
            best, last, certain = score, i, met
            strong = strong or kind in _STRONG or (kind == lines.KEY and gain == _NESTED)
        elif score <= 0 or best - score >= _DROP:
            break
        i += 1
    while last + 1 < count and _hangs(rows[last + 1]):
        last += 1
    head = rows[first]
    chars = rows[last].end - head.start
    enough = best >= _ENOUGH and strong and last > first and chars >= _MIN_CHARS
    # One line is code only beyond doubt: a lone tag may be anything.
    certain = certain and (last > first or head.text[0] not in "<@" or chars >= _MIN_CHARS)
    return (last if certain or enough else -1), i


def _hangs(row: Line) -> bool:
    """Return whether a line right below code is part of it by its indent alone."""
    return row.indented and row.text != "" and row.kind not in _ENDS and not lines.reads_as_prose(row.text)


def start(rows: Rows, first: int, last: int, floor: int) -> int:
    """Return where the code starts that was recognised from `first` on: comments right above it belong to it."""
    i = first
    while i > floor:
        if _comments(rows[i - 1], rows, first, last):
            i -= 1
        elif (
            i - _PARAGRAPH >= floor
            and rows[i - 1].kind == lines.BLANK
            and all(
                _HASH.match(rows[j].text) and _comments(rows[j], rows, first, last)
                for j in range(i - _PARAGRAPH, i - 1)
            )
        ):
            i -= 2
        else:
            break
    return i


def _comments(row: Line, rows: Rows, first: int, last: int) -> bool:
    """Return whether a line right above code is a comment in it, not a heading over it."""
    if row.kind not in (lines.HEADING, lines.PROSE, lines.WEAK) or not row.text.startswith(_COMMENTS):
        return False
    if not _HASH.match(row.text):
        return row.text[0] not in "*#" or rows[first].text[0] == row.text[0]
    words = row.text.split()
    more = any(_HASH.match(rows[i].text) for i in range(first, min(last, first + 40) + 1))
    return len(words) > 1 and (words[1][0].islower() or len(words) > _FEW_WORDS + 1 or (more and len(words) > _BLANKS))


def _inside(text: str) -> float:
    """Return what a line in a long string or comment says: little where it is marked as comment, else nothing."""
    return _COMMENT if text[:1] == "*" else 0.0


def _literal(text: str, literal: str) -> str:
    """Return which mark the line leaves open: that of a long string or comment."""
    if not literal and not ('"""' in text or "'''" in text or "/*" in text or text.startswith("\\begin")):
        return ""
    for mark in _LITERAL.findall(text):
        closed = "" if mark == literal else literal
        literal = closed if literal else _CLOSERS.get(mark, "")
    return literal


def _nests(rows: Rows, i: int) -> bool:
    """Return whether a key stands over deeper lines, as in YAML."""
    if rows.kind(i) != lines.KEY or i + 1 == len(rows) or rows.kind(i + 1) != lines.KEY:
        return False
    return rows.text(i).endswith(":") and rows.indent(i + 1) > rows.indent(i)


def _gain(rows: Rows, i: int, kind: str) -> float:
    """Return what a line whose kind does not tell it says for code (positive) or against it."""
    if kind == lines.KEY:
        return _NESTED if _nests(rows, i) else _KEY
    text = rows.text(i)
    if text.startswith(_COMMENTS):
        return _COMMENT if kind == lines.WEAK else 0.0 if text[0] != "#" or _HASH.match(text) else _SENTENCE
    if kind == lines.HEADING:
        return 0.0 if text[0] == "<" else _SENTENCE
    return _WEAK if kind == lines.WEAK else _prose(rows, i)


def _prose(rows: Rows, i: int) -> float:
    """Return what words without any mark of code say against it: less where they are indented."""
    row = rows[i]
    if lines.reads_as_prose(row.text) or row.text.endswith((".", "?", "!", "。", "？", "！")):
        return _FEW if row.indented else _SENTENCE
    return _INDENTED if row.indented else _short(rows, i)


def _short(rows: Rows, i: int) -> float:
    """Return what a few words at the margin say: nothing between two lines of code, else that code is over."""
    text = rows[i].text
    words, capital = len(text.split()), text[0].isupper()
    below = rows[i + 1] if i + 1 < len(rows) else None
    if below is not None and (below.text[:1] == "{" or (words <= _FEW_WORDS and not capital and below.kind in KINDS)):
        return _INDENTED
    if capital or not text.isascii():
        return _SENTENCE
    return _FEW if words <= _FEW_WORDS else _WORDS
