"""The `usage` of a body -> `Usage`: what is absurd is unknown, never zero.

Layer 2, pure. Called by `wire`.
"""

from __future__ import annotations

import json

from o1magic.answer import Usage

MAX_TOKENS = 1_000_000_000

_MAX_RAW = 2_000

# What goes in and what comes out, as each API calls it.
CHAT = ("prompt", "completion")
RESPONSES = ("input", "output")


def usage_from(raw: object, names: tuple[str, str] = CHAT) -> Usage:
    """Return the usage of a body; a count not in 0 <= int <= 10**9 is unknown, and `raw` keeps the JSON."""
    if raw is None:
        return Usage()
    if not isinstance(raw, dict):
        return Usage(raw=_raw(raw))
    odd = False

    def count(source: object, name: str) -> int | None:
        nonlocal odd
        value = source.get(name) if isinstance(source, dict) else None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TOKENS:
            odd = True
            return None
        return value

    prompt, completion, total = (count(raw, f"{name}_tokens") for name in (*names, "total"))
    cached, reasoning = (
        count(raw.get(f"{name}_tokens_details"), f"{part}_tokens")
        for name, part in zip(names, ("cached", "reasoning"), strict=True)
    )
    return Usage(
        prompt=prompt,
        cached=cached,
        reasoning=reasoning,
        completion=completion,
        inconsistent=_more(reasoning, completion)
        or _more(cached, prompt)
        or (None not in (prompt, completion, total) and total != (prompt or 0) + (completion or 0)),
        raw=_raw(raw) if odd or prompt is None or completion is None else None,
    )


def _more(part: int | None, whole: int | None) -> bool:
    return part is not None and whole is not None and part > whole


def _raw(value: object) -> str:
    try:
        return json.dumps(value)[:_MAX_RAW]
    except (ValueError, RecursionError):  # an int of more digits than Python writes
        return "unwritable"
