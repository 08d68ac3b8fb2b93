"""What is known about the models, read from `catalog.toml`; the code knows no model by name.

Layer 1. Imports `errors` only. Called by everything that needs a limit, a price or a capability.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from o1magic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

RefusalForm = Literal["value", "parameter", "unseen"]

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_VENDOR = re.compile(r"^(?:.*/)?(?:openai|azure)/(?=[^/]+$)")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_SEPARATOR = re.compile(r"[\s_.-]+")


@dataclass(frozen=True, slots=True)
class LongContext:
    """The surcharge on a whole request whose input is longer than `threshold_tokens`."""

    threshold_tokens: int
    input_factor: Decimal
    output_factor: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens, valid from the day `since`; a cached price of None is not known.

    `batch_factor`: what a batch costs of it, None where that is not known.
    """

    id: str
    since: date
    input_per_mtok: Decimal
    cached_per_mtok: Decimal | None
    output_per_mtok: Decimal
    long_context: LongContext | None = None
    batch_factor: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """The facts about one model; None, and for an unknown model an empty tuple too, is not known.

    `refused` names what /chat/completions refuses whatever the value, `fixed` what takes that one value only,
    `refusal_form` how a refused temperature is worded. `efforts` is empty when the model takes no effort, `verbosities`
    when it takes no verbosity.
    """

    name: str
    known: bool = True
    context_window: int | None = None
    max_input: int | None = None
    max_output: int | None = None
    reasons: bool | None = None
    efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    verbosities: tuple[str, ...] = ()
    apis: tuple[str, ...] = ()
    streams: bool | None = None
    system: str | None = None
    vision: bool | None = None
    image_base_tokens: int | None = None
    image_tile_tokens: int | None = None
    tools: bool | None = None
    structured_output: bool | None = None
    refused: tuple[str, ...] = ()
    fixed: Mapping[str, float] = field(default_factory=dict, hash=False)
    refusal_form: RefusalForm = "unseen"
    encoding: str | None = None
    knowledge: str | None = None
    shutdown: date | None = None
    successor: str | None = None
    note: str | None = None
    aliases: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    source: str = ""
    checked: date | None = None

    def price_on(self, day: date) -> Price | None:
        """Return the price valid on that day, None when there was none yet."""
        valid = [price for price in self.prices if price.since <= day]
        return valid[-1] if valid else None

    def is_shut_down(self, day: date) -> bool:
        """Tell whether the shutdown date OpenAI announced has come; other endpoints may serve it yet."""
        return self.shutdown is not None and self.shutdown <= day


@dataclass(frozen=True)
class Catalog:
    """All models that are known, by name, and the one that answers when none is asked for."""

    default_model: str
    models: Mapping[str, Model]

    @cached_property
    def _by_name(self) -> dict[str, Model]:
        aliases = {alias: model for model in self.models.values() for alias in model.aliases}
        return {**aliases, **self.models}

    def find(self, name: str) -> Model:
        """Return the model of that name, alias, dated snapshot or vendor path, or an unknown one."""
        bare = _VENDOR.sub("", name)
        for candidate in (name, bare, _SNAPSHOT.sub("", bare)):
            if candidate in self._by_name:
                return self._by_name[candidate]
        return Model(name=name, known=False)

    def nearest(self, name: str, n: int = 3) -> tuple[str, ...]:
        """Return up to n known names that resemble this one, the closest first."""
        from difflib import get_close_matches

        return tuple(get_close_matches(_bare(name), self._by_name, n=n, cutoff=0.4))

    def slip_of(self, name: str) -> str | None:
        """Return the known name this is probably a typing slip of, None when it is known or may well be new.

        A new version of a known family (only its digits differ) is no slip, nor is a new word in its place: a
        slip is a known name in other case or punctuation, or one letter off (two in a word like "preview").
        """
        found = self.find(name)
        if found.known or found.prices:  # or somebody gave it a price
            return None
        asked = re.sub(r"^0(?=\d)", "o", _bare(name))  # 01-preview
        if asked in self._by_name:
            return asked
        if any(_NUMBER.sub("#", known) == _NUMBER.sub("#", asked) for known in self._by_name):
            return None
        for known in self._by_name:
            if _SEPARATOR.sub("", known) == _SEPARATOR.sub("", asked):
                return known
        return next((known for known in self._by_name if _is_near(asked, known)), None)


