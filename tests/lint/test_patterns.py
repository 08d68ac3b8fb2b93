"""Patterns that wait to be compiled."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

from o1magic.lint.patterns import late


def modules():
    lint = import_module("o1magic.lint")
    return [import_module(one.name) for one in walk_packages(lint.__path__, f"{lint.__name__}.")]


def waiting(value):
    """Return the patterns in a value, however it is nested."""
    if isinstance(value, tuple | list):
        return [found for one in value for found in waiting(one)]
    return [value] if isinstance(value, type(late(""))) else []


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_every_pattern_compiles(module):
    """A mistake in a pattern is found here, not by the first text that needs it."""
    for one in waiting(list(vars(module).values())):
        assert isinstance(re.compile(one.pattern, one.flags), re.Pattern)


def test_a_pattern_does_what_the_compiled_one_does():
    """It searches, matches and tells its source, with its flags."""
    one = late("^b.", re.MULTILINE | re.IGNORECASE)

    assert one.findall("a\nBC\nbd") == ["BC", "bd"]
    assert one.match("a") is None
    assert one.sub("x", "bc") == "x"
    assert one.pattern == "^b."
