"""The sections, delimiters, fences and scripts that a plain look at a prompt finds, with their sizes.

Layer 5, standard library only, in one pass per kind and linear in the prompt. Called by `report`.
Nothing of the prompt is executed or interpreted: names and sizes are all that is taken from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Looking at more would make a 10 MB prompt slow for a report nobody reads to that depth.
LOOKED_AT_CHARS = 200_000

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([\w.+#-]{0,30})")
_TAG = re.compile(r"<(/?)([^\W\d][\w.-]{0,40})(?:\s[^<>\n]{0,200})?>")
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+\S")
_TRIPLE_QUOTES = re.compile(r'"""|\'\'\'')
_SCRIPTS = {
    "Latin": re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff]"),
    "Han": re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    "Kana": re.compile(r"[\u3040-\u30ff]"),
    "Hangul": re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    "Cyrillic": re.compile(r"[\u0400-\u052f]"),
    "Greek": re.compile(r"[\u0370-\u03ff]"),
    "Arabic": re.compile(r"[\u0600-\u06ff\u0750-\u077f]"),
    "Hebrew": re.compile(r"[\u0590-\u05ff]"),
    "Devanagari": re.compile(r"[\u0900-\u097f]"),
    "Thai": re.compile(r"[\u0e00-\u0e7f]"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One delimited part: its name (a fence's language, a tag), its size, whether it is closed."""

    name: str
    lines: int
    chars: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found; `scripts` holds (name, percent of the letters seen), the most frequent first."""

    fences: tuple[Part, ...]
    tags: tuple[Part, ...]
    headings: int
    triple_quotes: int
    scripts: tuple[tuple[str, int], ...]
    whole: bool


def look(text: str) -> Findings:
    """Return what the first 200,000 characters of a prompt hold."""
    seen = text[:LOOKED_AT_CHARS]
    fences, outside = _fences(seen)
    return Findings(
        fences=tuple(fences),
        tags=tuple(_tags(outside)),
        headings=len(_HEADING.findall(outside)),
        triple_quotes=len(_TRIPLE_QUOTES.findall(outside)),
        scripts=_scripts(seen),
        whole=len(text) <= LOOKED_AT_CHARS,
    )


def _fences(text: str) -> tuple[list[Part], str]:
    """Return the code fences, and the text without what they hold."""
    found: list[Part] = []
    outside: list[str] = []
    mark, language, lines, chars = "", "", 0, 0
    for line in text.splitlines(keepends=True):
        opening = _FENCE.match(line)
        if not mark and opening:
            mark, language, lines, chars = opening[1], opening[2], 0, 0
        elif not mark:
            outside.append(line)
        elif opening and opening[1].startswith(mark) and not line.strip().strip(mark[0]):
            found.append(Part(language, lines, chars))
            mark = ""
        else:
            lines += 1
            chars += len(line)
    if mark:
        found.append(Part(language, lines, chars, closed=False))
    return found, "".join(outside)


def _tags(text: str) -> list[Part]:
    """Return the outermost pairs of each tag name, in the order they close."""
    open_at: dict[str, list[int]] = {}
    found: list[Part] = []
    for tag in _TAG.finditer(text):
        name = tag[2]
        if not tag[1]:
            open_at.setdefault(name, []).append(tag.end())
        elif open_at.get(name):
            start = open_at[name].pop()
            if not open_at[name]:
                found.append(Part(name, text.count("\n", start, tag.start()) + 1, tag.start() - start))
    return found


def _scripts(text: str) -> tuple[tuple[str, int], ...]:
    letters = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    total = sum(letters.values())
    ranked = sorted(letters.items(), key=lambda entry: -entry[1])
    return tuple((name, max(1, round(100 * seen / total))) for name, seen in ranked if seen)
