"""Folding text for comparison."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic.lint import data
from o1magic.lint.fold import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Step‑by-STEP", "step by step"),
        ("let’s", "let's"),
        ("Réfléchis", "reflechis"),
        (unicodedata.normalize("NFD", "Réfléchis"), "reflechis"),
        ("ＡＢＣ！", "abc!"),
        ("ADIM ılık İstanbul", "adim ilik istanbul"),
        (unicodedata.normalize("NFD", "단계"), "단계"),
        ("ｽﾃｯﾌﾟ", "ステップ"),
        ("ﬁne", "fine"),
        ("th\u200dink", "think"),
        ("a – b", "a ; b"),
        ("step–by–step", "step by step"),
        ("głęboki", "gleboki"),
    ],
)
def test_what_reads_alike_folds_alike(text, folded):
    """Case, accents, apostrophes, hyphens, widths and joiners do not matter."""
    assert folded == fold(text).text


@given(st.text())
def test_every_folded_offset_has_a_source(text):
    """Offsets into folded text lead back into the text, in order."""
    folded = fold(text)

    sources = [folded.source(i) for i in range(len(folded.text) + 1)]

    assert sources == sorted(sources)
    assert len(text) == sources[-1]


@pytest.mark.parametrize(
    "file", sorted((Path(data.__file__).parent / "cues").glob("*.toml")), ids=lambda file: file.stem
)
def test_data_files_are_read_as_toml_reads_them(file):
    """The quick reader of the data files gives what a TOML parser gives."""
    assert tomllib.loads(file.read_text(encoding="utf-8")) == data.tables(file.stem)


@pytest.mark.parametrize("marks", ["\u200d", "\u200d\u202e\ufeff" * 5, "\u064b\u0651", "\u200d\u0301", "\u200b\u1161"])
def test_a_run_of_marks_is_folded_as_one_after_the_other(marks):
    """However many marks stand together, what follows them is found where it stands, and joins what it would join."""
    folded = fold(f"ab{marks}cd e\u0301")

    assert folded.text.replace("\u1161", "") == "abcd e"
    assert [2 + len(marks), 3 + len(marks)] == [folded.source(folded.text.index(one)) for one in "cd"]
