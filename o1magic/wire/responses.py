"""Bodies and stream events of the Responses API -> one `Reply`, in the same words as a chat completion's.

Layer 2, pure; not imported before a request goes to that API. Called by `client`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from o1magic.errors import UnreadableReplyError
from o1magic.wire import SIMULATOR_FINGERPRINT, Reply, StreamReader, mending
from o1magic.wire.fault import Fault, fault_in, short
from o1magic.wire.usage import RESPONSES, usage_from

if TYPE_CHECKING:
    from collections.abc import Callable

# Why a response is incomplete, as chat's finish reasons say it; the specification's own example says max_tokens.
_REASONS = {"max_output_tokens": "length", "max_tokens": "length"}
_RUNNING = ("queued", "in_progress")
_THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")
_NEXT_PART = ("response.reasoning_summary_part.added", "response.output_item.added")


def reply_from_body(body: object) -> Reply:
    """Return the reply that a response object holds; not `complete` while the response is queued or in progress.

    Raises UnreadableReplyError: it is no response object.
    """
    if not isinstance(body, dict) or not (body.get("object") == "response" or "output" in body):
        raise UnreadableReplyError("The reply is JSON, but not a response.", billed="maybe")
    items = _dicts(body.get("output"))
    messages = [item for item in items if item.get("type") == "message"]
    parts = [part for message in messages for part in _dicts(message.get("content"))]
    status = short(body.get("status"))
    error = fault_in({"error": body.get("error")})
    text = "".join(_string(part.get("text")) for part in parts)
    tool_calls = any(_string(item.get("type")).endswith("_call") for item in items)
    return Reply(
        text=mending.mended(text),
        reasoning_text=mending.mended("\n\n".join(filter(None, map(_thought, items)))).strip(),
        refusal=mending.mended("".join(_string(part.get("refusal")) for part in parts)) or None,
        finish_reason=_finish_reason(body, status, called=tool_calls and not text),
        model=short(body.get("model")),
        usage=usage_from(body.get("usage"), RESPONSES),
        provider_id=short(body.get("id")),
        tier=short(body.get("service_tier")),
        simulated=body.get("system_fingerprint") == SIMULATOR_FINGERPRINT,
        complete=status not in _RUNNING,
        tool_calls=tool_calls,
        choices=len(messages),
        error=error.message if error else "",
    )


def _finish_reason(body: dict[str, Any], status: str | None, *, called: bool) -> str | None:
    if status == "incomplete":
        details = body.get("incomplete_details")
        reason = short(details.get("reason")) if isinstance(details, dict) else None
        return _REASONS.get(reason or "", reason or status)
    if status == "completed" or status is None:
        return "tool_calls" if called else "stop"
    return None if status in _RUNNING else status


def _thought(item: dict[str, Any]) -> str:
    """Return the summary of a reasoning item; servers of open models send the reasoning itself, as its content."""
    if item.get("type") != "reasoning":
        return ""
    parts = _dicts(item.get("summary")) or _dicts(item.get("content"))
    return "\n\n".join(filter(None, (_string(part.get("text")) for part in parts)))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


class ResponseReader(StreamReader):
    """Adds up the events of a streamed response, over more than one connection if need be.

    `sequence` is the number of the last event read. `on_id` is told the response's id, once it is known.
    """

    def __init__(self, on_id: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(think_tags=False)
        self._on_id = on_id
        self.sequence: int | None = None
        self._read_before: int | None = None
        self._ended: dict[str, Any] | None = None

    @property
    def billed(self) -> bool:
        """Tell whether the last event came, which holds the usage."""
        return self._ended is not None

    def again(self) -> None:
        """Expect the events of another connection; those that were read before count once."""
        self._read_before, self.fault, self.unreadable = self.sequence, None, 0

    def take(self, body: object) -> Reply:
        """Return the reply in a response object that was asked for by its id; raises as `reply_from_body`."""
        reply = reply_from_body(body)
        if isinstance(body, dict):
            self._note(body, ended=reply.complete)
        return self.reply() if reply.complete else reply

    def _chunk(self, chunk: dict[str, Any]) -> str:
        kind, response = _string(chunk.get("type")), chunk.get("response")
        number = chunk.get("sequence_number")
        if isinstance(number, int):
            if self._read_before is not None and number <= self._read_before:
                return ""
            self.sequence = number
        if kind == "error" or (chunk.get("error") and not isinstance(response, dict)):
            self.fault = fault_in(chunk, failed=True) or Fault(kind)
        elif isinstance(response, dict):
            return self._note(response, ended=_string(response.get("status")) not in (*_RUNNING, ""))
        elif kind == "response.output_text.delta":
            return self._grow(_string(chunk.get("delta")), "")
        elif kind in _THOUGHTS:
            self._grow("", _string(chunk.get("delta")))
        elif kind == "response.refusal.delta":
            self._refusals.append(_string(chunk.get("delta")))
        elif kind in _NEXT_PART and self._thoughts and _is_thought(chunk):
            self._grow("", "\n\n")
        return ""

    def _note(self, response: dict[str, Any], *, ended: bool) -> str:
        """Take the state of the whole response; return the text that only its end told."""
        if self._id is None and (found := short(response.get("id"))):
            self._id = found
            self._on_id(found)
        self._model = short(response.get("model")) or self._model
        self._simulated = self._simulated or response.get("system_fingerprint") == SIMULATOR_FINGERPRINT
        if not ended:
            return ""
        self._ended, self.done = response, True
        reply = reply_from_body({"object": "response", **response})
        self.finish_reason = reply.finish_reason
        return "" if self._texts else self._grow(reply.text, "" if self._thoughts else reply.reasoning_text)

    def reply(self) -> Reply:
        """Return the reply as far as it has come; its end, once there, says it best."""
        came = super().reply()
        if self._ended is None:
            return came
        whole = reply_from_body({"object": "response", **self._ended})
        return replace(
            whole,
            text=whole.text or came.text,
            reasoning_text=whole.reasoning_text or came.reasoning_text,
            refusal=whole.refusal or came.refusal,
            model=whole.model or came.model,
            simulated=came.simulated,
            complete=not self.unreadable,
        )


def _is_thought(chunk: dict[str, Any]) -> bool:
    item = chunk.get("item")
    return not isinstance(item, dict) or item.get("type") == "reasoning"
