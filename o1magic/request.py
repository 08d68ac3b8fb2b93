"""Arguments, prompt and model facts -> a request this model accepts, or the error that names what it refuses.

Layer 3, pure. What a model accepts is read from the catalog; this module knows no model by name.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from o1magic import apis, tokens
from o1magic.errors import RequestError
from o1magic.settings import RESERVE_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from o1magic.arguments import Arguments
    from o1magic.catalog import Model
    from o1magic.images import Image
    from o1magic.settings import Settings
    from o1magic.shape import Shape

# Less than this leaves no room to think: the call would be paid for and come back empty.
LEAST_ROOM = 1_000

# What the pipeline itself writes into a body.
_OWN = ("messages", "stream_options")

# Parameters that have a flag: the flag, and what it is called among the arguments and settings.
_FLAGS = {
    "reasoning_effort": ("-e", "effort"),
    "verbosity": ("--verbosity", "verbosity"),
    "service_tier": ("--service-tier", "service_tier"),
}
# Of these the catalog says which values a model takes.
_CHOICES = {"reasoning_effort": "efforts", "verbosity": "verbosities"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `body` is the JSON that goes to the `api`, `prompt_tokens` what it counts to.

    `max_completion_tokens` is the allowance sent, None when the server's own default holds; `notes` says in sentences
    what was decided on the way.
    """

    model: Model
    body: Mapping[str, Any]
    prompt_tokens: tokens.Count
    max_completion_tokens: int | None
    notes: tuple[str, ...] = ()
    api: Literal["chat", "responses"] = "chat"
    shape: Shape | None = None

    @property
    def effort(self) -> str | None:
        """Return the reasoning effort asked for, None where the model's own holds."""
        given = self.body.get("reasoning_effort", (self.body.get("reasoning") or {}).get("effort"))
        return None if given is None else str(given)

    @property
    def worst_tokens(self) -> int | None:
        """Return the most tokens it can take, None where the allowance is the server's own."""
        return None if self.max_completion_tokens is None else self.prompt_tokens.tokens + self.max_completion_tokens

    @property
    def sent(self) -> str:
        """Return the prompt as sent; where a developer message or earlier turns go along, each under its role."""
        messages = self.body["messages" if self.api == "chat" else "input"]
        if len(messages) == 1:
            return _written(messages[0]["content"])
        return "\n\n".join(f"[{message['role']}]\n{_written(message['content'])}" for message in messages)


def _written(content: object) -> str:
    if isinstance(content, str):
        return content
    from o1magic import images

    return images.written(content)


def build(
    model: Model,
    asked: str,
    text: str,
    arguments: Arguments,
    settings: Settings,
    *,
    earlier: Sequence[dict[str, str]] = (),
    shape: Shape | None = None,
    images: Sequence[Image] = (),
    has_responses: bool = True,
) -> Request:
    """Return the request for this text; `asked` is the model's name as it was asked for, and as it is sent.

    `earlier` are the messages of a conversation's earlier turns, `shape` is the form the answer is to have, `images`
    go along with the text. `has_responses` tells whether the endpoint is known to speak the Responses API.

    Raises RequestError: a parameter the model refuses (`.param`), an effort it does not know, or prompt and allowance
    over its window, with the numbers.
    """
    api, summary = apis.chosen(model, arguments, settings, has_responses=has_responses)
    notes: list[str] = [] if shape is None else [*shape.notes]
    params, allowance = _parameters(arguments, notes)
    _flagged(params, arguments, settings)
    if shape is not None:
        shape.check(model, (arguments.developer or "", text, *(one["content"] for one in earlier)))
        params["response_format"] = shape.format
    for name, value in params.items():
        _check_parameter(model, name, value)
    messages = _messages(model, arguments.developer, text, notes, merge=settings.fix == "all")
    messages[-1:-1] = earlier
    counted = tokens.count_messages(messages, model.encoding)
    if images:
        counted = tokens.Count(counted.tokens + sum(one.tokens for one in images), exact=False)
        parts = [{"type": "text", "text": messages[-1]["content"]}, *(one.part for one in images)]
        messages = [*messages[:-1], {"role": "user", "content": parts}]  # type: ignore[dict-item] # text, and now pictures
    allowance = _allowance(model, counted, allowance, settings.reserve_tokens or RESERVE_TOKENS, notes)
    body: dict[str, Any] = {"model": asked, "messages": messages, **params}
    if allowance is not None:
        body["max_completion_tokens"] = allowance
    if "stream" not in body and model.streams:
        body["stream"] = True
    if body.get("stream"):
        body["stream_options"] = {"include_usage": True}
    if api == "responses":
        from o1magic import responses

        body = responses.body(body, summary=summary, background=arguments.background)
    return Request(model, body, counted, allowance, tuple(notes), api, shape)


