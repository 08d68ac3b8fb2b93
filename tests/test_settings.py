from __future__ import annotations

import pytest

from o1magic import settings
from o1magic.errors import ConfigError


def test_later_layers_outrank_earlier_ones_and_none_says_nothing() -> None:
    """Flag > %config > environment > default."""
    environment = settings.from_environment({"O1MAGIC_MODEL": " o3 ", "O1MAGIC_ENDPOINT": "simulator"})

    merged = settings.merge(environment, {"model": "o1", "fix": None}, {"model": None, "lint": "strict"})

    assert (merged.model, merged.endpoint, merged.fix, merged.lint) == ("o1", "simulator", "safe", "strict")


@pytest.mark.parametrize(
    "layer",
    [
        {"lint": "strct"},
        {"fix": "some"},
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"timeout_s": 1e17},
        {"timeout_s": "5"},
        {"reserve_tokens": 0},
        {"modle": "x"},
    ],
)
def test_c4_a_setting_that_cannot_be_is_refused_by_name(layer: dict[str, object]) -> None:
    """A wrong setting is an error that names it; the default is not silently used."""
    with pytest.raises(ConfigError, match=next(iter(layer))):
        settings.merge(layer)
