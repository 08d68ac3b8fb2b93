"""A refusal by the API -> the one error that says what happened and which flag to change.

Layer 3. Called by `client` and `exchange`; what happens to the connection itself is in `transport`. No key
gets past `Place.safe`, which every foreign text goes through.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from o1magic import untrusted, wire
from o1magic.client import retry
from o1magic.errors import APIError, Billed, O1Error, RedirectError, UnreadableReplyError, redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.endpoint import Endpoint

MAX_TEXT = 200
MAX_RAW = 2_000

_SHOWN_KEY = 12
_DAY_S = 86_400
# Who answers with these may have passed the request on first.
_MAYBE_PROCESSED = (408, 409, 502, 504)
_FLAGS = {
    "reasoning_effort": "-e/--effort",
    "reasoning.effort": "-e/--effort",
    "max_completion_tokens": "--max-completion-tokens",
    "max_tokens": "--max-completion-tokens",
    "model": "-m/--model",
    "stream": "--param stream=false",
}
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_IS_HTML = re.compile(r"(?is)\s*(<!doctype html|<html|<head|<body|<title|<!--|<center|<h1)")
_PARAM = re.compile(r"(?i)(?:parameter:? '|arguments? supplied: |value: '|parameter: )([A-Za-z_][\w.]*)")
_CONTEXT = re.compile(r"(?i)maximum context length|context_length_exceeded|context window")
_NUMBERS = re.compile(r"(?i)(?:resulted in|requested) ([\d,]+) tokens|context length is ([\d,]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a call goes to and how often it went: what a message needs to know."""

    endpoint: Endpoint
    model: str = ""
    attempts: int = 1

    @property
    def host(self) -> str:
        """Return host and port, without user name and password."""
        return urlsplit(self.endpoint.base_url).netloc.rpartition("@")[2]

    def safe(self, text: str, most: int = MAX_TEXT) -> str:
        """Return foreign text on one line, its key masked, control characters visible, cut to a length."""
        # Masked before it is cut: half a key is not recognised.
        line = untrusted.visible(" ".join(redact(text, [self.endpoint.key.value]).split()))
        return line if len(line) <= most else line[: most - 1] + "…"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply whose status is not 2xx; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def fault(self) -> wire.Fault | None:
        """Return the error the body holds, in whatever form, None when it holds none."""
        try:
            return wire.fault_in(wire.parsed(self.body), failed=True)
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """Return what the body says, "" for a web page."""
        fault = self.fault
        if fault is not None:
            return fault.message
        return "" if is_html(self.body) else self.body

    @property
    def reason(self) -> str:
        """Return the status in words."""
        phrase = next((known.phrase for known in HTTPStatus if known == self.status), "")
        return f"{self.status} {phrase}".strip()


def is_html(text: str) -> bool:
    """Tell whether a body is a web page."""
    return bool(_IS_HTML.match(text))


def web_page(place: Place, text: str, status: str, billed: Billed) -> UnreadableReplyError:
    """Return the error for a web page that came instead of an answer."""
    title = _TITLE.search(text)
    named = f" titled “{place.safe(html.unescape(title[1]), 80)}”" if title else ""
    return UnreadableReplyError(
        f"{place.host} answered {status} with a web page{named}: that is a proxy or a portal, not the API.",
        how="Check the endpoint's address and the network.",
        billed=billed,
        raw=place.safe(text, MAX_RAW),
        attempts=place.attempts,
    )


# What the status says helps more than the title of the page that came with it.
_SAY_MORE_THAN_A_PAGE = (401, 404, 413, 429)


def billed(refusal: Refusal) -> Billed:
    """Return whether a refused request may have been billed."""
    return "maybe" if refusal.status in _MAYBE_PROCESSED else "no"


def refused(refusal: Refusal, place: Place, now: float) -> O1Error:
    """Return the error for a refusal that is not retried (any more)."""
    if 300 <= refusal.status < 400 and "location" in refusal.headers:  # noqa: PLR2004 - redirects
        return _redirect(refusal, place)
    if is_html(refusal.body) and refusal.status not in _SAY_MORE_THAN_A_PAGE:
        return web_page(place, refusal.body, refusal.reason, billed(refusal))
    after = retry.retry_after_s(refusal, now)
    what, how = _words(refusal, place, after)
    unsure = billed(refusal)
    return api_error(refusal.fault, place, what=what, how=how, billed=unsure, status=refusal.status, after=after)


def api_error(
    fault: wire.Fault | None,
    place: Place,
    *,
    what: str,
    how: str = "",
    billed: Billed,
    status: int,
    after: float | None = None,
) -> APIError:
    """Return an APIError with all that the body tells as attributes."""
    used, limit = _tokens(fault.message) if fault else (None, None)
    return APIError(
        what,
        how=how,
        billed=billed,
        status=status,
        code=place.safe(fault.code) if fault and fault.code else None,
        param=place.safe(fault.param) if fault and fault.param else None,
        retry_after_s=after,
        attempts=place.attempts,
        tokens_used=used,
        tokens_limit=limit,
    )


