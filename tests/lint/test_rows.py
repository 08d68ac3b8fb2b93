"""The lines of a prompt, and work on each of them."""

from __future__ import annotations

from o1magic.lint import Context
from o1magic.lint.document import Document
from o1magic.lint.rows import Rows


def test_equal_lines_are_worked_on_once():
    """Work is done on each different line that holds a mark, and its result is given for every line that is equal."""
    text = "a: b\nc\na: b\nd: e\n"
    seen = []

    found = list(Rows(Document(text, Context())).each(lambda line: seen.append(line) or line[:1], ":"))

    assert seen == ["a: b", "d: e"]
    assert found == [(0, "a"), (7, "a"), (12, "d")]


def test_lines_inside_delimiters_are_protected_and_no_others():
    """Lines between fences are no prose of the person, the lines around them are."""
    rows = Rows(Document("Fix this.\n```\nx = 1\n\ny\n```\nNow.", Context()))

    assert ["prose", *["protected"] * 2, "blank", *["protected"] * 2, "prose"] == [row.kind for row in rows]
