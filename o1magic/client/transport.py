"""What broke on the way, an exception of the HTTP library, -> the one error that says whether anything was billed.

Layer 3. Called by `exchange`. The library is httpx under openai 2.x and httpx2 under 3.x; neither is imported,
their exceptions are told apart by class name, and by the operating system's own exceptions beneath them.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from o1magic.errors import LostReplyError, NotSentError, TransportError, UnreadableReplyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.client.faults import Place
    from o1magic.wire import Reply

NOT_TWICE = "It was not sent again, so as not to be billed twice; --retry-unsafe does."

_UNSENT = {"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "LocalProtocolError", "InvalidURL"}
_OURS = {"TransportError", "DecodingError", "StreamError", "InvalidURL", "RequestError"}
_CHECK = "Check the endpoint's address and the network."
_LOOPBACK = ("localhost", "127.", "[::1]")


def is_transport(error: BaseException) -> bool:
    """Tell whether an exception is the HTTP library's or the network's, not a mistake in a program."""
    return bool(_names(error) & _OURS) or isinstance(error, OSError)


def transport_error(error: BaseException, place: Place, partial: Reply | None, received: int) -> TransportError:
    """Return the error for an exception while sending or receiving; `received` counts the bytes of the body."""
    chain = list(_chain(error))
    names = set[str]().union(*map(_names, chain))
    if names & _UNSENT and not received:
        return not_sent(chain, names, place)
    if "DecodingError" in names:
        return UnreadableReplyError(
            f"The reply from {place.host} is compressed in a way that cannot be read.",
            billed="maybe",
            raw="",
            partial=partial,
            attempts=place.attempts,
        )
    if not received and "RemoteProtocolError" in names and not _hung_up(chain):
        return UnreadableReplyError(
            f"What {place.host} sent back is not HTTP.",
            how="Check the endpoint's address and port.",
            billed="maybe",
            raw="",
            attempts=place.attempts,
        )
    return lost(place, partial, received)


def lost(place: Place, partial: Reply | None, received: int) -> LostReplyError:
    """Return the error for a reply of which nothing or only a part came."""
    if partial is not None and partial.text:
        what = f"{place.host} broke off its answer after {len(partial.text):,} characters."
    elif received:
        what = f"{place.host} broke off its reply after {received:,} bytes."
    else:
        what = f"{place.host} took the request and closed the connection without a reply."
    return LostReplyError(what, how=NOT_TWICE, billed="maybe", partial=partial, attempts=place.attempts)


def not_sent(chain: list[BaseException], names: set[str], place: Place) -> NotSentError:
    """Return the error for a request that never left, with the cause as the operating system saw it."""
    cause, how = _cause(chain, names, place)
    proxy = _proxy_variable(place)
    if proxy:
        how = f"{how} {proxy} is set: it may be the proxy that cannot be reached."
    return NotSentError(f"{place.host} was not reached: {cause}.", how=how, attempts=place.attempts)


def _cause(chain: list[BaseException], names: set[str], place: Place) -> tuple[str, str]:
    """Return why nothing could be sent, and how to go on."""
    for error in chain:
        known = _system_cause(error, place)
        if known is not None:
            return known
    if "ProxyError" in names:
        return f"the proxy refused ({place.safe(str(chain[-1]), 80)})", "Check HTTPS_PROXY and NO_PROXY."
    if "ConnectTimeout" in names:
        return "no connection came about in time", _CHECK
    if names & {"LocalProtocolError", "UnsupportedProtocol", "InvalidURL"}:
        return "the request cannot be written as HTTP", _CHECK
    said = next((error.strerror for error in chain if isinstance(error, OSError) and error.strerror), None)
    return place.safe(said, 80) if said else "the connection broke while it was being set up", _CHECK


def _system_cause(error: BaseException, place: Place) -> tuple[str, str] | None:
    if isinstance(error, socket.gaierror):
        return "its name is not known (DNS)", _CHECK
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = place.safe(error.verify_message or "not trusted", 80)
        how = "Behind a proxy that inspects TLS, SSL_CERT_FILE must name its certificate."
        return f"its TLS certificate is not accepted ({reason})", how
    if isinstance(error, ssl.SSLError):
        reason = place.safe((error.reason or "handshake failed").replace("_", " ").lower(), 80)
        return f"TLS failed ({reason})", "Does the endpoint need http:// instead of https://?"
    if isinstance(error, ConnectionRefusedError):
        local = place.host.startswith(_LOOPBACK)
        return "the connection was refused", "Is the server running?" if local else _CHECK
    return None


def _proxy_variable(place: Place) -> str:
    """Return the variable that sends this call through a proxy, "" if none does."""
    from urllib.request import getproxies, proxy_bypass  # 45 ms CPU

    parts = urlsplit(place.endpoint.base_url)
    host = parts.hostname or ""
    if parts.scheme not in getproxies() or host.startswith(_LOOPBACK) or proxy_bypass(host):
        return ""
    return f"{parts.scheme.upper()}_PROXY"


def _hung_up(chain: list[BaseException]) -> bool:
    return any("disconnected" in str(error) for error in chain)


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, what caused it, and the members of groups: anyio tries several addresses at once."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__context__, one.__cause__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
