from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic import blocks


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("one\n\ntwo", "one\n\n"),
        ("one", ""),
        ("```python\na\n\nb", ""),
        ("text\n\n```python\na\n\nb", "text\n\n"),
        ("- a\n\n- b\n\n- c", ""),
        ("| a |\n|---|\n| 1 |", ""),
        ("p\n\n\\[\na\n\nb", "p\n\n"),
        ("p\n\n$$\na\n\nb\n\n$$\n\nafter", "p\n\n$$\na\n\nb\n\n$$\n\n"),
    ],
)
def test_a_text_is_cut_between_blocks_only(text: str, done: str) -> None:
    """The finished part ends where a new top-level block begins, outside every fence, list, table and formula."""
    assert text[: blocks.finished(text)] == done


@given(st.text(alphabet="a`$#|-\n \\[]", max_size=200))
def test_the_cut_is_always_within_the_text(text: str) -> None:
    """No text makes it fail."""
    assert 0 <= blocks.finished(text) <= len(text)
