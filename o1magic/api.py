"""The Python functions: `ask`, `ask_async`, `lint`, `fix`; their signatures are what other people's scripts rely on.

Layer 7. They print nothing and need no notebook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec

from o1magic import arguments, catalog, log
from o1magic.ask import ask as run
from o1magic.ask import ask_async as run_async
from o1magic.call import Noted
from o1magic.draft import Cell, Draft, cell_of, context_of
from o1magic.errors import PromptError
from o1magic.lint import Context, check, repair

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from o1magic.answer import Answer
    from o1magic.call import Event
    from o1magic.lint import Diagnostic, FixResult
    from o1magic.settings import Api, FixMode, LintMode, Summary, Tier, Verbosity

P = ParamSpec("P")

logger = log.named(__name__)


class Silent:
    """A view that shows nothing; what the ledger had to say goes to the log."""

    def before(self, draft: Draft) -> None:
        """Log the notes."""
        for note in draft.notes:
            logger.warning("note", extra={"note": note})

    def event(self, event: Event) -> None:
        """Log what should be read."""
        if isinstance(event, Noted):
            logger.warning("note", extra={"note": event.text})

    def tick(self, seconds: float) -> None:
        """Show nothing."""


def ask(
    prompt: str,
    *,
    model: str | None = None,
    endpoint: str | None = None,
    max_completion_tokens: int | None = None,
    effort: str | None = None,
    verbosity: Verbosity | None = None,
    service_tier: Tier | None = None,
    json: bool = False,
    schema: Any = None,
    image: Any = None,
    developer: str | None = None,
    lint: LintMode | None = None,
    fix: FixMode | None = None,
    ignore: Iterable[str] | None = None,
    timeout_s: float | None = None,
    api: Api | None = None,
    summary: Summary | None = None,
    background: bool = False,
    variables: Mapping[str, object] | None = None,
    chat: str | None = None,
    new: bool = False,
    retry_unsafe: bool = False,
    **parameters: object,
) -> Answer:
    """Return a model's answer to a prompt.

    `variables` fills `{{name}}` as a cell's namespace does. Delimiters are added around undelimited data, as in a
    cell: `fix="none"` sends the prompt exactly as it is written. `schema` is a pydantic model class or a JSON schema,
    `json` asks for any JSON object; the answer holds what it says in `parsed`. `image` is a picture to send
    along, or a list of them: a figure, PIL image, array, bytes, path or address. `summary` of the reasoning and
    `background`, for very long calls, are the Responses API's; `api` chooses one. `parameters` are further API
    parameters, checked against what the catalog knows of the model. None means: as `%config`, the environment and the
    defaults say.
    `chat` continues, or begins, the conversation of that name in this process, each call as its next turn; `new` starts
    it over. `retry_unsafe` sends a request again whose reply was lost; each may be billed. It blocks until the answer
    is there. What a cell would show as notes is logged.

    Raises O1Error: see `o1magic.errors`; an answer that was paid for but is empty, or not of the form asked for, is in
    `AnswerError.answer`.
    """
    options = locals()
    from o1magic import session

    answer = run(_cell(options), session.desk(), Silent())
    assert answer is not None  # noqa: S101 - only a dry run returns None, and there is no such argument here
    return answer


def _called_as(
    _: Callable[P, Answer],
) -> Callable[[Callable[..., Coroutine[Any, Any, Answer]]], Callable[P, Coroutine[Any, Any, Answer]]]:
    """Return a decorator that gives a function, for type checkers, the arguments of another."""
    return lambda function: function


@_called_as(ask)
async def ask_async(prompt: str, **options: Any) -> Answer:
    """Return what `ask` returns for the same arguments, awaited: many at once with `asyncio.gather`.

    Each call has a row of its own in the ledger. A cancelled one closes its connection, and is recorded as far as it
    came. Raises O1Error: as `ask`; a call stopped by the panel, too.
    """
    from inspect import signature

    from o1magic import session

    given = signature(ask).bind(prompt, **options)
    given.apply_defaults()
    answer = await run_async(_cell(given.arguments), session.desk(), Silent())
    assert answer is not None  # noqa: S101 - as above
    return answer


def _cell(options: Mapping[str, Any]) -> Cell:
    """Return what `ask` was given as a cell."""
    prompt, variables = options["prompt"], options["variables"]
    if not isinstance(prompt, str):
        raise PromptError(f"A prompt is a string, not {type(prompt).__name__}; nothing was sent.", variable=None)
    given = {
        **options,
        "ignore": _codes(options["ignore"]),
        "raw": variables is None,
        "params": options["parameters"].items(),
    }
    return Cell(arguments.of(given), prompt, variables or {})


def lint(
    text: str, *, model: str | None = None, select: Iterable[str] | None = None, ignore: Iterable[str] | None = None
) -> list[Diagnostic]:
    """Return what the linter finds in a prompt, or in a whole cell that begins with `%%o1`, in order of position.

    Offsets are code points into `text`. `select` and `ignore` take rule codes or prefixes of them.
    Raises ArgumentError: a code that no rule has.
    """
    return check(text, context(text, model), select=_codes(select), ignore=_codes(ignore))


def fix(text: str, *, unsafe: bool = False, model: str | None = None) -> FixResult:
    """Return the prompt, or whole cell, fixed: safe fixes only insert delimiters; `unsafe` also removes words."""
    return repair(text, context(text, model), unsafe=unsafe)


def _codes(codes: Iterable[str] | None) -> tuple[str, ...] | None:
    if codes is None:
        return None
    return arguments.codes(codes) if isinstance(codes, str) else tuple(codes)


def context(text: str, model: str | None) -> Context:
    """Return the linter's context of a bare prompt, or of a cell with its magic line."""
    cell = cell_of(text, {})
    name = model or cell.given.model
    return context_of(cell, catalog.load().find(name) if name else None)
