"""Examples that do not look like the answer that is asked for.

## What it does

Compares the form the prompt states (JSON, XML, one word, yes or no, a number only) with the example answers it shows,
in 15 languages. Finds JSON that is asked for and prose that is shown, one word asked for and a sentence shown. An
example in a placeholder, or of the input, is left alone.

## Why

Of two instructions that disagree, the model follows one, and not always the same. The example is usually the stronger;
then the program that reads the answers breaks now and then, which is worse than always.

## Example

```text
Extract the name. Reply in JSON. Example: Name is Ana.
The speaker was Bo Lind.
```

## Use instead

```text
Extract the name. Reply in JSON. Example: {"name": "Ana"}
The speaker was Bo Lind.
```

## When to ignore

- The example shows what not to do, or what goes in.

## Fix safety

No fix: which of the two you meant, only you know.

## References

For the rule:

- OpenAI, prompt optimizer (cookbook): looks for examples that disagree with the instructions, as one of a few faults
  worth repairing first.

Against it:

- Where the endpoint enforces a schema (structured output), the form comes out right whatever the example shows.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from o1magic.lint.data import tables
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.exemplars import exemplars
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.phrases import languages
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document
    from o1magic.lint.exemplars import Exemplar

_WORDS = late(r"\w+")
_SHOWN = late(r"[^\W_]")
_PLACEHOLDER = late(r"\.{3}|…|\[[^\]\n]{0,60}\]|<[^>\n]{0,60}>|\{\{|___")
_ARROW = late(r"->|=>|→|⇒")
_LONGEST, _LOOK, _NEAR = 400, 40, 2000
_COLON = late("[:：]")
_CJK = late(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
_FEW_WORDS = 3
_MOST = 12
_GOES_ON = late(r"\s*\n[ \t]*[\[{<`~\"]")
_LABEL_AFTER = late(r"\s*\n[ \t]*[*_]{0,2}\w{1,20}[*_]{0,2} ?[:：]")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each example answer that contradicts the stated form; of several, the first three."""
    pairs, meant = exemplars(document)
    shown = pairs if meant else []
    hinted = shown or any(map(document.vocabulary.text.__contains__, _hints()))
    asked = _asked(document) if hinted else None
    if asked is None:
        return
    form, position = asked
    found = [(a, b) for a, b in _answers(document, shown, position) if _contradicts(form, document.text[a:b])]
    message = f"this example is not {_NAMES[form]}, which the prompt asks for; make the two agree"
    for start, end in found[:3]:
        yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end)


_NAMES = {"json": "JSON", "xml": "XML", "word": "one word", "yesno": "yes or no", "number": "a number"}


@cache
def _hints() -> frozenset[str]:
    return frozenset(hint for table in tables("FEW003").values() for hint in fold(table["hint"]).text.split())


def _asked(document: Document) -> tuple[str, int] | None:
    """Return the form the prompt asks for and where it says so; None where it names none, or several."""
    from o1magic.lint import cues

    found: dict[str, int] = {}
    for cue in cues.find(document, "FEW003"):
        folded = fold(document.text[cue.start : cue.end]).text
        folded = folded if cue.language.words else "".join(folded.split())
        for form in _NAMES:
            pattern = cue.language.any_of(form)
            if pattern is not None and pattern.search(folded):
                found.setdefault(form, cue.end)
    return next(iter(found.items())) if len(found) == 1 else None


def _answers(document: Document, pairs: list[Exemplar], asked: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the example answers."""
    text = document.text
    if pairs and abs(pairs[0].start - asked) < _NEAR:
        for one in pairs[:_MOST]:
            lead = len(text[one.answer_start : one.answer_end]) - len(text[one.answer_start : one.answer_end].lstrip())
            yield one.answer_start + lead, one.answer_end
        return
    for colon in _COLON.finditer(text, asked, min(asked + _LONGEST, len(text))):
        if _announces(text[max(asked, colon.start() - _LOOK) : colon.start()]):
            yield from _shown(document, colon.end())
            return


def _announces(head: str) -> bool:
    """Return whether the words before a colon say that an example answer follows."""
    folded = fold(head).text
    squeezed = "".join(folded.split())
    patterns = ((one.any_of("example", at_end=True), one.words) for one in languages("FEW003"))
    return any(pattern is not None and pattern.search(folded if words else squeezed) for pattern, words in patterns)


def _shown(document: Document, start: int) -> Iterator[tuple[int, int]]:
    """Yield the span of what is shown after `Example:`, on the same line or the next."""
    text = document.text
    while start < len(text) and text[start] in " \t\r*_":
        start += 1
    if text.startswith("\n", start):
        start += 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    shown = text[start:end]
    if (
        shown.strip()
        and not _ARROW.search(shown)
        and not _LABEL_AFTER.match(text, end)
        and not _GOES_ON.match(text, end)
        and end - start < _LONGEST
    ):
        yield start, start + len(shown.rstrip())


def _contradicts(form: str, answer: str) -> bool:
    """Return whether an answer cannot be of that form."""
    bare = answer.strip().strip("`*\"'").strip()
    if not _SHOWN.search(bare) or _PLACEHOLDER.search(bare) or answer.lstrip().startswith(("```", "~~~")):
        return False
    # In scripts without blanks a run of letters may be a sentence.
    words = [part for word in _WORDS.findall(bare) for part in (_CJK.findall(word) or (word,))]
    if form == "json":
        return not any(mark in answer for mark in "{[") and len(words) > 1 and not answer.lstrip().startswith('"')
    if form == "xml":
        return "<" not in answer and len(words) > 1
    if form == "number":
        return not any(map(str.isdecimal, bare)) and bool(words)
    if form == "word":
        return len(words) > _FEW_WORDS
    return _yes_or_no(bare) is False


def _yes_or_no(answer: str) -> bool:
    folded = fold(answer).text.strip(" .!。")
    patterns = (one.any_of("answers") for one in languages("FEW003"))
    return any(pattern is not None and pattern.match(folded) is not None for pattern in patterns)


RULE = Rule("FEW003", "example-contradicts-format", "warning", check, __doc__)
