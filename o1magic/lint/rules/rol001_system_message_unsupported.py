"""A system message for a model that takes none.

## What it does

Finds a system or developer message, as an option of the magic or as a JSON list of messages in the prompt, for a model
whose catalog entry says that it takes neither.

## Why

The o1 beta models take user and assistant messages only. The request fails, before anything is answered.

## Example

```text
%%o1 -m o1-mini --developer "Be brief."
Is 391 prime?
```

## Use instead

```text
%%o1 -m o1-mini
Be brief.

Is 391 prime?
```

## When to ignore

- The endpoint behind that model name converts system messages by itself.

## Fix safety

Unsafe: it moves the message of the option to the top of the prompt, every word of it kept. Inside JSON it rewrites the
role to `user`.

## References

For the rule:

- OpenAI, o1 beta guide (2024), limits: “user and assistant messages only, system messages are not supported”.

Against it:

- Holds for o1-preview and o1-mini only; from o1 on a developer message is right and often better than prose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.diagnostic import FlagUse
    from o1magic.lint.document import Document

_ROLES = ("system", "developer")
_ROLE = late(r'"role"\s{0,20}:\s{0,20}"(system|developer)"')
_NOTED = 50


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield what would go out as a system message, if the model takes none."""
    context = document.context
    model = context.model
    if model is None or model.system != "none":
        return
    message = f"{model.name} takes no system or developer message; say it at the top of the prompt"
    uses = {role: context.flags[role] for role in _ROLES if role in context.flags}
    for use in uses.values():
        yield Diagnostic(rule.code, rule.name, rule.severity, message, use.start, use.end, _merge(document, use))
    if context.has_system and not uses:
        yield Diagnostic(rule.code, rule.name, rule.severity, message, document.start, document.start)
    for start, end in _in_json(document):
        fix = Fix(safe=False, edits=(Edit(start, end, "user"),), title="Make it a user message")
        yield Diagnostic(rule.code, rule.name, rule.severity, message, start, end, fix)


def _merge(document: Document, use: FlagUse) -> Fix | None:
    """Return the fix that moves the text of the option to the top of the prompt."""
    if not isinstance(use.value, str) or use.value.startswith("@") or not 0 < use.start < use.end <= document.start:
        return None
    start = use.start
    while start > 0 and document.text[start - 1] in " \t":
        start -= 1
    newline = "\r\n" if document.text[: document.start].endswith("\r\n") else "\n"
    text = use.value.rstrip() + newline * 2
    return Fix(
        safe=False,
        edits=(Edit(start, use.end, ""), Edit(document.start, document.start, text)),
        title="Say it in the prompt",
    )


def _in_json(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the spans of the roles, where the whole prompt is a JSON list of messages."""
    body = document.text[document.start :].strip()
    if not body.startswith(("[", "{")) or _ROLE.search(body) is None:
        return
    import json

    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    messages = value.get("messages") if isinstance(value, dict) else value
    if isinstance(messages, list) and all(isinstance(one, dict) and "role" in one for one in messages):
        matches = list(_ROLE.finditer(document.text, document.start))
        yield from (match.span(1) for match in matches[:_NOTED])


RULE = Rule("ROL001", "system-message-unsupported", "error", check, __doc__)
