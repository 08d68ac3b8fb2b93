"""A cell -> what would be sent: interpolated, linted, fixed, and made into a request its model accepts. Nothing leaves.

Layer 5. Called by `ask`, and by whoever wants to know what sending would take.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from o1magic import apis, arguments, call, chats, cost, prompt, remarks, request, reserve, settings
from o1magic.cell import arguments_at
from o1magic.choice import choose_model
from o1magic.errors import RequestError
from o1magic.lint import Context, FixResult, FlagUse, check, repair, suppress
from o1magic.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from o1magic.arguments import Arguments
    from o1magic.ask import Desk
    from o1magic.catalog import Model
    from o1magic.images import Image
    from o1magic.lint import Diagnostic
    from o1magic.prompt import Prompt
    from o1magic.request import Request
    from o1magic.shape import Shape

# The flags that have a default in `%config` or the environment.
_DEFAULTED = {one.name for one in fields(Settings)} & {one.name for one in fields(arguments.Arguments)}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a person wrote: what the magic line asks for, the prompt below it, and the names the prompt may use.

    `head` is the magic line itself with its newline, "" where there is none. `id` tells a cell that is run again.
    """

    given: Arguments
    body: str
    names: Mapping[str, object] = field(default_factory=dict, repr=False)
    head: str = ""
    id: str = ""


def cell_of(text: str, names: Mapping[str, object]) -> Cell:
    """Return a whole cell, or a bare prompt, taken apart.

    Raises ArgumentError: the magic line says what it cannot.
    """
    start = arguments_at(text)
    if start is None:
        return Cell(arguments.parse(""), text, names)
    line, newline, body = text[start:].partition("\n")
    return Cell(arguments.parse(line), body, names, text[:start] + line + newline)


@dataclass(frozen=True, slots=True)
class Draft:
    """A cell ready to go: the request, and what was found and changed on the way to it.

    `checked` is the text that `applied` refers to, `final` the one that `remaining` refers to; `body` is what is asked,
    `turn` what it will be in a conversation, `id` the call's.
    """

    arguments: Arguments
    settings: Settings
    asked: str
    request: Request
    prompt: Prompt
    checked: str
    final: str
    applied: tuple[Diagnostic, ...]
    remaining: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    worst_nano_usd: int | None
    body: str
    turn: chats.Next | None = None
    id: str = field(default_factory=call.new_id)


