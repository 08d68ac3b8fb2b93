"""Beginning the answer in the model's place, so that it starts with thinking.

## What it does

Looks at the last line of the prompt. Finds an answer slot that is filled with the start of a chain of thought
(`A: Let's think step by step`), a slot whose label asks for steps (`Step-by-step answer:`), and an open slot for
thoughts (`Reasoning:`), in 22 languages. Silent for models that do not reason, and where the slot is one of several
fields that you list as the form of the answer.

## Why

The slot is a trick for models that continue text: what you write there is how their answer begins. A reasoning model
does not continue your text, it answers after its own hidden reasoning. The trigger then only makes it write its
thoughts a second time, at your cost, before the answer you wait for.

## Example

```text
Q: Is 391 prime?
A: Let's think step by step.
```

## Use instead

```text
Is 391 prime?
```

## When to ignore

- The prompt is part of a benchmark that must be run word for word.
- The endpoint continues text instead of answering messages.

## Fix safety

Unsafe: it removes or replaces words of yours, so it waits for `--fix all` or a click. `A: Let's think step by step`
becomes `A:`, and `Step-by-step answer:` becomes `Answer:`.

## References

For the rule:

- OpenAI, Reasoning best practices: “Avoid chain-of-thought prompts”.
- Wharton, Prompting Science Report 2, arXiv 2506.07142: visible chains of thought cost reasoning models 20 to 80 % more
  time for about 3 %.

Against it:

- Kojima et al., arXiv 2205.11916, and Shi et al. (MGSM), arXiv 2210.03057: the slots come from there, and they help
  models that do not reason by themselves, in many languages.
- arXiv 2503.19602: small open reasoning models gain on mathematics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from o1magic.lint import cues
from o1magic.lint.data import tables
from o1magic.lint.diagnostic import Context, Diagnostic, Edit, Fix
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document
    from o1magic.lint.phrases import Language

_LOOK = 400
_LONGEST_TAIL = 70
_LONGEST_LABEL = 40
_MARKS = " \t*_#>\"'\0"
_COLON = late("[:：]")
_ENDS = late(r"[.!?。！？]\s*\S|\n\s*\S")
_MESSAGE = (
    "the answer is begun in the model's place; a reasoning model thinks before it answers, the slot makes it twice"
)


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the slot that ends the prompt, if it asks for thinking."""
    text = document.text
    end = document.start + len(text[document.start :].rstrip())
    if end == document.start or document.protected.touches(end - 1, end):
        return
    start = max(document.start, end - _LOOK)
    colons = [start + match.start() for match in _COLON.finditer(text, start, end)]
    span, edit = _filled(document, colons, end) or _open(document, colons, end) or (None, None)
    if span is not None and edit is not None and not document.protected.touches(span[0], end):
        enough = document.leaves_something(span[0], end)
        fix = Fix(safe=False, edits=(edit,), title="Leave the slot open") if enough else None
        yield Diagnostic(rule.code, rule.name, rule.severity, _MESSAGE, *span, fix)


def _filled(document: Document, colons: list[int], end: int) -> tuple[tuple[int, int], Edit] | None:
    """Return the span of a labelled slot that begins with thinking, and the edit that empties it."""
    for colon in reversed(colons):
        if _ENDS.search(document.text, colon + 1, end) and document.text[colon + 1 : end].strip().count("\n"):
            return None
        label = _label_before(document, colon)
        if label is not None:
            finish = _thinks(document.text[colon + 1 : end])
            if finish is None:
                return None
            return (label, colon + 1 + finish), Edit(colon + 1, end, "")
    return None


def _label_before(document: Document, colon: int) -> int | None:
    """Return where the label before the colon starts, None where no answer label stands there."""
    line = max(document.text.rfind("\n", 0, colon) + 1, document.start, colon - _LOOK)
    head = document.text[line:colon].rstrip("*_ \t")
    if not head:
        return None
    for language in languages("COT004"):
        pattern = language.any_of("label", at_end=True)
        match = pattern.search(fold(head).text) if pattern else None
        if match is None or len(fold(head).text) != len(head):
            continue
        before = head[: match.start()].rstrip(_MARKS)
        if not before or before[-1] in ".?!。？！;；" or _is_number(before):
            return line + match.start()
    return None


def _is_number(before: str) -> bool:
    return re.fullmatch(r"\d{1,3}[.)]", before.strip()) is not None


def _thinks(answer: str) -> int | None:
    """Return the end of the words that begin an answer with thinking; None where it begins otherwise or goes on."""
    from o1magic.lint.document import Document

    if not answer.strip():
        return None
    small = Document(answer, Context())
    lead = len(answer) - len(answer.lstrip(_MARKS + "\n"))
    found = [*cues.find(small, "COT004"), *cues.find(small, "COT001")]
    ends = [cue.end for cue in found if cue.start <= lead + 12]
    if not ends or len(answer) - max(ends) > _LONGEST_TAIL or _ENDS.search(answer, max(ends)):
        return None
    return max(ends)


def _open(document: Document, colons: list[int], end: int) -> tuple[tuple[int, int], Edit] | None:
    """Return the span of an open slot whose label asks for steps, and the edit that gives it a plain label."""
    if not colons or colons[-1] != end - 1 - (len(document.text[:end]) - len(document.text[:end].rstrip("*_ "))):
        return None
    colon = colons[-1]
    line = max(document.text.rfind("\n", 0, colon) + 1, document.start)
    head = document.text[line:colon]
    if len(head) > _LOOK:
        return None
    label = re.split(r"[.?!。？！]\s*", head)[-1].strip(_MARKS)
    if not label or len(label) > _LONGEST_LABEL:
        return None
    start = line + head.rindex(label)
    name = " ".join(fold(label).text.replace("(", " ").replace(")", " ").split())
    for language in languages("COT004"):
        if _matches(language, "slot", name) or (_matches(language, "opener", name) and not _is_field(document, line)):
            return (start, colon + 1), Edit(start, colon, tables("COT004")[language.name]["plain"])
    return None


def _matches(language: Language, key: str, name: str) -> bool:
    pattern = language.any_of(key)
    return pattern is not None and pattern.fullmatch(name if language.words else name.replace(" ", "")) is not None


def _is_field(document: Document, line: int) -> bool:
    """Return whether the line before is an open field too, or announces fields."""
    before = document.text[document.start : line].rstrip()
    last = before[before.rfind("\n") + 1 :].rstrip("*_ ")
    return not last or last.endswith((":", "：", "]", "}", ">", "|"))


RULE = Rule("COT004", "answer-slot-trigger", "warning", check, __doc__, reasoning_only=True)
