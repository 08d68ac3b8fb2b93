"""What a browser shows of a cell while it is written: findings, their fixes, and what it would take to send it.

Called by `server`, on its worker thread. Places count UTF-16 units, as editors in a browser do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from o1magic import session
from o1magic.choice import choose_model
from o1magic.draft import cell_of, context_of, settle_settings
from o1magic.errors import ArgumentError, ConfigError, UnknownModelError
from o1magic.jupyter.estimate import estimate, said
from o1magic.lint import check, repair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from o1magic.lint import Context, Diagnostic, Edit


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser asks about a cell; `model` is the notebook's own, which a flag in the cell outranks.

    `lint` and `estimate` tell which of the two is wanted, `session` whose budgets count: a session or a kernel.
    """

    cell: str
    model: str | None = None
    ignore: tuple[str, ...] = ()
    lint: bool = True
    estimate: bool = True
    session: str | None = None


def read(given: object) -> Asked | None:
    """Return what a request's JSON asks, None where it is not of that form; what else it holds is not read."""
    if not isinstance(given, dict):
        return None
    asked = Asked(given.get("cell", 0), given.get("model"), session=given.get("session"))
    options = {name: given[name] for name in ("ignore", "lint", "estimate") if name in given}
    ignore = options.pop("ignore", [])
    texts = [
        asked.cell,
        *([] if asked.model is None else [asked.model]),
        *(ignore if isinstance(ignore, list) else [0]),
    ]
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(one, bool) for one in options.values()):
        return None
    return replace(asked, ignore=tuple(code.strip().upper() for code in ignore), **options)


def preview(asked: Asked) -> dict[str, object]:
    """Return findings, the edits that `fix` would make, and an estimate; or why the magic line cannot be read."""
    found: dict[str, object] = {"diagnostics": [], "fixed": [], "problem": None, "estimate": None}
    # The notebook's model stands where `%config` stands in a kernel: behind a flag, before the environment.
    desk = replace(session.desk(), config=lambda: {"model": asked.model})
    try:
        cell = cell_of(asked.cell, {})
        chosen = settle_settings(cell.given, desk)
        _, model = choose_model(cell.given, chosen, desk.catalog)
        if asked.lint and chosen.lint != "off":
            ignore = (*chosen.ignore, *asked.ignore)
            # Whether a conversation has begun, the kernel knows: what is named may be above, and is not found missing.
            context = context_of(cell, model)._replace(follows=cell.given.chat is not None and not cell.given.new)
            found |= _linted(asked.cell, context, ignore)
        if asked.estimate:
            found["estimate"] = estimate(cell, chosen, desk, asked.session)
    except (ArgumentError, ConfigError, UnknownModelError) as problem:
        found["problem"] = said(problem)
    return found


def _linted(text: str, context: Context, ignore: tuple[str, ...]) -> dict[str, object]:
    at = utf16(text)
    found = check(text, context, ignore=ignore)
    safe = any(one.fix is not None and one.fix.safe for one in found)
    edits = repair(text, context, ignore=ignore).edits if safe else ()
    return {"diagnostics": [_shown(one, at) for one in found], "fixed": _moved(edits, at)}


def _shown(one: Diagnostic, at: Callable[[int], int]) -> dict[str, object]:
    fix: dict[str, Any] | None = None
    if one.fix:
        fix = {"safe": one.fix.safe, "title": one.fix.title, "edits": _moved(one.fix.edits, at)}
    return {
        "code": one.code,
        "name": one.name,
        "severity": one.severity,
        "message": one.message,
        "start": at(one.start),
        "end": at(one.end),
        "fix": fix,
    }


def _moved(edits: Iterable[Edit], at: Callable[[int], int]) -> list[dict[str, object]]:
    return [{"start": at(edit.start), "end": at(edit.end), "text": edit.text} for edit in edits]


def utf16(text: str) -> Callable[[int], int]:
    """Return what turns an offset in code points into one in UTF-16 units."""
    wide = [place for place, character in enumerate(text) if ord(character) > 0xFFFF]  # noqa: PLR2004 - the BMP's end
    if not wide:
        return lambda offset: offset
    from bisect import bisect_left

    return lambda offset: offset + bisect_left(wide, offset)
