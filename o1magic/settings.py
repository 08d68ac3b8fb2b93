"""What holds unless a flag says otherwise: flag > %config > environment > default.

Layer 1, no I/O: the environment and the configuration are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from o1magic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

Api = Literal["auto", "chat", "responses"]
Summary = Literal["auto", "concise", "detailed", "none"]
Verbosity = Literal["low", "medium", "high"]
Tier = Literal["auto", "default", "flex", "scale", "priority", "fast"]
LintMode = Literal["off", "warn", "strict"]
FixMode = Literal["none", "safe", "all"]
APIS: tuple[str, ...] = get_args(Api)
SUMMARIES: tuple[str, ...] = get_args(Summary)
VERBOSITIES: tuple[str, ...] = get_args(Verbosity)
TIERS: tuple[str, ...] = get_args(Tier)
LINT_MODES: tuple[str, ...] = get_args(LintMode)
FIX_MODES: tuple[str, ...] = get_args(FixMode)

# OpenAI's advice: leave at least this much for reasoning and answer at first (facts/api.md R10, checked 2026-11-22).
RESERVE_TOKENS = 25_000

ENVIRONMENT = {"model": "O1MAGIC_MODEL", "endpoint": "O1MAGIC_ENDPOINT"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a session; None means: what the catalog, or the environment's endpoint, says.

    `as_model` is the catalog's model whose facts hold for a name it does not know, such as that of a deployment.
    `timeout_s` is the deadline of a whole call in seconds, retries included. `reserve_tokens` is the allowance for
    reasoning and answer when no flag gives one. `max_inserted_chars` caps each `{{name}}` in characters.
    """

    model: str | None = None
    as_model: str | None = None
    endpoint: str | None = None
    effort: str | None = None
    api: Api = "auto"
    summary: Summary | None = None
    verbosity: Verbosity | None = None
    service_tier: Tier | None = None
    lint: LintMode = "warn"
    fix: FixMode = "safe"
    ignore: tuple[str, ...] = ()
    timeout_s: float = 1800.0
    reserve_tokens: int | None = None
    max_inserted_chars: int = 200_000


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment sets."""
    found = {name: environ.get(variable, "").strip() for name, variable in ENVIRONMENT.items()}
    return {name: value for name, value in found.items() if value}


def merge(*layers: Mapping[str, Any]) -> Settings:
    """Return the settings of all layers, later ones first in rank; None in a layer means: not set there.

    Raises ConfigError: an unknown name or a value that cannot be.
    """
    known = {field.name for field in fields(Settings)}
    values: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if name not in known:
                raise ConfigError(f"There is no setting {name!r}.", how=f"There are: {', '.join(sorted(known))}.")
            if value is not None:
                values[name] = value
    settings = Settings(**values)
    _check(settings)
    return settings


_YEAR_S = 365 * 24 * 3600


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 < value <= _YEAR_S


def _check(settings: Settings) -> None:
    wrong = [
        (settings.api not in APIS, "api", f"one of {', '.join(APIS)}"),
        (settings.summary not in (None, *SUMMARIES), "summary", f"one of {', '.join(SUMMARIES)}"),
        (settings.verbosity not in (None, *VERBOSITIES), "verbosity", f"one of {', '.join(VERBOSITIES)}"),
        (settings.service_tier not in (None, *TIERS), "service_tier", f"one of {', '.join(TIERS)}"),
        (settings.lint not in LINT_MODES, "lint", f"one of {', '.join(LINT_MODES)}"),
        (settings.fix not in FIX_MODES, "fix", f"one of {', '.join(FIX_MODES)}"),
        (not _is_seconds(settings.timeout_s), "timeout_s", "a number of seconds above 0, at most a year"),
        (
            settings.reserve_tokens is not None and settings.reserve_tokens < 1,
            "reserve_tokens",
            "a whole number of tokens, at least 1",
        ),
        (settings.max_inserted_chars < 0, "max_inserted_chars", "a whole number of characters, at least 0"),
    ]
    for is_wrong, name, expected in wrong:
        if is_wrong:
            raise ConfigError(f"{name} = {getattr(settings, name)!r} cannot be; it takes {expected}.")
