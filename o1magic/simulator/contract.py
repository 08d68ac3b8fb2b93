"""A chat request's JSON, checked against what the catalog says its model accepts; `responses` reads the other API's.

Layer 5. Imports `catalog`, `tokens`, `messages`, `errors`; called by `server`.
Unlike the API it serves retired models: to practise on them is what the simulator is for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from o1magic import tokens
from o1magic.simulator import errors
from o1magic.simulator.billing import IMAGE_TOKENS
from o1magic.simulator.formats import read_format
from o1magic.simulator.messages import Message, read_messages
from o1magic.simulator.style import Style, read_style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.catalog import Catalog, Model

# Every parameter of the endpoint (openai 3.54, chat.completions.create).
PARAMETERS = frozenset(
    (
        *("model", "messages", "max_completion_tokens", "max_tokens", "reasoning_effort", "verbosity"),
        *("stream", "stream_options", "n", "stop", "seed", "temperature", "top_p", "logit_bias"),
        *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "response_format"),
        *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "web_search_options"),
        *("modalities", "audio", "prediction", "moderation", "service_tier", "store", "metadata", "user"),
        *("safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
    )
)
ALLOWANCES = ("max_completion_tokens", "max_tokens")
# Checked by a rule of their own, so the general one passes over them.
_OWN_RULE = frozenset({*ALLOWANCES, "messages", "model", "reasoning_effort", "stream", "stream_options"})
_TOOLS = ("tools", "functions")
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_NOT_SIMULATED = {
    "logprobs": "log probabilities",
    "top_logprobs": "log probabilities",
    "stop": "stop sequences",
    "audio": "audio",
    "web_search_options": "web search",
}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request the model accepts; `effort` and `allowance` are those in force, sent or not.

    `store`, `background` and `summary` are the Responses API's.
    """

    model: Model
    asked: str
    messages: tuple[Message, ...]
    prompt: tokens.Count
    effort: str | None
    effort_sent: bool
    allowance: int | None
    allowance_sent: bool
    stream: bool
    include_usage: bool
    obfuscate: bool
    tools: int
    style: Style = field(default_factory=Style)
    store: bool = False
    background: bool = False
    summary: str | None = None

    @property
    def text(self) -> str:
        """Return all that the messages say, one after the other."""
        return "\n".join(message.text for message in self.messages)

    @property
    def images(self) -> int:
        """Return the number of images in the messages."""
        return sum(message.images for message in self.messages)


def read_request(raw: object, catalog: Catalog) -> ChatRequest:
    """Return the request. Raises Refused: with the documented error where the API would refuse it."""
    if not isinstance(raw, dict):
        raise errors.Refused(400, "The body must be a JSON object.", code="invalid_json")
    # The API takes null for a parameter that was left out.
    sent = {name: value for name, value in raw.items() if value is not None}
    model = read_model(sent.get("model"), catalog)
    if "chat" not in model.apis:
        raise errors.responses_only()
    check_parameters(sent, model, PARAMETERS, _OWN_RULE)
    stream = read_stream(sent, model)
    options = _read_stream_options(sent, stream=stream)
    effort, effort_sent = read_effort(sent.get("reasoning_effort"), model)
    allowance = _read_allowance(sent, model)
    messages = read_messages(sent.get("messages"), model)
    schema = read_format(sent.get("response_format"), "\n".join(message.text for message in messages))
    prompt = count(messages, model)
    check_window(prompt.tokens, allowance, model)
    return ChatRequest(
        model=model,
        asked=str(sent["model"]),
        messages=messages,
        prompt=prompt,
        effort=effort,
        effort_sent=effort_sent,
        allowance=model.max_output if allowance is None else allowance,
        allowance_sent=allowance is not None,
        stream=stream,
        include_usage=read_flag(options, "include_usage", "stream_options.include_usage"),
        obfuscate=options.get("include_obfuscation") is not False,
        tools=sum(len(sent[name]) for name in _TOOLS if name in sent),
        style=read_style(sent.get("verbosity"), sent.get("service_tier"), model, schema=schema),
    )


def read_model(name: object, catalog: Catalog) -> Model:
    """Return the model of that name. Raises Refused: there is none."""
    if name is None:
        raise errors.Refused(400, "you must provide a model parameter")
    if not isinstance(name, str):
        raise errors.invalid_type("model", "a string", name)
    model = catalog.find(name)
    if not model.known:
        raise errors.model_not_found(name)
    return model


def check_parameters(sent: Mapping[str, Any], model: Model, known: frozenset[str], own_rule: frozenset[str]) -> None:
    """Raise Refused where the endpoint does not know a parameter, or the model does not take it."""
    unknown = sorted(sent.keys() - known)
    if unknown:
        raise errors.unknown_parameter(unknown[0])
    for name in (name for name in sent if name not in own_rule):
        _check_parameter(name, sent[name], model)


