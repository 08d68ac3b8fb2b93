"""Telling the model to breathe, to think hard, to take its time.

## What it does

Finds pep talk for thinking (“take a deep breath”, “think carefully”, “take your time”) said to the model, in 21
languages. Stays silent where it is content (a meditation script, advice to other people), quoted or negated, where the
same words are already a finding of think-step-by-step, and for models that do not reason. A note, never more.

## Why

How long a reasoning model thinks is set by the task and by the effort you choose, not by encouragement. The sentence
adds nothing that the model could act on, and it may lengthen the hidden reasoning that you pay for.

## Example

```text
Take a deep breath. Which of these two queries returns fewer rows?
```

## Use instead

```text
Which of these two queries returns fewer rows?
```

To have it think longer, raise the effort (`--effort high`); it is the switch made for that.

## When to ignore

- The model has no effort setting, and you measured that the words help.

## Fix safety

Unsafe: it removes words of yours, so it waits for `--fix all` or a click. It takes out the whole sentence, or the
clause at a sentence's edge, and nothing where that would leave no prompt.

## References

For the rule:

- OpenAI, Reasoning best practices: keep prompts simple and direct; prompts that ask for more thinking are unnecessary.
- Wharton, Prompting Science Report 2, arXiv 2506.07142: asking reasoning models to think gains about 3 %, at 20 to 80 %
  more time.

Against it:

- Yang et al., OPRO, arXiv 2309.03409: a search for the best prompt came up with “Take a deep breath”. It helped PaLM 2
  at school mathematics, a model that does not reason by itself.
- arXiv 2503.19602: small open reasoning models (1.5B to 32B) did gain from being told to think.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import cues
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule
from o1magic.lint.removal import removal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document
    from o1magic.lint.phrases import Language

_MESSAGE = "encouragement to think changes nothing a reasoning model does by itself; its effort setting does"


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each encouragement."""
    found = list(cues.find(document, rule.code))
    spoken = {cue.language.name: cue.language for cue in found}
    calm = {name: _is_calm(document, language) for name, language in spoken.items()}
    for cue in found:
        if calm[cue.language.name]:
            continue
        fix = removal(document, cue)
        yield Diagnostic(rule.code, rule.name, rule.severity, _MESSAGE, cue.start, cue.end, fix)


def _is_calm(document: Document, language: Language) -> bool:
    """Return whether the prompt is about breathing or resting."""
    pattern = language.any_of("calm")
    return pattern is not None and pattern.search(document.prose.text) is not None


RULE = Rule(
    "COT003",
    "deliberation-cue",
    "info",
    check,
    __doc__,
    reasoning_only=True,
    stage=1,
    yields_to=("COT001", "COT002", "COT004", "COT005"),
)
