"""The simulated answer: an honest report, in Markdown, of what was received. Never invented knowledge.

Layer 5. Imports `findings`; called by `reply`. What is quoted from the prompt is a few
words on one line, in a code span longer than any backticks in them, so that no prompt can break the Markdown.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

from o1magic.simulator.billing import CUE_PERCENT
from o1magic.simulator.findings import LOOKED_AT_CHARS, Findings, Part, look
from o1magic.simulator.formats import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.simulator.contract import ChatRequest

FIRST_LINE = "Simulated answer: no model ran. The o1magic simulator reports what it received."
CODE = """
Simulated code:

```python
print("the first block")
```

```sh
echo "the second block"
```
"""
REFUSAL = "Simulated refusal: the o1magic simulator was asked to refuse."

_QUOTED_WORDS, _QUOTED_CHARS, _LISTED = 14, 100, 8
_JOINERS = "\u200c\u200d"


def compose(request: ChatRequest, *, reasoning: int, cue: bool, prose: bool = False) -> str:
    """Return the report on a request, whose first line says that it is simulated; in JSON where that was asked for.

    `prose`: not even then.
    """
    if request.style.schema is not None and not prose:
        return json.dumps(fill(request.style.schema) if request.style.schema else _as_object(request), indent=1)
    found = look(request.text)
    lines = [FIRST_LINE, "", "**The request**", "", *_about_request(request, reasoning)]
    lines += ["", "**What the prompt holds**", "", *_about_prompt(found, cue=cue, reasons=reasoning > 0)]
    lines += ["", "**The question begins**", "", _question(request)]
    return "\n".join(lines) + "\n"


def _as_object(request: ChatRequest) -> dict[str, object]:
    return {"simulated": FIRST_LINE, "model": request.asked, "prompt_tokens": request.prompt.tokens}


def _about_request(request: ChatRequest, reasoning: int) -> Iterator[str]:
    yield f"- Model: {code_span(request.asked)}"
    yield f"- Messages: {len(request.messages):,} ({_roles(request)})"
    yield f"- Prompt: {request.prompt} tokens, {len(request.text):,} characters"
    effort = request.effort or "not a parameter of this model"
    yield f"- Effort: {effort}{' (the default)' if request.effort and not request.effort_sent else ''}"
    if request.allowance is None:
        yield "- Allowance: none known"
    else:
        whose = "" if request.allowance_sent else " (the model's cap)"
        yield f"- Allowance: {request.allowance:,} tokens for reasoning and answer{whose}"
    yield from request.style.lines()
    yield f"- Billed as simulated reasoning: {reasoning:,} tokens"
    if request.images:
        yield f"- Images: {request.images}, not looked at"
    if request.tools:
        yield f"- Tools offered: {request.tools}, none called"


def _roles(request: ChatRequest) -> str:
    roles = [message.role for message in request.messages]
    return ", ".join(f"{roles.count(role)} {role}" for role in dict.fromkeys(roles))


def _about_prompt(found: Findings, *, cue: bool, reasons: bool) -> Iterator[str]:
    yield from _listed("Code fence", found.fences, "no language named")
    yield from _listed("Section in the tag", found.tags, "")
    if not (found.fences or found.tags or found.triple_quotes):
        yield "- No delimiter: neither a code fence, nor a pair of tags, nor triple quotes"
    if found.triple_quotes:
        yield f"- Triple quotes: {found.triple_quotes:,}"
    if found.headings:
        yield f"- Headings: {found.headings:,}"
    if found.scripts:
        yield "- Letters: " + ", ".join(f"{name} {percent} %" for name, percent in found.scripts)
    if cue:
        billed = f"; {CUE_PERCENT} % more simulated reasoning billed for it" if reasons else ""
        yield f"- A chain-of-thought cue{billed}"
    if not found.whole:
        yield f"- Only the first {LOOKED_AT_CHARS:,} characters were looked at for this list"


def _listed(what: str, parts: tuple[Part, ...], unnamed: str) -> Iterator[str]:
    for part in parts[:_LISTED]:
        name = code_span(part.name) if part.name else f"({unnamed})"
        open_ = "" if part.closed else ", never closed"
        lines = f"{part.lines:,} line{'' if part.lines == 1 else 's'}"
        yield f"- {what} {name}: {lines}, {part.chars:,} characters{open_}"
    if len(parts) > _LISTED:
        yield f"- {what}: {len(parts) - _LISTED:,} more"


def _question(request: ChatRequest) -> str:
    """Return the first words of the last user message, or of the last message where there is none."""
    asked = [message.text for message in request.messages if message.role == "user"]
    text = asked[-1] if asked else request.messages[-1].text
    words = text[: 4 * _QUOTED_CHARS].split()
    begin = " ".join(words[:_QUOTED_WORDS])[:_QUOTED_CHARS]
    return code_span(begin) if begin else "(it is empty)"


def code_span(text: str) -> str:
    """Return the text as one Markdown code span on one line, with control characters replaced."""
    shown = "".join(" " if char.isspace() else _shown(char) for char in text).strip()
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    if not longest:
        return f"`{shown}`"
    mark = "`" * (longest + 1)
    return f"{mark} {shown} {mark}"


def _shown(char: str) -> str:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") and char not in _JOINERS
    return "\ufffd" if hidden else char
