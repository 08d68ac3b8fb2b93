"""“The text above”, where there is none.

## What it does

Finds words that point to material, above, below or attached, in a prompt that holds no such thing: nothing stands
before “the text above”, nothing comes after “the following article”, and there is no data, quote or longer text that
“the attached file” could mean. In 10 languages.

## Why

Unless it continues a conversation, each call stands alone: the model sees neither the cells above nor a file on your
disk. Asked about a text it was not given, it makes one up or asks for it, and that answer is paid for.

## Example

```text
Summarize the text above in three points.
```

## Use instead

```text
Summarize the text in three points.

{{report}}
```

## When to ignore

- The words do not point at anything, or the answer is meant to be a form that somebody fills in later.

## Fix safety

No fix: the missing text is yours to add; `{{name}}` inserts a variable.

## References

For the rule:

- Chat Completions, API reference: a request holds all that the model sees; nothing is kept between calls.

Against it:

- Whether a text is missing is told from the prompt's length and layout; a short text right beside the words is enough
  to keep the rule silent, also where it is not the text that was meant.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.data import tables
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

# This many letters beside the words could be what they point to.
_ENOUGH = 25
_A_TEXT = 400
_SENTENCES = 4
_MESSAGES = {
    "above": "nothing stands above this: each call stands alone and sees no other cell; insert the text with {{name}}",
    "below": "nothing comes after this; insert what is meant with {{name}}",
    "attached": "nothing is attached: a call is text only; insert what is meant with {{name}}",
}
# A placeholder of whatever template: what is missing here will stand there.
_SLOT = late(r"[{\[<$%]{1,3} ?\w")
_LETTER = late(r"[^\W_]")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield what points to something that is not there."""
    text = document.prose.text
    starts, ends = document.sentence_starts, document.sentence_ends
    first = max(0, bisect_left(ends, document.start + 1))
    head = range(first, min(first + _SENTENCES, len(starts)))
    tail = range(max(first, len(starts) - _SENTENCES), len(starts))
    nearby = "".join(text[starts[index] : ends[index]] for index in {*head, *tail})
    hinted = [(language, hints) for language, hints in _hints(rule.code) if any(hint in nearby for hint in hints)]
    if not hinted:
        return
    for name, places in (("above", head), ("below", tail), ("attached", sorted({*head, *tail}))):
        if name != "below" and document.context.follows:
            continue  # an earlier turn may hold it
        if name == "attached" and _holds_material(document):
            continue
        for index in places:
            span = _points(rule, name, hinted, text[starts[index] : ends[index]])
            if span is None:
                continue
            a, b = wording.source(document, starts[index] + span[0], starts[index] + span[1])
            if name == "above" and _says(document, document.start, a):
                continue
            if name == "below" and _says(document, b, len(document.text), below=True):
                continue
            yield Diagnostic(rule.code, rule.name, rule.severity, _MESSAGES[name], a, b)
            break


def _points(
    rule: Rule, name: str, languages: list[tuple[str, tuple[str, ...]]], sentence: str
) -> tuple[int, int] | None:
    """Return where the sentence points there, in the first of the languages in which it does."""
    for language, hints in languages:
        if not any(hint in sentence for hint in hints):
            continue
        match = wording.lists(rule.code, name)[language].search(sentence)
        if match and not wording.lists(rule.code, f"not_{name}")[language].search(sentence):
            return match.span()
    return None


@cache
def _hints(code: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((language, tuple(fold(table["hints"]).text.split())) for language, table in tables(code).items())


def _says(document: Document, start: int, end: int, *, below: bool = False) -> bool:
    """Return whether what stands there could be the material."""
    if any(region.start < end and start < region.end for region in document.regions):
        return True
    piece = document.text[start : min(end, start + 20 * _A_TEXT)]
    after_colon = below and bool(re.match(r"[^.!?\n。？！]{0,60}[:：]\s*[^\W_]", piece))
    return after_colon or _SLOT.search(piece) is not None or len(_LETTER.findall(piece)) >= _ENOUGH


def _holds_material(document: Document) -> bool:
    """Return whether the prompt holds anything that could be called attached."""
    return bool(document.regions) or bool(document.payload.segments) or len(document.text) - document.start > _A_TEXT


RULE = Rule("AMB003", "dangling-reference", "warning", check, __doc__)
