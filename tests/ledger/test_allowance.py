"""What calls of a kind needed, and what the next one is allowed."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_kit import FAILED, PARTIAL, SETTLED, UNKNOWN, USAGE, record

from o1magic.ledger import Ledger
from o1magic.ledger.allowance import ENOUGH, Learned, learned

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = st.integers(0, 2**32)


def needs_of(seed: int, most: int) -> list[int]:
    """Return what 99 calls or more put out: short ones mostly, and now and then one of any length."""
    chance = random.Random(seed)  # noqa: S311 - the same calls again for the same seed
    tail = chance.choice([0, 0.005, 0.02, 0.5])
    return [
        chance.randint(0, 10**6) if chance.random() < tail else chance.randint(0, 3_000)
        for _ in range(chance.randint(ENOUGH, most))
    ]


def outcome(tokens, reason="stop"):
    return replace(SETTLED, usage=replace(USAGE, completion=tokens, reasoning=0), finish_reason=reason)


@settings(deadline=None)
@given(SEEDS, st.sampled_from([0, 0.01, 0.3]))
def test_at_most_one_recorded_call_in_a_hundred_would_have_been_cut(seed: int, share: float) -> None:
    """Whatever is on record; a call that its allowance ended needed more than it got."""
    chance = random.Random(seed + 1)  # noqa: S311 - as above
    calls = [(tokens, chance.random() < share) for tokens in needs_of(seed, 700)]

    allowed = learned(calls).tokens

    assert allowed is not None
    assert sum(tokens > allowed or (cut and tokens >= allowed) for tokens, cut in calls) * 100 <= len(calls)


@settings(deadline=None, max_examples=30)  # it learns a hundred times and more
@given(SEEDS)
def test_the_next_call_is_cut_once_in_a_hundred_at_most(seed: int) -> None:
    """Each call left out in turn: the others, learned from, would have cut no more than one in a hundred of them."""
    needs = [*needs_of(seed, 250), 10**6]
    cut = 0
    for place, need in enumerate(needs):
        allowed = learned((tokens, 0) for tokens in needs[:place] + needs[place + 1 :]).tokens
        cut += need > (allowed or 0)

    assert cut * 100 <= len(needs)


@pytest.mark.parametrize(
    ("calls", "tokens"),
    [
        ([(500, False)] * 98, None),
        ([(5_001, False), *[(500, False)] * 98], 5_100),
        ([(50, False)] * 99, 1_000),
        ([(90_000, False), (7_000, False), *[(500, False)] * 197], 7_000),
        ([(90_000, False), (300, True), *[(500, False)] * 197], 25_000),
        ([(25_000, True), *[(500, False)] * 98], 50_000),
        ([(300, True)] * 99, 25_000),
    ],
    ids=["too few", "largest of 99", "room to think", "second of 199", "cut", "cut at the usual", "all cut"],
)
def test_what_is_allowed(calls: list[tuple[int, bool]], tokens: int | None) -> None:
    """98 calls tell nothing, 99 the largest need, 199 the second largest; a call cut counts as 25,000 or twice it."""
    assert learned(calls).tokens == tokens


def test_nothing_is_known_of_no_call() -> None:
    """Unknown is None, not 0."""
    assert learned(()) == Learned(0, middle=None, largest=None, tokens=None)


def test_each_kind_of_call_is_learned_apart(tmp_path: Path) -> None:
    """Model, effort and simulated are compared with their like; what is not settled, or not counted, tells nothing."""
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        for _ in range(ENOUGH):
            record(ledger, outcome(3_000))
            record(ledger, outcome(9_000), effort="high")
            record(ledger, outcome(40_000), simulated=True)
        for other in (PARTIAL, UNKNOWN, FAILED, outcome(None)):
            record(ledger, other)

        def allowed(model: str, effort: str | None, *, simulated: bool = False) -> int | None:
            return ledger.learned(model, effort, simulated=simulated).tokens

        assert (allowed("o3", "low"), allowed("o3", "high"), allowed("o3", None)) == (3_000, 9_000, None)
        assert (allowed("o3", "low", simulated=True), allowed("o1", "low")) == (40_000, None)
        assert ledger.learned("o3", "low", simulated=False).calls == ENOUGH
        assert ledger.kinds() == (("o3", "high", False), ("o3", "low", False), ("o3", "low", True))


def test_it_is_read_once_in_a_while(tmp_path: Path) -> None:
    """A call costs no query: what others record is seen after many calls, or when it is asked for now."""
    path = tmp_path / "ledger.sqlite3"
    with Ledger(path) as ledger, Ledger(path) as other:
        assert ledger.learned("o3", "low", simulated=False).calls == 0
        record(other, outcome(3_000))

        seen = [ledger.learned("o3", "low", simulated=False).calls for _ in range(49)]
        record(other, outcome(3_000))

        assert seen == [0] * 48 + [1]
        assert ledger.learned("o3", "low", simulated=False, again=True).calls == 2
