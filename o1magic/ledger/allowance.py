"""What calls of a kind needed, and so what to allow the next one, in tokens for reasoning and answer together.

Layer 3, pure. Called by `ledger`.

Of n calls the m-th largest need is allowed, m = (n + 1) // 100. Whatever the needs' distribution, the next call of the
kind needs more than that with a probability of m / (n + 1) at most: one in a hundred. Of the n calls themselves at most
m - 1 would have been cut, less than one in a hundred. It takes 99 calls for m to be 1: fewer cannot show one in a
hundred. A call that its allowance ended needed more than it got, nobody knows how much: it counts as twice that, and as
no less than what is allowed to a kind of call that nothing is known of.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from o1magic.settings import RESERVE_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENOUGH = 99
# Rounded up to so many, which can only cut less; under a thousand there is no room to think.
_STEP = 100
_LEAST = 1_000

# What a call put out, and whether its allowance ended it: a user's own calls of one kind, the newest of them.
NEEDED = """
SELECT CASE WHEN reasoning_tokens > completion_tokens THEN reasoning_tokens ELSE completion_tokens END,
       CASE WHEN finish_reason = 'length' THEN 1 ELSE 0 END
FROM call
WHERE state = 'settled' AND model = ? AND COALESCE(effort, '') = ? AND simulated = ? AND owner = ?
      AND completion_tokens IS NOT NULL
ORDER BY seq DESC LIMIT 10000
"""

KINDS = """
SELECT model, COALESCE(effort, ''), simulated FROM call
WHERE state = 'settled' AND owner = ? AND completion_tokens IS NOT NULL
GROUP BY model, COALESCE(effort, ''), simulated ORDER BY simulated, model, COALESCE(effort, '')
"""


@dataclass(frozen=True, slots=True)
class Learned:
    """What `calls` calls of a kind needed; `cut` of them were ended by their allowance.

    `tokens` is what to allow the next one, None while there are too few calls to tell; `over` counts the calls on
    record that it would have cut.
    """

    calls: int
    cut: int = 0
    middle: int | None = None
    largest: int | None = None
    tokens: int | None = None
    over: int = 0

    @property
    def lasts(self) -> int:
        """Return after how many calls more it is worth another look."""
        return max(10, self.calls // 10 if self.calls >= ENOUGH else (ENOUGH - self.calls) // 2)


def needed(tokens: int, *, cut: bool) -> int:
    """Return what a call needed that put out so many tokens."""
    return max(2 * tokens, RESERVE_TOKENS) if cut else tokens


def learned(rows: Iterable[Sequence[Any]]) -> Learned:
    """Return what to allow a call like those of these rows of `NEEDED`."""
    known = [(int(tokens), bool(cut)) for tokens, cut in rows]
    if not known:
        return Learned(0)
    needs = sorted((needed(tokens, cut=cut) for tokens, cut in known), reverse=True)
    calls, cuts, largest = len(known), sum(cut for _, cut in known), max(tokens for tokens, _ in known)
    found = Learned(calls, cuts, round(median(needs)), largest)
    if calls < ENOUGH:
        return found
    exact = needs[(calls + 1) // 100 - 1]
    allowed = max(_LEAST, -(-exact // _STEP) * _STEP)
    return Learned(calls, cuts, found.middle, largest, allowed, sum(need > allowed for need in needs))
