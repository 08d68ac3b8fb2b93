"""Models and contexts for the linter's tests."""

from __future__ import annotations

from o1magic.catalog import Model
from o1magic.lint import Context, FlagUse

MODELS = {
    "no-system": Model(
        "o1-mini",
        context_window=128_000,
        max_output=65_536,
        reasons=True,
        system="none",
        refused=("logprobs", "stream", "tools"),
        fixed={"temperature": 1, "top_p": 1},
    ),
    "reasoner": Model("o3", max_output=100_000, reasons=True, efforts=("low", "high"), system="developer"),
    "blind": Model("o1-mini", reasons=True, system="none", vision=False, tools=False),
    "seeing": Model("o1", reasons=True, system="developer", vision=True, tools=True),
    "small": Model("tiny", context_window=100, reasons=True),
    "plain": Model("gpt-4o", max_output=16_384, reasons=False, system="system"),
    "unknown": Model("my-model", known=False),
}


def context_of(case: dict) -> Context:
    """Return the context that a fixture describes."""
    text = case["text"]
    flags = {
        name: FlagUse(use["value"], text.index(use["text"]), text.index(use["text"]) + len(use["text"]))
        for name, use in case.get("flags", {}).items()
    }
    body = text.index("\n") + 1 if text.startswith("%%o1") else 0
    return Context(
        model=MODELS.get(case.get("model", "")), body_start=body, flags=flags, unfilled=tuple(case.get("unfilled", ()))
    )