def read_stream(sent: Mapping[str, Any], model: Model) -> bool:
    """Return whether the answer is to be streamed. Raises Refused: this model does not stream."""
    stream = read_flag(sent, "stream")
    if stream and (model.streams is False or "stream" in model.refused):
        raise errors.unsupported_value("stream", value=True, default="false")
    return stream


def _check_parameter(name: str, value: Any, model: Model) -> None:
    """Raise Refused when the model, the endpoint or the simulator does not take this parameter."""
    lacks_tools = model.tools is False and name in _TOOLS
    lacks_formats = model.structured_output is False and name == "response_format" and _format_of(value) != "text"
    if lacks_tools or lacks_formats or (name in model.refused and name != "response_format"):
        raise _refused_by_model(name, value, model)
    if name in model.fixed:
        if value != model.fixed[name] or isinstance(value, bool):
            raise _not_the_fixed_value(name, value, model)
        return
    if name in _RANGES:
        _check_range(name, value)
    if name == "n" and value != 1:
        raise errors.not_simulated(name, "more than one choice")
    if name in _TOOLS and not isinstance(value, list):
        raise errors.invalid_type(name, "an array of objects", value)
    if name in _NOT_SIMULATED and value is not False:
        raise errors.not_simulated(name, _NOT_SIMULATED[name])


def _refused_by_model(name: str, value: Any, model: Model) -> errors.Refused:
    if name in _TOOLS:
        return errors.no_tools(name)
    if name == "response_format":
        return errors.no_response_format(_format_of(value))
    if name in model.fixed:
        return _not_the_fixed_value(name, value, model)
    return errors.unsupported_parameter(name)


def _not_the_fixed_value(name: str, value: Any, model: Model) -> errors.Refused:
    if model.refusal_form == "parameter":
        return errors.unsupported_parameter(name)
    return errors.unsupported_value(name, value, f"{model.fixed[name]:g}")


def _format_of(value: Any) -> str:
    return str(value.get("type")) if isinstance(value, dict) else str(value)


def _check_range(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise errors.invalid_type(name, "a decimal", value)
    lowest, highest = _RANGES[name]
    if not lowest <= value <= highest:
        raise errors.out_of_range(name, float(value), lowest, highest)


def read_flag(sent: Mapping[str, Any], name: str, called: str | None = None) -> bool:
    """Return a switch, off where it was not sent. Raises Refused: it is no boolean."""
    value = sent.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise errors.invalid_type(called or name, "a boolean", value)


def _read_stream_options(sent: Mapping[str, Any], *, stream: bool) -> dict[str, Any]:
    options = sent.get("stream_options")
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise errors.invalid_type("stream_options", "an object", options)
    if not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise errors.Refused(400, message, param="stream_options")
    return options


def read_effort(value: object, model: Model, name: str = "reasoning_effort") -> tuple[str | None, bool]:
    """Return the effort in force and whether it was sent."""
    if value is None:
        fallback = "medium" if "medium" in model.efforts else next(iter(model.efforts), None)
        return model.default_effort or fallback, False
    if not model.reasons and name == "reasoning_effort":
        raise errors.unrecognized_effort()
    if not model.efforts:
        raise errors.unsupported_parameter(name)
    if not isinstance(value, str):
        raise errors.invalid_type(name, "a string", value)
    if value not in model.efforts:
        raise errors.unsupported_effort(value, model.name, model.efforts, name)
    return value, True


def _read_allowance(sent: Mapping[str, Any], model: Model) -> int | None:
    """Return the tokens allowed for reasoning and answer, None when the request does not say."""
    if "max_tokens" in sent and (model.reasons or "max_tokens" in model.refused):
        raise errors.unsupported_parameter("max_tokens")
    names = [name for name in ALLOWANCES if name in sent]
    if not names:
        return None
    if len(names) > 1:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise errors.Refused(400, message, param=names[0], code="invalid_parameter_combination")
    return read_allowance(names[0], sent[names[0]], model)


def read_allowance(name: str, value: object, model: Model, least: int = 1) -> int:
    """Return an allowance. Raises Refused: it is no number, or not one this model takes."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.invalid_type(name, "an integer", value)
    if value < least:
        raise errors.out_of_range(name, value, least, None)
    if model.max_output is not None and value > model.max_output:
        raise errors.allowance_too_large(name, value, model.max_output)
    return value


def count(messages: tuple[Message, ...], model: Model) -> tokens.Count:
    """Return what the messages count to, images included."""
    flat = [{"role": message.role, "content": message.text} for message in messages]
    text = tokens.count_messages(flat, model.encoding)
    images = sum(message.images for message in messages)
    return tokens.Count(text.tokens + images * IMAGE_TOKENS, exact=text.exact and not images)


def check_window(prompt: int, allowance: int | None, model: Model) -> None:
    """Raise Refused where prompt and allowance do not fit the model's window."""
    window = model.context_window
    if window is None:
        return
    longest = min(window, model.max_input or window)
    if prompt > longest:
        raise errors.context_exceeded(longest, prompt)
    if allowance is not None and prompt + allowance > window:
        raise errors.context_exceeded_with_completion(window, prompt, allowance)