def _bare(name: str) -> str:
    return _SNAPSHOT.sub("", _VENDOR.sub("", name.strip().lower()))


def _is_near(asked: str, known: str) -> bool:
    """Tell whether the two differ by a slip of the finger outside their version numbers."""
    if _NUMBER.findall(asked) != _NUMBER.findall(known):
        return False
    (family, *_), words = _NUMBER.split(known), re.findall(r"[a-z]+", known)
    # "r1-mini" is another family, not a slip of "o1-mini"; "gtp-5" is one of "gpt-5".
    if len(family) < 3 and _NUMBER.split(asked)[0] != family:  # noqa: PLR2004 - a family of one letter: o
        return False
    asked, known = _apart(*_apart(asked, known))
    limit = 2 if max(map(len, words)) >= len("preview") else 1
    return max(len(asked), len(known)) <= limit or (len(known) == 2 and asked == known[::-1])  # noqa: PLR2004 - a swap


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return both texts without their common start, backwards: done twice, what differs between them."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[same:][::-1], other[same:][::-1]


def _is_number(value: object) -> bool:
    return type(value) is int or (isinstance(value, Decimal) and value.is_finite())


def _is_array(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


# What catalog.toml may hold: keys, what their value must be, and how to tell.
_TEXTS = "default_model profile default_effort encoding knowledge successor note source long_context"
_COUNTS = "context_window max_input max_output threshold_tokens image_base_tokens image_tile_tokens"
_RATES = "input_per_mtok cached_per_mtok output_per_mtok input_factor output_factor batch_factor"
_APIS = {"chat", "responses"}
_LISTS = ("efforts", "verbosities", "apis", "refused", "also_refused", "aliases")
_KINDS: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    (_TEXTS, "a text", lambda v: isinstance(v, str)),
    ("system", "developer, system or none", ("developer", "system", "none").__contains__),
    ("refusal_form", "value, parameter or unseen", ("value", "parameter", "unseen").__contains__),
    ("reasons streams vision tools structured_output", "true or false", lambda v: isinstance(v, bool)),
    ("apis", "an array of chat, responses", lambda v: _is_array(v, str) and _APIS.issuperset(v)),
    ("efforts verbosities refused also_refused aliases", "an array of texts", lambda v: _is_array(v, str)),
    ("prices", "an array of tables", lambda v: _is_array(v, dict)),
    (_COUNTS, "a positive whole number", lambda v: type(v) is int and v > 0),
    ("shutdown checked since", "a day such as 2026-11-22", lambda v: type(v) is date),
    (_RATES, "a number of at least 0", lambda v: _is_number(v) and v >= 0),
    ("surcharges profiles models", "a table", lambda v: isinstance(v, dict)),
    ("fixed", "a table of numbers", lambda v: isinstance(v, dict) and all(map(_is_number, v.values()))),
)
_KIND_OF = {key: (words, is_right) for keys, words, is_right in _KINDS for key in keys.split()}
_ROOT_KEYS = frozenset({"default_model", "surcharges", "profiles", "models"})
_SURCHARGE_KEYS = frozenset({"threshold_tokens", "input_factor", "output_factor"})
_PRICE_KEYS = frozenset({"since", "input_per_mtok", "cached_per_mtok", "output_per_mtok", "long_context"})
_MODEL_KEYS = frozenset({f.name for f in fields(Model)} - {"name", "known"} | {"profile", "also_refused"})
_PROFILE_KEYS = _MODEL_KEYS - {"profile", "also_refused", "aliases", "prices", "shutdown", "successor"}


@cache
def load() -> Catalog:
    """Return the catalog that ships with this package, read once."""
    file = Path(__file__).with_name("catalog.toml")
    return parse(file.read_text(encoding="utf-8"), where=file.name)