def compose(cell: Cell, desk: Desk) -> Draft:
    """Return the cell as it would be sent: interpolated, linted, fixed, checked against the model. Nothing leaves."""
    chosen = settle_settings(cell.given, desk)
    turn = chats.following(desk.chats, cell.given, cell.id)
    before = turn.before if turn else None
    written = prompt.interpolate(cell.body, cell.names, max_chars=chosen.max_inserted_chars, raw=cell.given.raw)
    prompt.check_sendable(written.text)
    if cell.given.context:
        end = suppress.last_line(written.text)
        written = prompt.with_context(
            written, cell.given.context, cell.names, max_chars=chosen.max_inserted_chars, end=end
        )
        prompt.check_sendable(written.text)
    asked, model = choose_model(cell.given, chosen, desk.catalog)
    cell = replace(cell, body=written.text)
    result = lint_cell(cell, chosen, model, written, follows=before is not None)
    fixed = cell
    if result.text.startswith(cell.head):
        fixed = replace(cell, body=result.text[len(cell.head) :])
    else:  # a fix changed the magic line
        fixed = cell_of(result.text, cell.names)
        chosen = settle_settings(fixed.given, desk)
    given = fixed.given
    if cell.head:  # elsewhere `@` is a character like any other
        given = replace(given, developer=prompt.developer(given.developer, cell.names))
    if before and given.developer is None:
        given = replace(given, developer=before.developer)
    body = suppress.stripped(fixed.body)
    prompt.check_sendable(body)
    try:
        speaks = apis.has_responses(chosen.endpoint, desk.environ)
        earlier, shape = chats.messages(before), shape_of(given, cell.names)
        allowing, learned = reserve.settled(asked, given, chosen, desk.ledger())
        sent = request.build(
            *(model, asked, body, given, allowing),
            earlier=earlier,
            shape=shape,
            images=images_of(given, cell.names, model, desk),
            has_responses=speaks,
        )
    except RequestError as refused:
        if refused.data.get("param") == "messages":
            refused.how = f"{refused.how} {too_large(written, turn)}".strip()
        raise
    price = model.price_on(desk.today()) if call.at_list_price(sent) else None
    worst = cost.worst_case_nano_usd(sent.prompt_tokens.tokens, sent.max_completion_tokens, price)
    told = [result.text[one.start : one.end].strip("{}") for one in result.remaining if one.code == "AMB002"]
    return Draft(
        arguments=given,
        settings=chosen,
        asked=asked,
        request=sent,
        prompt=written,
        checked=cell.head + written.text,
        final=result.text,
        applied=result.applied,
        remaining=result.remaining,
        notes=(
            *remarks.unknown_model(model, asked),
            *(turn.notes if turn else ()),
            *remarks.unsafe(given),
            *((f"the image goes with this turn of {turn.name} only",) if turn and given.image is not None else ()),
            *(learned if sent.max_completion_tokens == allowing.reserve_tokens else ()),
            *sent.notes,
            *prompt.notes(written, cell.names, told),
        ),
        worst_nano_usd=worst,
        body=body,
        turn=turn,
    )


def shape_of(given: Arguments, names: Mapping[str, object]) -> Shape | None:
    """Return the form the answer is to have, None where none is asked for: its module is not imported then."""
    if not given.json and given.schema is None and "response_format" not in given.params:
        return None
    from o1magic import shape

    return shape.of(given, names)


def images_of(given: Arguments, names: Mapping[str, object], model: Model, desk: Desk) -> Sequence[Image]:
    """Return the pictures that go along; without any their module is not imported."""
    if given.image is None:
        return ()
    from o1magic import images

    return images.attached(given.image, names, model, catalog=desk.catalog, today=desk.today())


def too_large(written: Prompt, turn: chats.Next | None) -> str:
    """Return what takes the most room in a prompt that does not fit."""
    return f"{remarks.largest_part(written)} {chats.largest(turn.before) if turn else ''}".strip()


def settle_settings(given: Arguments, desk: Desk) -> Settings:
    """Return the settings in force: flag over %config over environment over default."""
    flags = {name: getattr(given, name) for name in _DEFAULTED}
    return settings.merge(settings.from_environment(desk.environ), desk.config(), flags)


def lint_cell(cell: Cell, chosen: Settings, model: Model, written: Prompt, *, follows: bool) -> FixResult:
    """Return the cell's text as linted and, as far as `--fix` says, fixed; earlier turns are not linted again."""
    text = cell.head + cell.body
    if chosen.lint == "off":
        return FixResult(text, (), ())
    spans = tuple((one.start + len(cell.head), one.end + len(cell.head)) for one in written.inserted)
    context = context_of(cell, model)._replace(inserted=spans, unfilled=written.unknown, follows=follows)
    if chosen.fix == "none":
        return FixResult(text, (), tuple(check(text, context, ignore=chosen.ignore)))
    return repair(text, context, unsafe=chosen.fix == "all", ignore=chosen.ignore)


def context_of(cell: Cell, model: Model | None) -> Context:
    """Return what the linter should know beside the text: the model and the flags."""
    offset = arguments_at(cell.head) or 0
    uses = cell.given.uses.items()
    return Context(
        model=model,
        body_start=len(cell.head),
        flags={name: FlagUse(use.value, use.start + offset, use.end + offset) for name, use in uses},
        has_system=cell.given.developer is not None,
    )
