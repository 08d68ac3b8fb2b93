"""How a request wants its answer: verbosity, service tier and form, checked as the API checks them.

Layer 5. Imports the catalog's types and `errors`; called by `contract`, and by `report`, which says what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from o1magic.settings import TIERS
from o1magic.simulator import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from o1magic.catalog import Model


@dataclass(frozen=True, slots=True)
class Style:
    """What was asked for; None is the default. `schema` is the form of the answer, {} any JSON object."""

    verbosity: str | None = None
    service_tier: str | None = None
    schema: Mapping[str, Any] | None = None

    @property
    def served(self) -> str:
        """Return the tier that the reply names."""
        return self.service_tier if self.service_tier and self.service_tier != "auto" else "default"

    def lines(self) -> Iterator[str]:
        """Yield a sentence on each thing that was asked for."""
        if self.verbosity is not None:
            yield f"- Verbosity: {self.verbosity}, which changes nothing here"
        if self.service_tier is not None:
            yield f"- Service tier: {self.service_tier}, no faster and no slower here"


def read_style(
    verbosity: object,
    service_tier: object,
    model: Model,
    *,
    schema: Mapping[str, Any] | None = None,
    called: str = "verbosity",
) -> Style:
    """Return the style. Raises Refused: a value this model, or the endpoint, does not take."""
    if verbosity is not None and not model.verbosities:
        raise errors.unsupported_parameter(called)
    if verbosity is not None and verbosity not in model.verbosities:
        # As gpt-4o refuses one: google-deepmind/concordia#164.
        what = f"Unsupported value: '{called}' does not support {errors.spelled(verbosity)} with this model."
        raise _refused(what, called, model.verbosities, "unsupported_value")
    if service_tier is not None and service_tier not in TIERS:
        what = f"Invalid value: {errors.spelled(service_tier)}."
        raise _refused(what, "service_tier", TIERS, "invalid_value")
    level, tier = (None if value is None else str(value) for value in (verbosity, service_tier))
    return Style(level, tier, schema)


def _refused(what: str, param: str, accepted: tuple[str, ...], code: str) -> errors.Refused:
    values = ", ".join(errors.spelled(value) for value in accepted)
    return errors.Refused(400, f"{what} Supported values are: {values}.", param=param, code=code)
