"""What the rows say together."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from ledger_kit import COST, FAILED, HOLD, SETTLED, UNKNOWN, USAGE, intent, record

import o1magic.ledger
from o1magic import account, session
from o1magic.account import plot
from o1magic.answer import Usage
from o1magic.errors import ArgumentError
from o1magic.ledger.analysis import Group, Side

OTHER = replace(SETTLED, model="gpt-5", usage=Usage(10, 0, 20, 30), cost_nano_usd=7)
CUED = {"lint_found": ("COT001", "DEL001"), "lint_fixed": ("DEL001",)}
TAKEN_OUT = {"lint_found": ("COT001",), "lint_fixed": ("COT001",)}


def test_grouped_by_model(ledger):
    """By model: the one that answered; calls, tokens, money and calls of unknown cost, simulated ones apart."""
    record(ledger)
    record(ledger, UNKNOWN)
    record(ledger, replace(SETTLED, simulated=True))
    record(ledger, OTHER)
    ledger.hold(intent())

    assert ledger.grouped("model") == (
        Group("o3-2025-04-16", False, 1, 100, 64, 80, COST, 0),  # noqa: FBT003 - in the order of its fields
        Group("o3", False, 2, 0, 0, 0, 0, 1),  # noqa: FBT003 - as above
        Group("o3-2025-04-16", True, 1, 100, 64, 80, COST, 0),  # noqa: FBT003 - as above
        Group("gpt-5", False, 1, 10, 20, 30, 7, 0),  # noqa: FBT003 - as above
    )


def test_grouped_by_rule_counts_a_call_for_each(ledger):
    """By rule: a call with two findings counts under both, one without under none."""
    record(ledger)
    record(ledger, lint_found=("COT001",))
    record(ledger, lint_found=())

    assert {one.key: one.calls for one in ledger.grouped("rule")} == {"COT001": 2, "DEL001": 1, "": 1}


def test_grouped_sums_are_the_total(ledger):
    """By day and by notebook: nothing is lost and nothing counted twice."""
    for outcome in (SETTLED, UNKNOWN, FAILED, OTHER):
        record(ledger, outcome)
        record(ledger, outcome, notebook=None)
    total = ledger.total()

    for by in ("day", "notebook", "model"):
        groups = ledger.grouped(by)
        assert sum(one.calls for one in groups) == total.calls
        assert sum(one.cost_nano_usd for one in groups) == total.cost_nano_usd
        assert sum(one.unknown_calls for one in groups) == total.unknown_calls
        assert sum(one.completion_tokens for one in groups) == total.completion_tokens


def test_cues_compare_what_was_sent(ledger):
    """A cue that was taken out was not sent; only models asked both ways are compared, by medians."""
    for cost in (10, 20, 90):
        record(ledger, replace(SETTLED, cost_nano_usd=cost), **CUED)
    record(ledger, replace(SETTLED, cost_nano_usd=4, usage=replace(USAGE, reasoning=8)), **TAKEN_OUT)
    record(ledger, OTHER, **CUED)
    record(ledger, UNKNOWN, **CUED)

    (found,) = ledger.cues()
    assert (found.model, found.enough) == ("o3-2025-04-16", False)
    assert (found.with_cue, found.without) == (Side(3, 64, 20, 1.5), Side(1, 8, 4, 1.5))
    assert ledger.cues(simulated=True) == ()


def test_frame_has_a_row_per_call(ledger):
    """The DataFrame: oldest first, unknown is <NA> and not 0, days are days, money exact and in dollars."""
    record(ledger)
    record(ledger, UNKNOWN, hold_nano_usd=None)
    frame = ledger.frame()

    assert list(frame["state"]) == ["settled", "unknown"]
    assert frame["cost_nano_usd"].iloc[0] == COST
    assert frame["cost_usd"].iloc[0] == COST / 10**9
    assert frame["visible_tokens"].iloc[0] == 16
    assert frame.iloc[1][["cost_usd", "hold_nano_usd", "prompt_tokens", "reasoning_tokens"]].isna().all()
    assert frame["created"].dt.tz is not None
    assert frame["lint_found"].iloc[0] == ("COT001", "DEL001")
    assert frame["prompt_tokens"].sum() == 100


def test_frame_of_nothing():
    """An empty ledger, the one that the environment names, is an empty frame with all its columns."""
    frame = o1magic.ledger.frame()

    assert (len(frame), "cost_usd" in frame.columns) == (0, True)


def test_frame_without_pandas_says_so():
    """Without pandas the error is one sentence and how to get it."""
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "import o1magic.ledger\n"
        "try: o1magic.ledger.frame()\n"
        "except o1magic.errors.ConfigError as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "The rows as a DataFrame need pandas. pip install pandas."


def shown(*words):
    return account.run("spend", words)


@pytest.mark.parametrize("by", ["model", "day", "notebook", "rule"])
def test_the_command_adds_up(by):
    """`spend --by` shows a table with calls, tokens, share and money; nothing yet is said as such."""
    assert shown("--by", by)["text/plain"] == "No call has been made yet."
    record(session.ledger())
    record(session.ledger(), simulated=True)

    text = shown("--by", by)["text/plain"]
    assert "80%" in text
    assert "$0.0012" in text
    assert "(simulated)" in text


def test_six_calls_prove_nothing():
    """With few calls the comparison says that it proves nothing, with many it does not."""
    assert "No model has been asked both" in shown("--cues")["text/plain"]
    for _ in range(3):
        record(session.ledger(), **CUED)
        record(session.ledger(), **TAKEN_OUT)
    assert "This few calls prove nothing." in shown("--cues")["text/plain"]
    for _ in range(27):
        record(session.ledger(), **CUED)
        record(session.ledger(), **TAKEN_OUT)
    text = shown("--cues")["text/plain"]
    assert "prove nothing" not in text
    assert "need not be the cue's" in text


def test_the_plot_is_a_picture_and_a_text():
    """The plot needs no package: an image for notebooks, bars of text for terminals, the same numbers."""
    assert "No call has been made" in shown("--plot")["text/plain"]
    record(session.ledger())
    bundle = shown("--plot")

    assert "80%" in bundle["text/plain"]
    assert "data:image/svg+xml;base64," in bundle["text/html"]
    points = [("2026-11-01", 1, 2), ("2026-11-03", 3, 3)]
    assert plot.svg(points).count("<circle") == 2
    assert "2026-11-01: 50% of 2 tokens" in plot.svg(points)


@pytest.mark.parametrize("words", [("--by", "moon"), ("--by", "day", "--json"), ("--csv",), ("--plot", "--cues")])
def test_words_that_do_not_go_together(words):
    """One question at a time."""
    with pytest.raises(ArgumentError):
        shown(*words)


def test_held_money_is_not_spent(ledger):
    """A call in flight is counted, its worst case is not."""
    ledger.hold(intent(hold_nano_usd=HOLD))

    assert [(one.calls, one.cost_nano_usd) for one in ledger.grouped("model")] == [(1, 0)]
