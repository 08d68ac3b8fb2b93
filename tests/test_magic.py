"""The magics in a real kernel, on the simulator over real sockets."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from kernels import Kernel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown


def rows(kernel: Kernel) -> list[tuple[object, ...]]:
    with sqlite3.connect(kernel.environment["O1MAGIC_LEDGER"]) as ledger:
        return ledger.execute("select state, model, cost_nano from call order by rowid").fetchall()


def test_a_cell_is_answered_inline_and_becomes_the_cells_value(kernel: Kernel) -> None:
    """Without -o the Answer is `_`, shown once as Markdown with its tokens and cost below."""
    ran = kernel.run("%%o1 -m o1-preview\nIs 391 prime?")

    assert ran.status == "ok"
    assert len([one for one in ran.outputs if one["type"] == "execute_result"]) == 1
    assert "simulated · o1-preview" in ran.text("text/markdown")
    assert kernel.run("print(type(_).__name__, _.usage.reasoning > 0, _.finish_reason)").text() == "Answer True stop\n"


def test_o_binds_the_answer_and_shows_it(kernel: Kernel) -> None:
    """-o NAME binds the Answer; it is still displayed."""
    ran = kernel.run("%%o1 -o reply\nIs 391 prime?")

    assert "simulated" in ran.text("text/markdown")
    assert kernel.run("print(reply.cost_usd > 0, str(reply) == reply.text)").text() == "True True\n"


def test_what_is_sent_is_the_cell_byte_for_byte(kernel: Kernel) -> None:
    """JSON, LaTeX, braces and blank lines arrive as they were written."""
    body = '{"a": 1} \\frac{a}{b} {x} {{ x }}\n\n  indented; %d'

    kernel.run(f"x = 5\nget_ipython().run_cell_magic('o1', '--lint off', {body!r})")

    assert kernel.run("%o1 last --sent").text() == body


def test_the_cue_is_found_and_the_code_is_fenced_in_what_is_sent(kernel: Kernel) -> None:
    """A safe fix changes what is sent, never a word of it; the strip says so."""
    cell = (
        "%%o1 -m o1\nRefactor this function so that it returns early. Think step by step.\n\n"
        "def check(items):\n    found = False\n    for item in items:\n        if item < 0:\n"
        "            found = True\n    return found\n"
    )

    ran = kernel.run(cell)

    assert "COT001" in ran.text()
    assert "DEL001" in ran.text()
    assert "fixed in what was sent" in ran.text()
    sent = kernel.run("%o1 last --sent").text()
    assert "```python\ndef check(items):" in sent
    assert "Think step by step." in sent


def test_fix_all_removes_the_cue_from_what_is_sent(kernel: Kernel) -> None:
    """--fix all also applies the fixes that remove words."""
    kernel.run("%%o1 --fix all\nIs 391 prime? Think step by step.")

    assert kernel.run("%o1 last --sent").text() == "Is 391 prime?"


def test_strict_refuses_and_costs_nothing(kernel: Kernel) -> None:
    """--lint strict sends nothing while a warning is left."""
    before = rows(kernel)

    ran = kernel.run("%%o1 --lint strict\nIs 391 prime? Think step by step.")

    assert ran.status == "error"
    assert "COT001" in ran.error[0]
    assert rows(kernel) == before


def test_a_secret_is_never_shown_and_never_sent(kernel: Kernel) -> None:
    """A credential in the cell stops the call; neither the strip nor the error shows it."""
    before = rows(kernel)
    token = "gh" + "p_" + "Zk81mQ0vLr27TnXw5YbC9dJe3HsUa6PfGiRo"

    ran = kernel.run(f"%%o1\nWhy does this fail?\n\ncall('{token}')")

    assert ran.status == "error"
    assert "SEC001" in ran.error[0]
    assert token[4:12] not in ran.text() + "".join(ran.error)
    assert rows(kernel) == before


def test_a10_an_empty_answer_fails_the_cell_and_stays_at_hand(kernel: Kernel) -> None:
    """The allowance went into reasoning: the cell fails in words and numbers, the paid answer is kept."""
    ran = kernel.run("%%o1 -m o1 --max-completion-tokens 100 --ignore PAR\nProve it.")

    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert "100 of 100" in ran.error[0]
    assert "--max-completion-tokens 25000" in "".join(ran.error)
    assert "ended by length" in kernel.run("%o1 last").text()
    assert rows(kernel)[-1][0] == "settled"


def test_a_dry_run_shows_everything_and_sends_nothing(kernel: Kernel) -> None:
    """--dry-run prints the body, its token count and its worst cost; no row, no request."""
    before = rows(kernel)

    ran = kernel.run("%%o1 -m o1 --max-completion-tokens 40000 --dry-run\nIs 391 prime?")

    assert '"max_completion_tokens": 40000' in ran.text()
    assert "worst cost $2.40" in ran.text()
    assert rows(kernel) == before


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%o1 --effrot high\nx", "--effort"),
        ("%%o1 -m o1-previw\nx", "o1-preview"),
        ("%%o1 -m $model\nx", "not expanded"),
        ("%%o1 -m ''\nx", "name of a model"),
        ("%%o1 -m o1 -e hihg\nx", "high"),
        ("%%o1\n ", "empty"),
        ("%%o1 --param temperature=0.3 -m o1-preview\nx", "temperature"),
        ("%%o1 --endpoint opnai\nx", "opnai"),
        ("%%o1 --endpoint simulator:quotta\nx", "quota"),
        ("%o1 spnd", "spend"),
        ("%o1 model gpt-6.1-tera", "gpt-6.1-terra"),
        ("%o1 rule COT0001", "COT001"),
        ("%o1 connect htp://x", "http"),
        ("%o1 spend --cvs", "Usage"),
    ],
)
def test_c3_a_slip_is_a_failed_cell_of_at_most_three_lines(kernel: Kernel, cell: str, said: str) -> None:
    """Whatever is misspelt, the nearest right thing is named, and nothing is sent."""
    before = rows(kernel)

    ran = kernel.run(cell)

    assert ran.status == "error"
    assert said in "".join(ran.error)
    assert len(ran.error) <= 3
    assert rows(kernel) == before


def test_each_subcommand_shows_something(kernel: Kernel) -> None:
    """models, spend, lint, rule, last, help and model print without a request."""
    for line in ("models", "spend", "lint Think step by step.", "rule COT001", "last", "help", "model o1", "lint"):
        ran = kernel.run(f"%o1 {line}")
        assert (line, ran.status) == (line, "ok")
        assert ran.text().strip()
    kernel.run("%config O1Magics.model = None")


def test_the_flags_are_documented_and_completed(kernel: Kernel) -> None:
    """`%%o1?` lists every flag; Tab offers flags, models and sub-commands."""
    kernel.client.inspect("%%o1", 4)
    described = kernel.client.get_shell_msg(timeout=20)["content"]["data"]["text/plain"]
    assert "--max-completion-tokens" in described

    def offered(text: str) -> list[str]:
        kernel.client.complete(text, len(text))
        return list(kernel.client.get_shell_msg(timeout=20)["content"]["matches"])

    kernel.run("import math\nmy_table = 1")
    assert offered("%%o1 --max") == ["--max-completion-tokens", "--max-tokens"]
    assert "o1-preview" in offered("%%o1 -m o1-p")
    assert offered("%%o1 -m o1 -e ") == ["high", "low", "medium"]
    assert offered("%o1 sp") == offered("x = 1\n%o1 sp") == ["spend"]
    assert offered("%%o1\nSum {{my_") == ["my_table"]
    for prose in ("%%o1\nfrom math import pri", "%%o1\nSum {{pri", "%%o1 --developer pri"):
        assert offered(prose) == ["pri"]
    assert "sqrt" in offered("%o1 models\nmath.sq")[0]
    assert "sqrt" in offered("x = 1  # %o1\nmath.sq")[0]


def test_configuration_is_there_in_the_very_cell_that_loads(tmp_path: Path) -> None:
    """`%load_ext` imports next to nothing, but a cell that goes on to `%config` and `%o1` finds them."""
    with Kernel(tmp_path) as kernel:
        ran = kernel.run("%load_ext o1magic\n%config O1Magics.model = 'o3'\n%o1 model o1\n%config O1Magics.model")
        assert (ran.status, "'o1'" in ran.text()) == ("ok", True)


def test_config_sits_between_flag_and_environment(kernel: Kernel) -> None:
    """A flag outranks %config."""
    kernel.run("%config O1Magics.model = 'o3'")
    assert '"model": "o3"' in kernel.run("%%o1 --dry-run\nx").text()
    assert '"model": "o1"' in kernel.run("%%o1 --dry-run -m o1\nx").text()
    kernel.run("%config O1Magics.model = None")


def test_spend_agrees_with_the_rows(kernel: Kernel) -> None:
    """The session's totals are the sums over the ledger; simulated money is not real money."""
    kernel.run("%%o1\nIs 391 prime?")

    spent = json.loads(kernel.run("%o1 spend --json").text())["session"]

    assert spent["calls"] == len(rows(kernel))
    assert spent["cost_nano_usd"] == 0
    assert spent["simulated_cost_nano_usd"] == sum(row[2] for row in rows(kernel))


