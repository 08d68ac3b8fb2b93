"""A system message pasted into the prompt as words.

## What it does

Finds a prompt that opens with a role label and an instruction, such as `System: You are ...`, or with the special
tokens of a chat template (`<|im_start|>system`, `<<SYS>>`). The label is known in 11 spellings, the instruction in 15
languages.

## Why

Everything in the cell goes out as *your* message. A label in it is only text: it does not give the line more weight.
What should rule over the conversation belongs into the developer message, which has a flag of its own.

## Example

```text
System: You are a careful lawyer.
Is this clause enforceable?
```

## Use instead

```text
%%o1 --developer "You are a careful lawyer."
Is this clause enforceable?
```

## When to ignore

- The text is a transcript that you want to talk about; put it between delimiters.
- The model takes no developer message (o1-preview, o1-mini): then drop the label and keep the sentence.

## Fix safety

No fix: which lines belong to the message is yours to say.

## References

For the rule:

- OpenAI, Model spec, chain of command: developer messages rank above user messages, whatever these call themselves.
- OpenAI, Reasoning best practices: developer messages are the new system messages; keep prompts simple and direct.

Against it:

- Models often follow such a line all the same; nothing was measured here, so this is only a note.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from o1magic.lint import wording
from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.fold import fold
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_LOOK = 400
_TOKEN = late(r"\s{0,40}(?:<\|im_start\|>\s?system|<\|system\|>|(?:\[INST\]\s?)?<<SYS>>|<\|start_header_id\|>system)")
_LABEL = late(r"\s{0,40}(?:[#>*_\[<(]{1,4} ?)?([^\W\d][\w -]{1,30}?)[*_\])>]{0,3} ?[:：\n][*_]{0,2}\s{0,9}")
_USER = late(r"^[ \t]*[#*\[<]{0,3} ?(?:User|Human|Question|用户|ユーザー|사용자)[*\]>]{0,3} ?[:：]", re.MULTILINE)


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield the label that the prompt opens with, if an instruction follows it."""
    head = document.text[document.start : document.start + _LOOK]
    match = _TOKEN.match(head)
    end = match.end() if match else 0
    if match is None:
        label = _LABEL.match(head)
        if label is None or not wording.lists(rule.code, "label").fullmatch(fold(label.group(1)).text):
            return
        if not wording.lists(rule.code, "opening").match(fold(head[label.end() :]).text) and not _USER.search(head):
            return
        end = label.end()
    start = document.start + len(head) - len(head.lstrip())
    if document.inserted.touches(start, document.start + end):
        return
    model = document.context.model
    how = "drop the label" if model is not None and model.system == "none" else "--developer sends a real one"
    message = f"this is sent as your own message, whatever its label says; {how}"
    yield Diagnostic(rule.code, rule.name, rule.severity, message, start, start + len(head[:end].strip()))


RULE = Rule("ROL002", "role-in-prose", "info", check, __doc__)
