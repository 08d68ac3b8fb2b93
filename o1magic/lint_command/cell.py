"""A passage -> what the linter should know beside its text: the model, the flags of its magic line, what it ignores.

`arguments` and the catalog are imported only for a passage that needs them: together they cost more than the linter.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from o1magic.cell import arguments_at
from o1magic.lint import Context, FlagUse

if TYPE_CHECKING:
    from o1magic.catalog import Model


class Known(NamedTuple):
    """What is known of a passage; `off` is a cell that says `--lint off`."""

    context: Context
    ignore: tuple[str, ...] = ()
    off: bool = False


def is_prompt(source: str) -> bool:
    """Tell whether a cell is a `%%o1` cell."""
    return arguments_at(source) is not None


def known_of(text: str, *, forced: str | None, configured: str | None) -> Known:
    """Return what is known of a passage; the `forced` model goes before the cell's own, the `configured` one after it.

    Raises ArgumentError, UnknownModelError: a magic line, or a model, that nobody knows.
    """
    head = arguments_at(text)
    if head is None:
        return Known(Context(model=model_of(forced or configured)))
    from o1magic import arguments

    line = text[head:].partition("\n")[0]
    given = arguments.parse(line)
    exactly = given.params.get("model")
    own = find(str(exactly)) if exactly is not None and not forced else None
    context = Context(
        model=own or model_of(forced or given.model or configured),
        body_start=min(head + len(line) + 1, len(text)),
        flags={name: FlagUse(use.value, use.start + head, use.end + head) for name, use in given.uses.items()},
        has_system=given.developer is not None,
    )
    return Known(context, given.ignore or (), off=given.lint == "off")


def find(name: str) -> Model:
    """Return what the catalog has on a model of exactly that name."""
    from o1magic import catalog

    return catalog.load().find(name)


@cache
def model_of(name: str | None) -> Model | None:
    """Return the facts about a model. Raises UnknownModelError: the name is one slip away from a known one."""
    if name is None:
        return None
    from o1magic import catalog
    from o1magic.errors import UnknownModelError

    known = catalog.load()
    meant = known.slip_of(name)
    if meant is not None:
        raise UnknownModelError(f"There is no model {name!r}; did you mean {meant}?", nearest=known.nearest(name))
    return known.find(name)
