"""Bodies and stream chunks of the chat completions API -> one `Reply`.

Layer 2, pure: text and parsed JSON in, dataclasses out; knows no HTTP and no clock. Reads what OpenAI
documents and what compatible servers are known to send instead. Called by `read`, which owns the
bytes. The Responses API's are read by `responses` beside it, which is loaded when it is first spoken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from o1magic.answer import Usage
from o1magic.errors import LONG_KEY, MASK, APIError, UnreadableReplyError, redact
from o1magic.wire import mending
from o1magic.wire.fault import Fault, fault_in, short
from o1magic.wire.usage import usage_from

__all__ = ["Fault", "Reply", "StreamReader", "fault_in", "parsed", "reply_from_body", "usage_from"]

SIMULATOR_FINGERPRINT = "o1magic-simulator"

# Python refuses to convert longer decimal literals (a ValueError that is not about syntax).
_MAX_DIGITS = 4_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model sent back: `complete` False means that it was cut short on the way.

    `choices` counts the answers in it, of which the first is the one read. `simulated` is what the
    body itself says, `tier` the service tier it was served at, `error` why a response failed.
    """

    text: str = ""
    reasoning_text: str = ""
    refusal: str | None = None
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    provider_id: str | None = None
    tier: str | None = None
    simulated: bool = False
    complete: bool = True
    tool_calls: bool = False
    choices: int = 0
    error: str = ""


def without_key(reply: Reply, key: str) -> Reply:
    """Return the reply with the key masked wherever an endpoint echoed it.

    In what the model wrote only the very key is masked, and a short one not at all: it may be a word.
    """
    raw = reply.usage.raw
    return replace(
        reply,
        text=unkeyed(reply.text, key),
        reasoning_text=unkeyed(reply.reasoning_text, key),
        refusal=reply.refusal and redact(reply.refusal, [key]),
        finish_reason=reply.finish_reason and redact(reply.finish_reason, [key]),
        model=reply.model and redact(reply.model, [key]),
        provider_id=reply.provider_id and redact(reply.provider_id, [key]),
        usage=replace(reply.usage, raw=raw and redact(raw, [key])),
        error=redact(reply.error, [key]),
    )


def unkeyed(text: str, key: str) -> str:
    """Return a text of the model's with the very key masked, unless it is so short that it may be a word."""
    return text.replace(key, MASK) if len(key) >= LONG_KEY else text


def parsed(text: str) -> object:
    """Return the JSON value of a text; an overlong integer becomes a float. Raises ValueError: not JSON."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < _MAX_DIGITS else float(digits))


def reply_from_body(body: object, *, think_tags: bool = True) -> Reply:
    """Return the reply that a whole, not streamed, body holds.

    `think_tags` splits a leading `<think>` block off the text, as compatible servers send it.
    Raises APIError: the body is an error in spite of its status; UnreadableReplyError: no chat completion.
    """
    fault = fault_in(body)
    if fault is not None:
        raise APIError(
            fault.message, status=200, code=fault.code, param=fault.param, retry_after_s=None, billed="maybe"
        )
    if not isinstance(body, dict) or not _is_completion(body):
        raise UnreadableReplyError("The reply is JSON, but not a chat completion.", billed="maybe")
    rows = [row for row in _list(body.get("choices")) if isinstance(row, dict)]
    choice = rows[0] if rows else {}
    message = choice.get("message")
    part = _part(message if isinstance(message, dict) else {"content": choice.get("text")})
    splitter = mending.ThinkSplitter(on=think_tags)
    text, thought = splitter.feed(part.text)
    rest, more = splitter.pending()
    return Reply(
        text=mending.mended(text + rest),
        reasoning_text=mending.mended(part.thought + thought + more).strip(),
        refusal=mending.mended(part.refusal) or None,
        finish_reason=short(choice.get("finish_reason")),
        model=short(body.get("model")),
        usage=usage_from(body.get("usage")),
        provider_id=short(body.get("id")),
        tier=short(body.get("service_tier")),
        simulated=body.get("system_fingerprint") == SIMULATOR_FINGERPRINT,
        tool_calls=part.tool_calls,
        choices=len(rows),
    )


def _is_completion(body: dict[str, Any]) -> bool:
    return "choices" in body or "usage" in body or str(body.get("object")).startswith("chat.completion")


@dataclass(frozen=True, slots=True)
class _Part:
    """What one message or delta adds."""

    text: str = ""
    thought: str = ""
    refusal: str = ""
    tool_calls: bool = False


def _part(message: dict[str, Any]) -> _Part:
    content, refusal = message.get("content"), message.get("refusal")
    # vLLM 0.11 sends the same text under both names.
    thought = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
    tool_calls = bool(message.get("tool_calls") or message.get("function_call"))
    said = refusal if isinstance(refusal, str) else ""
    if isinstance(content, str):
        return _Part(content, thought, said, tool_calls)
    for piece in _list(content):
        if isinstance(piece, dict) and piece.get("type") in ("thinking", "reasoning"):
            thought += _text(piece.get("thinking")) or _text(piece.get("text"))
        elif isinstance(piece, dict) and isinstance(piece.get("refusal"), str):
            said += piece["refusal"]
    return _Part(_text(content), thought, said, tool_calls)


def _text(value: object) -> str:
    """Return a text, or the text parts of a list of content parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value.get("type") not in ("thinking", "reasoning"):
        return _text(value.get("text"))
    return "".join(_text(piece) for piece in value) if isinstance(value, list) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


