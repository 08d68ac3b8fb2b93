"""What a simulated answer costs in tokens and time: pure arithmetic, the same for the same request.

Simulated reasoning tokens, with p the prompt's tokens and isqrt the integer square root:

    reasoning = (320 + 24 * isqrt(p)) * effort, and with a chain-of-thought cue in the prompt 40 % on top

    effort    none  minimal  low  medium  high  xhigh  max
    factor       0      1/8  1/2       1     2      4    5

    each step rounded down. A model without an effort parameter reasons at medium.

So a prompt of 100 tokens bills 560 at medium, one of 10,000 tokens 2,720. The numbers are made up; what they
teach is not: reasoning is billed as output, grows with the prompt and more with the effort, and comes out of
the same allowance as the answer. The 40 % lies in the 20-80 % more time that a chain-of-thought prompt cost
reasoning models in the Wharton Prompting Science Report 2 (arXiv 2506.07142), for a gain of about 3 %.

Cached tokens are always 0, and an image counts as 85 prompt tokens: neither is simulated further.

Layer 5. Imports `tokens`; called by `reply` and `report`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from o1magic import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

EFFORT_FACTOR = {
    "none": Fraction(0),
    "minimal": Fraction(1, 8),
    "low": Fraction(1, 2),
    "medium": Fraction(1),
    "high": Fraction(2),
    "xhigh": Fraction(4),
    "max": Fraction(5),
}
CUE_PERCENT = 40
IMAGE_TOKENS = 85
# Above this much simulated reasoning an answer takes no longer.
SLOWEST_TOKENS = 4096
THINKING_SHARE = 0.75

# On 10 MB the search holds the interpreter for 4 s, and a cue stands at an end of the prompt.
CUE_CHARS = 50_000

# Coarser than the linter's rules on purpose: no negation, no quoting, one search.
_CUE = re.compile(
    r"(?i)\b(?:think|reason|work)\w*\b[^.!?\n]{0,40}\bstep[ -]by[ -]step\b"
    r"|\bstep[ -]by[ -]step,? (?:think|reason)|\blet(?:'|’)?s think\b|\bchain[ -]of[ -]thought\b"
    r"|\b(?:explain|show) your (?:reasoning|thinking|work)\b"
    r"|一步一步地?思考|逐步(?:思考|推理)|一步步(?:思考|推理)|단계별로 (?:생각|추론)|차근차근 생각"
    r"|ステップ[・ ]?バイ[・ ]?ステップで考え|段階的に考え"
    r"|\bdenk\w* schritt für schritt\b|\bschritt für schritt (?:denk|nach)"
    r"|\bréfléchi\w* étape par étape\b|\bpiensa paso a paso\b|\bподума\w* шаг за шагом\b"
)


def reasoning_tokens(prompt_tokens: int, effort: str | None, has_cue: bool) -> int:  # noqa: FBT001 - the contract
    """Return the simulated tokens of a reasoning model, by the formula of the module's docstring."""
    factor = EFFORT_FACTOR.get(effort or "medium", Fraction(1))
    base = math.floor((320 + 24 * math.isqrt(max(0, prompt_tokens))) * factor)
    return base + (base * CUE_PERCENT // 100 if has_cue else 0)


def has_reasoning_cue(text: str) -> bool:
    """Tell whether either end of the text asks the model to reason aloud, by a search for common phrases."""
    ends = (text[:CUE_CHARS], text[CUE_CHARS:][-CUE_CHARS:])
    return any(_CUE.search(end) for end in ends)


@dataclass(frozen=True, slots=True)
class Bill:
    """The completion side of the usage block, and the text that the allowance left room for."""

    text: str
    reasoning: int
    completion: int
    finish_reason: str


def bill(text: str, *, reasoning: int, allowance: int | None, encoding: str | None) -> Bill:
    """Return what an answer of this text bills under the allowance, cut where the allowance ends."""
    if allowance is not None and reasoning >= allowance:
        return Bill("", allowance, allowance, "length")
    visible = tokens.count(text, encoding).tokens
    if allowance is None or reasoning + visible <= allowance:
        return Bill(text, reasoning, reasoning + visible, "stop")
    return Bill(_cut(text, allowance - reasoning, encoding), reasoning, allowance, "length")


def _cut(text: str, room: int, encoding: str | None) -> str:
    """Return the longest beginning of the text that bisection finds to fit in so many tokens."""
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if tokens.count(text[:middle], encoding).tokens <= room:
            fits = middle
        else:
            too_long = middle
    return text[:fits]


def thinking_s(reasoning: int, longest_s: float) -> float:
    """Return the seconds of silence before the answer, at most three quarters of the longest allowed."""
    return longest_s * THINKING_SHARE * min(1.0, reasoning / SLOWEST_TOKENS)


def paced(items: Sequence[T], silence_s: float, longest_s: float, *, first: int = 0) -> list[tuple[float, T]]:
    """Return what is streamed, each part with the seconds to wait before it; `first` parts precede the thinking."""
    pause_s = writing_s(longest_s) / max(1, len(items))
    waits = [0.0 if at < first else silence_s if at == first else pause_s for at in range(len(items))]
    return list(zip(waits, items, strict=True))


def writing_s(longest_s: float) -> float:
    """Return the seconds over which the text is written once the thinking is done."""
    return longest_s * (1 - THINKING_SHARE)
