"""Examples of input and output given to a reasoning model.

## What it does

Finds two or more parallel pairs of input and output: labelled lines (`Q:`/`A:`, `Input:`/`Output:`), arrows with an
open end, repeated `<example>` tags, or marked answers (`#Bot#`, `The answer is:`) to questions like the open one at the
end. A note, never more.

## Why

Reasoning models often do as well or better with the task stated once and the form of the answer described; examples
narrow what they consider, and cost tokens.

## Example

```text
good->pos
bad->neg
fine->neu
great->
```

## Use instead

```text
Classify the sentiment of "great" as pos, neg or neu.
```

## When to ignore

- The form of the output is easier shown than said.
- You tried without and it was worse.

## Fix safety

No fix: only you can say in words what the examples show.

## References

For the rule:

- OpenAI, Reasoning best practices: “Try zero shot first, then few shot if needed”.
- DeepSeek-R1, arXiv 2501.12948: “few-shot prompting consistently degrades its performance”.

Against it:

- OpenAI's own advice keeps few-shot as the second thing to try.
- arXiv 2503.19602: an example does help open reasoning models of 1.5B to 32B on mathematics.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint.answers import answered
from o1magic.lint.data import tables
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_LABEL = late(
    r"[^\S\n]*+[*_>\[-]{0,3}[ \t]?([^\W\d][\w ]{0,34}+)(?:[(（][^()（）\n]{0,40}[)）])?"
    r"[*_\]]{0,2}[ ]?[:：][*_]{0,2}[ \t]*(\S?)",
)
_NUMBER = late(r"[ _]?\d{0,2}[_ ]*$")
_MARKS = ("->", "=>", "→", "⇒", "➜")
_ARROW = late(r"[ \t]*(\S[^\n]{0,80}?)[ \t]*(?:->|=>|→|⇒|➜)[ \t]*([^\n]{0,60})$")
# Code, or a sentence about arrows.
_NO_PAIR = late(r"[{};]|[:：][ \t]*(?:->|=>|→|⇒|➜)|\([^)\n]{0,60}(?:->|=>|→|⇒|➜)")
_TAG = late(r"<(example|shot|sample)\b[^<>\n]{0,60}>", re.IGNORECASE)
_FEWEST = 2
_LONGEST_SIDE = 60


class _Label(NamedTuple):
    name: str
    start: int
    end: int
    filled: bool


class _Arrow(NamedTuple):
    """A line with an arrow: where its words begin and end, if nothing follows the arrow, if both sides are short."""

    first: int
    end: int
    is_open: bool
    is_pair: bool


# A label, and the one that follows it.
_Place = tuple[_Label, _Label | None]


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the examples, as one finding."""
    span = _labelled(document) or _arrows(document) or _tagged(document) or answered(document)
    if span:
        count, start, end = span
        message = (
            f"{count} examples of input and output; try without them first, and describe the answer's form instead"
        )
        yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end)


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(word for table in tables("FEW001").values() for word in fold(table.get(key, "")).text.split("\n"))


def _labels(document: Document) -> list[_Label]:
    if document.text.count(":") + document.text.count("：") < 2 * _FEWEST:
        return []
    found = list(document.payload.rows.each(_label_of, ":", "："))
    if len({label[0] for _, label in found}) == 1:
        # One name takes no turns.
        return []
    delimited = document.delimited
    return [
        _Label(name, start + first, start + end, filled)
        for start, (name, first, last, end, filled) in found
        if not delimited.touches(start + first, start + last)
    ]


def _label_of(line: str) -> tuple[str, int, int, int, bool] | None:
    """Return the name of the label that a line begins with, where it stands, where its line ends, if that is filled."""
    match = _LABEL.match(line)
    return (_named(match.group(1)), *match.span(1), len(line), bool(match.group(2))) if match else None


@lru_cache(maxsize=256)
def _named(raw: str) -> str:
    return fold(_NUMBER.sub("", raw)).text.strip().removeprefix("ex ")


