"""What comes back: tokens as billed, and the answer with all that is known about it.

Layer 1. Imports only `errors` and `untrusted`; knows neither HTTP nor IPython.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from o1magic import untrusted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.blocks import Code

NANO_PER_USD = 1_000_000_000
# Beside each answer and each turn of its clock, for programs that watch a notebook's outputs.
USAGE_MIME = "application/vnd.o1magic.usage+json"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed; None where the endpoint did not say, which is not zero.

    `completion` includes `reasoning`; `cached` is part of `prompt`. `estimated` marks counts made here because the
    reply was cut, `inconsistent` counts that contradict each other as reported, `raw` the JSON of a usage that could
    not be read.
    """

    prompt: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    completion: int | None = None
    estimated: bool = False
    inconsistent: bool = False
    raw: str | None = None

    @property
    def visible(self) -> int | None:
        """Return the output tokens that are not reasoning, None when either part is unknown."""
        if self.completion is None or self.reasoning is None:
            return None
        return max(0, self.completion - self.reasoning)

    @property
    def known(self) -> bool:
        """Tell whether what is billed, prompt and completion, is known."""
        return self.prompt is not None and self.completion is not None

    def __add__(self, other: Usage) -> Usage:
        """Return the sum, in which anything unknown makes the sum unknown."""
        return Usage(
            prompt=_plus(self.prompt, other.prompt),
            cached=_plus(self.cached, other.cached),
            reasoning=_plus(self.reasoning, other.reasoning),
            completion=_plus(self.completion, other.completion),
            estimated=self.estimated or other.estimated,
            inconsistent=self.inconsistent or other.inconsistent,
        )


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model, and what it took.

    `text` is exactly what the model wrote (undecodable characters replaced), `reasoning_text` what it showed of its
    reasoning, or a summary of it. `model` is the model that answered,
    `asked` the one that was asked. `cost_nano_usd` is integer nano-dollars, None when the price or the usage is
    unknown; for a `simulated` answer it is what the same tokens would have cost. `id` is the key of its ledger row.
    `parsed` is what the text holds, where a form was asked for: parsed JSON, or an object of the pydantic model.
    """

    text: str
    usage: Usage = field(default_factory=Usage)
    finish_reason: str | None = None
    model: str = ""
    seconds: float = 0.0
    cost_nano_usd: int | None = None
    asked: str = ""
    reasoning_text: str = ""
    refusal: str | None = None
    endpoint: str = ""
    attempts: int = 1
    simulated: bool = False
    id: str = ""
    footer: str = ""
    parsed: Any = field(default=None, hash=False)

    @property
    def cost_usd(self) -> float | None:
        """Return the cost in dollars, None when unknown; `cost_nano_usd` is the exact integer."""
        return None if self.cost_nano_usd is None else self.cost_nano_usd / NANO_PER_USD

    @property
    def code(self) -> tuple[Code, ...]:
        """Return the code blocks of the text, each with its `language` and `text`; nothing in them was run."""
        from o1magic import blocks

        return blocks.code(self.text)

    def __str__(self) -> str:
        """Return the text of the answer."""
        return self.text

    def usage_json(self) -> dict[str, Any]:
        """Return what the call took, as `USAGE_MIME` carries it: numbers and names, null where unknown; no text."""
        usage = self.usage
        return {
            "version": 1,
            "id": self.id,
            "state": "settled",
            "model": untrusted.name(self.model),
            "asked": untrusted.name(self.asked),
            "seconds": round(self.seconds, 3),
            "finish_reason": None if self.finish_reason is None else untrusted.name(self.finish_reason),
            "prompt": usage.prompt,
            "cached": usage.cached,
            "reasoning": usage.reasoning,
            "completion": usage.completion,
            "estimated": usage.estimated,
            "inconsistent": usage.inconsistent,
            "cost_nano_usd": self.cost_nano_usd,
            "simulated": self.simulated,
        }

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, Any]:
        """Return the answer as Markdown and plain text in which nothing of the model's can run, and what it took."""
        markdown, plain = untrusted.markdown(self.text), untrusted.visible(self.text)
        if not self.text.strip():
            markdown = plain = "(no text in this answer)"
        if self.reasoning_text:
            markdown = f"{reasoning(self.reasoning_text)}\n\n{markdown}"
        if self.footer:
            markdown, plain = f"{markdown}\n\n{untrusted.caption(self.footer)}", f"{plain}\n\n{self.footer}"
        return {"text/markdown": markdown, "text/plain": plain, USAGE_MIME: self.usage_json()}


def reasoning(text: str) -> str:
    """Return the reasoning that stands above an answer, folded, as Markdown."""
    return untrusted.folded(f"reasoning, {len(text):,} characters", text)
