"""The form an answer is to have: JSON, a JSON schema or a pydantic model; asked for, then read from the answer.

Layer 2; not imported before a form is asked for. pydantic is never imported: its classes bring their own methods.
Called by `ask`, and by `request`, which sends `format`.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from o1magic import untrusted
from o1magic.errors import AnswerError, ArgumentError, RequestError
from o1magic.strict import strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from o1magic.answer import Answer
    from o1magic.arguments import Arguments
    from o1magic.catalog import Model
    from o1magic.errors import Billed

JSON_MODE: Mapping[str, Any] = {"type": "json_object"}

_NAME_CHARS = 64
_SAID_CHARS = 100
# Servers that know no response_format fence what they were asked for.
_FENCED = re.compile(r"\s*```(?:json)?[ \t]*\n(.*?)\n?```\s*", re.DOTALL | re.IGNORECASE)


class _MismatchError(ValueError):
    """Where an answer differs from its form, in words of ours or of a validator."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is sent as `response_format`, and how an answer's text is read; `called` is what a person calls it."""

    format: Mapping[str, Any]
    called: str = "JSON"
    read_text: Callable[[str], Any] = field(default=lambda text: _json(text), repr=False)  # noqa: PLW0108 - defined below
    notes: tuple[str, ...] = ()

    def check(self, model: Model, texts: Iterable[str]) -> None:
        """Raise RequestError where the model does not take this form, or no text of the prompt asks for JSON."""
        kind = self.format.get("type")
        refuses = "response_format" in model.refused
        if kind == "json_object" and refuses:
            raise RequestError(
                f"{model.name} has no JSON mode; nothing was sent.",
                how="Drop --json and ask for JSON in the prompt, or choose another model with -m.",
                param="response_format",
            )
        if kind == "json_schema" and model.structured_output is False:
            instead = "describe the form in the prompt" if refuses else "use --json and describe it in the prompt"
            raise RequestError(
                f"{model.name} takes no schema; nothing was sent.",
                how=f"Drop --schema and {instead}, or choose another model with -m.",
                param="response_format",
            )
        # The API refuses it too: without the word a model in JSON mode may write blanks until its allowance is spent.
        if kind == "json_object" and not any("json" in text.lower() for text in texts):
            raise RequestError(
                "JSON mode needs the word JSON in the prompt; nothing was sent.",
                how="Say there that the answer is to be JSON, and with which keys.",
                param="messages",
            )

    def read(self, answer: Answer) -> Answer:
        """Return the answer with what it holds in `parsed`.

        Raises AnswerError: it is not of this form; it was paid for and is in `.answer`.
        """
        fenced = _FENCED.fullmatch(answer.text)
        try:
            return replace(answer, parsed=self.read_text(fenced[1] if fenced else answer.text))
        except _MismatchError as mismatch:
            what = f"{answer.model} answered, but not as {self.called}: {mismatch}."
        cut = "Its allowance cut it short: raise --max-completion-tokens. " if answer.finish_reason == "length" else ""
        billed: Billed = "no" if answer.simulated else "yes" if answer.cost_nano_usd is not None else "maybe"
        how = f"{cut}The whole answer: `%o1 last`, or the exception's `.answer`."
        raise AnswerError(what, how=how, billed=billed, answer=answer, state="mismatch")


def of(given: Arguments, names: Mapping[str, object]) -> Shape | None:
    """Return the form that `--json`, `--schema` or `--param response_format` asks for.

    `names` holds what `--schema NAME` may mean. None for a response format that is not read here.

    Raises ArgumentError: it is no schema, or two forms are asked for.
    """
    plain = given.params.get("response_format")
    if sum((given.json, given.schema is not None, plain is not None)) > 1:
        raise ArgumentError("--json, --schema and --param response_format exclude each other; nothing was sent.")
    if plain is not None:
        return _of_format(plain)
    if given.json:
        return Shape(JSON_MODE)
    called, value = _named(given.schema, names)
    if isinstance(value, dict):
        return _of_schema(value, called)
    if isinstance(value, type) and hasattr(value, "model_json_schema") and hasattr(value, "model_validate_json"):
        return _of_model(value)
    kind = f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
    return _refuse(called, f"is {kind}, neither a pydantic (2 or newer) model class nor a JSON schema")


def _of_format(plain: object) -> Shape | None:
    """Return the form that a response format asks for, which is sent as it is given."""
    if not isinstance(plain, dict) or plain.get("type") not in ("json_object", "json_schema"):
        return None
    inner = plain.get("json_schema")
    schema = inner.get("schema") if isinstance(inner, dict) else None
    return replace(_of_schema(schema, "the schema"), format=plain, notes=()) if schema else Shape(plain)


