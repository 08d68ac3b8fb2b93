"""The error bodies the API documents, each as a function that returns a `Refused` to raise.

Layer 5, standard library only. Called by the other modules here; a `Refused` never leaves the
simulator, `server` turns it into a reply. Every body has the four keys message, type, param, code.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DOCS = "https://platform.openai.com/docs"
_LIMITS = "Visit https://platform.openai.com/account/rate-limits to learn more."
_KEY_HEAD, _KEY_TAIL, _KEY_STARS = 8, 4, 39
_ECHO = 200


class Refused(Exception):  # noqa: N818 - an answer to the client, not a fault of ours
    """A request the simulator answers with an error: HTTP status, the four keys, extra headers."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": type_, "param": param, "code": code}}
        self.headers = dict(headers or {})


def spelled(value: Any) -> str:
    """Return a value as the API's messages spell it: JSON, strings in single quotes, shortened."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _ECHO else text[:_ECHO] + "..."


def _name(text: str) -> str:
    return text if len(text) <= _ECHO else text[:_ECHO] + "..."


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return ", ".join(quoted[:-1]) + (f", and {quoted[-1]}" if len(quoted) > 1 else "".join(quoted))


# Parameters.


def unsupported_parameter(name: str) -> Refused:
    """Return the refusal of a parameter by its name, whatever its value."""
    hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
    return Refused(400, message, param=name, code="unsupported_parameter")


def unsupported_value(name: str, value: Any, default: str) -> Refused:
    """Return the refusal of a value where only the default is taken."""
    message = (
        f"Unsupported value: '{name}' does not support {spelled(value)} with this model. "
        f"Only the default ({default}) value is supported."
    )
    return Refused(400, message, param=name, code="unsupported_value")


def unsupported_role(place: str, role: str) -> Refused:
    """Return the refusal of a message's role, with the position of that message."""
    param = f"{place}.role"
    message = f"Unsupported value: '{param}' does not support '{role}' with this model."
    return Refused(400, message, param=param, code="unsupported_value")


def unsupported_effort(value: str, model: str, supported: Sequence[str], param: str) -> Refused:
    """Return the refusal of an effort; the text is the one seen on Responses, the param the endpoint's own."""
    message = (
        f"Unsupported value: {spelled(value)} is not supported with the '{_name(model)}' model. "
        f"Supported values are: {_listed(supported)}."
    )
    return Refused(400, message, param=param, code="unsupported_value")


def unrecognized_effort() -> Refused:
    """Return the refusal of an effort by a model that does not reason."""
    return Refused(400, "Unrecognized request argument supplied: reasoning_effort")


def unknown_parameter(name: str) -> Refused:
    """Return the refusal of a parameter that the endpoint does not have."""
    return Refused(400, f"Unknown parameter: '{_name(name)}'.", param=_name(name), code="unknown_parameter")


def no_tools(name: str) -> Refused:
    """Return the refusal of tools or functions by a model of the o1 beta."""
    message = (
        f"{name} is not supported in this model. For a list of supported models, refer to "
        f"{_DOCS}/guides/function-calling#models-supporting-function-calling."
    )
    return Refused(400, message, param=name)


def no_response_format(kind: str) -> Refused:
    """Return the refusal of structured output by a model of the o1 beta."""
    message = (
        f"Invalid parameter: 'response_format' of type {spelled(kind)} is not supported with this model. "
        "Learn more about supported models at the Structured Outputs guide: "
        f"{_DOCS}/guides/structured-outputs"
    )
    return Refused(400, message, param="response_format")


def invalid_type(name: str, expected: str, value: Any) -> Refused:
    """Return the refusal of a value of the wrong JSON type."""
    kinds = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array"}
    got = kinds.get(type(value), "null" if value is None else "an object")
    message = f"Invalid type for '{name}': expected {expected}, but got {got} instead."
    return Refused(400, message, param=name, code="invalid_type")


def out_of_range(name: str, value: float, lowest: float, highest: float | None) -> Refused:
    """Return the refusal of a number below or above what the parameter takes."""
    kind = "integer" if isinstance(value, int) and isinstance(lowest, int) else "decimal"
    if value < lowest:
        side, sign, bound, code = "below minimum", ">=", str(lowest), f"{kind}_below_min_value"
    else:
        side, sign, bound, code = "above maximum", "<=", str(highest), f"{kind}_above_max_value"
    expected = f"Expected a value {sign} {bound}, but got {spelled(value)} instead."
    message = f"Invalid '{name}': {kind} {side} value. {expected}"
    return Refused(400, message, param=name, code=code)


def allowance_too_large(name: str, value: int, most: int) -> Refused:
    """Return the refusal of an allowance above the model's output cap."""
    message = (
        f"{name} is too large: {spelled(value)}. This model supports at most {most} completion tokens, "
        f"whereas you provided {spelled(value)}."
    )
    return Refused(400, message, param=name)


def not_simulated(name: str, what: str) -> Refused:
    """Return our own refusal of something the API may offer and the simulator does not."""
    message = f"The o1magic simulator does not simulate {what}. Leave '{name}' out, or ask the real endpoint."
    return Refused(400, message, param=name, code="not_simulated")


