"""Whether a refused request is sent again, and when.

Layer 3, pure: time and chance are handed in. Called by `line`. Only a refusal, a status that came back, is retried; a
request whose reply was lost may have been billed, and is sent again only where the user asked for that.
"""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from o1magic.client.faults import Refusal

TRIES = 3
RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
MAX_WAIT_S = 60.0

_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded")
_QUOTA_TEXT = re.compile(r"(?i)\bexceeded your current quota|\bbilling (hard )?limit|\binsufficient (balance|credits)")
_TOO_LARGE = re.compile(r"(?i)^request too large")
_AGAIN_IN = re.compile(r"(?i)try again in ((?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:[\d.]+m?s)?)")
_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def is_final(refusal: Refusal) -> bool:
    """Tell whether asking again cannot help: no retriable status, no quota, a request that is too large."""
    if refusal.status not in RETRIED or refusal.headers.get("x-should-retry") == "false":
        return True
    return is_quota(refusal) or bool(_TOO_LARGE.search(refusal.message))


def is_quota(refusal: Refusal) -> bool:
    """Tell whether money, not speed, ran out."""
    fault = refusal.fault
    told = fault is not None and (fault.code in _QUOTA_CODES or fault.type in _QUOTA_CODES)
    return told or (refusal.status == HTTPStatus.TOO_MANY_REQUESTS and bool(_QUOTA_TEXT.search(refusal.message)))


def retry_after_s(refusal: Refusal, now: float) -> float | None:
    """Return the seconds the server asks to wait, None when it does not say or says nonsense."""
    ms = _positive(refusal.headers.get("retry-after-ms", ""))
    if ms is not None:
        return ms / 1000
    after = refusal.headers.get("retry-after", "")
    seconds = _positive(after)
    if seconds is None:
        # The server's own clock, where it tells the time: ours may be off by hours.
        told = _moment(refusal.headers.get("date", ""))
        seconds = _until(after, now if told is None else told)
    return _said(refusal.message) if seconds is None else seconds


def wait_s(refusal: Refusal, attempt: int, *, left_s: float, now: float, chance: float) -> float | None:
    """Return the seconds to wait before the next request, None when there is to be none."""
    if attempt >= TRIES or is_final(refusal):
        return None
    asked = retry_after_s(refusal, now)
    wait = usual_s(attempt, chance) if asked is None else asked
    return wait if wait <= MAX_WAIT_S and wait < left_s else None


def usual_s(attempt: int, chance: float) -> float:
    """Return the seconds to wait where the server does not say: twice as long each time, not all clients at once."""
    return 2.0 ** (attempt - 2) * (1 - chance / 4)


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value > 0 and not math.isnan(value) else None


def _until(text: str, now: float) -> float | None:
    moment = _moment(text)
    return None if moment is None else _positive(str(moment - now))


def _moment(text: str) -> float | None:
    """Return a date of a header as seconds since 1970."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _said(message: str) -> float | None:
    """Return the wait a message names, "in 6m0s" or "in 120ms": real 429s may come without any header."""
    found = _AGAIN_IN.search(message)
    parts = re.findall(r"([\d.]+)(ms|[dhms])", found[1]) if found else []
    return sum((_positive(number) or 0.0) * _UNITS[unit] for number, unit in parts) or None
