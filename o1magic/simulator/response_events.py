"""A Responses request the model accepts -> the response object, and the events it is streamed as.

Layer 5. Imports `reply`; called by `server` and `jobs`. No sockets, no clock. The order of the events is the one of
tests/wire/responses_stream.json; beside the documented keys each object has the system_fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from o1magic.simulator.body import dump_json
from o1magic.simulator.reply import FINGERPRINT, delta_words, obfuscation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.simulator.contract import ChatRequest
    from o1magic.simulator.reply import Envelope, Reply

_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}
ERROR = {"code": "server_error", "message": "The simulated model was asked to fail."}


@dataclass(frozen=True, slots=True)
class Made:
    """A request, what is answered to it, and by which id."""

    request: ChatRequest
    reply: Reply
    envelope: Envelope
    fails: bool = False

    @property
    def status(self) -> str:
        """Return how it ends."""
        if self.fails:
            return "failed"
        return "incomplete" if self.reply.finish_reason in _REASONS else "completed"


def response(made: Made, status: str) -> dict[str, Any]:
    """Return the response object: as it is while it runs, was cancelled, or has ended."""
    request, reply, ended = made.request, made.reply, status == made.status
    reason = _REASONS.get(reply.finish_reason) if status == "incomplete" else None
    return {
        "id": made.envelope.id,
        "object": "response",
        "created_at": made.envelope.created,
        "status": status,
        "completed_at": made.envelope.created if status == "completed" else None,
        "error": ERROR if status == "failed" else None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "max_output_tokens": request.allowance if request.allowance_sent else None,
        "model": request.asked,
        "output": list(_items(made)) if ended and not made.fails else [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": request.effort, "summary": request.summary},
        "store": request.store,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(reply) if ended and not made.fails else None,
        "user": None,
        "metadata": {},
        **({"background": True} if request.background else {}),
        "system_fingerprint": FINGERPRINT,
    }


def _usage(reply: Reply) -> dict[str, Any] | None:
    if reply.usage is None:
        return None
    return {
        "input_tokens": reply.usage["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": reply.usage["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": reply.reasoning},
        "total_tokens": reply.usage["total_tokens"],
    }


def _items(made: Made) -> Iterator[dict[str, Any]]:
    reply = made.reply
    if not reply.choices:
        return
    if made.request.model.reasons:
        yield {"type": "reasoning", "id": _id(made, "rs"), "summary": [_part(text) for text in _summary(made)]}
    text = reply.content if reply.refusal is None else reply.refusal
    if text:
        content = {"type": "output_text", "text": text, "annotations": []}
        if reply.refusal is not None:
            content = {"type": "refusal", "refusal": text}
        yield _message(made, "completed", [content])


def _message(made: Made, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "message", "id": _id(made, "msg"), "status": status, "role": "assistant", "content": content}


def _id(made: Made, kind: str) -> str:
    return f"{kind}_{made.envelope.id.removeprefix('resp_')}"


def _part(text: str) -> dict[str, str]:
    return {"type": "summary_text", "text": text}


def _summary(made: Made) -> list[str]:
    """Return the parts of a summary that says what there is to say: nothing was thought."""
    if made.request.summary is None or not made.reply.reasoning:
        return []
    billed = f"{made.reply.reasoning:,} simulated reasoning tokens were billed"
    return [f"**Simulated summary**\n\nNo model ran, so there is no reasoning to summarise; {billed}."]


def events(made: Made) -> Iterator[dict[str, Any]]:
    """Yield the events of a streamed response, numbered; the first ones come before any thinking."""
    for number, event in enumerate(_unnumbered(made)):
        padding = {"obfuscation": obfuscation(made.envelope.id, number)} if "delta" in event else {}
        yield {**event, **(padding if made.request.obfuscate else {}), "sequence_number": number}


def frame(event: dict[str, Any]) -> bytes:
    """Return an event as it is sent: its type, and the JSON that holds the type again."""
    return b"event: %s\ndata: %s" % (str(event["type"]).encode(), dump_json(event))


# How many of them that is.
FIRST_EVENTS = 2


def _unnumbered(made: Made) -> Iterator[dict[str, Any]]:
    first = "queued" if made.request.background else "in_progress"
    yield {"type": "response.created", "response": response(made, first)}
    yield {"type": "response.in_progress", "response": response(made, "in_progress")}
    items = list(_items(made))
    for index, item in enumerate(items):
        of_item = _of_reasoning(made, item) if item["type"] == "reasoning" else _of_message(made, item)
        for event in of_item:
            yield {"type": f"response.{event.pop('type')}", "output_index": index, **event}
            if made.fails and "delta" in event:
                break
    yield {"type": f"response.{made.status}", "response": response(made, made.status)}


def _of_reasoning(made: Made, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"type": "output_item.added", "item": {**item, "summary": []}}
    for number, text in enumerate(_summary(made)):
        place = {"item_id": item["id"], "summary_index": number}
        yield {"type": "reasoning_summary_part.added", **place, "part": _part("")}
        for words in delta_words(text):
            yield {"type": "reasoning_summary_text.delta", **place, "delta": words}
        yield {"type": "reasoning_summary_text.done", **place, "text": text}
        yield {"type": "reasoning_summary_part.done", **place, "part": _part(text)}
    yield {"type": "output_item.done", "item": item}


def _of_message(made: Made, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    (part,) = item["content"]
    kind = part["type"]
    field = "text" if kind == "output_text" else "refusal"
    place = {"item_id": item["id"], "content_index": 0}
    yield {"type": "output_item.added", "item": _message(made, "in_progress", [])}
    yield {"type": "content_part.added", **place, "part": {**part, field: ""}}
    more: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
    for words in delta_words(part[field]):
        yield {"type": f"{kind}.delta", **place, "delta": words, **more}
    yield {"type": f"{kind}.done", **place, field: part[field], **more}
    yield {"type": "content_part.done", **place, "part": part}
    yield {"type": "output_item.done", "item": item}