def _named(given: object, names: Mapping[str, object]) -> tuple[str, object]:
    """Return what a schema is called and the schema: a variable, a file of JSON, or the value itself."""
    if not isinstance(given, str):
        return "the schema", given
    if given in names:
        return given, names[given]
    if not given.endswith(".json"):
        raise ArgumentError(
            f"--schema {given}: there is no variable of that name; nothing was sent.",
            how="It takes a pydantic model class or a dict by its name, or a file that ends in .json.",
        )
    try:
        return given, json.loads(Path(given).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as unreadable:
        why = unreadable.strerror if isinstance(unreadable, OSError) else "it is not JSON"
        raise ArgumentError(f"--schema {given} cannot be read: {why}; nothing was sent.") from None


def _of_schema(schema: Any, called: str) -> Shape:
    """Return the form of a JSON schema, to which the answer is held here too."""
    from jsonschema import exceptions, validators  # type: ignore[import-untyped] # its stubs are a package of their own
    from referencing import Registry

    try:
        kind = validators.validator_for(schema, default=validators.Draft202012Validator)
        kind.check_schema(schema)
    except (exceptions.SchemaError, AttributeError, TypeError, RecursionError) as wrong:
        _refuse(called, f"is no JSON schema: {_said(getattr(wrong, 'message', 'it cannot be read'))}")
    # An empty registry: a reference to elsewhere is an error, and never a request to there.
    validator = kind(schema, registry=Registry())

    def read(text: str) -> Any:
        parsed = _json(text)
        try:
            wrong = exceptions.best_match(validator.iter_errors(parsed))
        except Exception as broken:  # noqa: BLE001 - references to elsewhere raise what their resolver likes
            raise _MismatchError(f"the schema cannot be followed ({type(broken).__name__})") from None
        if wrong is not None:
            place = wrong.json_path if wrong.absolute_path else "its root"
            raise _MismatchError(f"{_said(place)} fails {wrong.validator}")
        return parsed

    return _sent(schema, str(schema.get("title") or called), called, read)


def _of_model(model: Any) -> Shape:
    """Return the form of a pydantic model, which validates the answer itself."""
    try:
        schema = model.model_json_schema()
    except Exception as failure:  # noqa: BLE001 - a model's own hooks raise what they like
        _refuse(model.__name__, f"has no JSON schema ({type(failure).__name__})")

    def read(text: str) -> Any:
        _json(text)
        try:
            return model.model_validate_json(text)
        except Exception as failure:  # noqa: BLE001 - so do its validators
            raise _MismatchError(_of_pydantic(failure)) from None

    return _sent(schema, model.__name__, model.__name__, read)


def _sent(schema: dict[str, Any], name: str, called: str, read: Callable[[str], Any]) -> Shape:
    try:
        made = strict(schema)
    except ValueError as wrong:
        _refuse(called, f"cannot be sent: {wrong}")
    notes = []
    if made.loose:
        notes.append(f"{called} is not sent as strict ({_some(made.loose)}); the answer is checked here")
    elif made.unsent:
        notes.append(f"{called}: {_some(made.unsent)} is not sent; the answer is checked for it here")
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:_NAME_CHARS].strip("_") or "answer"
    whole = {"name": name, "schema": schema if made.loose else made.schema, "strict": not made.loose}
    return Shape({"type": "json_schema", "json_schema": whole}, called, read, tuple(notes))


def _some(places: list[str]) -> str:
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")  # noqa: PLR2004 - the first 3


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise _MismatchError("it is nested too deeply") from None
    except json.JSONDecodeError as wrong:
        raise _MismatchError(f"{wrong.msg} at line {wrong.lineno}, column {wrong.colno}") from None
    except ValueError as wrong:
        raise _MismatchError(f"it holds a number that JSON cannot ({_said(str(wrong))})") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _of_pydantic(failure: Exception) -> str:
    """Return the first of pydantic's findings; what is not one of pydantic's is a validator that broke."""
    with suppress(Exception):
        first, *more = failure.errors(include_url=False, include_context=False, include_input=False)  # type: ignore[attr-defined] # a ValidationError
        place = ".".join(map(str, first["loc"])) or "its root"
        others = f" ({len(more)} more)" if more else ""
        return f"{_said(place)}: {_said(first['msg'])}{others}"
    return f"its validation raised {type(failure).__name__}"


def _said(text: str) -> str:
    """Return a few words that may come from a model, on one line."""
    return untrusted.visible(" ".join(text.split()))[:_SAID_CHARS]


def _refuse(called: str, what: str) -> NoReturn:
    raise ArgumentError(f"--schema: {called} {what}; nothing was sent.")
