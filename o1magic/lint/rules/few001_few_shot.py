"""Examples of input and output given to a reasoning model.

## What it does

Finds two or more parallel pairs of input and output: labelled lines (`Q:`/`A:`, `Input:`/`Output:`), arrows with an
open end, repeated `<example>` tags. A note, never more.

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
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.fold import fold
from o1magic.lint.phrases import tables
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_LABEL = re.compile(
    r"^[ \t]*[*_>-]{0,3}[ \t]?([^\W\d][\w ]{0,28}?) ?\d{0,2}[*_]{0,2}[:：][*_]{0,2}[ \t]*(\S?)", re.MULTILINE
)
_ARROW = re.compile(r"^[ \t]*(\S[^\n]{0,80}?)[ \t]*(?:->|=>|→|⇒|➜)[ \t]*([^\n]{0,60})$", re.MULTILINE)
_TAG = re.compile(r"<(example|shot|sample)\b[^<>\n]{0,60}>", re.IGNORECASE)
_FEWEST = 2
_LONGEST_SIDE = 60


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    start: int
    end: int
    filled: bool


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the examples, as one finding."""
    span = _labelled(document) or _arrows(document) or _tagged(document)
    if span:
        count, start, end = span
        message = (
            f"{count} examples of input and output; try without them first, and describe the answer's form instead"
        )
        yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end)


def _words(key: str) -> frozenset[str]:
    return frozenset(word for table in tables("FEW001").values() for word in fold(table.get(key, "")).text.split("\n"))


def _labels(document: Document) -> list[_Label]:
    text = document.text
    found: list[_Label] = []
    for match in _LABEL.finditer(text, document.start):
        name = fold(match.group(1)).text.strip()
        if not document.delimited.touches(match.start(1), match.end(1)):
            line = text.find("\n", match.end())
            found.append(_Label(name, match.start(1), len(text) if line < 0 else line, bool(match.group(2))))
    return found


def _labelled(document: Document) -> tuple[int, int, int] | None:
    """Return the count and span of pairs under two alternating labels."""
    labels = _labels(document)
    if len(labels) < 2 * _FEWEST or _is_specification(labels):
        return None
    inputs, outputs = _words("inputs"), _words("outputs")
    for first, second in dict.fromkeys(
        zip((one.name for one in labels), (one.name for one in labels[1:]), strict=False)
    ):
        if first == second:
            continue
        pairs = [(a, b) for a, b in pairwise(labels) if (a.name, b.name) == (first, second)]
        done = [pair for pair in pairs if _answered(document, *pair)]
        last = next(one for one in reversed(labels) if one.name in (first, second))
        is_open = last.name == first or not _has_value(document, last, labels)
        known = first in inputs and second in outputs
        if len(done) >= _FEWEST and is_open and (known or len(pairs) > len(done)):
            return len(done), done[0][0].start, done[-1][1].end
        if len(done) >= _FEWEST and known and _announced(document, done[0][0].start):
            return len(done), done[0][0].start, done[-1][1].end
    return None


def _answered(document: Document, question: _Label, answer: _Label) -> bool:
    between = document.text[question.end : answer.start]
    return answer.filled and (question.filled or bool(between.strip()))


def _has_value(document: Document, label: _Label, labels: list[_Label]) -> bool:
    following = next((one.start for one in labels if one.start > label.start), len(document.text))
    return label.filled or bool(document.text[label.end : following].strip())


def _is_specification(labels: list[_Label]) -> bool:
    return any(one.name in _words("specifications") for one in labels)


def _announced(document: Document, start: int) -> bool:
    folded = fold(document.text[max(document.start, start - 200) : start]).text
    return any(word and word in folded for word in _words("examples"))


def _arrows(document: Document) -> tuple[int, int, int] | None:
    """Return the count and span of lines `input -> output` of which the last is open, or which are called examples."""
    if not any(arrow in document.text for arrow in ("->", "=>", "→", "⇒", "➜")):
        return None
    lines = [m for m in _ARROW.finditer(document.text, document.start) if not document.delimited.touches(*m.span())]
    done = [
        m
        for m in lines
        if m.group(2).strip() and len(m.group(1)) <= _LONGEST_SIDE and not re.search(r"[{};]", m.group())
    ]
    is_open = bool(lines) and not lines[-1].group(2).strip()
    if len(done) < _FEWEST or not (is_open or _announced(document, done[0].start())):
        return None
    return len(done), done[0].start(1), done[-1].end()


def _tagged(document: Document) -> tuple[int, int, int] | None:
    tags = list(_TAG.finditer(document.text, document.start))
    if len(tags) < _FEWEST:
        return None
    last = tags[-1]
    end = document.text.find(">", document.text.find(f"</{last.group(1)}", last.end()))
    return (len(tags), tags[0].start(), end + 1) if end > last.end() else None


RULE = Rule("FEW001", "few-shot", "info", check, __doc__, reasoning_only=True)
