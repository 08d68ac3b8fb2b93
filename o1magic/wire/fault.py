"""The errors that bodies hold, in all the forms servers write them -> `Fault`.

Layer 2, pure. Called by `wire` and `faults`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from o1magic.wire import mending

_MAX_NAME = 200
_MAX_NUMBER = 10**9


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a body states it; every part but the message may be missing."""

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None


def fault_in(body: object, *, failed: bool = False) -> Fault | None:
    """Return the error a body holds, None when it holds none.

    `failed` says that the HTTP status was an error already, so that forms too vague for a 200 count as well.
    """
    if isinstance(body, list) and body:  # Gemini's compatible endpoint wraps its error object in a list
        body = body[0]
    if not isinstance(body, dict) or body.get("object") == "response":  # the error of a response is how it ended
        return None
    error = body.get("error")
    if isinstance(error, dict):
        return _fault(error)
    if isinstance(error, str) and error:
        return Fault(mending.mended(error), code=short(body.get("code")))
    if body.get("object") == "error" or body.get("type") == "error" or (failed and "message" in body):
        return _fault(body)
    if failed and body.get("detail"):  # FastAPI: a sentence, or a list of {loc, msg}
        return Fault(_detail(body["detail"]))
    return None


def _fault(error: dict[str, Any]) -> Fault:
    message = error.get("message")
    said = message if isinstance(message, str) else json.dumps(error if message is None else message)
    return Fault(mending.mended(said), short(error.get("type")), short(error.get("code")), short(error.get("param")))


def _detail(detail: object) -> str:
    if isinstance(detail, str):
        return mending.mended(detail)
    rows = detail if isinstance(detail, list) else [detail]
    said = [f"{row.get('loc')}: {row.get('msg')}" if isinstance(row, dict) else str(row) for row in rows]
    return mending.mended("; ".join(said))


def short(value: object) -> str | None:
    """Return a name or number of a body as text of bounded length, None for anything else or nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_NUMBER:
        return str(value)
    return mending.mended(value[:_MAX_NAME]) or None if isinstance(value, str) else None
