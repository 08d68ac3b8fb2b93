"""Uses of the public API, type-checked and never run: what other people's scripts rely on."""

from __future__ import annotations

from typing import assert_type

import o1magic
from o1magic import Answer, Diagnostic, FixResult, Usage
from o1magic.jupyter.panel import Panel

answer = o1magic.ask(
    "hello", model="o1", effort="low", max_completion_tokens=25_000, endpoint="simulator", chat="talk", new=True
)
assert_type(answer, Answer)
assert_type(answer.text, str)
assert_type(answer.usage, Usage)
assert_type(answer.usage.reasoning, int | None)
assert_type(answer.usage.visible, int | None)
assert_type(answer.finish_reason, str | None)
assert_type(answer.cost_usd, float | None)
assert_type(answer.cost_nano_usd, int | None)
assert_type(answer.seconds, float)


async def awaited() -> None:
    """Await an answer; it takes what `ask` takes."""
    assert_type(await o1magic.ask_async("hello", model="o1", verbosity="low", schema=None), Answer)


found = o1magic.lint("Think step by step.", model="o1", select=["COT"], ignore=("DEL",))
assert_type(found, list[Diagnostic])
assert_type(found[0].start, int)

fixed = o1magic.fix("Think step by step.", unsafe=True)
assert_type(fixed, FixResult)
assert_type(fixed.applied, tuple[Diagnostic, ...])

assert_type(o1magic.panel(), Panel)
