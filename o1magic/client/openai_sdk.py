"""The one place that touches the `openai` package: its import, its client, its raw response.

Layer 3. Called by `client` and `exchange`. Only public names that 2.0 and 3.x share are used, and none of
httpx (under 2.x) or httpx2 (under 3.x). Importing this module does not import `openai`, which costs 1.1 s CPU.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from o1magic.endpoint import clean_key
from o1magic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from openai import AsyncOpenAI, Omit

    from o1magic.endpoint import Endpoint

CONNECT_S = 15.0

_OWN_HEADERS = ("accept", "content-type", "user-agent")


@dataclass(frozen=True, slots=True)
class Message:
    """What is asked of the endpoint: a POST of exactly this JSON, if any, or a GET."""

    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    method: Literal["POST", "GET"] = "POST"


class Response(Protocol):
    """What is used of a 2xx response, whichever HTTP library it comes from."""

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Iterate over the decompressed body."""
        ...

    async def aclose(self) -> None:
        """Close the response, and its connection if the body was not read to the end."""
        ...


def load() -> None:
    """Import the package with all that a first call would import. Raises ConfigError: it cannot be imported."""
    try:
        from openai import AsyncOpenAI, AsyncStream, Omit, Timeout  # noqa: F401 - some are resolved lazily
    except Exception as broken:  # noqa: BLE001 - a broken installation raises whatever it likes
        raise ConfigError(
            f"The openai package cannot be imported ({type(broken).__name__}: {broken}).",
            how="Install it again: pip install --upgrade 'openai>=2,<4'.",
        ) from None


def build(endpoint: Endpoint) -> AsyncOpenAI:
    """Return a client for an endpoint and its key. Raises ConfigError: a key that no header can carry."""
    import openai

    # Under 2.x a header that cannot be written is logged at DEBUG with the key in it: it must not get that far.
    key = clean_key(endpoint.key.value, source=endpoint.key_source)
    kind = openai.AsyncOpenAI if endpoint.kind == "openai" else _plain_client()
    # Proxy settings are for the world outside; a proxy cannot reach this machine's own servers. Only without TLS:
    # the same switch turns SSL_CERT_FILE off.
    parts = urlsplit(endpoint.base_url)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    return kind(
        api_key=key or "none",
        base_url=endpoint.base_url,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False) if local else None,
    )


@functools.cache
def _plain_client() -> type[AsyncOpenAI]:
    """Return the client class for endpoints that are not OpenAI's.

    OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS are meant for OpenAI, and would tell others who asks.
    """
    import openai

    class PlainClient(openai.AsyncOpenAI):
        @property
        def default_headers(self) -> dict[str, str | Omit]:
            return {
                name: value
                for name, value in super().default_headers.items()
                if name.lower() in _OWN_HEADERS or name.lower().startswith("x-stainless-")
            } | {"Authorization": f"Bearer {self.api_key}"}

    return PlainClient


async def send(sdk: AsyncOpenAI, message: Message, *, keyless: bool, connect_s: float) -> Response:
    """Send a message and return the response with its body unread.

    Raises openai.APIStatusError for every status but 2xx, and openai.APIConnectionError.
    """
    import openai

    options: Any = {  # a TypedDict of the package, which words it differently from version to version
        "follow_redirects": False,
        "max_retries": 0,
        "headers": {"Authorization": openai.Omit()} if keyless else {},
        "timeout": openai.Timeout(None, connect=connect_s),
        **({"params": dict(message.query)} if message.query else {}),
    }
    # Asked for as a stream whatever the body says: only so is the response handed over unread and unparsed.
    kind = openai.AsyncStream[object]
    if message.method == "GET":
        stream = await sdk.get(message.path, cast_to=object, options=options, stream=True, stream_cls=kind)
    else:
        body = None if message.body is None else dict(message.body)
        stream = await sdk.post(message.path, cast_to=object, body=body, options=options, stream=True, stream_cls=kind)
    response: Response = stream.response
    return response


def refused(error: Exception) -> tuple[int, dict[str, str], str] | None:
    """Return status, headers (names in lower case) and body of a reply that is not 2xx, None for other errors."""
    import openai

    if not isinstance(error, openai.APIStatusError):
        return None
    response = error.response
    headers = {name.lower(): value for name, value in response.headers.items()}
    return error.status_code, headers, response.content.decode("utf-8", "replace")


def is_connection_error(error: Exception) -> bool:
    """Tell whether the package could not send the request or got no reply."""
    import openai

    return isinstance(error, openai.APIConnectionError)