def _labelled(document: Document) -> tuple[int, int, int] | None:
    """Return the count and span of pairs under two labels that take turns."""
    labels = _labels(document)
    if len(labels) < 2 * _FEWEST or _is_specification(labels):
        return None
    for pairs, last, known in _couples(labels):
        done = [pair for pair in pairs if all(_has_value(document, *one) for one in pair)]
        if len(done) < _FEWEST:
            continue
        (first, _), (final, after) = done[0][0], done[-1][1]
        is_open = last[0].name == first.name or not _has_value(document, *last)
        announced = (known and _announced(document, first.start, "examples")) or _shows(first.name)
        if first.name in _words("speakers"):
            # A conversation has turns too, and an open end.
            meant = announced or (is_open and first.name not in _words("roles"))
        else:
            several = len(done) > _FEWEST and not _announced(document, first.start, "material")
            meant = announced or (is_open and (known or len(pairs) > len(done))) or (known and several)
        if meant:
            return len(done), first.start, _end_of(document, final, after)
    return None


def _couples(labels: list[_Label]) -> Iterator[tuple[list[tuple[_Place, _Place]], _Place, bool]]:
    """Yield the pairs of labels that may be input and output: two known names, else two names side by side."""
    inputs, outputs = _words("inputs"), _words("outputs")
    places: list[_Place] = [*zip(labels, [*labels[1:], None], strict=True)]
    for known in (True, False):
        row = [place for place in places if place[0].name in inputs or place[0].name in outputs] if known else places
        beside: dict[tuple[str, str], list[tuple[_Place, _Place]]] = {}
        for a, b in pairwise(row):
            if a[0].name != b[0].name:
                beside.setdefault((a[0].name, b[0].name), []).append((a, b))
        last = {place[0].name: place for place in row}
        for (first, second), pairs in beside.items():
            if len(pairs) >= _FEWEST and (not known or (first in inputs and second in outputs)):
                yield pairs, max(last[first], last[second], key=lambda place: place[0].start), known


def _has_value(document: Document, label: _Label, following: _Label | None) -> bool:
    return label.filled or bool(document.text[label.end : following.start if following else None].strip())


def _end_of(document: Document, final: _Label, after: _Label | None) -> int:
    """Return where the last answer ends: at its line, or where that is empty at the paragraph below."""
    if final.filled:
        return final.end
    text = document.text
    limit = after.start if after else len(text)
    start = limit - len(text[final.end : limit].lstrip())
    pause = text.find("\n\n", start, limit)
    return len(text[: limit if pause < 0 else pause].rstrip())


def _is_specification(labels: list[_Label]) -> bool:
    return not _words("specifications").isdisjoint(one.name for one in labels)


def _announced(document: Document, start: int, key: str) -> bool:
    folded = fold(document.text[max(document.start, start - 200) : start]).text
    return any(word and word in folded for word in _words(key))


def _shows(name: str) -> bool:
    """Return whether a label says itself that an example follows: “Example input”."""
    return any(word and name.startswith(f"{word} ") for word in _words("examples"))


def _arrows(document: Document) -> tuple[int, int, int] | None:
    """Return the count and span of lines `input -> output` of which the last is open, or which are called examples."""
    delimited = document.delimited
    lines = [
        (start, one)
        for start, one in document.payload.rows.each(_arrow_in, *_MARKS)
        if not delimited.touches(start, start + one.end)
    ]
    done = [(start, one) for start, one in lines if one.is_pair]
    if len(done) < _FEWEST or not (lines[-1][1].is_open or _announced(document, done[0][0], "examples")):
        return None
    return len(done), done[0][0] + done[0][1].first, done[-1][0] + done[-1][1].end


def _arrow_in(line: str) -> _Arrow | None:
    match = _ARROW.match(line)
    if match is None:
        return None
    is_open = not match.group(2).strip()
    is_pair = not is_open and len(match.group(1)) <= _LONGEST_SIDE and not _NO_PAIR.search(line)
    return _Arrow(match.start(1), len(line), is_open=is_open, is_pair=is_pair)


def _tagged(document: Document) -> tuple[int, int, int] | None:
    tags = list(_TAG.finditer(document.text, document.start)) if "<" in document.text else []
    if len(tags) < _FEWEST:
        return None
    last = tags[-1]
    end = document.text.find(">", document.text.find(f"</{last.group(1)}", last.end()))
    return (len(tags), tags[0].start(), end + 1) if end > last.end() else None


RULE = Rule("FEW001", "few-shot", "info", check, __doc__, reasoning_only=True)
