"""The linter's values: what is asked (Context), what is found (Diagnostic), what is offered (Fix).

Imports nothing of ours at run time. Offsets are code points into the whole text given, `end` exclusive.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.catalog import Model

Severity = Literal["error", "warning", "info"]


class Edit(NamedTuple):
    """Replaces text[start:end] by `text`; an insert where start == end."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """Edits that belong together; safe ones keep every word of the person in place and may be applied unasked."""

    safe: bool
    edits: tuple[Edit, ...]
    title: str


class Diagnostic(NamedTuple):
    """One finding, with the span it is about and the fix on offer (None where only a person can tell)."""

    code: str
    name: str
    severity: Severity
    message: str
    start: int
    end: int
    fix: Fix | None = None


class FlagUse(NamedTuple):
    """One API parameter given on the magic line, with the span of its text (empty where it has none)."""

    value: object
    start: int = 0
    end: int = 0


_NO_FLAGS: Mapping[str, FlagUse] = MappingProxyType({})


class Context(NamedTuple):
    """What the linter knows besides the text.

    body_start: where the prompt begins; before it stands the magic line, which is not prose.
    flags: keyed by API parameter name ("max_completion_tokens", "temperature", "system", ...).
    inserted: spans the program filled in; already delimited, and never read as instructions.
    unfilled: names of {{placeholders}} for which no variable was found; not known without the variables.
    has_system: a system or developer message goes along that stands nowhere in the text.
    follows: earlier turns of a conversation go along, which the text may point to.
    """

    model: Model | None = None
    body_start: int = 0
    flags: Mapping[str, FlagUse] = _NO_FLAGS
    inserted: tuple[tuple[int, int], ...] = ()
    has_system: bool = False
    unfilled: tuple[str, ...] = ()
    follows: bool = False


class FixResult(NamedTuple):
    """The repaired text; `applied` has offsets into the text given, `remaining` into `text`.

    context: the context given, with body_start, inserted and flags moved to where they are in `text`.
    edits: all that was done, as edits of the text given, in order of position.
    """

    text: str
    applied: tuple[Diagnostic, ...]
    remaining: tuple[Diagnostic, ...]
    context: Context = Context()
    edits: tuple[Edit, ...] = ()
