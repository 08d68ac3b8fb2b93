"""The index of the cues: in step with them, and never silent about a list that a text holds."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

from o1magic.lint import data
from o1magic.lint.index import FILE, forms, index_of
from o1magic.lint.phrases import languages
from o1magic.lint.shorthand import Phrases
from o1magic.lint.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]
CODES = ("COT001", "COT002", "COT003", "COT004", "COT005", "COT006", "FEW003")


def test_the_index_is_in_step_with_the_cues():
    """cues/index.txt is what scripts/cue_index.py writes from the cues as they are: `make docs` after a change."""
    spec = importlib.util.spec_from_file_location("cue_index", ROOT / "scripts" / "cue_index.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    assert script.text() == data.read(FILE)


@pytest.mark.parametrize("code", CODES)
def test_a_form_is_held_by_a_text_of_its_anchors(code):
    """A form is found in any text that holds a word of each of its lists, and in none that lacks those of one list."""
    chance = random.Random(5)  # noqa: S311 - the same choices in every run are the point
    for language in languages(code):
        for number, form in enumerate(language.forms):
            words = [chance.choice(sorted(part.phrases.anchors)) for part in form.parts]
            held, _ = forms().held(Vocabulary(" ".join(words)))
            unheld, _ = forms().held(Vocabulary("0 0"))

            assert (code, language.name, number) in {(one.code, one.language, one.number) for one in held}
            assert (code, language.name, number) not in {(one.code, one.language, one.number) for one in unheld}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("we think so", {"plain"}), ("rethink", set()), ("unworn", {"within"}), ("请思考", {"wide"}), ("", set())],
)
def test_an_index_tells_the_lists_that_a_text_may_hold(text, wanted):
    """A word counts from its beginning, an ending of words anywhere, and so does whatever is not parted by blanks."""
    index = index_of(
        [
            ("plain", Phrases("think hard", words=True)),
            ("within", Phrases("[un]worn", words=True)),
            ("wide", Phrases("思考", words=False)),
        ]
    )

    assert wanted == set(index.held(Vocabulary(text)))
