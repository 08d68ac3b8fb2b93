"""Which model a cell goes to, by the name that was given for it.

Layer 3, pure. Called by `ask` and `commands`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.errors import ArgumentError, UnknownModelError

if TYPE_CHECKING:
    from o1magic.arguments import Arguments
    from o1magic.catalog import Catalog, Model
    from o1magic.settings import Settings


def choose_model(given: Arguments, chosen: Settings, catalog: Catalog) -> tuple[str, Model]:
    """Return the name to send and the facts known about it.

    Raises UnknownModelError: the name is one slip away from a known one. `--param model=NAME` sends any name.
    """
    for name in (chosen.model, given.params.get("model")):
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise ArgumentError(f"A model is named by a word, not by {name!r}; nothing was sent.")
    exactly = given.params.get("model")
    if exactly is not None and given.model not in (None, exactly):
        raise ArgumentError(f"-m {given.model} and --param model={exactly} differ; nothing was sent.")
    if exactly is not None:
        return str(exactly), catalog.find(str(exactly))
    name = chosen.model or catalog.default_model
    if chosen.as_model is not None:
        return name, catalogued(catalog, chosen.as_model)
    meant = catalog.slip_of(name)
    if meant is not None:
        raise UnknownModelError(
            f"There is no model {name!r}; did you mean {meant}? Nothing was sent.",
            how=f"To send it as it is: --param model={name}.",
            nearest=catalog.nearest(name),
        )
    return name, catalog.find(name)


def catalogued(catalog: Catalog, name: str) -> Model:
    """Return the facts of a model. Raises UnknownModelError: the catalog has none of it."""
    facts = catalog.find(name)
    if not facts.known:
        near = catalog.nearest(name)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise UnknownModelError(
            f"--as names a model of the catalog, not {name!r}{hint} Nothing was sent.", nearest=near
        )
    return facts
