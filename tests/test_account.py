"""`%o1 budget` and its neighbours, as magic and command line share them."""

from __future__ import annotations

import pytest

from o1magic import account, session
from o1magic.errors import ArgumentError, BudgetError
from o1magic.ledger import Standing


def shown(name, *words):
    return account.run(name, words)["text/plain"]


def standings():
    return session.ledger().standings(session.desk().session)


@pytest.mark.parametrize(
    "amount",
    ["NaN", "-5", "-0.01", "5,00", "inf", "1e400", "", " ", "2.005", "0x10", "1_000", "٣", "$", "2.", "9" * 12],
)
def test_b2_what_is_no_amount_is_one_line_and_keeps_the_old_one(amount):
    """B2: an amount that is not dollars and cents is refused in one line, and the budget stays as it was."""
    shown("budget", "2.00")

    with pytest.raises(ArgumentError, match=r"dollars and cents, such as 2\.00") as refused:
        shown("budget", amount)
    assert len(refused.value.lines()) == 1
    assert [one.limit for one in standings()] == [2_000_000_000]


@pytest.mark.parametrize("amount", ["1.5", "200k", "-1", "", "200,000", "1e6"])
def test_b2_tokens_are_whole(amount):
    """B2: a number of tokens is whole and plainly written."""
    with pytest.raises(ArgumentError, match="whole number, such as 200000"):
        shown("budget", amount, "--tokens")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("2.00",), Standing("session", "session", "nano_usd", 2 * 10**9, 0, 0)),
        (("$2",), Standing("session", "session", "nano_usd", 2 * 10**9, 0, 0)),
        (("0",), Standing("session", "session", "nano_usd", 0, 0, 0)),
        (("0.5", "--per", "day"), Standing("day", "day", "nano_usd", 5 * 10**8, 0, 0)),
        (("30", "--name", "class-7"), Standing("class-7", "total", "nano_usd", 30 * 10**9, 0, 0)),
        (("200_000", "--tokens"), Standing("session", "session", "tokens", 200_000, 0, 0)),
        (("1", "--allow-unpriced"), Standing("session", "session", "nano_usd", 10**9, 0, 0, allow_unpriced=True)),
    ],
)
def test_what_is_asked_for_is_set(words, expected):
    """Per session unless named; named, in all; in dollars unless in tokens."""
    said = shown("budget", *words)

    assert (expected,) == standings()
    assert said.startswith(f"Budget {expected.name}: ")


def test_raised_lowered_removed_and_listed():
    """What was done is said, the list shows it, and the history keeps it."""
    shown("budget", "2")

    assert "raised" in shown("budget", "3")
    assert "lowered" in shown("budget", "1")
    assert "$1.00" in shown("budget")
    assert "taken away" in shown("budget", "--remove")
    assert shown("budget") == "There is no budget."
    assert [line.split("  ")[2].strip() for line in shown("budget", "--history").splitlines()[2:]] == [
        "taken away",
        "lowered",
        "raised",
        "set",
    ]


@pytest.mark.parametrize("words", [("2", "--remove"), ("--history", "--remove"), ("--tokens",), ("--per", "week")])
def test_words_that_do_not_go_together(words):
    """A line that asks for two things, or for half of one, changes nothing."""
    with pytest.raises(ArgumentError):
        shown("budget", *words)
    assert standings() == ()


def test_a_call_that_does_not_fit_says_what_would():
    """The refusal names the largest allowance that fits, and that allowance is let through."""
    import o1magic

    shown("budget", "0.50")
    with pytest.raises(BudgetError, match=r"up to \$1\.50.*--max-completion-tokens (\d+) would fit") as refused:
        o1magic.ask("Is 391 prime?", model="o1", endpoint="simulator")
    fits = int(str(refused.value).partition("tokens ")[2].split()[0])
    with pytest.raises(BudgetError):
        o1magic.ask("Is 391 prime?", model="o1", endpoint="simulator", max_completion_tokens=fits + 1)

    answer = o1magic.ask("Is 391 prime?", model="o1", endpoint="simulator", max_completion_tokens=fits)
    assert "session simulated $0." in answer.footer
    assert answer.footer.endswith("of $0.50")


def test_the_magic_sets_a_budget_and_a_cell_feels_it(kernel):
    """In a kernel: set, refused in at most three lines, listed, taken away."""
    assert "Budget session: $0.01" in kernel.run("%o1 budget 0.01").text()
    refused = kernel.run("%%o1 -m o1\nIs 391 prime?")
    assert refused.status == "error"
    assert "BudgetError" in str(refused)
    kernel.run("%o1 budget --remove")
    assert kernel.run("%%o1 -m o1\nIs 391 prime?").status == "ok"
