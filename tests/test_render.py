from __future__ import annotations

from o1magic import render
from o1magic.answer import Answer, Usage
from o1magic.lint import Diagnostic, Fix


def test_the_footer_says_what_is_unknown() -> None:
    """Unknown is never shown as zero."""
    line = render.footer(Answer("x", Usage(prompt=5), "stop", "o1", 2.0, asked="o1"), bound_nano_usd=1_500_000_000)

    assert "reasoning unknown" in line
    assert "visible unknown" in line
    assert "cost unknown (at most $1.50)" in line
    assert " 0" not in line


def test_the_footer_marks_simulated_money() -> None:
    """A simulated cost is what it would have cost."""
    line = render.footer(Answer("x", Usage(1, 0, 1, 2), "stop", "o1", simulated=True, cost_nano_usd=10**9))

    assert line.startswith("simulated")
    assert "would cost $1.00" in line


def test_a13_both_names_are_shown_where_another_model_answered() -> None:
    """The model asked and the model that answered are both named."""
    assert "o1-2024-12-17 (asked: o1)" in render.footer(Answer("x", model="o1-2024-12-17", asked="o1"))


def test_the_strip_escapes_what_it_quotes() -> None:
    """A prompt with HTML in it cannot reach the page through the strip."""
    text = "<img src=x onerror=alert(1)> think"
    one = Diagnostic(
        "COT001", "think-step-by-step", "warning", "a cue", 0, len(text), Fix(safe=False, edits=(), title="drop it")
    )

    shown = render.strip(text, (), text, (one,), ("<b>note</b>",), text)

    assert shown is not None
    assert "<img" not in shown["text/html"]
    assert "<b>" not in shown["text/html"]
    assert "--fix all" in shown["text/plain"]


def test_no_strip_without_anything_to_say() -> None:
    """A clean prompt gets no strip."""
    assert render.strip("x", (), "x", (), (), None) is None


def test_a_long_span_is_quoted_with_its_middle_left_out() -> None:
    """A quote fits on a line."""
    assert len(render.quote("a" * 500, 0, 500)) < 70


def test_a_table_aligns_numbers_and_escapes_cells() -> None:
    """Numbers stand to the right; nothing in a cell is markup."""
    shown = render.table(("name", "n"), [["<i>", "1,234"], ["b", "5"]])

    assert shown["text/plain"].splitlines()[-1] == "b         5"
    assert "<i>" not in shown["text/html"]