# The prompt against the window.


def context_exceeded(window: int, prompt: int) -> Refused:
    """Return the refusal of messages that alone are longer than the window."""
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted in "
        f"{prompt} tokens. Please reduce the length of the messages."
    )
    return Refused(400, message, param="messages", code="context_length_exceeded")


def context_exceeded_with_completion(window: int, prompt: int, completion: int) -> Refused:
    """Return the refusal of messages that fit the window only without the allowance asked for."""
    message = (
        f"This model's maximum context length is {window} tokens. However, you requested "
        f"{prompt + completion} tokens ({prompt} in the messages, {completion} in the completion). "
        "Please reduce the length of the messages or completion."
    )
    return Refused(400, message, param="messages", code="context_length_exceeded")


# Models, keys, addresses.


def model_not_found(name: str) -> Refused:
    """Return the refusal of a model name that the catalog does not hold."""
    message = f"The model `{_name(name)}` does not exist or you do not have access to it."
    return Refused(404, message, code="model_not_found")


def responses_only() -> Refused:
    """Return the refusal of a model that is served on the Responses endpoint alone."""
    message = "This model is only supported in v1/responses and not in v1/chat/completions."
    return Refused(404, message, param="model")


def chat_only(name: str) -> Refused:
    """Return the refusal of a model that the Responses endpoint does not serve; wording ours."""
    message = f"The model `{_name(name)}` is only supported in v1/chat/completions and not in v1/responses."
    return Refused(404, message, param="model")


def no_response(response_id: str) -> Refused:
    """Return the refusal of an id that no stored response has."""
    return Refused(404, f"Response with id '{_name(response_id)}' not found.", param=None)


def not_in_background() -> Refused:
    """Return the refusal to cancel what its caller waits for; wording ours."""
    message = "Only responses created with 'background' set to true can be cancelled."
    return Refused(400, message, param="background")


def no_stream_kept() -> Refused:
    """Return the refusal to stream a response again that was not created as a stream; wording ours."""
    return Refused(400, "This response was not created with 'stream' set to true.", param="stream")


def unknown_url(verb: str, path: str) -> Refused:
    """Return the refusal of an address that does not exist."""
    message = (
        f"Unknown request URL: {_name(verb)} {_name(path)}. Please check the URL for typos, or see the docs "
        f"at {_DOCS}/api-reference/."
    )
    return Refused(404, message, code="unknown_url")


def wrong_verb(verb: str, path: str, allowed: str) -> Refused:
    """Return the refusal of a verb that this address does not take."""
    message = f"Not allowed to {_name(verb)} on {_name(path)}. Use {allowed}."
    return Refused(405, message, headers={"Allow": allowed})


def no_key() -> Refused:
    """Return the refusal of a request without an Authorization header; wording ours, status as everywhere."""
    message = (
        "You didn't provide an API key. Send it in an Authorization header with Bearer auth "
        "(the simulator takes any non-empty one)."
    )
    return Refused(401, message)


def bad_key(key: str) -> Refused:
    """Return the refusal of a key, echoing no more of it than the API does."""
    message = (
        f"Incorrect API key provided: {masked(key)}. "
        "You can find your API key at https://platform.openai.com/account/api-keys."
    )
    return Refused(401, message, code="invalid_api_key")


def masked(key: str) -> str:
    """Return the key's first eight and last four characters, or stars alone when that would be most of it."""
    if len(key) < 2 * (_KEY_HEAD + _KEY_TAIL):
        return "*" * min(len(key), _KEY_STARS)
    return key[:_KEY_HEAD] + "*" * min(len(key) - _KEY_HEAD - _KEY_TAIL, _KEY_STARS) + key[-_KEY_TAIL:]


# Load and faults.


def rate_limited(model: str) -> Refused:
    """Return a limit on requests per minute that is over after a second."""
    message = (
        f"Rate limit reached for {_name(model)} in organization org-simulator on requests per min (RPM): "
        f"Limit 3, Used 3, Requested 1. Please try again in 1s. {_LIMITS}"
    )
    headers = {
        "Retry-After": "1",
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1s",
    }
    return Refused(429, message, type_="requests", code="rate_limit_exceeded", headers=headers)


def out_of_quota() -> Refused:
    """Return a 429 that no waiting cures."""
    message = (
        "You exceeded your current quota, please check your plan and billing details. "
        f"For more information on this error, read the docs: {_DOCS}/guides/error-codes/api-errors."
    )
    return Refused(429, message, type_="insufficient_quota", code="insufficient_quota")


def server_error() -> Refused:
    """Return the API's own failure."""
    message = (
        "The server had an error while processing your request. Sorry about that! You can retry your "
        "request, or contact us through our help center at help.openai.com if the error persists."
    )
    return Refused(500, message, type_="server_error")


def overloaded() -> Refused:
    """Return the refusal of a server with too much to do."""
    message = "Our servers are currently overloaded. Please try again later."
    return Refused(503, message, type_="service_unavailable_error", code="server_is_overloaded")
