"""Markdown asked of a model that was told to avoid it.

## What it does

Finds a request for Markdown in the prompt, for the o1 and o3 models, when no message says `Formatting re-enabled`. Says
nothing where Markdown is the subject (“convert this Markdown to HTML”) or is refused.

## Why

From o1-2024-12-17 on these models avoid Markdown over the API unless the first line of the developer message holds the
words `Formatting re-enabled`. Without them, headings and tables come now and then, or not.

## Example

```text
%%o1 -m o1
Compare the three plans in a Markdown table.
```

## Use instead

```text
%%o1 -m o1 --developer "Formatting re-enabled"
Compare the three plans in a Markdown table.
```

## When to ignore

- A plain-text answer would do as well.
- You send the developer message from somewhere the linter cannot see.

## Fix safety

Unsafe: it adds a message that you did not write, and changes how every answer looks. No fix where a developer message
stands already in quotes that cannot be read.

## References

For the rule:

- OpenAI, Reasoning best practices, “Markdown formatting”: `Formatting re-enabled` on the first line of the developer
  message signals that Markdown is wanted.

Against it:

- A clear request for a table is often followed anyway; nobody published how often.
- Later models (GPT-5.5 and on) format without it; the rule is silent for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_MARKER = "Formatting re-enabled"
# The family that was told so; the beta models before it take no developer message at all.
_FAMILY = late(r"o[13](?:-pro|-mini)?$")
_ANCHORS = ("markdown", "마크다운", "マークダウン")
_ROLES = ("developer", "system")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the first request for Markdown."""
    context, model = document.context, document.context.model
    if model is None or model.system != "developer" or not _FAMILY.match(model.name) or _enabled(document):
        return
    if context.has_system and not any(role in context.flags for role in _ROLES):
        return
    for start, end in wording.sentences(document, _ANCHORS):
        sentence = document.prose.text[start:end]
        wanted = wording.lists(rule.code, "wanted").search(sentence)
        if wanted and not wording.lists(rule.code, "unless").search(sentence):
            a, b = wording.source(document, start + wanted.start(), start + wanted.end())
            message = f"{model.name} avoids Markdown until the developer message begins with “{_MARKER}”"
            yield Diagnostic(rule.code, rule.name, rule.severity, message, a, b, _enable(document))
            return


def _enabled(document: Document) -> bool:
    """Return whether the marker is given, or may be, in a message whose text is not to be seen here."""
    if _MARKER.lower() in document.text.lower():
        return True
    given = [str(document.context.flags[role].value) for role in _ROLES if role in document.context.flags]
    return any(text.startswith("@") or _MARKER.lower() in text.lower() for text in given)


def _enable(document: Document) -> Fix | None:
    """Return the fix that adds the marker to the magic line, None where there is no such line to add it to."""
    text, title = document.text, f"Say “{_MARKER}” to it"
    use = next((document.context.flags[role] for role in _ROLES if role in document.context.flags), None)
    if use is not None:
        quote = text.find('"', use.start, use.end) + 1
        inside = quote > 0 and text[use.end - 1 : use.end] == '"'
        return Fix(safe=False, edits=(Edit(quote, quote, f"{_MARKER}. "),), title=title) if inside else None
    line = text[: document.start].rstrip("\r\n")
    if not line.startswith("%%"):
        return None
    return Fix(safe=False, edits=(Edit(len(line), len(line), f' --developer "{_MARKER}"'),), title=title)


RULE = Rule("OUT001", "markdown-not-enabled", "info", check, __doc__, reasoning_only=True)
