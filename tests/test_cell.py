"""Where a cell's magic line begins."""

from __future__ import annotations

import pytest

from o1magic import cell
from o1magic.draft import cell_of
from o1magic.lint_command.cell import is_prompt

CELLS = {
    "%%o1\nIs 391 prime?": "",
    "%%o1 -m o1\nIs 391 prime?": " -m o1",
    "\n \r\n  %%o1\t-m o1\nIs 391 prime?": "\t-m o1",
    "%%o1": "",
}


@pytest.mark.parametrize(("text", "line"), CELLS.items())
def test_a_cell_is_taken_apart_as_ipython_does(text: str, line: str) -> None:
    """Blank lines and blanks before the magic do not count, for the command line and for the API."""
    start = cell.arguments_at(text)

    assert start is not None
    assert text[start:].startswith(line)
    assert is_prompt(text)
    assert text.partition(line + "\n")[2] == cell_of(text, {}).body if "\n" in text else not cell_of(text, {}).body


@pytest.mark.parametrize("text", ["", "%%o1x\nHi", "Hi\n%%o1\n", "% %o1", "%o1 models"])
def test_what_is_no_cell_is_a_prompt(text: str) -> None:
    """Another magic, or the magic further down, makes no cell."""
    assert cell.arguments_at(text) is None
    assert not is_prompt(text)
    assert text == cell_of(text, {}).body