def parse(text: str, *, where: str) -> Catalog:
    """Return the catalog written in that TOML. Raises ConfigError: naming the file, the model and the key."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML: {error}") from error
    _check(raw, _ROOT_KEYS | {"batch_factor"}, where, required=_ROOT_KEYS)
    for kind, allowed in (("surcharges", _SURCHARGE_KEYS), ("profiles", _PROFILE_KEYS)):
        for name, row in raw[kind].items():
            required = allowed if kind == "surcharges" else frozenset()
            _check(row, allowed, f"{where}: {kind}.{name}", required=required)
    models = {name: _model(name, row, raw, f"{where}: model {name!r}") for name, row in raw["models"].items()}
    return _joined(raw["default_model"], models, where)


def _joined(default: str, models: dict[str, Model], where: str) -> Catalog:
    """Return the catalog after checking the names by which its parts refer to each other."""
    if default not in models:
        raise ConfigError(f"{where}: default_model {default!r} is not a model")
    taken = set(models)
    for name, model in models.items():
        if model.successor is not None and model.successor not in models:
            raise ConfigError(f"{where}: model {name!r}: successor {model.successor!r} is not a model")
        if twice := taken.intersection(model.aliases):
            raise ConfigError(f"{where}: model {name!r}: aliases holds {min(twice)!r}, which is taken")
        taken.update(model.aliases)
    return Catalog(default_model=default, models=models)


def _model(name: str, row: Any, raw: dict[str, Any], where: str) -> Model:
    """Return the model of that table: its own facts over those of its profile."""
    _check(row, _MODEL_KEYS, where, required={"profile", "prices", "source", "checked"})
    if row["profile"] not in raw["profiles"]:
        raise ConfigError(f"{where}: profile {row['profile']!r} does not exist")
    shared = raw["profiles"][row["profile"]]
    facts: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in {**shared, **row}.items()}
    facts["refused"] = facts.get("refused", ()) + facts.pop("also_refused", ())
    facts["note"] = " ".join(filter(None, (row.get("note"), shared.get("note")))) or None
    facts["prices"] = tuple(_price(name, price, raw, f"{where}: prices") for price in row["prices"])
    del facts["profile"]
    model = Model(name=name, **facts)
    if model.default_effort is not None and model.default_effort not in model.efforts:
        raise ConfigError(f"{where}: default_effort {model.default_effort!r} is not in efforts")
    if any(later.since <= earlier.since for earlier, later in pairwise(model.prices)):
        raise ConfigError(f"{where}: prices must be in the order of since")
    return model


def _price(name: str, row: dict[str, Any], raw: dict[str, Any], where: str) -> Price:
    _check(row, _PRICE_KEYS, where, required={"since", "input_per_mtok", "output_per_mtok"})
    cached, long, batch = row.get("cached_per_mtok"), row.get("long_context"), raw.get("batch_factor")
    if long is not None and long not in raw["surcharges"]:
        raise ConfigError(f"{where}: long_context {long!r} is not a surcharge")
    return Price(
        id=f"{name}@{row['since']}",
        since=row["since"],
        input_per_mtok=Decimal(row["input_per_mtok"]),
        cached_per_mtok=None if cached is None else Decimal(cached),
        output_per_mtok=Decimal(row["output_per_mtok"]),
        long_context=None if long is None else _long_context(**raw["surcharges"][long]),
        batch_factor=None if batch is None else Decimal(batch),
    )


def _long_context(threshold_tokens: int, input_factor: int | Decimal, output_factor: int | Decimal) -> LongContext:
    return LongContext(threshold_tokens, Decimal(input_factor), Decimal(output_factor))


def _check(row: Any, allowed: frozenset[str], where: str, *, required: Iterable[str] = ()) -> None:
    """Raise where the table holds a key or a value that it should not, or lacks one."""
    if not isinstance(row, dict):
        raise ConfigError(f"{where} must be a table")
    for key, value in row.items():
        if key not in allowed:
            raise ConfigError(f"{where}: {key} is not a key here", how=f"Known are {', '.join(sorted(allowed))}.")
        words, is_right = _KIND_OF[key]
        if not is_right(value):
            raise ConfigError(f"{where}: {key} must be {words}, not {value!r}")
    if missing := set(required) - set(row):
        raise ConfigError(f"{where}: {min(missing)} is missing")
