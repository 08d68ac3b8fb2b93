"""The surface that other people's scripts rely on."""

from __future__ import annotations

import subprocess
import sys

import pytest

import o1magic


def test_the_public_names_are_these() -> None:
    """__all__ is sorted and complete; a change here is a change for other people's scripts."""
    expected = ["Answer", "Diagnostic", "FixResult", "O1Error", "Usage", "ask", "ask_async", "fix", "lint", "panel"]

    assert expected == o1magic.__all__ == sorted(o1magic.__all__)


@pytest.mark.parametrize("name", o1magic.__all__)
def test_each_public_name_exists(name: str) -> None:
    """Every name can be looked up."""
    assert getattr(o1magic, name) is not None


def test_functions_keep_their_names_although_modules_share_them() -> None:
    """`o1magic.lint(...)` stays a call after the module o1magic.lint has been imported."""
    code = (
        "import o1magic.lint, o1magic.ask\n"
        "import o1magic\n"
        "assert callable(o1magic.lint) and callable(o1magic.ask)\n"
        "assert o1magic.lint('Is 391 prime?') == []\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_touches_nothing_heavy() -> None:
    """`import o1magic` loads none of the packages that cost time."""
    code = (
        "import sys, o1magic\n"
        "heavy = {'openai', 'tiktoken', 'markdown_it', 'IPython', 'sqlite3', 'asyncio', 'ipywidgets'}\n"
        "assert not heavy & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_lint_of_a_whole_cell_reads_its_magic_line() -> None:
    """A cell's flags are linted where they stand, its prompt with offsets into the whole text."""
    cell = "%%o1 -m o1-mini --max-completion-tokens 2000\nIs 391 prime? Think step by step."

    found = {one.code: cell[one.start : one.end] for one in o1magic.lint(cell)}

    assert "2000" in found["PAR003"]
    assert "step by step" in found["COT001"]


def test_a_diagnostic_has_the_documented_fields() -> None:
    """code, name, severity, message, start, end and fix are what scripts read."""
    (one,) = o1magic.lint("Is 391 prime? Think step by step.", select=["COT001"])

    assert (one.code, one.severity) == ("COT001", "warning")
    assert one.name
    assert one.message
    assert one.fix is not None
    assert one.fix.safe is False
    assert o1magic.fix("Is 391 prime? Think step by step.", unsafe=True).text.strip() == "Is 391 prime?"


def test_select_and_ignore_take_prefixes_and_name_the_nearest() -> None:
    """An unknown code is an error, not a silent pass."""
    assert o1magic.lint("Think step by step. Is 391 prime?", ignore=["COT"]) == []
    with pytest.raises(o1magic.O1Error, match="COT001"):
        o1magic.lint("x", select=["COT0001"])


def test_ask_in_python_uses_the_same_pipeline() -> None:
    """o1magic.ask returns an Answer whose tokens and cost are known."""
    answer = o1magic.ask("hello", model="o1", endpoint="simulator", max_completion_tokens=30_000)

    assert answer.simulated
    assert answer.usage.reasoning
    assert answer.usage.completion == answer.usage.reasoning + (answer.usage.visible or 0)
    assert answer.cost_nano_usd


def test_ask_without_key_and_endpoint_never_falls_back() -> None:
    """A simulated answer never slips into somebody's results."""
    with pytest.raises(o1magic.O1Error, match="simulator"):
        o1magic.ask("hello")


def test_suppression_comments_are_not_sent() -> None:
    """A suppression comment on the first or last line steers the linter only; inserted data goes out whole."""
    from o1magic import session
    from o1magic.draft import cell_of, compose

    data = "a\n# o1: ignore=DEL\nb"
    cell = "%%o1 -m o1\n<!-- o1: ignore[COT001] -->\nThink step by step.\n{{data}}\n# o1: ignore=X100\n"

    draft = compose(cell_of(cell, {"data": data}), session.desk())

    assert draft.request.sent == f"Think step by step.\n<data>\n{data}\n</data>\n"
    assert draft.remaining == ()


def test_a_secret_stops_the_call_until_it_is_ignored_or_redacted() -> None:
    """SEC001 refuses to send, costing nothing and showing nothing of the secret; --ignore and --fix all let it go."""
    from o1magic.errors import LintError

    token = "gh" + "p_" + "Zk81mQ0vLr27TnXw5YbC9dJe3HsUa6PfGiRo"
    given = {"model": "o1-mini", "endpoint": "simulator"}

    with pytest.raises(LintError, match=r"SEC001.*GitHub token.*othing was sent") as refused:
        o1magic.ask(f"Why does {token} fail?", **given)
    with pytest.raises(LintError, match="SEC001"):
        o1magic.ask("Why?", **{**given, "model": "o1"}, developer=f"The token is {token}.")

    assert token[4:12] not in str(refused.value)
    assert o1magic.ask(f"Why does {token} fail?", **given, ignore=["SEC001"]).text
    assert o1magic.ask(f"Why does {token} fail?", **given, lint="off").text
    assert o1magic.ask(f"Why does {token} fail?", **given, fix="all").text


def test_no_event_name_lands_in_a_cell():
    """Without logging set up, what the package logs is not printed: Python's last resort would print bare names."""
    code = (
        "import logging, o1magic\n"
        "import o1magic.call, o1magic.ledger.store, o1magic.untrusted\n"
        "for name in ('call', 'ledger.store', 'ledger.spool', 'untrusted', 'live', 'client.retry'):\n"
        "    logging.getLogger(f'o1magic.{name}').warning('bare_event')\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("", "")