class StreamReader:
    """Adds up the chunks of a streamed reply; `feed` takes the data of one event at a time."""

    def __init__(self, *, think_tags: bool = True) -> None:
        self.thought = ""  # what the last chunk added to the reasoning
        self.fault: Fault | None = None
        self.unreadable = 0
        self.done = False
        self.finish_reason: str | None = None
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._refusals: list[str] = []
        self._mend_text, self._mend_thought = mending.Mender(), mending.Mender()
        self._splitter = mending.ThinkSplitter(on=think_tags)
        self._usage: dict[str, Any] | None = None
        self._odd_usage: object = None
        self._model: str | None = None
        self._id: str | None = None
        self._tier: str | None = None
        self._simulated = self._tool_calls = False
        self._indexes: set[object] = set()

    @property
    def billed(self) -> bool:
        """Tell whether a usage came: nothing that matters follows it."""
        return self._usage is not None

    def feed(self, data: str, event: str = "") -> str:
        """Return what the data of one event adds to the text; `event` is its type, if it has one."""
        self.thought = ""
        data = data.strip()
        if data == "[DONE]":
            self.done = True
            return ""
        try:
            chunk = parsed(data)
        except ValueError:
            return self._not_json(data)
        if event == "error":
            self.fault = fault_in(chunk, failed=True) or Fault(data[:200])
        elif isinstance(chunk, dict):
            return self._chunk(chunk)
        else:
            self.unreadable += isinstance(chunk, list | str)
        return ""

    def _not_json(self, data: str) -> str:
        """Read events without an empty line between them; ignore keep-alive words, count what is broken."""
        if "\n" in data:
            pieces, thoughts = [], []
            for line in data.splitlines():
                pieces.append(self.feed(line))
                thoughts.append(self.thought)
            self.thought = "".join(thoughts)
            return "".join(pieces)
        self.unreadable += any(mark in data for mark in '{}"')
        return ""

    def _chunk(self, chunk: dict[str, Any]) -> str:
        if chunk.get("error") or chunk.get("type") == "error" or chunk.get("object") == "error":
            self.fault = fault_in(chunk, failed=True)
            return ""
        if self._model is None or self._id is None:
            self._model = self._model or short(chunk.get("model"))
            self._id = self._id or short(chunk.get("id"))
            self._tier = short(chunk.get("service_tier"))
        self._simulated = self._simulated or chunk.get("system_fingerprint") == SIMULATOR_FINGERPRINT
        usage = chunk.get("usage")
        if isinstance(usage, dict):  # vLLM repeats it in every chunk, others split it over two
            self._usage = {**(self._usage or {}), **usage}
        elif usage is not None:
            self._odd_usage = usage
        added = ""
        for choice in _list(chunk.get("choices")):
            if isinstance(choice, dict):
                index = choice.get("index") or 0
                self._indexes.add(str(index) if index else "0")
                if not index:
                    added += self._choice(choice)
        return added

    def _choice(self, choice: dict[str, Any]) -> str:
        if choice.get("finish_reason") is not None:
            self.finish_reason = short(choice["finish_reason"]) or self.finish_reason
        delta = choice.get("delta", choice.get("message"))
        if not isinstance(delta, dict):
            return ""
        if len(delta) == 1 and isinstance(delta.get("content"), str):  # most chunks: a few letters of text
            return self._grow(*self._splitter.feed(delta["content"]))
        part = _part(delta)
        self._tool_calls = self._tool_calls or part.tool_calls
        if part.refusal:
            self._refusals.append(part.refusal)
        if not part.text and not part.thought:
            return ""
        split, inline = self._splitter.feed(part.text) if part.text else ("", "")
        return self._grow(split, part.thought + inline)

    def _grow(self, text: str, thought: str) -> str:
        """Add to text and reasoning, and return what the text grew by."""
        text, thought = self._mend_text.feed(text), self._mend_thought.feed(thought)
        if text:
            self._texts.append(text)
        if thought:
            self._thoughts.append(thought)
            self.thought += thought
        return text

    def reply(self) -> Reply:
        """Return the reply as far as it has come."""
        text, thought = self._splitter.pending()
        return Reply(
            text="".join(self._texts) + mending.mended(self._mend_text.pending + text),
            reasoning_text=("".join(self._thoughts) + mending.mended(self._mend_thought.pending + thought)).strip(),
            refusal=mending.mended("".join(self._refusals)) or None,
            finish_reason=self.finish_reason,
            model=self._model,
            usage=usage_from(self._odd_usage if self._usage is None else self._usage),
            provider_id=self._id,
            tier=self._tier,
            simulated=self._simulated,
            complete=(self.done or self.finish_reason is not None) and not self.unreadable,
            tool_calls=self._tool_calls,
            choices=len(self._indexes),
        )
