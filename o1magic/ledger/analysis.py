"""What the rows say together: spend by model, day, notebook or rule, and what chain-of-thought cues went with.

Layer 3. The database adds up; what it cannot (medians, one row with several codes) is done here. Called by `ledger`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

By = Literal["model", "day", "notebook", "rule"]

_KEYS = {
    "model": "COALESCE(answered, model)",
    "day": "day",
    "notebook": "COALESCE(notebook, '')",
    "rule": "lint_found",
}
_SUMS = ("calls", "prompt_tokens", "reasoning_tokens", "completion_tokens", "cost_nano", "unknown_calls")

# A reply may tell more reasoning than output; what was thought was put out.
_OUTPUT = "CASE WHEN reasoning_tokens > COALESCE(completion_tokens, 0) THEN reasoning_tokens ELSE completion_tokens END"

# One call is compared with another by what it thought, took and cost; cues that were taken out were not sent.
CUES = """
SELECT COALESCE(answered, model), lint_found, lint_fixed, reasoning_tokens, cost_nano, seconds FROM call
WHERE state = 'settled' AND simulated = ? AND reasoning_tokens IS NOT NULL ORDER BY seq
"""
_CUE = "COT"

# What the newest calls like one that is still being written put out.
LIKE = """
SELECT completion_tokens FROM call
WHERE state = 'settled' AND model = ? AND COALESCE(effort, '') = ? AND simulated = ? AND completion_tokens IS NOT NULL
ORDER BY seq DESC LIMIT 100
"""
# Fewer tell nothing of the next one.
ENOUGH_LIKE = 10
# Fewer calls than this on either side show chance more than anything else.
ENOUGH = 30


@dataclass(frozen=True, slots=True)
class Group:
    """The calls that share a key; sums count what is known, `unknown_calls` those whose cost is not."""

    key: str
    simulated: bool
    calls: int
    prompt_tokens: int
    reasoning_tokens: int
    completion_tokens: int
    cost_nano_usd: int
    unknown_calls: int

    @property
    def reasoning_share(self) -> float | None:
        """Return reasoning tokens as a part of all output tokens, None where there were none."""
        return self.reasoning_tokens / self.completion_tokens if self.completion_tokens else None


@dataclass(frozen=True, slots=True)
class Side:
    """Calls with cues, or without: how many, and the medians of what is known of them."""

    calls: int
    reasoning_tokens: float | None
    cost_nano_usd: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Cues:
    """One model's calls sent with a chain-of-thought cue in them beside those sent without."""

    model: str
    with_cue: Side
    without: Side

    @property
    def enough(self) -> bool:
        """Tell whether there are calls enough on both sides to look at the difference at all."""
        return min(self.with_cue.calls, self.without.calls) >= ENOUGH


@dataclass(frozen=True, slots=True)
class Expected:
    """The median output of the newest calls of a kind, reasoning included, and how many they were."""

    calls: int
    completion_tokens: int


def expected(rows: Iterable[Sequence[Any]]) -> Expected | None:
    """Return what to expect of a call like these, None where they are too few to tell."""
    known = [int(tokens) for (tokens,) in rows]
    return Expected(len(known), round(median(known))) if len(known) >= ENOUGH_LIKE else None


def grouped(by: By) -> str:
    """Return the statement that adds up the calls by a key, the first call's key first."""
    unknown = "state = 'unknown' OR (state IN ('settled', 'partial') AND cost_nano IS NULL)"
    sums = (
        "COUNT(*)",
        "COALESCE(SUM(prompt_tokens), 0)",
        "COALESCE(SUM(reasoning_tokens), 0)",
        f"COALESCE(SUM({_OUTPUT}), 0)",
        "COALESCE(SUM(cost_nano), 0)",
        f"COALESCE(SUM(CASE WHEN {unknown} THEN 1 ELSE 0 END), 0)",
    )
    key = _KEYS[by]
    return f"SELECT {key}, simulated, {', '.join(sums)} FROM call GROUP BY {key}, simulated ORDER BY MIN(seq)"  # noqa: S608


def groups(rows: Iterable[Sequence[Any]], by: By) -> tuple[Group, ...]:
    """Return the groups; by rule, a call counts once for each code found in it, and under "" where none was."""
    found: dict[tuple[str, bool], list[int]] = {}
    for text, simulated, *sums in rows:
        for key in str(text).split(",") if by == "rule" else (str(text),):
            known = found.setdefault((key, bool(simulated)), [0] * len(_SUMS))
            for index, value in enumerate(sums):
                known[index] += int(value)
    return tuple(Group(key, simulated, *sums) for (key, simulated), sums in found.items())


def cues(rows: Iterable[Sequence[Any]]) -> tuple[Cues, ...]:
    """Return, by model, the calls with cues beside those without; models that lack one of the two are left out."""
    found: dict[str, dict[bool, list[tuple[Any, ...]]]] = {}
    for model, codes, fixed, *known in rows:
        left = set(str(codes).split(",")) - set(str(fixed).split(","))
        sent = any(code.startswith(_CUE) for code in left)
        found.setdefault(str(model), {True: [], False: []})[sent].append(tuple(known))
    return tuple(
        Cues(model, _side(sides[True]), _side(sides[False])) for model, sides in found.items() if all(sides.values())
    )


def _side(calls: list[tuple[Any, ...]]) -> Side:
    columns = zip(*calls, strict=True)
    middles = [median(known) if (known := [one for one in column if one is not None]) else None for column in columns]
    return Side(len(calls), *middles)
