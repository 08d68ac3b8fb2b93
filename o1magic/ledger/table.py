"""The rows as a pandas DataFrame.

Layer 3. `pandas` is imported here, when a frame is asked for, and nowhere else in the ledger.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from o1magic.errors import ConfigError
from o1magic.ledger.records import Row

if TYPE_CHECKING:
    from collections.abc import Iterable


_COUNTS = {
    *("prompt_tokens", "cached_tokens", "reasoning_tokens", "completion_tokens", "visible_tokens"),
    *("hold_nano_usd", "cost_nano_usd", "attempts"),
}
_NANO = 1_000_000_000


def frame(rows: Iterable[Row]) -> Any:  # a DataFrame; pandas has no types of its own
    """Return one row per call; unknown is <NA>, never 0; `cost_usd` stands beside the exact nano-dollars.

    Raises ConfigError: pandas is not installed.
    """
    try:
        import pandas as pd  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError("The rows as a DataFrame need pandas.", how="pip install pandas") from error
    names = [*(field.name for field in dataclasses.fields(Row)), "visible_tokens"]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for row in rows:
        for name, values in columns.items():
            values.append(getattr(row, name))
    made = pd.DataFrame({name: _column(pd, name, values) for name, values in columns.items()})
    made["cost_usd"] = made["cost_nano_usd"].astype("Float64") / _NANO
    return made


def _column(pd: Any, name: str, values: list[Any]) -> Any:
    if name == "created":
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True)
    if name in _COUNTS:
        return pd.array(values, dtype="Int64")
    if name == "seconds":
        return pd.array(values, dtype="Float64")
    return pd.Series(values, dtype="bool" if values and isinstance(values[0], bool) else "object")
