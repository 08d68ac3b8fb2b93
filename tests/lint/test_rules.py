"""Every rule against its fixture file, and every fixture file has its rule."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from o1magic.lint import Context, check, repair, rules

sys.path.insert(0, str(Path(__file__).parent))
from models import context_of

FIXTURES = Path(__file__).parent / "fixtures"
CASES = [
    pytest.param(file.stem, case, id=f"{file.stem}-{number}")
    for file in sorted(FIXTURES.glob("*.toml"))
    for number, case in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["case"], 1)
]


@pytest.mark.parametrize(("code", "case"), CASES)
def test_a_rule_finds_exactly_the_spans_of_its_fixture(code, case):
    """A rule finds the spans its fixture names, and nothing where it names none."""
    found = check(case["text"], context_of(case), select=[code])

    assert case["found"] == [case["text"][one.start : one.end] for one in found]
    assert all(one.severity == case.get("severity", one.severity) for one in found)


@pytest.mark.parametrize(("code", "case"), CASES)
def test_a_rules_fixes_give_the_text_of_its_fixture(code, case):
    """All fixes of a rule together give the text its fixture names; without one, they change nothing."""
    result = repair(case["text"], context_of(case), unsafe=True, select=[code])

    assert case.get("fixed", case["text"]) == result.text


@pytest.mark.parametrize(("code", "case"), CASES)
def test_a_safe_fix_only_inserts(code, case):
    """A safe fix keeps every character of the prompt in its order."""
    result = repair(case["text"], context_of(case), select=[code])

    assert all(edit.start == edit.end for one in result.applied for edit in one.fix.edits)
    remaining = iter(result.text)
    assert all(character in remaining for character in case["text"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_every_rule_has_fixtures_with_and_without_a_finding(rule):
    """Every rule's fixture file has a prompt it flags and one it leaves alone."""
    cases = tomllib.loads((FIXTURES / f"{rule.code}.toml").read_text(encoding="utf-8"))["case"]

    assert any(not case["found"] for case in cases)
    assert rule.code == "X001" or any(case["found"] for case in cases)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_every_page_has_all_its_sections(rule):
    """A rule's page has every section, in order, with evidence on both sides."""
    sections = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)

    wanted = ["What it does", "Why", "Example", "Use instead", "When to ignore", "Fix safety", "References"]
    assert wanted == sections
    assert "For the rule:" in rule.page
    assert "Against it:" in rule.page


# The others need a model, a flag of the magic line or a real secret.
SHOWN = [
    rule
    for rule in rules()
    if rule.code[:3] in {"COT", "DEL", "FEW", "AMB"} or rule.code in {"CTX002", "CTX003", "PAR004", "ROL002"}
]


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.code)
def test_the_pages_example_is_flagged_and_its_replacement_is_not(rule):
    """The example on a rule's page is flagged by the rule, and what to use instead is not."""
    example, instead = (
        # A line of dots stands for more lines like the one above it.
        re.sub(r"^(20.*\n)\.\.\.\n", lambda line: line[1] * 300, match[1], flags=re.MULTILINE)
        for match in re.findall(r"^(`{3,})text\n(.*?)^\1$", rule.page, re.MULTILINE | re.DOTALL)[:2]
    )

    assert [rule.code] == [one.code for one in check(example, Context(), select=[rule.code])]
    assert check(instead, Context()) == []
