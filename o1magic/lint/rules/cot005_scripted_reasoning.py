"""Writing the model a script for its thinking.

## What it does

Finds tags and scratchpads to think in (`<thinking>`), scripts of thinking steps (“before answering, restate the
question, plan, verify your answer”), solving it several times and voting, and trees of thought, in 15 languages. Steps
of the work you want done (load the file, then plot it) are not scripts; tags that are data, and prompts about prompts,
are left alone. Silent for models that do not reason.

## Why

A reasoning model has its own way of planning and checking, learned in training. A script makes it act out yours on top,
in the answer, where every word is billed and read. Say what you want and how you will judge it; leave the way to the
model.

## Example

```text
Before answering, restate the question, list what is given, make a plan, and verify your answer. What is 17 * 23?
```

## Use instead

```text
What is 17 * 23? Reply with the number only.
```

## When to ignore

- You read the scratchpad by program, or must keep it on record.
- The steps are a procedure that must be followed, as in an audit.
- You run a study of prompting methods.

## Fix safety

No fix: what the script was meant to ensure, only you can say as a goal or as a check.

## References

For the rule:

- OpenAI, Reasoning best practices: “Avoid chain-of-thought prompts”; give a clear goal and how success is judged.
- Wharton, Prompting Science Report 2, arXiv 2506.07142: scripted thinking costs reasoning models 20 to 80 % more time
  for about 3 %.

Against it:

- Wang et al. (self-consistency), arXiv 2203.11171, and Yao et al. (tree of thoughts), arXiv 2305.10601: both gain much
  with models that do not reason by themselves. They sample many answers in a program; one prompt that asks a model to
  play them through is not the same.
- arXiv 2503.19602: small open reasoning models do gain from such prompts in mathematics.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from o1magic.lint import cues
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.cues import Cue
    from o1magic.lint.document import Document

_TAG = late(
    r"<(thinking|think|scratch_?pad|reasoning|thoughts?|thought_?process|inner_?monologue|inner_?thoughts|reflection"
    r"|chain_?of_?thought|cot|internal_?reasoning|reasoning_?process|thinking_?process"
    r"|denken|gedanken|überlegung(?:en)?|réflexion|raisonnement|pensées?|pensamiento|razonamiento|pensamento|raciocínio"
    r"|ragionamento|pensiero|мысли|размышлени[ея]|рассуждени[ея]|思考(?:过程|過程)?|推理|推論|생각|사고|추론)>",
    re.IGNORECASE,
)
_HIDDEN = frozenset(("fence", "triple", "blockquote", "inserted", "html", "quote"))
_LONGEST_TEMPLATE = 160
_AROUND, _LOOK = 200, 80
_MARKS = " \t*_#>•·-–0123456789.)"
_SENTENCE = late(r"[.!?。！？,，、،;:：\n]\s*(?=\S)|[.!?。！？:：]\s*$")
_APART = 200
_BEFORE, _AFTER = 120, 80
_FEW, _SEVERAL = 2, 3
_MOST_TAGS = 20
_BARE_END = late(r"\s*(?:$|[,.;:)\n]|(?:and|then)\b|\d)")
_MESSAGE = (
    "a script for thinking; a reasoning model plans and checks by itself, so say the goal and how you will judge it"
)


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each script, none overlapping another."""
    found = sorted([*_tags(document), *_phrases(document, rule)])
    if found and _is_about_prompts(document):
        return
    end = -1
    for start, stop in found:
        if start >= end:
            yield Diagnostic(rule.code, rule.name, rule.severity, _MESSAGE, start, stop)
            end = stop


def _is_about_prompts(document: Document) -> bool:
    text = document.prose.text
    return any((p := one.any_of("meta")) is not None and p.search(text) for one in languages("COT005"))


