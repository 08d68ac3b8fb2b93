"""Examples whose answers spell out the reasoning.

## What it does

Finds examples of question and answer in which the answer works its way to the result (“First 3*4=12, then 14”, “so the
answer is 14”), and `<example>` blocks that hold thinking, in 15 languages. Problem statements with an `Explanation:`,
FAQs and transcripts are not examples. Silent for models that do not reason.

## Why

Worked examples were made to teach models to reason in the open. A reasoning model does so by itself, hidden, and in its
own way; the examples make it imitate yours, in the answer, and every example is input you pay for in each call.

## Example

```text
Q: What is 2+3*4?
A: First 3*4=12, then 2+12=14, so the answer is 14.
Q: What is 5+6*7?
A:
```

## Use instead

```text
Compute 5+6*7. Reply with the number only.
```

Where the form of the answer is hard to describe, keep an example, and only its answer: `A: 14`.

## When to ignore

- The worked steps are the product: model solutions in your house style.
- You measured that they help, as they do with some small models.

## Fix safety

No fix: what the examples were meant to show, only you can say.

## References

For the rule:

- OpenAI, o1 beta guide (2024) and Reasoning best practices: no chain-of-thought prompts, “Try zero shot first”.
- DeepSeek-R1, arXiv 2501.12948: “few-shot prompting consistently degrades its performance”.

Against it:

- Wei et al., arXiv 2201.11903: such examples are how chain-of-thought prompting began, with large gains for models that
  do not reason by themselves.
- arXiv 2503.19602: an example does help open reasoning models of 1.5B to 32B on mathematics.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.exemplars import exemplars
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages_of
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_BLOCK = late(r"<(example|shot|sample)\b[^<>\n]{0,60}>", re.IGNORECASE)
_THINKS = late(r"<(?:thinking|think|reasoning|thoughts?|scratchpad)>", re.IGNORECASE)
_EQUATION = late(r"\d[\d\s.,]{0,12}[-+*/×÷][\d\s.,$]{1,12}=|=\s?\$?\d")
_LONGEST_BLOCK = 4000
_SHORTEST = 12
_ENOUGH = 2
# A question and its answer have a label each.
_PAIR = 2
_MOST = 12
_NOT, _LIKELY, _CERTAINLY = range(3)


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the examples with worked answers, as one finding."""
    found, meant = exemplars(document)
    answers = [(one, _works(document.text[one.answer_start : one.answer_end])) for one in found[:_MOST]]
    # Two answers that think aloud are no chance, whether the last question is open or not.
    meant = meant or sum(how == _CERTAINLY for _, how in answers) >= _ENOUGH
    worked = [one for one, how in answers if how] if meant else []
    spans = [(one.start, one.answer_end) for one in worked] or list(_blocks(document))
    if spans:
        message = (
            f"{len(spans)} worked example{'s' if len(spans) > 1 else ''}; "
            "a reasoning model needs no model of reasoning: keep the answers only, or state the task instead"
        )
        yield Diagnostic(rule.code, rule.name, rule.severity, message, spans[0][0], spans[-1][1])


def _works(answer: str) -> int:
    """Return whether an answer works its way to its result: not, by the look of it, or certainly."""
    if len(answer.strip()) < _SHORTEST:
        return _NOT
    folded = fold(answer).text
    squeezed = "".join(folded.split())
    for language in languages_of("FEW002", folded):
        text = folded if language.words else squeezed
        certain, link = language.any_of("certain"), language.any_of("link")
        if certain and certain.search(text):
            return _CERTAINLY
        links = len({match.group() for match in link.finditer(text)}) if link else 0
        if links + min(len(_EQUATION.findall(answer)), _ENOUGH) >= _ENOUGH and links:
            return _LIKELY
    return _NOT


def _blocks(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the example blocks that hold thinking."""
    text = document.text
    for block in _BLOCK.finditer(text, document.start) if "<" in text else ():
        closer = f"</{block.group(1)}"
        end = text.find(closer, block.end(), block.end() + _LONGEST_BLOCK)
        if end >= 0 and not _is_fenced(document, block.start()):
            inside = text[block.end() : end]
            if _THINKS.search(inside) or _labelled(inside):
                yield block.start(), text.find(">", end) + 1 or end


@lru_cache(maxsize=64)
def _labelled(inside: str) -> bool:
    """Return whether what stands in a block after an answer's label works its way to a result."""
    if inside.count(":") + inside.count("：") < _PAIR:
        return False
    from o1magic.lint.diagnostic import Context
    from o1magic.lint.document import Document

    return any(_works(inside[one.answer_start : one.answer_end]) for one in exemplars(Document(inside, Context()))[0])


def _is_fenced(document: Document, start: int) -> bool:
    return document.spans_of("fence", "triple", "blockquote", "inserted", "code").touches(start, start)


RULE = Rule("FEW002", "few-shot-cot", "warning", check, __doc__, reasoning_only=True)
