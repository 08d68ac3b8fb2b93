"""What the server says of a cell that is still being written: fixes in one step, and what sending it would take."""

from __future__ import annotations

import asyncio
import os

import pytest
from ledgers import hold, outcome

import o1magic
from o1magic import cost, session
from o1magic.draft import cell_of, compose
from o1magic.ledger import open_ledger

# The server's own: a socket of its kernel channel, closed by the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

PRIME = "Is 391 prime?"


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(str(tmp_path / "ledger.sqlite3")) as opened:
        yield opened


@pytest.fixture
def estimate(lint):
    async def told(cell, **asked):
        return (await lint({"cell": cell, **asked}))["estimate"]

    return told


async def test_what_is_fixed_is_what_fix_fixes(lint):
    """The edits on offer make, in one step and in UTF-16 units, the text that `o1magic.fix` makes in several rounds."""
    cell = "%%o1 -m o3\n😀 Fix this:\ndef total(rows):\n    return sum(rows)\n\nand this:\na,b\n1,2\n3,4\n\n😀 thanks\n"

    fixed = (await lint({"cell": cell}))["fixed"]

    units, at, pieces = cell.encode("utf-16-le"), 0, []
    for edit in fixed:
        pieces += (units[2 * at : 2 * edit["start"]].decode("utf-16-le"), edit["text"])
        at = edit["end"]
    text = "".join((*pieces, units[2 * at :].decode("utf-16-le")))
    assert text == o1magic.fix(cell).text
    assert text != cell


async def test_findings_and_estimate_are_made_only_where_they_are_wanted(lint):
    """A person who wants one of the two pays for one; rules ignored by the settings are ignored beside the line's."""
    cell = "%%o1 --ignore AMB\nIs 391 prime? Think step by step."

    silent = await lint({"cell": cell, "lint": False})
    unpriced = await lint({"cell": cell, "estimate": False})

    assert (silent["diagnostics"], unpriced["estimate"]) == ([], None)
    assert silent["estimate"]
    assert unpriced["diagnostics"]
    assert (await lint({"cell": cell, "ignore": ["cot"]}))["diagnostics"] == []


@pytest.mark.parametrize("line", ["--modell o3", "-m o3-mimi", "--ignore NOPE", "--max-completion-tokens many"])
async def test_a_line_that_cannot_be_read_is_said_and_nothing_of_sending(lint, line):
    """A flag, model, code or value nobody knows is a sentence about the line; that nothing was sent goes unsaid."""
    found = await lint({"cell": f"%%o1 {line}\n{PRIME}"})

    assert found["problem"]
    assert "othing was sent" not in found["problem"]
    assert (found["diagnostics"], found["estimate"]) == ([], None)


async def test_the_estimate_is_that_of_a_dry_run(estimate):
    """Tokens, allowance and worst cost are those of the request that would be sent, delimiters included."""
    cell = "%%o1 -m o3 --max-completion-tokens 5000\nFix this:\ndef f(x):\n    return x +\n\nprint(f(2))\n"

    told = await estimate(cell)

    draft = compose(cell_of(cell, {}), session.desk())
    assert draft.applied
    assert told["prompt_tokens"] == draft.request.prompt_tokens.tokens
    assert told["exact"]
    assert told["worst"] == cost.dollars(draft.worst_nano_usd)
    assert (told["allowance"], told["window"], told["model"]) == (5000, 200_000, "o3")


async def test_which_model_is_assumed_is_said(estimate):
    """Without a flag it is the notebook's model, the environment's or the default, and said to be assumed."""
    default = o1magic.session.desk().catalog.default_model

    told = [await estimate(f"%%o1\n{PRIME}"), await estimate(f"%%o1\n{PRIME}", model="o1")]

    assert [(one["model"], one["assumed"]) for one in told] == [(default, True), ("o1", True)]
    assert not (await estimate(f"%%o1 -m o3\n{PRIME}", model="o1"))["assumed"]


async def test_what_only_the_kernel_knows_is_not_counted_and_said(estimate):
    """Values of {{names}}, of a developer message's variable, of --context, and a conversation's turns are named."""
    cell = "%%o1 -m o3 -c tutor --context In[3],frame\nWhy?"
    told = await estimate("%%o1 -m o3 --developer @rules\nSum {{frame}} and {{other}}.")

    assert told["uncounted"] == ["--developer @rules", "{{frame}}", "{{other}}"]
    assert told["problem"] is None
    assert (await estimate("%%o1 -m o3 --raw\nSum {{frame}}."))["uncounted"] == []
    assert (await estimate(cell))["uncounted"] == ["-c tutor", "--context In[3]", "--context frame"]
    assert (await estimate("%%o1 -m o3 --image fig --image b.png --schema Recipe\nSum."))["uncounted"] == [
        "--schema Recipe",
        "--image fig",
        "--image b.png",
    ]


