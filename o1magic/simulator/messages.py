"""The `messages` array of a request, checked and flattened to text.

Layer 5. Imports the catalog's types and `errors`; called by `contract`.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from o1magic.simulator.errors import Refused, invalid_type, unsupported_role

if TYPE_CHECKING:
    from o1magic.catalog import Model

IMAGES = tuple(f"data:image/{kind}" for kind in ("png", "jpeg", "gif", "webp"))
ROLES = ("system", "assistant", "user", "function", "tool", "developer")
# The o1 beta: "user and assistant messages only".
BETA_ROLES = ("user", "assistant")


@dataclass(frozen=True, slots=True)
class Message:
    """One message as received: its text parts joined, its images counted."""

    role: str
    text: str
    images: int = 0


def read_messages(raw: object, model: Model, name: str = "messages") -> tuple[Message, ...]:
    """Return the messages. Raises Refused: for a shape, role or content part this model does not take."""
    if raw is None:
        raise Refused(
            400,
            f"Missing required parameter: '{name}'.",
            param=name,
            code="missing_required_parameter",
        )
    if not isinstance(raw, list):
        raise invalid_type(name, "an array of objects", raw)
    if not raw:
        message = (
            f"Invalid '{name}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise Refused(400, message, param=name, code="empty_array")
    return tuple(_read_message(f"{name}[{index}]", entry, model) for index, entry in enumerate(raw))


def _read_message(place: str, entry: Any, model: Model) -> Message:
    if not isinstance(entry, dict):
        raise invalid_type(place, "an object", entry)
    role = entry.get("role")
    if role not in ROLES:
        raise _unknown_role(place, role)
    if model.system == "none" and role not in BETA_ROLES:
        raise unsupported_role(place, role)
    content = entry.get("content")
    if content is None and role == "assistant":
        return Message(role, "")
    if isinstance(content, str):
        return Message(role, content)
    if not isinstance(content, list):
        raise invalid_type(f"{place}.content", "one of a string or array of objects", content)
    parts = [_read_part(f"{place}.content[{at}]", part, model) for at, part in enumerate(content)]
    return Message(role, "\n".join(text for text in parts if text is not None), parts.count(None))


def _unknown_role(place: str, role: object) -> Refused:
    param = f"{place}.role"
    if not isinstance(role, str):
        return invalid_type(param, "a string", role)
    names = ", ".join(f"'{name}'" for name in ROLES[:-1])
    message = f"Invalid value: '{role[:50]}'. Supported values are: {names}, and '{ROLES[-1]}'."
    return Refused(400, message, param=param, code="invalid_value")


def _check_address(param: str, url: object) -> None:
    """Raise Refused where a picture is neither an address nor data of a kind that is taken; nothing is fetched."""
    if not isinstance(url, str):
        raise invalid_type(f"{param}.url", "a string", url)
    if url.startswith(("http://", "https://")):
        return
    head, _, data = url.partition(";base64,")
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        data = ""
    if not data or head not in IMAGES:
        message = "Invalid image. Expected an http(s) address or the base64 data of a png, jpeg, gif or webp image."
        raise Refused(400, message, param=param, code="invalid_image_url")


def _read_part(param: str, part: Any, model: Model) -> str | None:
    """Return the text of a content part, None for an image."""
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return str(part["refusal"])
    if kind == "image_url" and model.vision and isinstance(part.get("image_url"), dict):
        _check_address(f"{param}.image_url", part["image_url"].get("url"))
        return None
    if kind == "image_url" and not model.vision:
        message = "Invalid content type. image_url is only supported by certain models."
        raise Refused(400, message, param=f"{param}.type")
    if not isinstance(part, dict):
        raise invalid_type(param, "an object", part)
    if kind in ("text", "refusal", "image_url"):
        wanted = "an object" if kind == "image_url" else "a string"
        raise invalid_type(f"{param}.{kind}", wanted, part.get(kind))
    names = "'text', 'image_url', and 'refusal'"
    message = f"Invalid value: {str(kind)[:50]!r}. The o1magic simulator takes {names}."
    raise Refused(400, message, param=f"{param}.type", code="invalid_value")
