from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic import arguments
from o1magic.errors import ArgumentError


def test_every_flag_of_the_issue_is_read() -> None:
    """Each flag lands in its own field, typed."""
    line = (
        "-m o1 -e high --max-completion-tokens 25_000 --lint strict --fix all --ignore cot001,DEL "
        "-o reply --timeout 2.5 --raw --dry-run --endpoint http://localhost:1/v1 --param temperature=1"
    )

    parsed = arguments.parse(line)

    assert (parsed.model, parsed.effort, parsed.max_completion_tokens) == ("o1", "high", 25_000)
    assert (parsed.lint, parsed.fix, parsed.ignore, parsed.output) == ("strict", "all", ("COT001", "DEL"), "reply")
    assert (parsed.timeout_s, parsed.raw, parsed.dry_run) == (2.5, True, True)
    assert (parsed.endpoint, parsed.params) == ("http://localhost:1/v1", {"temperature": 1})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--effrot high", "--effort"),
        ("--lint strct", "did you mean strict"),
        ("--fix saef", "did you mean safe"),
        ("--temperature 0.2", "--param temperature=VALUE"),
        ("--timeout -1", "above 0"),
        ("--timeout nan", "above 0"),
        ("--max-completion-tokens 1e9", "whole number"),
        ("--max-completion-tokens 0", "whole number"),
        ("--max-completion-tokens ٣", "whole number"),
        ("-o 3x", "variable name"),
        ("-o class", "variable name"),
        ("--param temperature", "name=value"),
        ("-m", "expected one argument"),
        ("what is this?", "below the %%o1 line"),
        ("-m 'o1", "quote is not closed"),
        ("-m o1 --model o3", "--model is given twice"),
        ("--param seed=1 --param seed=2", "--param seed is given twice"),
        ("--verbosity lo", "did you mean low"),
        ("--service-tier flx", "did you mean flex"),
        ("--code first", "number of a code block"),
    ],
)
def test_c3_a_wrong_line_is_one_error_that_names_the_way_on(line: str, said: str) -> None:
    """An unknown flag or value is an ArgumentError of at most three lines, and nothing is sent."""
    with pytest.raises(ArgumentError) as caught:
        arguments.parse(line)

    assert said in str(caught.value)
    assert "othing was sent" in str(caught.value)
    assert len(caught.value._render_traceback_()) <= 3


@given(st.text())
def test_any_line_is_parsed_or_refused(line: str) -> None:
    """No line makes anything but an ArgumentError."""
    with contextlib.suppress(ArgumentError):
        arguments.parse(line)


def test_a_use_spans_exactly_the_flag_and_its_value() -> None:
    """The linter can underline and replace a flag in the line."""
    line = "-m o1  --max-completion-tokens 2000 --param 'stop=[\"a b\"]'"

    uses = arguments.parse(line).uses

    assert line[slice(uses["max_completion_tokens"].start, uses["max_completion_tokens"].end)] == (
        "--max-completion-tokens 2000"
    )
    assert line[uses["stop"].start : uses["stop"].end] == "--param 'stop=[\"a b\"]'"
    assert uses["stop"].value == ["a b"]


def test_every_flag_is_documented() -> None:
    """Each flag has a sentence of help, for `%%o1?` and the command line."""
    assert all(flag.help for flag in arguments.FLAGS)
