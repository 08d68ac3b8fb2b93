"""A chat request the model accepts -> the completion object, or the chunks it is streamed as.

Layer 5. Imports `billing` and `report`; called by `server`. No sockets, no clock.
Every object carries the system_fingerprint by which a client knows that the answer is simulated.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from o1magic.simulator import billing
from o1magic.simulator.report import CODE, REFUSAL, compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.catalog import Model
    from o1magic.simulator.contract import ChatRequest

FINGERPRINT = "o1magic-simulator"

_DELTA_WORDS = re.compile(r"(?:\s*\S+){1,4}\s*")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: `usage` None is left out of the body, `choices` False empties the list."""

    content: str | None
    refusal: str | None
    finish_reason: str
    usage: dict[str, Any] | None
    reasoning: int
    choices: bool = True


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of a completion that the clock and chance decide, handed in."""

    id: str
    created: int


def answer(request: ChatRequest, scenario: str | None) -> Reply:
    """Return the reply to a request, as the scenario has it."""
    model, allowance = request.model, request.allowance
    cue = billing.has_reasoning_cue(request.text)
    reasoning = billing.reasoning_tokens(request.prompt.tokens, request.effort, cue) if model.reasons else 0
    if scenario == "length" and model.reasons and allowance is not None:
        reasoning = allowance
    prose = scenario == "bad-json"
    text = REFUSAL if scenario == "refusal" else compose(request, reasoning=reasoning, cue=cue, prose=prose)
    if scenario == "code":
        text += CODE
    if scenario in ("content-filter", "null-content"):
        text = ""
    bill = billing.bill(text, reasoning=reasoning, allowance=allowance, encoding=model.encoding)
    refused = scenario == "refusal" and bill.text != ""
    return Reply(
        content=None if refused or scenario in ("content-filter", "null-content") else bill.text,
        refusal=bill.text if refused else None,
        finish_reason="content_filter" if scenario == "content-filter" else bill.finish_reason,
        usage=None if scenario == "no-usage" else _usage(request.prompt.tokens, bill),
        reasoning=bill.reasoning,
        choices=scenario != "no-choices",
    )


def _usage(prompt: int, bill: billing.Bill) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": bill.completion,
        "total_tokens": prompt + bill.completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": bill.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def completion(reply: Reply, request: ChatRequest, envelope: Envelope) -> dict[str, Any]:
    """Return the body of a plain reply."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.content,
        "refusal": reply.refusal,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
    return {
        "id": envelope.id,
        "object": "chat.completion",
        "created": envelope.created,
        "model": request.asked,
        "choices": [choice] if reply.choices else [],
        **({} if reply.usage is None else {"usage": reply.usage}),
        "service_tier": request.style.served,
        "system_fingerprint": FINGERPRINT,
    }


def chunks(reply: Reply, request: ChatRequest, envelope: Envelope) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a streamed reply: role, a few words at a time, end, usage if asked for."""
    head = {
        "id": envelope.id,
        "object": "chat.completion.chunk",
        "created": envelope.created,
        "model": request.asked,
        "service_tier": request.style.served,
        "system_fingerprint": FINGERPRINT,
    }
    for number, (delta, finish_reason) in enumerate(_deltas(reply)):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk: dict[str, Any] = {**head, "choices": [choice]}
        if request.include_usage:
            chunk["usage"] = None
        if request.obfuscate:
            chunk["obfuscation"] = obfuscation(envelope.id, number)
        yield chunk
    if request.include_usage and reply.usage is not None:
        yield {**head, "choices": [], "usage": reply.usage}


def _deltas(reply: Reply) -> Iterator[tuple[dict[str, Any], str | None]]:
    if not reply.choices:
        return
    yield {"role": "assistant", "content": "" if reply.content is not None else None, "refusal": None}, None
    field, text = ("content", reply.content) if reply.refusal is None else ("refusal", reply.refusal)
    for words in delta_words(text or ""):
        yield {field: words}, None
    yield {}, reply.finish_reason


def delta_words(text: str) -> list[str]:
    """Return the text in the pieces it is streamed in."""
    return _DELTA_WORDS.findall(text)


def obfuscation(id_: str, number: int) -> str:
    """Return padding such as the API adds against reading a stream by its packet sizes."""
    digest = hashlib.sha256(f"{id_}{number}".encode()).hexdigest()
    return digest[: 4 + int(digest[-1], 16)]


def model_object(model: Model) -> dict[str, Any]:
    """Return a model as `/v1/models` lists it; its `created` is the day of the first price known."""
    first = min((price.since for price in model.prices), default=None)
    created = 0 if first is None else int(datetime.combine(first, time(), UTC).timestamp())
    shutdown = None if model.shutdown is None else model.shutdown.isoformat()
    return {
        "id": model.name,
        "object": "model",
        "created": created,
        "owned_by": "system",
        "shutdown_date": shutdown,
    }
