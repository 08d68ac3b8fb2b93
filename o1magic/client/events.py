"""What happens while a call is under way, for whoever shows or records it.

Layer 3, pure. Called by all of `client`; the events arrive on the loop thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from o1magic.errors import Billed


@dataclass(frozen=True, slots=True)
class Sent:
    """A request leaves this machine."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """Request number `attempt`, of `of` at most, was refused because of `reason`; the next follows in `wait_s`.

    `billed` is "maybe" where the refusal came from who may have passed the request on first.
    """

    attempt: int
    of: int
    wait_s: float
    reason: str
    billed: Billed = "no"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The endpoint works on this response in the background, and can be asked for it by that id."""

    response_id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The response goes on at the endpoint, of which `said` tells; it is asked for again in `wait_s`."""

    said: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class Text:
    """The answer grew by this."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """The reasoning, where the endpoint shows it, grew by this."""

    text: str


Event = Sent | Retrying | Accepted | Waiting | Text | Thought
