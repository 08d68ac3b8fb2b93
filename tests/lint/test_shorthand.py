"""The shorthand of the phrases, and the words that announce them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from o1magic.lint import data
from o1magic.lint.shorthand import Phrases, anchors_of

FILES = sorted(file.stem for file in (Path(data.__file__).parent / "cues").glob("*.toml"))
FILLED = {"%": "", "~": "", "@": "42", "#": "0.5"}


def said(phrase, chance):
    """Return one way of saying a phrase: of its brackets any choice, of its options some."""
    pieces = [[""]]
    for i, character in enumerate(phrase):
        if character in "([":
            pieces.append([""])
        elif character == "|":
            pieces[-1].append("")
        elif character in ")]":
            either = pieces.pop()
            left_out = character == "]" or phrase.startswith("?", i + 1)
            pieces[-1][-1] += chance.choice([*either, ""] if left_out else either)
        elif character == "?":
            pieces[-1][-1] = (
                pieces[-1][-1][: -chance.randrange(2) or None] if phrase[i - 1] not in ")]" else pieces[-1][-1]
            )
        elif character != "?":
            pieces[-1][-1] += FILLED.get(character, character)
    return pieces[0][0]


@pytest.mark.parametrize("file", FILES)
def test_whatever_a_phrase_matches_holds_one_of_its_anchors(file):
    """However a phrase is said, a word that announces it is in it: no text that holds it goes unsearched."""
    chance = random.Random(3)  # noqa: S311 - the same choices in every run are the point
    for table in data.tables(file).values():
        words = table.get("words", data.tables("shared").get("words", True))
        for name, raw in table.items():
            if isinstance(raw, str) and name != "forms":
                for phrase in Phrases(raw, words=words).listed:
                    anchors = anchors_of(phrase, words=words)
                    ways = {said(phrase, chance) for _ in range(12)}
                    assert not [way for way in ways if not any(anchor in way for anchor in anchors)], phrase


@pytest.mark.parametrize(
    ("phrase", "yes", "no"),
    [
        ("think (hard|twice)", "now think hard", "think harder"),
        ("show [me] it", "show it", "show him it"),
        ("dusun%", "dusunelim", "dus"),
        ("https?:", "http:", "httpss:"),
        ("call ~ tool", "call the other tool", "call. the tool"),
        ("temperature=#", "temperature=0.7", "temperature=20"),
        ("max @ words", "max 200 words", "max 2 words"),
    ],
)
def test_a_phrase_says_what_its_shorthand_means(phrase, yes, no):
    """Each sign of the shorthand matches what it stands for and nothing else."""
    phrases = Phrases(phrase, words=True)

    assert phrases.search(yes)
    assert not phrases.search(no)


def test_a_pattern_grows_with_the_texts():
    """Only what a text may hold is compiled; what an earlier text held stays."""
    phrases = Phrases("step by step\none at a time\nslowly", words=True)

    first = phrases.within(["step"]).pattern
    second = phrases.within(["slowly"]).pattern

    assert "slowly" not in first
    assert "slowly" in second
    assert "step" in second
    assert second == phrases.within(["step", "slowly"]).pattern
