"""Where a prompt goes, and the key that may go with it.

Layer 1: the environment and the keys that were typed are handed in. A key goes to the endpoint it was given for and
to no other: a typed one to the address it was typed for; OPENAI_API_KEY to OpenAI, to the address in OPENAI_BASE_URL
or O1MAGIC_ENDPOINT, and to this machine; a service's own to that service; O1MAGIC_API_KEY to whatever other address
is chosen. In place of each variable `VARIABLE_FILE` may name a file that holds the key; reading it is the only I/O.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NoReturn
from urllib.parse import urlsplit

from o1magic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["openai", "simulator", "compatible"]

OPENAI_URL = "https://api.openai.com/v1"

WAYS_OUT = (
    "Set OPENAI_API_KEY outside the notebook (a shell profile, or a .env file your shell reads) and restart the "
    "kernel; type it into a hidden field with `%o1 key openai`; or practise without a key: `%o1 connect simulator`."
)
# A key file holds one line; what is longer is another file.
_MOST_KEY_CHARS = 4096

Origin = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """A service that people name instead of writing its address.

    `url` is its address, None where everybody has their own; `variable` is where its own tools look for an address,
    `path` what belongs below that, `key` the variable its key is known by, None where it wants none.
    """

    url: str | None
    key: str | None
    variable: str | None = None
    path: str = "/v1"


SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "azure": Service(None, "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "/openai/v1"),
        "deepseek": Service("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        "lmstudio": Service("http://localhost:1234/v1", None),
        "ollama": Service("http://localhost:11434/v1", None, "OLLAMA_HOST"),
        "openrouter": Service("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    }
)
NAMES = ("openai", *SERVICES, "simulator")


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


def resolve(
    choice: str | None,
    environ: Mapping[str, str],
    *,
    simulator: Callable[[str], str],
    typed: Mapping[Origin, Secret] = MappingProxyType({}),
) -> Endpoint:
    """Return the endpoint chosen by name or URL, or the environment's, with the key that is for it.

    `simulator` returns the base URL of a running simulator playing a scenario ("" for none); it is called only when
    one is asked for: `simulator` or `simulator:SCENARIO`. `typed` holds keys by the address they were typed for.
    Raises ConfigError: nothing chosen and no key, an address that cannot work, a key that is malformed or missing.
    """
    choice = (choice or environ.get("O1MAGIC_ENDPOINT", "")).strip()
    if not choice and (
        _says(environ, "OPENAI_API_KEY")
        or environ.get("OPENAI_BASE_URL", "").strip()
        or _origin_of(OPENAI_URL) in typed
    ):
        choice = "openai"
    if not choice:
        raise ConfigError("No endpoint is chosen and OPENAI_API_KEY is not set; nothing was sent.", how=WAYS_OUT)
    word, _, scenario = choice.partition(":")
    if word == "simulator":
        url = simulator(scenario)
        return Endpoint("simulator", url, Secret("simulator"), "simulator", "the simulator, which takes any key")
    name, base_url = address_of(choice, environ)
    kind: Kind = "openai" if is_openai(base_url) else "compatible"
    key = typed.get(_origin_of(base_url))
    if key is not None:
        return Endpoint(name, base_url, key, kind, "the key typed in this session")
    variable = _variable_for(choice, name, base_url, environ)
    key = Secret(_read_key(environ, variable)) if variable else Secret("")
    if key.value:
        return Endpoint(name, base_url, key, kind, f"environment variable {variable}")
    if kind == "openai" or (variable and name in SERVICES):
        how = WAYS_OUT if kind == "openai" else f"Set it outside the notebook, or type it: `%o1 key {name}`."
        raise ConfigError(f"{variable} is not set; nothing was sent.", how=how)
    missing = f"{variable} is not set" if variable else "set O1MAGIC_API_KEY for this endpoint, or type one: `%o1 key`"
    said = "it takes no key" if name in SERVICES else f"no key was sent: {missing}"
    return Endpoint(name, base_url, key, kind, said)


def address_of(choice: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the name and the base URL of a choice that is not the simulator.

    Raises ConfigError: an address that cannot work, or none for a service where everybody has their own.
    """
    if choice == "openai":
        base_url = clean_url(environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL, source="OPENAI_BASE_URL")
        return ("openai" if is_openai(base_url) else urlsplit(base_url).netloc), base_url
    if choice in SERVICES:
        return choice, _address(SERVICES[choice], environ)
    base_url = clean_url(choice, source="The endpoint")
    return _name_of(base_url, environ), base_url


