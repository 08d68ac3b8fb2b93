"""Selecting, ignoring, explaining, applying: the engine around the rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from o1magic.errors import ArgumentError
from o1magic.lint import Context, FlagUse, check, explain, registry, repair, rules

sys.path.insert(0, str(Path(__file__).parent))
from models import MODELS

BOTH = "Think step by step. Is 391 prime? Explain your reasoning."
CODE = "Fix this. Think step by step.\ndef f(x):\n    return x+\n"


def codes(found):
    return [one.code for one in found]


def test_findings_come_in_order_of_position():
    """Findings are sorted by where they start."""
    assert codes(check(BOTH)) == ["COT001", "COT002"]


@pytest.mark.parametrize("select", [["COT001"], "COT001", ["think-step-by-step"], ["cot001"]])
def test_select_takes_codes_and_names(select):
    """Only selected rules run, named by code or by name."""
    assert codes(check(BOTH, select=select)) == ["COT001"]


def test_ignore_takes_prefixes():
    """Ignoring a prefix ignores every rule that begins with it."""
    assert codes(check(CODE, ignore=["COT"])) == ["DEL001"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Q: Is 391 prime?\nA: Let's think step by step.", "COT004"),
        ("Give the reasoning only at the end.\nIs 391 prime?", "COT006"),
        ("Is 391 prime? Think step by step inside <thinking> tags.", "COT005"),
        ("Think carefully, step by step. Is 391 prime?", "COT001"),
    ],
)
def test_the_same_words_are_found_once(text, found):
    """Where two rules find the same words, the finding that says more stays."""
    assert codes(check(text, select="COT")) == [found]


def test_a_rule_yields_only_to_rules_that_run():
    """A finding given up for a better one is there when the rule of the better one is not asked for."""
    text = "Q: Is 391 prime?\nA: Let's think step by step."

    assert codes(check(text, ignore=["COT004"])) == ["COT001"]


@pytest.mark.parametrize("wrong", ["COT999", "thnk-step-by-step", "??"])
def test_an_unknown_code_is_an_error_that_names_the_nearest(wrong):
    """An unknown code is refused with the nearest that exists."""
    with pytest.raises(ArgumentError, match=r"nearest is [A-Z]+\d"):
        check(BOTH, ignore=[wrong])
    with pytest.raises(ArgumentError, match=r"nearest is [A-Z]+\d"):
        explain(wrong)


def test_explain_gives_the_page_under_its_title():
    """A rule's page starts with its name and code."""
    assert explain("cot001").startswith("# think-step-by-step (COT001)\n\nTelling the model")
    assert explain("think-step-by-step") == explain("COT001")


def test_cue_rules_are_silent_for_a_model_that_does_not_reason():
    """A model that does not reason may be told to think; what is undelimited is still found."""
    assert codes(check(CODE, Context(model=MODELS["plain"]))) == ["DEL001"]


def test_an_unknown_model_is_treated_as_reasoning():
    """For a model nobody knows the cue rules fire."""
    assert "COT001" in codes(check(BOTH, Context(model=MODELS["unknown"])))


def test_a_rule_that_breaks_is_said_and_the_others_run(monkeypatch):
    """A broken rule becomes X001, an error, beside the other rules' findings."""

    def broken(_document, _rule):
        raise ZeroDivisionError

    patched = tuple(rule._replace(check=broken) if rule.code == "COT002" else rule for rule in rules())
    monkeypatch.setattr(registry, "rules", lambda: patched)

    found = check(BOTH)

    assert {"COT001", "X001"} == set(codes(found))
    assert [one.severity for one in found if one.code == "X001"] == ["error"]
    assert "COT002" in next(one.message for one in found if one.code == "X001")


def test_by_default_only_safe_fixes_are_applied():
    """Without unsafe, words stay and delimiters come."""
    result = repair(CODE)

    assert result.text == "Fix this. Think step by step.\n```python\ndef f(x):\n    return x+\n```\n"
    assert codes(result.applied) == ["DEL001"]
    assert codes(result.remaining) == ["COT001"]


def test_all_fixes_delimit_first_and_report_where_things_stood():
    """Applied findings have their spans in the text given, remaining ones in the repaired text."""
    result = repair(BOTH + "\nAlso let's see why we think step by step.", unsafe=True)
    given = repair(CODE, unsafe=True)

    assert "Is 391 prime?" in result.text
    assert {"Think step by step", "def f(x):\n    return x+"} == {CODE[one.start : one.end] for one in given.applied}


@pytest.mark.parametrize("joint", [" ", "\n", "\n\n\n\n", ".\n...\n"])
def test_fixes_never_leave_an_empty_prompt(joint):
    """Of two cues that are all there is, one stays."""
    result = repair(f"Think step by step.{joint}Explain your reasoning.", unsafe=True)

    assert any(character.isalpha() for character in result.text)
    assert len(result.applied) == 1


def test_inserted_data_is_neither_linted_nor_delimited_and_its_span_moves():
    """Spans the program filled in are never read as instructions, and move with the fixes."""
    data = "Think step by step.\na,b\n1,2\n3,4"
    text = f"Think step by step. Sum it.\n{data}\n"
    span = (text.index(data), text.index(data) + len(data))

    result = repair(text, Context(inserted=(span,)), unsafe=True)

    assert f"Sum it.\n{data}\n" == result.text
    (moved,) = result.context.inserted
    assert data == result.text[slice(*moved)]


def test_the_magic_line_is_not_prose():
    """What stands before body_start is never read as a prompt."""
    text = "%%o1 think step by step\nIs 391 prime?"

    assert check(text, Context(body_start=text.index("\n") + 1)) == []


def test_an_option_given_in_python_is_found_without_a_span_or_a_fix():
    """Parameters that stand nowhere in the text are still checked."""
    context = Context(
        model=MODELS["no-system"], flags={"temperature": FlagUse(0.5), "system": FlagUse("x")}, has_system=True
    )

    found = check("Is 391 prime?", context)

    assert codes(found) == ["PAR001", "ROL001"]
    assert [one.fix for one in found] == [None, None]


def test_a_system_message_from_elsewhere_is_found():
    """A system message that is no flag is found at the start of the prompt."""
    assert codes(check("Hi there", Context(model=MODELS["no-system"], has_system=True))) == ["ROL001"]


@pytest.mark.parametrize(
    "text",
    [
        "<!-- o1: ignore[COT001] -->\nThink step by step. Is 391 prime?",
        "Think step by step. Is 391 prime?\n# o1: ignore=COT\n",
    ],
)
def test_a_comment_on_the_first_or_last_line_switches_rules_off(text):
    """A suppression comment silences the rules it names."""
    assert check(text) == []


def test_a_comment_in_the_middle_switches_nothing_off():
    """Only the first and the last line can hold a suppression."""
    assert codes(check("Hello.\n# o1: ignore=COT001\nThink step by step. Is 391 prime?")) == ["COT001"]


def test_importing_the_linter_loads_nothing_heavy():
    """The linter imports no third-party package, and no data before the first check."""
    heavy = "{'openai', 'IPython', 'tomllib', 'tiktoken', 'markdown_it'}"
    script = f"import sys, o1magic.lint\nprint({heavy} & {{name.split('.')[0] for name in sys.modules}})"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "set()"
