"""A Responses request's JSON, checked against what the catalog says its model accepts.

Layer 5. Imports `contract`, whose rules hold here under other names; called by `server`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from o1magic.simulator import contract, errors
from o1magic.simulator.formats import read_format
from o1magic.simulator.messages import read_messages
from o1magic.simulator.style import read_style

if TYPE_CHECKING:
    from o1magic.catalog import Catalog, Model
    from o1magic.simulator.messages import Message

# Every parameter of the endpoint (openai 3.54, responses.create).
PARAMETERS = frozenset(
    (
        *("model", "input", "instructions", "max_output_tokens", "reasoning", "text", "stream", "stream_options"),
        *("store", "background", "include", "temperature", "top_p", "top_logprobs", "metadata", "truncation"),
        *("tools", "tool_choice", "parallel_tool_calls", "max_tool_calls", "service_tier", "user"),
        *("previous_response_id", "conversation", "prompt", "safety_identifier", "moderation"),
        *("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
    )
)
SUMMARIES = ("auto", "concise", "detailed")
_OWN_RULE = frozenset(
    (
        *("model", "input", "instructions", "max_output_tokens", "reasoning", "text", "stream", "stream_options"),
        *("store", "background", "previous_response_id", "conversation", "prompt"),
    )
)
_NOT_SIMULATED = {"previous_response_id": "earlier turns", "conversation": "earlier turns", "prompt": "stored prompts"}
# From memory: the endpoint wants at least this many.
_LEAST_ALLOWANCE = 16
_PARTS = {"input_text": "text", "output_text": "text", "input_image": "image_url"}


def read_request(raw: object, catalog: Catalog) -> contract.ChatRequest:
    """Return the request. Raises Refused: with the documented error where the API would refuse it."""
    if not isinstance(raw, dict):
        raise errors.Refused(400, "The body must be a JSON object.", code="invalid_json")
    sent = {name: value for name, value in raw.items() if value is not None}
    model = contract.read_model(sent.get("model"), catalog)
    if "responses" not in model.apis:
        raise errors.chat_only(str(sent["model"]))
    contract.check_parameters(sent, model, PARAMETERS, _OWN_RULE)
    for name in sent.keys() & _NOT_SIMULATED.keys():
        raise errors.not_simulated(name, _NOT_SIMULATED[name])
    reasoning, text = _object(sent, "reasoning"), _object(sent, "text")
    stream, background = contract.read_stream(sent, model), contract.read_flag(sent, "background")
    store = contract.read_flag(sent, "store") if "store" in sent else True
    if background and not store:
        raise errors.Refused(400, "Background mode requires 'store' to be true.", param="store")
    effort, effort_sent = contract.read_effort(reasoning.get("effort"), model, "reasoning.effort")
    given = sent.get("max_output_tokens")
    allowance = None if given is None else contract.read_allowance("max_output_tokens", given, model, _LEAST_ALLOWANCE)
    messages = _read_input(sent, model)
    schema = read_format(text.get("format"), "\n".join(one.text for one in messages), called="text.format")
    prompt = contract.count(messages, model)
    contract.check_window(prompt.tokens, allowance, model)
    return contract.ChatRequest(
        model=model,
        asked=str(sent["model"]),
        messages=messages,
        prompt=prompt,
        effort=effort,
        effort_sent=effort_sent,
        allowance=model.max_output if allowance is None else allowance,
        allowance_sent=allowance is not None,
        stream=stream,
        include_usage=True,
        obfuscate=_object(sent, "stream_options").get("include_obfuscation") is not False,
        tools=len(sent.get("tools", ())),
        store=store,
        background=background,
        style=read_style(
            text.get("verbosity"), sent.get("service_tier"), model, schema=schema, called="text.verbosity"
        ),
        summary=_read_summary(reasoning.get("summary"), model),
    )


def _object(sent: dict[str, Any], name: str, called: str | None = None) -> dict[str, Any]:
    value = sent.get(name)
    if value is not None and not isinstance(value, dict):
        raise errors.invalid_type(called or name, "an object", value)
    return value or {}


def _read_summary(value: object, model: Model) -> str | None:
    if value is None:
        return None
    if not model.reasons:
        raise errors.unsupported_parameter("reasoning.summary")
    if value not in SUMMARIES:
        message = f"Invalid value: {errors.spelled(value)}. Supported values are: 'auto', 'concise', and 'detailed'."
        raise errors.Refused(400, message, param="reasoning.summary", code="invalid_value")
    return str(value)


def _read_input(sent: dict[str, Any], model: Model) -> tuple[Message, ...]:
    given = sent.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if isinstance(items, list):
        items = [_as_message(item) for item in items]
    messages = read_messages(items, model, "input")
    if "instructions" not in sent:
        return messages
    instructions = [{"role": "developer", "content": sent["instructions"]}]
    return (*read_messages(instructions, model, "instructions"), *messages)


def _as_message(item: Any) -> Any:
    """Return an input item as the chat message it would be; what is none is left for the check of messages."""
    if not isinstance(item, dict) or not isinstance(item.get("content"), list):
        return item
    return {**item, "content": [_as_part(part) for part in item["content"]]}


def _as_part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    kind = _PARTS.get(str(part.get("type")), part.get("type"))
    return {**part, "type": kind} | ({"image_url": {"url": part.get("image_url")}} if kind == "image_url" else {})
