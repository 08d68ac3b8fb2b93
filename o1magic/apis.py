"""Which of the two APIs a request speaks: Chat Completions or Responses.

Layer 2, pure. Called by `request`, and by `ask`, which knows the endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from o1magic import endpoint
from o1magic.errors import ConfigError, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.arguments import Arguments
    from o1magic.catalog import Model
    from o1magic.settings import Settings

Api = Literal["chat", "responses"]

# Who speaks the Responses API as OpenAI does.
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


def has_responses(choice: str | None, environ: Mapping[str, str]) -> bool:
    """Tell whether an endpoint is known to speak the Responses API: OpenAI, Azure and the simulator do."""
    choice = (choice or environ.get("O1MAGIC_ENDPOINT", "")).strip() or "openai"
    if choice.partition(":")[0] == "simulator":
        return True
    try:
        name, base_url = endpoint.address_of(choice, environ)
    except ConfigError:  # as `resolve` will say
        return False
    return name in ("openai", "azure") or (urlsplit(base_url).hostname or "").endswith(_AZURE)


def chosen(model: Model, arguments: Arguments, settings: Settings, *, has_responses: bool) -> tuple[Api, str | None]:
    """Return the API to speak, and the summary of the reasoning to ask it for, None for none.

    Raises RequestError: a flag of the one API with a model or an endpoint of the other.
    """
    summary = arguments.summary or settings.summary
    summary = None if summary == "none" else summary
    flag = _only_there(model, summary, arguments)
    return _api(model, arguments.api or settings.api, flag, has_responses=has_responses), summary


def _only_there(model: Model, summary: str | None, arguments: Arguments) -> str:
    """Return the flag that only the Responses API has, "" where none is given."""
    if summary is not None and model.known and not model.reasons:
        raise RequestError(
            f"{model.name} does not reason: there is nothing to summarise, and nothing was sent.",
            how="Drop --summary.",
            param="summary",
        )
    return "--background" if arguments.background else "--summary" if summary is not None else ""


def _api(model: Model, wanted: str, flag: str, *, has_responses: bool) -> Api:
    """Return the API to speak: Chat Completions wherever it will do, unless it is chosen otherwise.

    Servers that are not known to speak Responses get chat, whatever the catalog says of OpenAI's models.
    """
    chat, responses = (not model.known or api in model.apis for api in ("chat", "responses"))
    if wanted == "responses" or (wanted == "auto" and has_responses and (flag or not chat)):
        if has_responses and not responses:
            what = f"{model.name} answers on Chat Completions only; nothing was sent."
            raise RequestError(what, how=f"Drop {flag or '--api responses'}.", param="model")
        return "responses"
    if flag:
        what = f"{flag} is the Responses API's, which this endpoint is not known to speak; nothing was sent."
        how = "Add --api responses if it does." if wanted == "auto" else "Drop --api chat."
        raise RequestError(
            what if wanted == "auto" else f"{flag} is the Responses API's; nothing was sent.",
            how=how,
            param=flag.lstrip("-"),
        )
    if has_responses and not chat:
        what = f"{model.name} answers on the Responses API only; nothing was sent."
        raise RequestError(what, how="Drop --api chat.", param="model")
    return "chat"
