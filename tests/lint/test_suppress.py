"""Suppression comments: taken out before sending, and reported where they suppress nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic.lint import check, suppress


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("<!-- o1: ignore[COT001] -->\nHi", "Hi"),
        ("<!-- o1: ignore[COT001] -->\r\nHi\r\n", "Hi\r\n"),
        ("Hi\n# o1: ignore=COT001", "Hi"),
        ("Hi\r\n# o1: ignore=COT001", "Hi"),
        ("Hi\n  # o1: ignore=COT001, DEL\n\n", "Hi\n\n"),
        ("# o1: ignore=A\nHi\n# o1: ignore=B\n", "Hi\n"),
        ("# o1: ignore=A", ""),
        ("Hi\n# o1: ignore=A\nthere", "Hi\n# o1: ignore=A\nthere"),
        ("Say # o1: ignore=A", "Say # o1: ignore=A"),
    ],
)
def test_comments_on_the_first_and_last_line_are_taken_out(text, sent):
    """What is sent holds no suppression comment; one in the middle is data and stays."""
    assert sent == suppress.stripped(text)


@given(st.text(alphabet="ab \n\r#", max_size=60))
def test_a_text_without_comments_is_sent_as_it_is(text):
    """Without a comment nothing is taken out."""
    assert text == suppress.stripped(text)


@pytest.mark.parametrize(
    ("text", "unused"),
    [
        ("# o1: ignore=COT001\nThink step by step. Is 391 prime?", None),
        ("# o1: ignore=COT\nThink step by step. Is 391 prime?", None),
        ("# o1: ignore=COT001,DEL001\nThink step by step. Is 391 prime?", "DEL001 suppresses nothing here"),
        ("# o1: ignore=COT001\nIs 391 prime?", "COT001 suppresses nothing here"),
        ("# o1: ignore=ABC123\nIs 391 prime?", "ABC123 suppresses nothing here"),
        ("# o1: ignore=COT001,X100\nIs 391 prime?", None),
    ],
)
def test_a_code_that_suppresses_nothing_is_noted(text, unused):
    """A code is unused if no rule has it, or its rules ran and found nothing."""
    assert ([unused] if unused else []) == [one.message for one in check(text)]


def test_a_rule_that_did_not_run_is_not_called_unused():
    """Whether a rule that was not selected would have found something is not known."""
    text = "# o1: ignore=COT001\nIs 391 prime?"

    assert check(text, select=["DEL", "X100"]) == []
