"""`o1magic rule`: the pages of the rules, in Markdown or as JSON, and the reference that docs/rules.md is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from o1magic.lint import explain, rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from o1magic.lint import Rule

_FENCE = re.compile(r"`{3,}|~{3,}")
_ABOUT = """# Lint rules

Written by `make docs` from the rules' own pages, which `o1magic rule CODE` and `%o1 rule CODE` print too. Do not edit.

To switch a rule off: `--ignore CODE` on the `%%o1` line or the command line, `ignore` or `per-file-ignores` under
`[tool.o1magic.lint]` in `pyproject.toml`, or `<!-- o1: ignore[CODE] -->` on the first or last line of the prompt, which
is not sent. A prefix such as `COT` means every rule that begins with it.
"""


def page(code: str) -> str:
    """Return a rule's page. Raises ArgumentError: no rule has that code or name."""
    return explain(code)


def pages() -> str:
    """Return the pages of every rule."""
    return "\n".join(explain(rule.code) for rule in rules())


def as_json(code: str | None) -> str:
    """Return a rule as a JSON object, or all of them as a list. Raises ArgumentError: no rule has that code or name."""
    if code is None:
        return json.dumps([_record(rule) for rule in rules()], indent=2, ensure_ascii=False)
    title = explain(code).partition("\n")[0]
    (rule,) = (rule for rule in rules() if title.endswith(f"({rule.code})"))
    return json.dumps(_record(rule), indent=2, ensure_ascii=False)


def _record(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "fix": fix_of(rule),
        "reasoning_only": rule.reasoning_only,
        "summary": summary(rule),
        "explanation": rule.page.strip(),
    }


def summary(rule: Rule) -> str:
    """Return the first sentence of the page: what the rule is about."""
    return " ".join(rule.page.strip().partition("\n\n")[0].split())


def fix_of(rule: Rule) -> str | None:
    """Return "safe", "unsafe", or None where the page says that there is no fix."""
    safety = rule.page.partition("\n## Fix safety\n")[2].lower()
    word = re.match(r"\W*(\w+)", safety)
    return word[1] if word and word[1] in {"safe", "unsafe"} else None


def reference() -> str:
    """Return the reference of all rules in Markdown: a table, then every page."""
    every = rules()
    return "\n".join((_ABOUT, *_table(every), "", *(_section(rule) for rule in every)))


def _table(every: Sequence[Rule]) -> Iterator[str]:
    yield "| code | name | severity | fix | finds |"
    yield "|---|---|---|---|---|"
    for rule in every:
        anchor = f"{rule.code}-{rule.name}".lower()
        says = summary(rule).replace("|", "\\|")
        yield f"| [{rule.code}](#{anchor}) | {rule.name} | {rule.severity} | {fix_of(rule) or '–'} | {says} |"


def _section(rule: Rule) -> str:
    """Return a page under a heading, its own headings one level lower; what looks like one in an example stays."""
    lines: list[str] = []
    fence = ""
    for line in rule.page.strip().split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark.group()
        elif mark and line.rstrip() == mark.group() and line.startswith(fence):
            fence = ""
        lines.append(f"#{line}" if line.startswith("#") and not fence else line)
    return "\n".join((f"## {rule.code} {rule.name}", "", *lines, ""))
