"""The rules that there are: found in the rules folder, looked up by code, prefix or name.

Called by the engine and by `explain`.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from o1magic.lint.diagnostic import Diagnostic, Severity
    from o1magic.lint.document import Document

# Imported here and now: a first import later would bind the folder over the function of the same name in o1magic.lint.
_FOLDER = import_module("o1magic.lint.rules")


class Rule(NamedTuple):
    """What one file in rules/ defines as RULE; its page is that file's docstring.

    reasoning_only: silent for models known not to reason.
    stage: fixes of a lower stage are applied first, so that data is delimited before words are removed.
    yields_to: rules whose finding is the better one where both lie on the same words.
    """

    code: str
    name: str
    severity: Severity
    check: Callable[[Document, Rule], Iterator[Diagnostic]]
    page: str
    reasoning_only: bool = False
    stage: int = 0
    yields_to: tuple[str, ...] = ()


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by code."""
    # Not through pkgutil or pathlib, each of which takes longer to import than half of the rules.
    files = {name for folder in _FOLDER.__path__ for name in os.listdir(folder)}  # noqa: PTH208
    names = (name.removesuffix(".py") for name in files if name.endswith(".py") and name != "__init__.py")
    found = (import_module(f"{_FOLDER.__name__}.{name}") for name in names)
    return tuple(sorted((module.RULE for module in found), key=lambda rule: rule.code))


def explain(code: str) -> str:
    """Return a rule's page in Markdown. Raises ArgumentError: no rule has that code or name."""
    wanted = code.strip()
    for rule in rules():
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return f"# {rule.name} ({rule.code})\n\n{rule.page.strip()}\n"
    raise _unknown(wanted)


def chosen(select: Iterable[str] | None, ignore: Iterable[str] | None) -> tuple[Rule, ...]:
    """Return the rules to run. Raises ArgumentError: a prefix that no code begins with."""
    wanted = _prefixes(select)
    unwanted = _prefixes(ignore)
    return tuple(
        rule
        for rule in rules()
        if (select is None or rule.code.startswith(wanted)) and not (unwanted and rule.code.startswith(unwanted))
    )


def _prefixes(codes: Iterable[str] | None) -> tuple[str, ...]:
    given = codes.replace(",", " ").split() if isinstance(codes, str) else (codes or ())
    found: list[str] = []
    for code in given:
        wanted = code.strip().upper()
        if wanted == "ALL":
            found.append("")
        elif wanted and any(rule.code.startswith(wanted) for rule in rules()):
            found.append(wanted)
        else:
            named = [rule.code for rule in rules() if rule.name == code.strip().lower()]
            if not named:
                raise _unknown(code.strip())
            found += named
    return tuple(found)


def _unknown(code: str) -> ArgumentError:
    from difflib import get_close_matches

    names = {rule.code: rule.code for rule in rules()} | {rule.name: rule.code for rule in rules()}
    near = get_close_matches(code.upper(), names, n=1, cutoff=0) or get_close_matches(code.lower(), names, n=1)
    named = get_close_matches(code.lower(), [rule.name for rule in rules()], n=1)
    nearest = names[(named or near)[0]]
    return ArgumentError(f"There is no rule {code!r}; the nearest is {nearest}.", nearest=nearest)
