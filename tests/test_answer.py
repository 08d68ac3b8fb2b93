from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from o1magic.answer import Answer, Usage

COUNTS = st.none() | st.integers(0, 10**6)
USAGES = st.builds(Usage, prompt=COUNTS, cached=COUNTS, reasoning=COUNTS, completion=COUNTS)


@given(USAGES, USAGES)
def test_usage_adds_up_and_unknown_stays_unknown(one: Usage, other: Usage) -> None:
    """A sum is the sum of its parts; with an unknown part it is unknown, never less."""
    both = one + other

    for name in ("prompt", "cached", "reasoning", "completion"):
        parts = (getattr(one, name), getattr(other, name))
        assert getattr(both, name) == (None if None in parts else sum(parts))


@given(USAGES)
def test_visible_is_what_is_not_reasoning(usage: Usage) -> None:
    """Visible = completion - reasoning, unknown when either is."""
    if usage.completion is None or usage.reasoning is None:
        assert usage.visible is None
    else:
        assert usage.visible == max(0, usage.completion - usage.reasoning)


def test_an_answer_survives_pickle_copy_and_asdict() -> None:
    """Answers can be stored and sent on."""
    answer = Answer("text", Usage(1, 0, 2, 3), "stop", "o1", cost_nano_usd=5)

    assert pickle.loads(pickle.dumps(answer)) == answer  # noqa: S301 - our own bytes
    assert copy.deepcopy(answer) == answer
    assert json.loads(json.dumps(asdict(answer)))["usage"]["completion"] == 3


def test_cost_is_exact_in_nano_dollars_and_unknown_is_none() -> None:
    """The integer is the truth; the dollars are its quotient."""
    assert Answer("", cost_nano_usd=144_600_000).cost_usd == 0.1446
    assert Answer("").cost_usd is None


def test_str_is_the_text_and_markdown_is_neutralised() -> None:
    """str() is what the model wrote; the display runs nothing of it."""
    answer = Answer("# Title\n<script>alert(1)</script>", footer="o1 · 1 s")

    assert str(answer) == answer.text
    shown = answer._repr_mimebundle_()
    assert "# Title" in shown["text/markdown"]
    assert "<script>" not in shown["text/markdown"]
    assert "o1 · 1 s" in shown["text/plain"]


def test_an_empty_answer_is_said_to_be_empty() -> None:
    """A blank cell is never all there is."""
    assert "no text" in Answer("", footer="o1")._repr_mimebundle_()["text/markdown"]
