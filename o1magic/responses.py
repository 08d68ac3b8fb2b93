"""A chat completions body -> the same request in the words of the Responses API.

Layer 2, pure; not imported before a request goes to that API. Called by `request`, which has checked the parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from o1magic.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

# What only Chat Completions knows (openai 3.54, checked 2026-11-22).
_CHAT_ONLY = frozenset(
    (
        *("stop", "seed", "logit_bias", "presence_penalty", "frequency_penalty", "logprobs", "functions"),
        *("function_call", "prediction", "modalities", "audio", "web_search_options"),
    )
)
# Written by `request`, or the only value there is.
_DROPPED = frozenset({"messages", "stream_options", "n", "reasoning_effort", "verbosity", "response_format"})
_RENAMED = {"max_completion_tokens": "max_output_tokens"}


def body(chat: Mapping[str, Any], *, summary: str | None, background: bool) -> dict[str, Any]:
    """Return the body for /responses; stored at the endpoint only where it must be found again.

    Raises RequestError: a parameter that this API does not have (`.param`).
    """
    strange = sorted(_CHAT_ONLY & chat.keys())
    if strange:
        raise RequestError(
            f"The Responses API has no {strange[0]}; nothing was sent.",
            how="Drop it, or use --api chat.",
            param=strange[0],
        )
    kept = {_RENAMED.get(name, name): value for name, value in chat.items() if name not in _DROPPED}
    reasoning = _joined(kept.pop("reasoning", None), effort=chat.get("reasoning_effort"), summary=summary)
    text = _joined(kept.pop("text", None), verbosity=chat.get("verbosity"), format=_format(chat.get("response_format")))
    made = {"model": kept.pop("model"), "input": [_item(message) for message in chat["messages"]]}
    made |= ({"reasoning": reasoning} if reasoning else {}) | ({"text": text} if text else {})
    made |= {"store": background, **kept}
    return made | ({"background": True} if background else {})


def _joined(given: object, **values: object) -> dict[str, Any]:
    """Return an object of parameters: those given as --param, and those that have a flag or a name of their own."""
    present = {name: value for name, value in values.items() if value is not None}
    return {**given, **present} if isinstance(given, dict) else present


def _format(chat: object) -> object:
    """Return a response format in this API's flatter form."""
    if not isinstance(chat, dict) or not isinstance(chat.get("json_schema"), dict):
        return chat
    return {"type": chat.get("type"), **chat["json_schema"]}


def _item(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, list):
        content = [_part(part, message["role"]) for part in content]
    return {"role": message["role"], "content": content}


def _part(part: Mapping[str, Any], role: str) -> dict[str, Any]:
    if part.get("type") == "image_url":
        image = part["image_url"]
        return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")}
    if part.get("type") == "text":
        return {"type": "output_text" if role == "assistant" else "input_text", "text": part["text"]}
    return dict(part)
