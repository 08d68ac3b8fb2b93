"""What the word after a flag means: a number, a name, a parameter; or why it cannot be.

Layer 1, pure. Called by `arguments`, whose parser turns each argparse.ArgumentTypeError into the error people see.
"""

from __future__ import annotations

import argparse
import json
import keyword
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def whole_number(text: str) -> int:
    """Return a whole number of at least 1; `25_000` and `25000` are alike."""
    if not re.fullmatch(r"\d[\d_]{0,15}", text, re.ASCII) or int(text) < 1:
        raise argparse.ArgumentTypeError("takes a whole number of at least 1, such as 25000")
    return int(text)


def ordinal(text: str) -> int:
    """Return the number of a code block."""
    try:
        return whole_number(text)
    except argparse.ArgumentTypeError:
        said = "takes the number of a code block, such as 2; on a command line the prompt stands before it"
        raise argparse.ArgumentTypeError(said) from None


def seconds(text: str) -> float:
    """Return a finite number of seconds above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("takes a number of seconds above 0, such as 600")
    return value


def variable(text: str) -> str:
    """Return a name that an answer can be bound to."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError("takes a variable name, such as answer")
    return text


def name_of(kind: str) -> Callable[[str], str]:
    """Return a reader that takes a name, and refuses what looks like a variable: the line is taken as written."""

    def read(text: str) -> str:
        if not text.strip() or re.search(r"[\s${}]", text):
            raise argparse.ArgumentTypeError(f"takes the name of {kind}, not {text!r}; variables are not expanded here")
        return text

    return read


def assignment(text: str) -> tuple[str, object]:
    """Return name and value of `name=value`; the value is read as JSON where it is JSON."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise argparse.ArgumentTypeError("takes name=value, such as temperature=1")
    try:
        parsed: object = json.loads(value)
    except (ValueError, RecursionError):
        parsed = value
    return name.strip(), parsed
