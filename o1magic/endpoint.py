"""Where a prompt goes, and the key that may go with it.

Layer 1, no I/O: the environment is handed in. A key goes to the endpoint it was given for and to no other:
OPENAI_API_KEY to OpenAI, to the address in OPENAI_BASE_URL or O1MAGIC_ENDPOINT, and to this machine;
O1MAGIC_API_KEY to whatever other address is chosen.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn
from urllib.parse import urlsplit

from o1magic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["openai", "simulator", "compatible"]

OPENAI_URL = "https://api.openai.com/v1"

WAYS_OUT = (
    "Set OPENAI_API_KEY outside the notebook (a shell profile, or a .env file your shell reads) and restart the "
    "kernel, or practise without a key: `%o1 connect simulator`."
)


class Secret:
    """A key that shows itself to nobody who did not ask for `.value`."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        """Return the mask, never the key."""
        return "Secret(***)" if self.value else "Secret()"

    def __eq__(self, other: object) -> bool:
        """Compare by key."""
        return isinstance(other, Secret) and self.value == other.value

    def __hash__(self) -> int:
        """Hash by key."""
        return hash(self.value)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a key stays in its process."""
        raise TypeError("a key is not pickled")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that speaks the OpenAI API; `key_source` says in words where its key came from."""

    name: str
    base_url: str
    key: Secret
    kind: Kind
    key_source: str

    @property
    def host(self) -> str:
        """Return host and port, as the ledger records them."""
        return urlsplit(self.base_url).netloc


def resolve(choice: str | None, environ: Mapping[str, str], *, simulator: Callable[[str], str]) -> Endpoint:
    """Return the endpoint chosen by name or URL, or the environment's.

    `simulator` returns the base URL of a running simulator playing a scenario ("" for none); it is called only when
    one is asked for: `simulator` or `simulator:SCENARIO`.
    Raises ConfigError: nothing chosen and no key, an address that cannot work, a malformed key.
    """
    choice = (choice or environ.get("O1MAGIC_ENDPOINT", "")).strip()
    if not choice and (environ.get("OPENAI_API_KEY", "").strip() or environ.get("OPENAI_BASE_URL", "").strip()):
        choice = "openai"
    if not choice:
        raise ConfigError("No endpoint is chosen and OPENAI_API_KEY is not set; nothing was sent.", how=WAYS_OUT)
    name, _, scenario = choice.partition(":")
    if name == "simulator":
        url = simulator(scenario)
        return Endpoint("simulator", url, Secret("simulator"), "simulator", "the simulator, which takes any key")
    if choice == "openai":
        return _openai(environ)
    return _by_url(choice, environ)


def _openai(environ: Mapping[str, str]) -> Endpoint:
    base_url = clean_url(environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL, source="OPENAI_BASE_URL")
    kind: Kind = "openai" if _is_openai(base_url) else "compatible"
    key = clean_key(environ.get("OPENAI_API_KEY", ""), source="OPENAI_API_KEY")
    if not key and kind == "openai":
        raise ConfigError("OPENAI_API_KEY is not set; nothing was sent.", how=WAYS_OUT)
    name = "openai" if kind == "openai" else urlsplit(base_url).netloc
    source = "environment variable OPENAI_API_KEY" if key else "no key was sent: OPENAI_API_KEY is not set"
    return Endpoint(name, base_url, Secret(key), kind, source)


def _by_url(choice: str, environ: Mapping[str, str]) -> Endpoint:
    base_url = clean_url(choice, source="The endpoint")
    if _is_openai(base_url):
        return _openai({**environ, "OPENAI_BASE_URL": base_url})
    own = {_origin(environ.get(name, "")) for name in ("OPENAI_BASE_URL", "O1MAGIC_ENDPOINT")} - {None}
    if environ.get("O1MAGIC_API_KEY", "").strip():
        source = "O1MAGIC_API_KEY"
    elif _origin(base_url) in own or _is_loopback(base_url):
        source = "OPENAI_API_KEY"
    else:
        source = ""
    key = clean_key(environ.get(source, ""), source=source) if source else ""
    said = f"environment variable {source}" if key else "no key was sent: set O1MAGIC_API_KEY for this endpoint"
    return Endpoint(urlsplit(base_url).netloc, base_url, Secret(key), "compatible", said)


def clean_url(url: str, *, source: str) -> str:
    """Return the base URL without a trailing slash, `/v1` added where there is no path at all.

    Raises ConfigError: not http(s), no host, credentials or a query in it.
    """
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_fits = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        raise ConfigError(
            f"{source} is neither a known name nor an http(s) address: {shown(url)!r}.",
            how="Write openai, simulator, or an address such as http://localhost:8000/v1.",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            f"{source} must be a plain address without user name, password or query.",
            how="Put a key into O1MAGIC_API_KEY instead.",
        )
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def shown(choice: str) -> str:
    """Return an endpoint as it was chosen, without what may be a password in it."""
    before, at, host = choice.rpartition("@")
    return f"{before.partition('//')[0] + '//' if '//' in before else ''}…@{host}" if at else choice


def clean_key(key: str, *, source: str) -> str:
    """Return the key without surrounding white space, "" when there is none.

    Raises ConfigError: a character no key holds; its position is named, the key is not shown.
    """
    key = key.strip()
    for position, character in enumerate(key, 1):
        if character in "\"'`" or not "!" <= character <= "~":
            raise ConfigError(
                f"The key in {source} holds U+{ord(character):04X} at position {position}, which no key holds.",
                how="Set it again, without quotes or line breaks.",
            )
    return key


def _is_openai(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "openai.com" or host.endswith(".openai.com"))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may point anywhere: 127.0.0.1.example.org
        return False


def _origin(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return (parts.scheme, parts.netloc) if parts.netloc else None
