"""The faults the simulator can play, by name.

Layer 5, standard library only. `server` plays those that break the transport, `reply` those
that change the answer. All are deterministic: the same requests in the same order get the same replies.
"""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING

from o1magic.simulator import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

SCENARIOS: Mapping[str, str] = MappingProxyType(
    {
        "rate-limit": "Each distinct request gets a 429 with Retry-After: 1 at first, then succeeds.",
        "rate-limit-forever": "Every request gets a 429 with Retry-After: 1.",
        "quota": "Every request gets the 429 insufficient_quota, which no waiting cures.",
        "server-error": "Each distinct request gets a 500 at first, then succeeds.",
        "overloaded": "Every request gets a 503.",
        "slow": "The answer takes half a minute.",
        "cut-stream": "The connection ends in the middle of the answer, streamed or not.",
        "length": "A reasoning model spends the whole allowance on reasoning, and the answer is empty.",
        "failed": "The model breaks off: status failed on Responses, an error in a chat stream, a 500 otherwise.",
        "code": "The answer holds two code blocks.",
        "bad-json": "The model writes prose although JSON was asked for.",
        "refusal": "The model refuses, in the refusal field.",
        "content-filter": "The content filter leaves no answer.",
        "bad-key": "The key is refused with a 401, whichever it is.",
        "no-usage": "The answer comes without its usage block.",
        "null-content": "The answer's content is null.",
        "no-choices": "The answer holds no choices.",
        "html": "A proxy answers with its own HTML page, status 200.",
        "redirect": "A proxy answers with a 302 to its login page.",
        "empty": "Status 200 and an empty body.",
        "garbage": "Status 200 and bytes that are not JSON.",
    }
)

HTML_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head>\n"
    b"<body><h1>Sign in to the network</h1><p>A page of the o1magic simulator, as a proxy would send it.</p>"
    b"</body></html>\n"
)
GARBAGE = b'{"id": "chatcmpl-\xff\xfe\x00", "choices": [{"message": {"content": "o1magic simulator'
GARBAGE_EVENT = b'data: {"id": "chatcmpl-\xef\xbf\xbd", "choices": [{"delta": \n\n'
# No such host can exist (RFC 2606), so a client that does follow it leaves this machine in no case.
REDIRECT_TARGET = "http://portal.invalid/login"


class FirstTries:
    """Remembers, for the scenarios that fail once, which requests were tried before."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    def is_first(self, fingerprint: bytes) -> bool:
        """Tell whether this request comes for the first time, and remember it."""
        with self._lock:
            first = fingerprint not in self._seen
            self._seen.add(fingerprint)
            return first


def refusal_of(scenario: str | None, *, model: str, first_try: bool, whole: bool) -> errors.Refused | None:
    """Return the error that the scenario answers an otherwise acceptable request with, None for an answer.

    `whole`: the answer is to be a whole chat completion, which has no way to say that it failed.
    """
    if scenario in ("rate-limit", "server-error") and not first_try:
        return None
    if scenario in ("rate-limit", "rate-limit-forever"):
        return errors.rate_limited(model)
    if scenario == "server-error" or (scenario == "failed" and whole):
        return errors.server_error()
    if scenario == "quota":
        return errors.out_of_quota()
    return errors.overloaded() if scenario == "overloaded" else None
