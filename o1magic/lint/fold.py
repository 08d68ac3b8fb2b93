"""Folding text for comparison: NFKC, case, accents, apostrophes, hyphens, one space for every blank.

Called by the document (the prompt) and by the cues (the phrases), so both are folded by the same rules. Nearly every
character folds to exactly one, which keeps offsets and runs in C; only text holding marks that join or vanish
(decomposed accents, tashkeel, zero-width and bidi marks) pays for an offset map.
"""

from __future__ import annotations

import unicodedata
from array import array
from typing import NamedTuple

from o1magic.lint.patterns import late

# Dashes that separate clauses, as the one ASCII character that does so too; hyphens join words, as spaces do.
_CLAUSE_DASH = ";"
_DASHES = frozenset("–—―⸺⸻")
_BLANKS = frozenset("-‐‑‒⁃﹣－*_\t\r\v\f\x85")
# "step–by–step": meant as hyphens.
_MISTAKEN_DASH = late(r"(?<=[^\W\d_])–(?=[^\W\d_])")
_APOSTROPHES = frozenset("'’‘‛ʼʹ′＇`´")
_NO_ACCENT = {"ı": "i", "đ": "d", "ł": "l", "ø": "o"}

# Marks that compose with what is before them, ligatures, and characters that show nothing.
_MAPPED = late(
    "[\u00ad\u0300-\u036f\u0640\u064b-\u0652\u0670\u1100-\u11ff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufb00-\ufb06\ufeff\uff65-\uff9f]",
)
_VANISHING = late("[\u00ad\u0300-\u036f\u0640\u064b-\u0652\u0670\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Those that join nothing, as far as they stand together and nothing joins the last of them.
_GONE = late(
    "[\u00ad\u0640\u064b-\u0652\u0670\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
    "(?![\u0300-\u036f\u1160-\u11ff\uff9e\uff9f])"
)
# A letter with its marks; more than this is decoration.
_LONGEST_CLUSTER = 6
# Replacing one character after the other in C is faster than a look-up for each, unless there are many to replace.
_SHORT = 3000
_MANY = 120
_JOINING = late("[\u0300-\u036f\u1160-\u11ff\uff9e\uff9f]")


def _accents_carry_no_meaning(code: int) -> bool:
    # Latin, Greek, Cyrillic, Arabic. Not kana or Hangul, where the same decomposition makes another letter.
    return code < 0x700 or 0x1E00 <= code <= 0x1FFF  # noqa: PLR2004 - Unicode blocks


def _fold_character(character: str) -> str:
    if character in _DASHES:
        return _CLAUSE_DASH
    if character in _APOSTROPHES:
        return "'"
    if character == "\n":
        return character
    if character in _BLANKS or character.isspace():
        return " "
    folded = unicodedata.normalize("NFKC", character).casefold()
    if _accents_carry_no_meaning(ord(character)):
        folded = "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
    return _NO_ACCENT.get(folded, folded)


class _Table(dict[int, int]):
    """A translation table that fills itself; what would fold to several characters stays as it is."""

    def __missing__(self, code: int) -> int:
        folded = _fold_character(chr(code))
        value = ord(folded) if len(folded) == 1 else code
        self[code] = value
        return value


_TABLE = _Table()
_ASCII = str.maketrans(dict.fromkeys("-*_\t\r\x0b\x0c", " ") | {"`": "'"})


class Folded(NamedTuple):
    """Folded text and the way back: `starts[i]` is the source offset of character i (None: the same)."""

    text: str
    starts: array[int] | None = None

    def source(self, offset: int) -> int:
        """Return the offset in the source of an offset into the folded text."""
        return offset if self.starts is None else self.starts[offset]


def fold(text: str) -> Folded:
    """Return the folded text with its way back to the source."""
    text = text.replace(" - ", " ; ")
    if text.isascii():
        return Folded(text.lower().translate(_ASCII))
    if "–" in text:
        text = _MISTAKEN_DASH.sub("-", text)
    if _MAPPED.search(text) is None:
        return Folded(_fold_in_place(text))
    return _fold_with_map(text)


def _fold_in_place(text: str) -> str:
    if len(text) < _SHORT:
        return text.translate(_TABLE)
    changed = [character for character in set(text) if _TABLE[ord(character)] != ord(character)]
    if len(changed) > _MANY:
        return text.translate(_TABLE)
    for character in changed:
        # No folded character is one that changes, so the order does not matter.
        text = text.replace(character, chr(_TABLE[ord(character)]))
    return text


def _fold_with_map(text: str) -> Folded:
    known: dict[str, str] = {}
    pieces: list[str] = []
    starts = array("L")
    position = 0
    while mark := _MAPPED.search(text, position):
        base = max(position, mark.start() - 1)
        pieces.append(text[position:base].translate(_TABLE))
        starts.extend(range(position, base))
        position = _cluster_end(text, base, mark.end())
        cluster = text[base:position]
        folded = known.get(cluster)
        if folded is None:
            joined = unicodedata.normalize("NFKC", cluster)
            folded = known[cluster] = _VANISHING.sub("", "".join(map(_fold_character, joined)))
        pieces.append(folded)
        starts.extend([base] * len(folded))
        if gone := _GONE.match(text, position):
            position = gone.end()
    pieces.append(text[position:].translate(_TABLE))
    starts.extend(range(position, len(text) + 1))
    return Folded("".join(pieces), starts)


def _cluster_end(text: str, start: int, end: int) -> int:
    limit = min(len(text), start + _LONGEST_CLUSTER)
    while end < limit and _JOINING.match(text, end):
        end += 1
    return end