def _parameters(arguments: Arguments, notes: list[str]) -> tuple[dict[str, Any], int | None]:
    """Return the parameters to send, and the allowance asked for under either of its names."""
    params = {name: value for name, value in arguments.params.items() if name != "model"}
    for name in _OWN:
        if name in params:
            raise RequestError(f"{name} is written by o1magic and cannot be given as --param.", param=name)
    asked: list[tuple[str, Any]] = [
        ("max_completion_tokens", arguments.max_completion_tokens),
        ("max_completion_tokens", params.pop("max_completion_tokens", None)),
        ("max_tokens", arguments.max_tokens),
        ("max_tokens", params.pop("max_tokens", None)),
    ]
    given = [(name, value) for name, value in asked if value is not None]
    if not given:
        return params, None
    for name, value in given:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise RequestError(f"{name} takes a whole number of tokens of at least 1, not {value!r}.", param=name)
    name, allowance = given[0]
    if name == "max_tokens":
        notes.append(f"max_tokens is the old name: sent as max_completion_tokens={allowance}")
    if len({value for _, value in given}) > 1:
        raise RequestError("max_tokens and max_completion_tokens are both given and differ.", param="max_tokens")
    return params, allowance


def _flagged(params: dict[str, Any], arguments: Arguments, settings: Settings) -> None:
    """Put the parameters that have a flag under their API names: one check, one value in the ledger."""
    for parameter, (flag, name) in _FLAGS.items():
        given, default = getattr(arguments, name), getattr(settings, name)
        if given is not None and params.get(parameter, given) != given:
            what = f"{flag} {given} and --param {parameter} differ; nothing was sent."
            raise RequestError(what, how="Drop one of them.", param=parameter)
        chosen = default if given is None else given
        if chosen is not None:
            params.setdefault(parameter, chosen)


def _check_choice(model: Model, parameter: str, value: object, accepted: Sequence[str]) -> None:
    """Raise where the model takes other values of this parameter, or none."""
    flag, name = _FLAGS[parameter]
    if not isinstance(value, str):
        raise RequestError(f"{parameter} takes a word, not {value!r}; nothing was sent.", param=parameter)
    if not model.known or value in accepted:
        return
    if not accepted:
        raise RequestError(
            f"{model.name} takes no {name}; nothing was sent.",
            how=f"Drop {flag}, or `%config O1Magics.{name} = None`.",
            param=parameter,
        )
    near = difflib.get_close_matches(value, accepted, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise RequestError(
        f"{model.name} has no {name} {value!r}; nothing was sent.{hint}",
        how=f"It takes {', '.join(accepted)}.",
        param=parameter,
    )


def _check_parameter(model: Model, name: str, value: object) -> None:
    """Raise where the catalog says the model refuses this parameter or this value of it."""
    if name in _CHOICES:
        _check_choice(model, name, value, getattr(model, _CHOICES[name]))
    if name == "n" and value != 1:
        raise RequestError("An Answer is one answer: n is 1; nothing was sent.", how="Drop --param n.", param="n")
    if name in model.fixed and value == model.fixed[name]:
        return
    if name in model.fixed:
        fixed = f"{model.fixed[name]:g}"
        raise RequestError(
            f"{model.name} fixes {name} at {fixed}; nothing was sent.", how=f"Drop --param {name}.", param=name
        )
    if name in model.refused and value not in (None, False):
        raise RequestError(f"{model.name} refuses {name}; nothing was sent.", how="Drop it.", param=name)


def _messages(model: Model, developer: str | None, text: str, notes: list[str], *, merge: bool) -> list[dict[str, str]]:
    """Return the messages; where the model takes no developer message, `merge` puts it on top of the prompt."""
    user = {"role": "user", "content": text}
    if developer is None:
        return [user]
    if model.system == "none" and merge:
        notes.append(f"{model.name} takes no developer message: it stands at the top of the prompt instead")
        return [{"role": "user", "content": f"{developer}\n\n{text}"}]
    if model.system == "none":
        raise RequestError(
            f"{model.name} takes user and assistant messages only; nothing was sent.",
            how="Put the instruction at the top of the prompt (`--fix all` does), or choose another model.",
            param="developer",
        )
    return [{"role": "system" if model.system in ("system", None) else "developer", "content": developer}, user]


def _allowance(model: Model, prompt: tokens.Count, asked: int | None, reserve: int, notes: list[str]) -> int | None:
    """Return the allowance to send: what was asked for, or the reserve as far as the model has room for it."""
    if model.max_input is not None and prompt.tokens > model.max_input:
        raise _too_long(model, f"the prompt is {prompt} tokens and {model.name} reads {model.max_input:,}")
    if asked is not None and model.max_output is not None and asked > model.max_output:
        raise RequestError(
            f"{model.name} writes at most {model.max_output:,} tokens, {asked:,} were allowed; nothing was sent.",
            how=f"Use --max-completion-tokens {model.max_output}.",
            param="max_completion_tokens",
        )
    if model.context_window is None:
        return asked
    room = model.context_window - prompt.tokens
    if room < (asked or LEAST_ROOM):
        wanted = f" + {asked:,} allowed for reasoning and answer" if asked else ""
        raise _too_long(model, f"{prompt} prompt tokens{wanted} do not fit its window of {model.context_window:,}")
    if asked is not None:
        return asked
    allowance = min(reserve, room, model.max_output or reserve)
    if allowance < reserve:
        notes.append(f"the window leaves {allowance:,} tokens for reasoning and answer, under the usual {reserve:,}")
    return allowance


def _too_long(model: Model, numbers: str) -> RequestError:
    return RequestError(
        f"{model.name}: {numbers}; nothing was sent.",
        how="Shorten the prompt or its largest {{variable}}, or lower --max-completion-tokens.",
        param="messages",
    )
