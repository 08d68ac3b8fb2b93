"""More text than the model can read, together with what it may write.

## What it does

Compares the length of the prompt, and the allowance on the magic line, with the model's window in the catalog. The
linter does not count tokens; it takes the fewest that so many characters can reasonably be (four and a half visible
ASCII characters to a token, fewer in other scripts), so it speaks only when the prompt is clearly too large. Where
inserted or tagged data alone takes more than 60 % of the window, that is a note. Says nothing for a model whose window
it does not know.

## Why

Prompt, hidden reasoning and answer share one window. What does not fit is refused before anything is answered. And long
before that, retrieved text that the question does not need makes answers slower, dearer and often worse.

## Example

```text
%%o1 -m o1-preview
Which of these forty retrieved reports mentions the leak? {{reports}}
```

## Use instead

```text
%%o1 -m o1-preview
Which of these three reports mentions the leak? {{most_relevant}}
```

## When to ignore

- The endpoint behind that model name has a larger window.

## Fix safety

No fix: what can be left out is yours to say.

## References

For the rule:

- OpenAI, o1 beta guide (2024): limit additional context in retrieval-augmented generation to the most relevant.
- Liu et al., Lost in the Middle, arXiv 2307.03172: facts in the middle of a long context are used least.

Against it:

- The bound is a bound: a prompt a little over the window passes here, and is stopped when its tokens are counted,
  before anything is sent.
- Later models lose less in long contexts than those that were studied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_ALLOWANCES = ("max_completion_tokens", "max_tokens", "max_output_tokens")
# Visible characters to a token, at most, by how many bytes they take in UTF-8: ASCII, Latin to Arabic, the rest.
_PER_TOKEN = (4.5, 4.0, 2.5)
# No text of any script is worth more tokens than this many to a character here.
_MOST_PER_CHARACTER = 0.5
# So much of the window may be data.
_MOST_DATA = 0.6


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield a finding if prompt and allowance cannot both fit."""
    model = document.context.model
    if model is None:
        return
    allowance = _allowance(document)
    rooms = (model.context_window - allowance if model.context_window else None, model.max_input)
    room = min((one for one in rooms if one is not None), default=None)
    length = len(document.text) - document.start
    if room is None or length * _MOST_PER_CHARACTER <= room * _MOST_DATA:
        return
    largest = max(document.inserted, key=lambda span: span[1] - span[0], default=(document.start, len(document.text)))
    if (fewest := _fewest_tokens(document.text[document.start :])) > room:
        allowed = f" and {allowance:,} allowed for reasoning and answer" if allowance else ""
        window = model.max_input or model.context_window
        message = f"at least {fewest:,} tokens{allowed} do not fit {model.name}, which has room for {window:,}"
        yield Diagnostic(rule.code, rule.name, rule.severity, message, *largest)
    elif (data := sum(_fewest_tokens(document.text[a:b]) for a, b in document.delimited)) > room * _MOST_DATA:
        message = f"at least {data:,} of the {room:,} tokens that fit {model.name} are data; keep what is asked about"
        yield Diagnostic(rule.code, rule.name, "info", message, *largest)


def _allowance(document: Document) -> int:
    given = [document.context.flags[name].value for name in _ALLOWANCES if name in document.context.flags]
    return next((value for value in given if isinstance(value, int) and value > 0), 0)


def _fewest_tokens(text: str) -> int:
    """Return the fewest tokens that a text can reasonably be."""
    text = "".join(text.split())
    ascii_only = len(text.encode("ascii", "ignore"))
    # Each of the others takes two bytes or more; what they take beyond two tells how many take three or four.
    beyond = len(text.encode("utf-8", "surrogatepass")) - ascii_only - 2 * (len(text) - ascii_only)
    wide = min(beyond, len(text) - ascii_only)
    counts = (ascii_only, len(text) - ascii_only - wide, wide)
    return int(sum(count / per for count, per in zip(counts, _PER_TOKEN, strict=True)))


RULE = Rule("CTX001", "context-too-large", "warning", check, __doc__)