def origin_of(choice: str, environ: Mapping[str, str]) -> Origin:
    """Return what a typed key is kept under: scheme, and host with its port. Raises ConfigError."""
    return _origin_of(address_of(choice, environ)[1])


def _address(service: Service, environ: Mapping[str, str]) -> str:
    written = environ.get(service.variable, "").strip() if service.variable else ""
    if not written and service.url is None:
        raise ConfigError(
            f"{service.variable} is not set; nothing was sent.", how="It is an address, such as https://mine.example."
        )
    if not written:
        return str(service.url)
    if "://" not in written and service.url is not None:  # as a server's own tools take it: a host, perhaps a port
        default = urlsplit(service.url)
        port = "" if ":" in written.rpartition("]")[2] else f":{default.port}"
        written = f"{default.scheme}://{written}{port}"
    return clean_url(written, source=str(service.variable), path=service.path)


def _name_of(base_url: str, environ: Mapping[str, str]) -> str:
    """Return the name of the service whose address and key are both known here, else the host."""
    if is_openai(base_url):
        return "openai"
    for name, service in SERVICES.items():
        placed = service.url or (service.variable and environ.get(service.variable, "").strip())
        known = placed and service.key and _says(environ, service.key)
        if known and _origin_of(_address(service, environ)) == _origin_of(base_url):
            return name
    return urlsplit(base_url).netloc


def _variable_for(choice: str, name: str, base_url: str, environ: Mapping[str, str]) -> str | None:
    """Return the variable whose key is for this address, None where none is."""
    if choice == "openai" or is_openai(base_url):
        return "OPENAI_API_KEY"
    if name in SERVICES:
        return SERVICES[name].key
    if _says(environ, "O1MAGIC_API_KEY"):
        return "O1MAGIC_API_KEY"
    own = {_origin_of(environ.get(one, "").strip()) for one in ("OPENAI_BASE_URL", "O1MAGIC_ENDPOINT")}
    return "OPENAI_API_KEY" if _origin_of(base_url) in own or _is_loopback(base_url) else None


def _says(environ: Mapping[str, str], variable: str) -> bool:
    return any(environ.get(name, "").strip() for name in (variable, f"{variable}_FILE"))


def _read_key(environ: Mapping[str, str], variable: str) -> str:
    """Return the key that a variable, or the file named by VARIABLE_FILE, holds; "" where neither is set."""
    written, named = (environ.get(name, "").strip() for name in (variable, f"{variable}_FILE"))
    return (
        key_in_file(named, source=f"{variable}_FILE") if named and not written else clean_key(written, source=variable)
    )


def key_in_file(name: str, *, source: str) -> str:
    """Return the key that a file holds. Raises ConfigError: it cannot be read, or holds no key."""
    file = Path(name).expanduser()
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(_MOST_KEY_CHARS)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
        raise ConfigError(f"The key file of {source} cannot be read: {file}: {why}; nothing was sent.") from None
    key = clean_key(text, source=f"the file of {source}")
    if not key:
        raise ConfigError(f"The key file of {source} is empty: {file}; nothing was sent.")
    return key


def clean_url(url: str, *, source: str, path: str = "/v1") -> str:
    """Return the base URL without a trailing slash, `path` added where there is none at all.

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
            how=f"Write {', '.join(NAMES)}, or an address such as http://localhost:8000/v1.",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            f"{source} must be a plain address without user name, password or query.",
            how="Put a key into O1MAGIC_API_KEY instead.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or path}"


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


def is_openai(url: str) -> bool:
    """Tell whether an address is OpenAI's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "openai.com" or host.endswith(".openai.com"))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may point anywhere: 127.0.0.1.example.org
        return False


def _origin_of(url: str) -> Origin:
    """Return scheme and host, both "" for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return (parts.scheme, parts.netloc.lower()) if parts.netloc else ("", "")
