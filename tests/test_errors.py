from __future__ import annotations

import inspect
import pickle

import pytest

from o1magic import errors

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.O1Error)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling_with_its_data(kind: type[errors.O1Error]) -> None:
    """Errors cross processes whole."""
    failure = kind("what", how="how", billed="maybe", attempts=3)

    copy = pickle.loads(pickle.dumps(failure))  # noqa: S301 - our own bytes

    assert (type(copy), copy.lines(), copy.attempts) == (kind, failure.lines(), 3)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_at_most_three_lines(kind: type[errors.O1Error]) -> None:
    """A cell ends in at most three lines, whatever the message holds."""
    assert len(kind("a\nb\nc", how="d\ne", billed="maybe")._render_traceback_()) <= 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_in_the_docstring_is_complete(kind: type[errors.O1Error]) -> None:
    """The docstring draws every class."""
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    "text",
    ["Incorrect API key provided: sk-proj-abc123.", "{'Authorization': 'Bearer tok_12345'}", "key=sk-abc***xyz"],
)
def test_what_looks_like_a_key_is_masked(text: str) -> None:
    """No key reaches a message."""
    assert "[key]" in str(errors.APIError(text))
    assert "abc" not in str(errors.APIError(text))
    assert "12345" not in str(errors.APIError(text))


def test_a_known_secret_is_masked_whatever_it_looks_like() -> None:
    """A key of another shape is masked where it is named."""
    assert errors.redact("the token hunter2hunter2 failed", ["hunter2hunter2"]) == "the token [key] failed"
