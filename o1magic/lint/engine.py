"""Running the rules and applying their fixes. Pure: text and context in, diagnostics or repaired text out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from types import MappingProxyType
from typing import TYPE_CHECKING

from o1magic.lint import registry, suppress
from o1magic.lint.compose import composed
from o1magic.lint.diagnostic import Context, Diagnostic, Edit, FixResult, FlagUse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from o1magic.lint.registry import Rule

# Fixes at one place go one per round, removals after insertions: a nest of delimiters takes more than a few.
_ROUNDS = 12
_BROKEN = "X001"
_UNUSED = "X100"


def check(
    text: str,
    context: Context | None = None,
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
) -> list[Diagnostic]:
    """Return what the rules find, sorted by position. Raises ArgumentError: a code that no rule begins with."""
    return _run(text, context or Context(), registry.chosen(select, ignore))


def _run(text: str, context: Context, chosen: tuple[Rule, ...]) -> list[Diagnostic]:
    if not chosen:
        return []
    from o1magic.lint.document import Document
    from o1magic.lint.regions import Spans

    document = Document(text, context)
    quiet = context.model is not None and context.model.reasons is False
    silenced = suppress.codes(text, document.start)
    unused = next((rule for rule in chosen if rule.code == _UNUSED), None) if silenced else None
    found: list[Diagnostic] = []
    ran: dict[str, bool] = {}
    for rule in chosen:
        hidden = bool(silenced) and rule.code.startswith(silenced)
        if (quiet and rule.reasoning_only) or (hidden and unused is None):
            continue
        try:
            new = list(rule.check(document, rule))
        except Exception as error:  # noqa: BLE001 - a rule that broke is a finding, and the others still run
            new = [_broken(rule, error, document.start)]
        ran[rule.code] = bool(new)
        found += [] if hidden else new
    if unused is not None and not _UNUSED.startswith(silenced):
        used = [code for code, some in ran.items() if some]
        found += suppress.unused(text, document.start, unused, ran=ran, used=used)
    for rule in chosen:
        if rule.yields_to and ran.get(rule.code):
            better = Spans((one.start, one.end) for one in found if one.code in rule.yields_to)
            found = [one for one in found if one.code != rule.code or not better.touches(one.start, one.end)]
    return sorted(found, key=lambda one: (one.start, one.end, one.code))


def _broken(rule: Rule, error: Exception, at: int) -> Diagnostic:
    message = f"{rule.code} broke ({type(error).__name__}): what it would have found is missing here"
    return Diagnostic(_BROKEN, "rule-broke", "error", message, at, at)


def repair(
    text: str,
    context: Context | None = None,
    *,
    unsafe: bool = False,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
) -> FixResult:
    """Return the text with its fixes applied: the safe ones, with `unsafe` all of them.

    Raises ArgumentError: a code that no rule begins with.
    """
    context = context or Context()
    chosen = registry.chosen(select, ignore)
    stages = {rule.code: rule.stage for rule in chosen}
    applied: list[Diagnostic] = []
    history: list[list[Edit]] = []
    whole: list[Edit] = []
    found = _run(text, context, chosen)
    for _ in range(_ROUNDS):
        fixable = [one for one in found if one.fix is not None and (unsafe or one.fix.safe)]
        taken, edits = _compatible(text, context, fixable, stages)
        if not taken:
            break
        applied += (_moved_back(one, history) for one in taken)
        history.append(edits)
        whole = composed(whole, edits, text)
        text, context = _applied(text, edits), _moved(context, edits)
        found = _run(text, context, chosen)
    return FixResult(text, tuple(applied), tuple(found), context, tuple(whole))


def _compatible(
    text: str, context: Context, fixable: list[Diagnostic], stages: dict[str, int]
) -> tuple[list[Diagnostic], list[Edit]]:
    """Return the fixes of the lowest stage that neither overlap nor together leave an empty prompt, and their edits."""
    lowest = min((stages.get(one.code, 0) for one in fixable), default=0)
    taken: list[Diagnostic] = []
    edits: list[Edit] = []
    words: int | None = None
    for one in fixable:
        if one.fix is None or stages.get(one.code, 0) != lowest or not all(_fits(edits, e) for e in one.fix.edits):
            continue
        removed = sum(_words(text[max(e.start, context.body_start) : e.end]) for e in one.fix.edits)
        if removed:
            words = _words(text[context.body_start :]) if words is None else words
            if removed >= words:
                continue
            words -= removed
        taken.append(one)
        for edit in one.fix.edits:
            insort(edits, edit, key=_position)
    return taken, edits


def _position(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end


def _fits(edits: list[Edit], edit: Edit) -> bool:
    i = bisect_left(edits, _position(edit), key=_position)
    before = edits[i - 1] if i else None
    after = edits[i] if i < len(edits) else None
    if before is not None and (before.end > edit.start or _position(before) == _position(edit)):
        return False
    return after is None or (edit.end <= after.start and _position(after) != _position(edit))


def _words(text: str) -> int:
    return sum(map(str.isalnum, text))


def _applied(text: str, edits: list[Edit]) -> str:
    pieces: list[str] = []
    position = 0
    for edit in edits:
        pieces += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join((*pieces, text[position:]))


class _Mover:
    """Moves offsets across one round of edits, forward or back."""

    def __init__(self, edits: list[Edit]) -> None:
        self._old = [edit.end for edit in edits]
        self._new: list[int] = []
        shift = 0
        for edit in edits:
            shift += len(edit.text) - (edit.end - edit.start)
            self._new.append(edit.end + shift)

    def forward(self, offset: int, *, inserts_before: bool = True) -> int:
        i = bisect_right(self._old, offset if inserts_before else offset - 1) - 1
        return offset if i < 0 else offset - self._old[i] + self._new[i]

    def back(self, offset: int) -> int:
        i = bisect_right(self._new, offset) - 1
        return offset if i < 0 else offset - self._new[i] + self._old[i]


def _moved(context: Context, edits: list[Edit]) -> Context:
    """Return the context for the edited text: a flag that an edit removed is gone, everything else has moved along."""
    mover = _Mover(edits)
    flags: dict[str, FlagUse] = {}
    for name, use in context.flags.items():
        inside = [edit for edit in edits if edit.start < use.end and use.start < edit.end]
        if any(edit.start <= use.start and use.end <= edit.end and not edit.text for edit in inside):
            continue
        value = use.value
        for edit in inside:
            value = int(edit.text) if edit.text.isdecimal() else value
        flags[name] = FlagUse(value, mover.forward(use.start), mover.forward(use.end, inserts_before=False))
    body = mover.forward(context.body_start, inserts_before=False)
    spans = tuple((mover.forward(a), mover.forward(b, inserts_before=a == b)) for a, b in context.inserted)
    system = context.has_system and (
        not {"system", "developer"} & set(context.flags) or bool({"system", "developer"} & set(flags))
    )
    return context._replace(flags=MappingProxyType(flags), body_start=body, inserted=spans, has_system=system)


def _moved_back(one: Diagnostic, history: list[list[Edit]]) -> Diagnostic:
    start, end = one.start, one.end
    for edits in reversed(history):
        mover = _Mover(edits)
        start, end = mover.back(start), mover.back(end)
    return one._replace(start=start, end=max(start, end)) if history else one
