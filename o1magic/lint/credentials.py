"""Finding credentials in a text, and masking them: what has the form of a key and the disorder of one.

Searched for by fixed marks, in C; each mark is looked at once, and runs of key characters are read without going back.
Called by SEC001 and by whatever quotes a prompt.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint.patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "[secret]"
# A span to quote is searched with this much around it, so that half a key is not shown either.
_AROUND = 400
_LEAST_BITS = 3.0
_LEAST_RUN = 12
_WEAKEST_PASSWORD = 6


class Secret(NamedTuple):
    """Where a credential stands, and what kind it is, in words."""

    start: int
    end: int
    kind: str


# The mark a key begins with, its form, what it is. Group 1 is what must look random.
_FORMS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("sk-ant-", late(r"sk-ant-((?:[\w-]){20,200}+)"), "an Anthropic API key"),
    ("sk-", late(r"sk-(?:proj-|svcacct-|admin-|or-v1-|None-)?([\w-]{20,300}+)"), "an API key"),
    ("sk_live_", late(r"sk_live_([A-Za-z0-9]{16,200}+)"), "a payment API key"),
    ("AKIA", late(r"AKIA([A-Z0-9]{16})(?![A-Za-z0-9])"), "an AWS access key"),
    ("ASIA", late(r"ASIA([A-Z0-9]{16})(?![A-Za-z0-9])"), "an AWS access key"),
    ("ghp_", late(r"ghp_([A-Za-z0-9]{30,255}+)"), "a GitHub token"),
    ("gho_", late(r"gho_([A-Za-z0-9]{30,255}+)"), "a GitHub token"),
    ("ghs_", late(r"ghs_([A-Za-z0-9]{30,255}+)"), "a GitHub token"),
    ("github_pat_", late(r"github_pat_(\w{40,255}+)"), "a GitHub token"),
    ("glpat-", late(r"glpat-([\w-]{20,100}+)"), "a GitLab token"),
    ("xox", late(r"xox[abeprs]-(?:\d{1,20}-){0,4}+([A-Za-z0-9]{16,300}+)"), "a Slack token"),
    ("AIza", late(r"AIza([\w-]{35})(?![\w-])"), "a Google API key"),
    ("hf_", late(r"hf_([A-Za-z0-9]{30,60}+)"), "a Hugging Face token"),
    ("AccountKey=", late(r"AccountKey=([A-Za-z0-9+/]{40,120}+={0,2})"), "an Azure storage key"),
)
_JWT = late(r"eyJ[\w-]{10,4000}+\.eyJ[\w-]{10,8000}+\.([\w-]{20,4000}+)")
_PEM = late(r"-----BEGIN ((?:[A-Z0-9]{2,10} ){0,3})PRIVATE KEY-----")
_PEM_BODY = late(r"(?:\\n|[A-Za-z0-9+/=\s\"',:]|Proc-Type|DEK-Info|-(?!----)){0,16000}+")
_PEM_END = late(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_LEAST_PEM = 100
_URL = late(r"://([^\s:/@\"'<>`]{0,100}+):([^\s/@\"'<>`]{1,200}+)@([\w.\[-]{1,200}+)")
_SCHEME = late(r"[A-Za-z][A-Za-z0-9+.]{1,30}$")
# What a name that speaks of a key is set to. Of the name the last letters are enough, of the value the quotes are not.
_ASSIGNED = late(r"[\"']?[ \t]{0,3}(?::|=>?)[ \t]{0,3}[\"']([\w+/=.-]{20,200}+)[\"']")
_NAMED = late(
    r"(?:api|secret|access|auth|client|private|service|bearer|signing|encryption|consumer)[ _-]{0,2}(?:access[ _-]?)?"
    r"(?:key|token|secret)$",
    re.IGNORECASE,
)
_NAMES = ("key", "Key", "KEY", "token", "Token", "TOKEN", "secret", "Secret", "SECRET")
_LONGEST_NAME = 40
_LEAST_ASSIGNED_BITS = 3.5
_UUID = late(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PASSWORD = late(r"(?:password|pwd)\s?=\s?([^;\s\"']{6,100}+)\s?(?:;|\"|'|$)", re.IGNORECASE | re.MULTILINE)
_ADO = late(r"(?:server|data source|host|user id|uid)\s?=", re.IGNORECASE)

_PLACEHOLDER = late(
    r"x{4}|(.)\1{4}|\.{3}|\*{3}|[<>{}$%]|example|your|placeholder|dummy|sample|redacted|secret|changeme|insert|replace"
    r"|abcdef|bcdefg|12345|23456|0123|98765|qwerty|foobar|deadbeef|fake|mykey|my[-_]key|api[-_]?key|removed|hidden"
)
# Each as a whole; `_is_password` also takes none that begins with "password".
_DUMMY_PASSWORDS = late(
    r"passw0rd|pass|pwd|pw|postgres|mysql|mongo|root|admin|user(?:name)?|guest|test(?:ing)?|token|credentials"
    r"|my(?:password|pass)|db(?:pass|password)|none|null|hunter2|rabbitmq|redis|minio"
)
# The published examples that everyone copies.
_EXAMPLE_CLAIM = "Sm9obiBEb2U"  # John Doe
_KNOWN = ("SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ", "Eby8vdM02xNO")


def find(text: str) -> list[Secret]:
    """Return the credentials in a text, in order, none overlapping another."""
    found = sorted(
        [*_keys(text), *_tokens(text), *_private_keys(text), *_in_urls(text), *_in_strings(text), *_assigned(text)]
    )
    kept: list[Secret] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def masked(text: str, start: int, end: int) -> str:
    """Return text[start:end] with every credential in it, whole or in part, replaced."""
    first = max(0, start - _AROUND)
    pieces: list[str] = []
    position = start
    for one in find(text[first : end + _AROUND]):
        a, b = max(first + one.start, position), min(first + one.end, end)
        if a < b:
            pieces += (text[position:a], MASK)
            position = b
    return "".join((*pieces, text[position:end]))


def _marks(text: str, mark: str) -> Iterator[int]:
    position = text.find(mark)
    while position >= 0:
        before = text[position - 1] if position else " "
        # Only the start of a run can begin a key: this also keeps a long run from being read again and again.
        if not (before.isalnum() or before in "_-"):
            yield position
        position = text.find(mark, position + len(mark))


def _keys(text: str) -> Iterator[Secret]:
    for mark, form, kind in _FORMS:
        for position in _marks(text, mark) if mark in text else ():
            match = form.match(text, position)
            if match and _is_random(match.group(1)):
                yield Secret(match.start(), match.end(), kind)


def _tokens(text: str) -> Iterator[Secret]:
    for position in _marks(text, "eyJ"):
        match = _JWT.match(text, position)
        if (
            match
            and match.group(1) not in _KNOWN
            and _EXAMPLE_CLAIM not in match.group()
            and _is_random(match.group(1))
        ):
            yield Secret(match.start(), match.end(), "a signed token (JWT)")


def _private_keys(text: str) -> Iterator[Secret]:
    if "PRIVATE KEY-----" not in text:
        return
    for begin in _PEM.finditer(text):
        body = _PEM_BODY.match(text, begin.end())
        end = body.end() if body else begin.end()
        base64 = re.sub(r"\\n|[\s\"',:]", "", text[begin.end() : end])
        if len(base64) >= _LEAST_PEM and _is_random(base64[:_LEAST_PEM]):
            closing = _PEM_END.match(text, end)
            yield Secret(begin.start(), closing.end() if closing else end, "a private key")


def _in_urls(text: str) -> Iterator[Secret]:
    position = text.find("://")
    while position >= 0:
        match = _URL.match(text, position)
        scheme = _SCHEME.search(text, max(0, position - 32), position)
        if match and scheme and _is_password(match.group(2), match.group(1), match.group(3)):
            yield Secret(match.start(2), match.end(2), "a password in a connection string")
        position = text.find("://", position + 3)


def _in_strings(text: str) -> Iterator[Secret]:
    if ";" not in text or "=" not in text:
        return
    for name in ("assword", "ASSWORD", "wd=", "WD="):
        position = text.find(name)
        while position >= 0:
            match = _PASSWORD.match(text, max(0, position - 1))
            line = text[max(0, position - 300) : position + 300]
            if match and ";" in line and _ADO.search(line) and _is_password(match.group(1), "", ""):
                yield Secret(match.start(1), match.end(1), "a password in a connection string")
            position = text.find(name, position + len(name))


def _assigned(text: str) -> Iterator[Secret]:
    """Yield the random values that names like `api_key` are set to, whoever issued them."""
    for name in _NAMES:
        position = text.find(name)
        while position >= 0:
            end = position + len(name)
            match = _ASSIGNED.match(text, end)
            if match and _NAMED.search(text, max(0, end - _LONGEST_NAME), end) and _is_opaque(match.group(1)):
                yield Secret(match.start(1), match.end(1), "a key or token")
            position = text.find(name, end)


def _is_opaque(value: str) -> bool:
    """Return whether a value is nothing but disorder: letters and digits mixed, no words, no identifier."""
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not _UUID.fullmatch(value)
    return mixed and _is_random(value) and _bits(value) >= _LEAST_ASSIGNED_BITS


def _is_random(body: str) -> bool:
    """Return whether a key's body has the disorder of a real one; placeholders and words have not."""
    if _PLACEHOLDER.search(body.lower()) or not (body.isupper() or any(map(str.isdigit, body))):
        return False
    longest = max(map(len, re.split(r"[-_]", body)))
    return longest >= _LEAST_RUN and _bits(body) >= _LEAST_BITS


def _bits(body: str) -> float:
    """Return the entropy of the characters, in bits each."""
    return -sum(n / len(body) * log2(n / len(body)) for n in Counter(body).values())


def _is_password(password: str, user: str, host: str) -> bool:
    """Return whether it is a real one: mixed characters, no placeholder, not the user's name again."""
    lower = password.lower()
    if len(password) < _WEAKEST_PASSWORD or _DUMMY_PASSWORDS.fullmatch(lower) or lower == user.lower():
        return False
    if _PLACEHOLDER.search(lower) or lower.startswith(("password", "passwd", "[")) or lower.isdecimal():
        return False
    if host.lower().startswith(("example.", "localhost", "127.0.0.1", "host")) and lower.isalpha():
        return False
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return sum(any(map(kind, password)) for kind in kinds) > 1