def _tags(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the first tag of each name that the model is told to think in."""
    text = document.text
    names: set[str] = set()
    if "<" not in text:
        return
    for match in islice(_TAG.finditer(text, document.start), _MOST_TAGS):
        name = match.group(1).lower()
        if name in names:
            continue
        below = text[match.end() : match.end() + _LONGEST_TEMPLATE].lower().find(f"</{name}>")
        end = match.end() if below < 0 else match.end() + below + len(name) + 3
        span = _instruction(document, match.start(), end, paired=below >= 0)
        if span is not None:
            names.add(name)
            yield span


def _instruction(document: Document, start: int, end: int, *, paired: bool) -> tuple[int, int] | None:
    """Return the span of the clause that tells the model to think in a tag; of the tag where it stands alone."""
    text = document.text
    for region in document.regions:
        if region.start > start:
            break
        if start < region.end and (
            region.kind in _HIDDEN or (region.kind == "tag" and _is_payload(text, region.start, start))
        ):
            return None
        if region.start == start and region.end > end:
            return None
    line = max(text.rfind("\n", 0, start) + 1, document.start, start - _AROUND)
    before = _SENTENCE.split(text[line:start])[-1]
    after = _SENTENCE.split(text[end : end + _LOOK])[0]
    around = fold(f"{before} <> {after}").text
    if any((p := one.any_of("handled")) and p.search(around) for one in languages("COT005")):
        return None
    if not any((p := one.any_of("put")) and p.search(around) for one in languages("COT005")):
        return (start, end) if paired and not text[line:start].strip() else None
    first = start - len(before.lstrip(_MARKS)) if "<" not in before else start
    return first, end + _length_after(after)


def _length_after(after: str) -> int:
    """Return how much of the words after a tag goes with it: all of them, or its name where another tag follows."""
    folded = fold(after).text
    called = max(
        (m.end() for one in languages("COT005") if (p := one.any_of("called")) and (m := p.match(folded.lstrip()))),
        default=0,
    )
    if called and ("<" in after or len(after) == _LOOK):
        return len(folded) - len(folded.lstrip()) + called
    return 0 if "<" in after or len(after) == _LOOK else len(after.rstrip())


def _is_payload(text: str, opening: int, start: int) -> bool:
    """Return whether the tag around a position delimits data, not the form of the answer."""
    if opening == start:
        return False
    return (
        re.match(r"<\w*(?:format|instruction|output|response|task)", text[opening : opening + 40], re.IGNORECASE)
        is None
    )


def _phrases(document: Document, rule: Rule) -> Iterator[tuple[int, int]]:
    steps: list[Cue] = []
    for cue in cues.find(document, rule.code):
        if not cue.weak:
            yield cue.start, cue.end
        elif _is_step(document, cue):
            if steps and (cue.start - steps[-1].end > _APART or cue.language.name != steps[-1].language.name):
                yield from _script(document, steps)
                steps = []
            steps.append(cue)
    yield from _script(document, steps)


def _is_step(document: Document, cue: Cue) -> bool:
    """Return whether a cue is a step: a bare verb is one only where nothing follows it."""
    bare = cue.language.any_of("bare")
    if bare is None or bare.fullmatch(_folded(document, cue)) is None:
        return True
    return _BARE_END.match(document.text, cue.end) is not None


def _folded(document: Document, cue: Cue) -> str:
    folded = fold(document.text[cue.start : cue.end]).text
    return " ".join(folded.split()) if cue.language.words else "".join(folded.split())


def _script(document: Document, steps: list[Cue]) -> Iterator[tuple[int, int]]:
    """Yield the span of the steps, if together they are a script for thinking."""
    texts = {_folded(document, cue) for cue in steps}
    if len(texts) < _FEW:
        return
    language = steps[0].language
    start, end = steps[0].start, steps[-1].end
    around = fold(document.text[max(document.start, start - _BEFORE) : end + _AFTER]).text
    before, sure = language.any_of("before"), language.any_of("sure")
    asked = before is not None and before.search(around if language.words else "".join(around.split()))
    certain = sum(sure is not None and sure.search(text) is not None for text in texts)
    if (asked and (certain or len(texts) >= _SEVERAL)) or (len(texts) >= _SEVERAL and certain >= _FEW):
        yield start, end


RULE = Rule("COT005", "scripted-reasoning", "warning", check, __doc__, reasoning_only=True)