async def test_no_file_is_opened_that_a_notebook_names(estimate, tmp_path):
    """A schema is the kernel's to read, also where a fix changes the line that names it."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)  # whoever opens it waits

    told = await asyncio.wait_for(estimate(f"%%o1 -m o3 --max-tokens 5000 --schema {pipe}\n{PRIME}"), 20)

    assert told["uncounted"] == [f"--schema {pipe}"]
    assert told["allowance"] == 5000


async def test_a_reference_into_a_conversation_is_not_found_dangling(lint):
    """What an earlier turn may hold is not called missing; in a conversation that starts over it is."""
    line = "Explain the error in the code above."

    found = {flag: await lint({"cell": f"%%o1 {flag}\n{line}"}) for flag in ("", "-c tutor", "-c tutor --new")}

    dangling = {flag: [one["code"] for one in each["diagnostics"]] for flag, each in found.items()}
    assert dangling == {"": ["AMB003"], "-c tutor": [], "-c tutor --new": ["AMB003"]}


async def test_unknown_is_never_zero(estimate):
    """A model nobody can price has no worst cost, a prompt not yet written no estimate at all."""
    told = await estimate(f"%%o1 -m some-model\n{PRIME}")

    assert (told["worst"], told["likely"], told["window"]) == (None, None, None)
    assert not told["exact"]
    assert await estimate("%%o1\n\n") is None


async def test_what_will_not_fit_is_said_with_the_numbers(estimate):
    """A prompt over the window, or an allowance over the model's, is a problem in the request's own words."""
    told = await estimate("%%o1 -m o3 --max-completion-tokens 150000\n" + PRIME)

    assert "100,000" in told["problem"]
    assert "othing was sent" not in told["problem"]


async def test_the_likely_cost_is_the_users_own_median(estimate, ledger):
    """Calls of the same model and effort tell what to expect once they are ten; others and simulated ones do not."""
    for i in range(9):
        hold(ledger, f"{i:032x}", effort=None)
        ledger.settle(f"{i:032x}", outcome(i))
    hold(ledger, "a" * 32, effort="high")
    ledger.settle("a" * 32, outcome())
    hold(ledger, "b" * 32, effort=None, simulated=True)
    ledger.settle("b" * 32, outcome())
    cell = f"%%o1 -m o3\n{PRIME}"

    few = await estimate(cell)
    hold(ledger, "c" * 32, effort=None)
    ledger.settle("c" * 32, outcome())
    enough = await estimate(cell)

    assert (few["likely"], few["likely_calls"]) == (None, None)
    assert enough["likely_calls"] == 10
    assert 0 < float(enough["likely"][1:]) < float(enough["worst"][1:])


async def test_what_is_left_of_the_budgets_the_tightest_first(estimate, ledger):
    """Each budget that would count the call is told with what is left, one that refuses it before the others."""
    ledger.set_budget(5 * 10**9, session="s", per="month")
    ledger.set_budget(10**7, session="s", per="day")
    ledger.set_budget(10**6, session="s", name="tokens", unit="tokens")

    told = (await estimate(f"%%o1 -m o3\n{PRIME}"))["budgets"]

    assert [(one["name"], one["left"], one["fits"]) for one in told] == [
        ("day", "$0.01", False),
        ("month", "$5.00", True),
        ("tokens", "1,000,000 tokens", True),
    ]


async def test_a_sessions_budget_counts_where_its_kernel_is_known(estimate, ledger):
    """What the notebook's kernel has spent of its session's budget is told by the kernel's id, else nothing is."""
    kernel = "0b1c2d3e-0000-4000-8000-123456789abc"
    ledger.set_budget(2 * 10**9, session="s")
    hold(ledger, "a" * 32, session=f"{kernel}-0a0b0c0d", hold_nano_usd=15 * 10**8)
    cell = f"%%o1 -m o3\n{PRIME}"

    assert (await estimate(cell))["budgets"] == []
    assert [one["left"] for one in (await estimate(cell, session=kernel))["budgets"]] == ["$0.50"]
    assert [one["left"] for one in (await estimate(cell, session="f" * 32))["budgets"]] == ["$2.00"]


async def test_simulated_calls_are_set_against_simulated_money(estimate, ledger):
    """On the simulator's endpoint the estimate says so, and a budget's real spending does not count."""
    ledger.set_budget(10**10, session="s", per="day")
    hold(ledger, "a" * 32, hold_nano_usd=9 * 10**9)

    real = await estimate(f"%%o1 -m o3\n{PRIME}")
    simulated = await estimate(f"%%o1 -m o3 --endpoint simulator\n{PRIME}")

    assert (real["simulated"], real["budgets"][0]["left"]) == (False, "$1.00")
    assert (simulated["simulated"], simulated["budgets"][0]["left"]) == (True, "$10.00")


async def test_without_a_ledger_the_rest_is_still_told(lint, tmp_path):
    """A ledger that cannot be read is a sentence beside findings and tokens, not an error."""
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database" * 100)

    found = await lint({"cell": f"%%o1 -m o3\n{PRIME} Think step by step."})

    assert found["diagnostics"]
    assert found["estimate"]["prompt_tokens"] > 0
    assert "ledger" in found["estimate"]["ledger"]