def test_k2_an_interrupt_ends_the_call_at_once(kernel: Kernel) -> None:
    """Stop returns the prompt in a fraction of a second, says so in a line, and leaves one row."""
    started = kernel.start("%%o1 --endpoint simulator:slow\nTake your time.")
    time.sleep(1.5)

    kernel.interrupt()
    begun = time.monotonic()
    ran = kernel.finish(started)

    assert time.monotonic() - begun < 1.0
    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert "Stopped" in ran.error[0]
    assert rows(kernel)[-1][0] == "unknown"
    assert kernel.run("%%o1\nIs 391 prime?").status == "ok"


def test_k5_an_interrupt_while_the_ledger_is_written(kernel: Kernel) -> None:
    """Stop comes back although another program keeps the file; the answer that had arrived is settled all the same."""
    kernel.run("%o1 spend")  # makes the ledger
    before = len(rows(kernel))
    started = kernel.start("%%o1 --endpoint simulator:rate-limit\nAnswered after a second.")
    deadline = time.monotonic() + 20
    while len(rows(kernel)) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    with closing(sqlite3.connect(kernel.environment["O1MAGIC_LEDGER"], isolation_level=None, timeout=5)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(2.5)
        kernel.interrupt()
        ran = kernel.finish(started)
        assert [state for state, *_ in rows(kernel)[before:]] == ["intent"]
        other.execute("COMMIT")

    assert ran.status == "error"
    assert ran.seconds < 2.5
    while rows(kernel)[-1][0] == "intent" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [state for state, *_ in rows(kernel)[before:]] == ["settled"]


def test_k5_an_interrupt_while_the_ledger_is_waited_for(kernel: Kernel) -> None:
    """While another program keeps the file nothing is sent; Stop comes back at once and says so; there is no row."""
    kernel.run("%o1 spend")  # makes the ledger
    before = rows(kernel)
    with closing(sqlite3.connect(kernel.environment["O1MAGIC_LEDGER"], isolation_level=None, timeout=5)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = kernel.start("%%o1\nIs 391 prime?")
        time.sleep(1.5)
        kernel.interrupt()
        begun = time.monotonic()
        ran = kernel.finish(started)
        other.execute("COMMIT")

    assert time.monotonic() - begun < 1.0
    assert [line for line in ran.error if "Stopped before anything was sent." in line]
    assert not [line for line in ran.error if "may have been" in line]
    assert rows(kernel) == before


def test_k4_an_interrupt_while_the_answer_is_drawn(kernel: Kernel) -> None:
    """An answer whose drawing was interrupted is settled, and `%o1 last` has it."""
    slow = "get_ipython().display_formatter.formatters['text/plain'].for_type_by_name('o1magic.answer', 'Answer', draw)"
    kernel.run(f"import time\ndef draw(answer, printer, cycle):\n    time.sleep(30)\n{slow}")
    before = len(rows(kernel)) if kernel.run("%o1 spend") else 0
    started = kernel.start("%%o1 -m o1\nIs 391 prime?")
    deadline = time.monotonic() + 20
    while [state for state, *_ in rows(kernel)[before:]] != ["settled"] and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)  # into the drawing

    kernel.interrupt()
    ran = kernel.finish(started)
    kernel.run("get_ipython().display_formatter.formatters['text/plain'].pop('o1magic.answer.Answer')")

    assert ran.seconds < 10
    assert [state for state, *_ in rows(kernel)[before:]] == ["settled"]
    assert "391" in kernel.run("%o1 last --text").text()


def test_k8_the_same_cell_again_is_another_call(kernel: Kernel) -> None:
    """Running a cell twice makes two calls, each with a row and an id of its own."""
    cell = "%%o1 -m o1\nIs 391 prime?"
    kernel.run("%o1 spend")  # makes the ledger
    before = len(rows(kernel))
    first, second = (kernel.run(f"{cell}") and kernel.run("print(_.id)").text() for _ in range(2))

    assert first != second
    assert len(rows(kernel)) == before + 2


def test_a_running_clock_is_shown_and_taken_away(kernel: Kernel) -> None:
    """While the model thinks the cell says so; a finished cell holds only strip and answer."""
    ran = kernel.run("%%o1 --endpoint simulator:rate-limit\nIs 391 prime? It is waited a second for.")

    assert ran.status == "ok"
    assert "thinking" in ran.everything or "try 2 of 3" in ran.everything
    assert "try 2 of 3" not in ran.text()
    assert "1 retry" in ran.text()


@pytest.mark.parametrize("scenario", ["quota", "bad-key", "refusal", "content-filter", "null-content", "no-choices"])
def test_a_fault_is_one_failed_cell_and_one_row(kernel: Kernel, scenario: str) -> None:
    """Whatever the API answers, the cell fails in at most three lines and has exactly one row."""
    before = len(rows(kernel))

    ran = kernel.run(f"%%o1 --endpoint simulator:{scenario}\nIs 391 prime?")

    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert len(rows(kernel)) == before + 1


def test_the_extension_loads_light(tmp_path_factory: pytest.TempPathFactory) -> None:
    """%load_ext imports neither the client's package nor the vocabulary, and opens no ledger."""
    with Kernel(tmp_path_factory.mktemp("fresh")) as fresh:
        code = "import sys\n%load_ext o1magic\nprint({'openai', 'tiktoken', 'markdown_it'} & set(sys.modules))"
        assert fresh.run(code).text() == "set()\n"
        assert not (fresh.folder / "ledger.sqlite3").exists()


def test_the_magics_share_their_endpoint_with_python(kernel: Kernel) -> None:
    """`%o1 connect` holds for o1magic.ask in the same kernel."""
    ran = kernel.run("import o1magic\nprint(o1magic.ask('hello').simulated)")

    assert ran.text() == "True\n"


def test_the_magic_line_is_taken_as_it_is_written(kernel: Kernel) -> None:
    """Braces on the line are braces: IPython expands nothing in it."""
    ran = kernel.run("x = 1\nget_ipython().run_cell_magic('o1', '-m o1 --dry-run --developer \"{x} {{x}}\"', 'hello')")

    assert '"content": "{x} {{x}}"' in ran.text()


def test_last_sent_is_what_was_sent(kernel: Kernel) -> None:
    """A dry run is not remembered as sent."""
    kernel.run("%%o1\nthis was sent")
    kernel.run("%%o1 --dry-run\nthis was not")

    assert kernel.run("%o1 last --sent").text() == "this was sent"


def test_a_loop_keeps_the_cells_other_outputs(kernel: Kernel) -> None:
    """What the user printed between two calls is not cleared away with the clock."""
    code = (
        "for name in ('o1', 'o3'):\n"
        "    print('about to ask', name)\n"
        "    get_ipython().run_cell_magic('o1', f'-m {name} -o kept --endpoint simulator:server-error', 'hi ' + name)\n"
    )

    ran = kernel.run(code)

    assert "about to ask o1" in ran.text()
    assert "about to ask o3" in ran.text()
    assert ran.text("text/markdown").count("would cost") == 2


def test_threads_share_one_session(kernel: Kernel) -> None:
    """Calls from several threads are one session's calls."""
    code = (
        "import o1magic, json\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(len(list(pool.map(o1magic.ask, ['hello'] * 8))))"
    )
    before = json.loads(kernel.run("%o1 spend --json").text())["session"]["calls"]

    assert kernel.run(code).text() == "8\n"
    assert json.loads(kernel.run("%o1 spend --json").text())["session"]["calls"] == before + 8


@pytest.mark.parametrize(
    "body", [">>> x = 1\n>>> y", "In [1]: x = 1\n   ...: y", "text\n \t", "  indented\n\ttab", "a\n\n"]
)
def test_a_pasted_prompt_reaches_the_model_as_it_was_pasted(kernel: Kernel, body: str) -> None:
    """IPython takes prompts and blanks off a cell before a magic sees it; what is sent still has them."""
    kernel.run(f"%%o1 --lint off\n{body}")

    assert kernel.run("%o1 last --sent").text() == body


def test_a_quoted_value_may_span_lines(kernel: Kernel) -> None:
    """A fix in the prompt leaves the magic line alone, whatever it holds."""
    prompt = "Fix this\ndef f(x):\n    return x +\n\nprint(f(1))\nand keep the name"

    ran = kernel.run(f"get_ipython().run_cell_magic('o1', '-m o3 --developer \"a\\nb\"', {prompt!r})")

    assert ran.status == "ok"