def _redirect(refusal: Refusal, place: Place) -> RedirectError:
    target = _target(refusal.headers["location"], place)
    same = urlsplit(target).netloc == place.host
    return RedirectError(
        f"{place.host} answered {refusal.reason} and points to {place.safe(target)}; it was not followed.",
        how="Put that address into the endpoint if you trust it: the key was not sent there."
        if not same
        else "Correct the endpoint's address.",
        target=place.safe(target),
        status=refusal.status,
        attempts=place.attempts,
    )


def _target(location: str, place: Place) -> str:
    """Return scheme and host a redirect points to: its path and query may hold anything."""
    try:
        parts = urlsplit(urljoin(place.endpoint.base_url, location))
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _words(refusal: Refusal, place: Place, after: float | None) -> tuple[str, str]:
    """Return what happened, and how to go on."""
    said = place.safe(refusal.message)
    said = f": {said}" if said else "."
    if retry.is_quota(refusal) or refusal.status == HTTPStatus.PAYMENT_REQUIRED:
        return f"The quota at {place.host} is used up{said}", _billing(place)
    if refusal.status in retry.RETRIED or refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _busy(refusal, place, after, said)
    if refusal.status == HTTPStatus.NOT_FOUND:
        return _not_found(refusal, place, said)
    known = {
        401: (f"{place.host} refused the key{said}", _key(place)),
        403: (f"{place.host} does not allow this{said}", "Check what the key may be used for, and from where."),
        413: (f"The request is too large for {place.host}{said}", "Shorten the prompt."),
    }
    other = f"{place.host} refused the request ({refusal.status}){said}"
    return known.get(refusal.status) or (other, _what_to_change(refusal))


def _busy(refusal: Refusal, place: Place, after: float | None, said: str) -> tuple[str, str]:
    how = f"Come back in {in_words(after)}." if after else "Run it again in a moment."
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
        if retry.is_final(refusal):
            how = "Shorten the prompt, or lower --max-completion-tokens."
        return f"{place.host} limits the rate{said}", how
    tries = f" {place.attempts} times" if place.attempts > 1 else ""
    return f"{place.host} answered {refusal.reason}{tries}{said}", how


def _billing(place: Place) -> str:
    if place.endpoint.kind == "openai":
        return "Add credit or raise the limit: https://platform.openai.com/settings/organization/billing"
    return f"Add credit or raise the limit at {place.host}."


def _key(place: Place) -> str:
    key = place.endpoint.key.value
    if not key:
        return f"{place.endpoint.key_source[:1].upper()}{place.endpoint.key_source[1:]}."
    ending = f" ending in …{key[-4:]}" if len(key) >= _SHOWN_KEY else ""
    return f"The key{ending} came from {place.endpoint.key_source}: correct it there, not in a cell."


def _not_found(refusal: Refusal, place: Place, said: str) -> tuple[str, str]:
    fault = refusal.fault
    about_model = fault is not None and (
        fault.code == "model_not_found" or fault.param == "model" or "model" in fault.message.lower()
    )
    if not about_model:
        return f"{place.host} knows no such address{said}", "Check the endpoint: it usually ends in /v1."
    what = f"{place.host} does not serve {place.safe(place.model, 80)}{said}"
    if place.endpoint.kind == "compatible":
        return what, "Name one of the server's own models with -m/--model."
    from o1magic import catalog

    near = [name for name in catalog.load().nearest(place.model) if name != place.model]
    return what, f"Near it: {', '.join(near)}. All: `%o1 models`." if near else "All: `%o1 models`."


def _what_to_change(refusal: Refusal) -> str:
    fault, message = refusal.fault, refusal.message
    if (fault and fault.code == "context_length_exceeded") or _CONTEXT.search(message):
        return "Shorten the prompt or what it inserts, lower --max-completion-tokens, or take a larger model with -m."
    if fault and fault.code == "invalid_prompt":
        return "Reword the prompt; asking a model for its hidden reasoning triggers this too."
    found = _PARAM.search(message)
    name = (fault.param if fault else None) or (found[1] if found else "")
    if not re.fullmatch(r"[A-Za-z_][\w.]{0,60}", name):
        return "Take another model with -m/--model." if name.startswith("messages") else ""
    if name.startswith("messages"):
        return "Change the prompt."
    return f"Change {_FLAGS[name]}." if name in _FLAGS else f"Change or leave out --param {name}=VALUE."


def _tokens(message: str) -> tuple[int | None, int | None]:
    """Return the tokens sent and allowed that a context error names."""
    used = limit = None
    for sent, allowed in _NUMBERS.findall(message):
        used = _whole(sent) if sent else used
        limit = _whole(allowed) if allowed else limit
    return used, limit


def _whole(digits: str) -> int:
    return int(digits.replace(",", "")[:12] or 0)


def in_words(seconds: float) -> str:
    """Return a time to wait as people say it."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{max(1, round(seconds))} s"
    if seconds < 7_200:  # noqa: PLR2004 - two hours
        return f"{round(seconds / 60)} min"
    if seconds < 3 * _DAY_S:
        return f"{round(seconds / 3_600)} h"
    return f"{round(seconds / _DAY_S)} days" if seconds < 1_000 * _DAY_S else "several years"
