"""Answers in a form: JSON mode, JSON schemas, pydantic models; over real HTTP and in a real kernel."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import http
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field
from test_magic import rows

import o1magic
from o1magic.errors import AnswerError, ArgumentError, RequestError
from o1magic.simulator.formats import fill, read_format
from o1magic.strict import strict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fault_server import FaultServer, Script
    from kernels import Kernel

    Serve = Callable[[Script], FaultServer]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

RECIPE = {
    "title": "Recipe",
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 3}, "minutes": {"type": "integer", "default": 5}},
    "required": ["name"],
}
CLASS = """
from pydantic import BaseModel, Field
class Step(BaseModel):
    text: str
    minutes: int = Field(5, ge=1, description="how long")
class Recipe(BaseModel):
    name: str
    steps: list[Step]
"""


class Step(BaseModel):
    text: str
    minutes: int = Field(5, ge=1, description="how long")


class Recipe(BaseModel):
    name: str
    steps: list[Step]
    after: Recipe | None = Field(None, description="the course that follows")


class Loose(BaseModel):
    scores: dict[str, int]


def ask(prompt: str = "A recipe, as JSON.", **options: Any) -> o1magic.Answer:
    return o1magic.ask(prompt, **{"model": "o1", "endpoint": "simulator", **options})


def reply(text: str, finish: str = "stop") -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    return {
        "model": "o1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 9},
    }


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_json_mode_fills_parsed(api: Any) -> None:
    """--json: the answer's text is one object, and `parsed` holds it."""
    answer = ask(json=True, api=api)

    assert answer.parsed == json.loads(answer.text)
    assert "simulated" in answer.parsed


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("schema", [Recipe, RECIPE])
def test_a_schema_fills_parsed_with_what_it_describes(schema: Any, api: Any) -> None:
    """A pydantic class gives its object, a JSON schema the parsed JSON; both APIs take the form as strict."""
    answer = ask(schema=schema, api=api)

    assert isinstance(answer.parsed, Recipe if schema is Recipe else dict)


@pytest.mark.parametrize("schema", [Recipe, RECIPE], ids=["pydantic", "dict"])
def test_an_answer_with_a_parsed_object_survives_pickle_copy_and_asdict(schema: Any) -> None:
    """What was parsed goes along; an answer can still be a key of a set."""
    answer = ask(schema=schema)

    assert pickle.loads(pickle.dumps(answer)) == answer  # noqa: S301 - our own bytes
    assert copy.copy(answer) == copy.deepcopy(answer) == answer
    assert asdict(answer)["parsed"] == answer.parsed
    assert len({answer, copy.copy(answer)}) == 1


def test_the_word_json_must_be_in_the_prompt() -> None:
    """Without it the API would refuse, or blanks would come: nothing is sent, and the error says what is missing."""
    with pytest.raises(RequestError, match="word JSON"):
        ask("A recipe.", json=True)

    assert ask("A recipe.", developer="Answer as JSON.", json=True).parsed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "o1-preview", "json": True}, "no JSON mode"),
        ({"model": "o1-mini", "schema": Recipe}, "takes no schema.*describe"),
        ({"model": "gpt-4o-2024-05-13", "schema": Recipe}, "use --json"),
        ({"json": True, "schema": Recipe}, "exclude each other"),
        ({"schema": list}, "the class list"),
        ({"schema": Recipe(name="", steps=[])}, "a Recipe, neither"),
        ({"schema": {"type": "array", "items": {"type": "string"}}}, "root must be an object"),
        ({"schema": {"type": "objekt"}}, "no JSON schema"),
        ({"schema": {"type": {"a": 1}}}, "no JSON schema"),
        ({"schema": "Recipe"}, "no variable of that name"),
        ({"schema": "nowhere.json"}, "cannot be read"),
    ],
)
def test_what_cannot_be_asked_for_never_leaves(options: dict[str, Any], said: str) -> None:
    """The model's facts and the schema are checked before anything is sent, in at most three lines."""
    with pytest.raises((RequestError, ArgumentError), match=said) as refused:
        ask(**options)

    assert "othing was sent" in str(refused.value)
    assert len(refused.value.lines()) <= 3


@pytest.mark.parametrize(
    ("text", "finish", "said"),
    [
        ("Sure! Here it is: {}", "stop", "Expecting value at line 1"),
        ('{"name": "Soup"', "length", "cut it short"),
        ('{"name": "Soup", "steps": [{"text": "boil", "minutes": "long"}]}', "stop", "steps.0.minutes"),
        ('{"name": NaN, "steps": []}', "stop", "number that JSON cannot"),
        ('{"name": "Soup", "steps": ' + "[" * 100_000, "stop", "nested too deeply|Expecting"),
    ],
)
def test_a_paid_answer_of_another_form_is_kept(serve: Serve, text: str, finish: str, said: str) -> None:
    """The error names the place in at most three lines, says that it was billed, and has the answer."""
    with pytest.raises(AnswerError, match=said) as failed:
        ask(schema=Recipe, endpoint=serve(http(200, reply(text, finish))).url)

    assert failed.value.data["answer"].text == text
    assert failed.value.data["answer"].parsed is None
    assert failed.value.billed == "yes"
    assert len(failed.value.lines()) <= 3


def test_a_fenced_answer_is_read(serve: Serve) -> None:
    """Servers without response_format write a fence around what they were asked for."""
    answer = ask(schema=Recipe, endpoint=serve(http(200, reply('```json\n{"name": "Soup", "steps": []}\n```'))).url)

    assert answer.parsed == Recipe(name="Soup", steps=[])


def test_a_schema_is_held_to_what_strict_mode_cannot_say(serve: Serve) -> None:
    """A minLength is not sent, with a note; the answer is still checked for it."""
    with pytest.raises(AnswerError, match=r"\$\.name fails minLength"):
        ask(schema=RECIPE, endpoint=serve(http(200, reply('{"name": "x", "minutes": 1}'))).url)


def test_a_schema_never_reaches_out(serve: Serve) -> None:
    """A reference to elsewhere fails where the answer is checked; nothing is fetched."""
    elsewhere = serve(http(200, {"type": "integer"}))
    far = {"type": "object", "properties": {"a": {"$ref": f"{elsewhere.url}/a.json"}}}

    with pytest.raises(AnswerError, match="cannot be followed"):
        ask(schema=far, endpoint=serve(http(200, reply('{"a": 1}'))).url)

    assert elsewhere.requests == []


def test_a_model_that_cannot_be_strict_is_sent_as_it_is_and_that_is_said(kernel: Kernel) -> None:
    """A free-form map has no strict form: a note says so, and the answer is checked here."""
    ran = kernel.run("from pydantic import BaseModel\nclass Loose(BaseModel):\n    scores: dict[str, int]")
    ran = kernel.run("%%o1 -m o1 --schema Loose --dry-run\nScores, please.")

    assert "free-form object at scores" in ran.text()
    assert '"strict": false' in ran.text()


SCHEMAS = st.recursive(
    st.sampled_from(
        [{"type": "string"}, {"type": "integer", "minimum": 3}, {"type": "boolean"}, {"enum": ["a", 1]}, {"const": 2}]
    ),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda named: {"type": "object", "properties": named},
            st.dictionaries(st.sampled_from("abc"), inner, min_size=1),
        ),
    ),
)


@given(st.dictionaries(st.sampled_from("xyz"), SCHEMAS, min_size=1))
def test_what_is_sent_is_taken_as_strict_and_only_narrows(properties: dict[str, Any]) -> None:
    """The simulator's strict check takes it, twice is as once, and what answers it answers the original."""
    schema = {"type": "object", "properties": properties}

    made = strict(schema)
    value = fill(made.schema)

    assert made.loose == []
    assert strict(made.schema).schema == made.schema
    assert read_format({"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": made.schema}}, "")
    assert list(Draft202012Validator(made.schema).iter_errors(value)) == []
    assert list(Draft202012Validator(schema).iter_errors(value)) == []


def test_a_cell_takes_a_model_by_its_name(kernel: Kernel) -> None:
    """--schema NAME: strict in what is sent, the object in `_.parsed`, Tab offers the name."""
    kernel.run(CLASS)
    dry = kernel.run("%%o1 -m o1 --schema Recipe --dry-run\nSoup.").text()
    ran = kernel.run("%%o1 -m o1 --schema Recipe\nSoup.")
    kernel.client.complete("%%o1 --schema Rec", 17)
    offered = kernel.client.get_shell_msg(timeout=20)["content"]["matches"]

    assert '"strict": true' in dry
    assert '"additionalProperties": false' in dry
    assert ran.status == "ok"
    assert kernel.run("print(type(_).__name__, repr(_.parsed.steps[0].minutes))").text() == "Answer 1\n"
    assert offered == ["Recipe"]


def test_a_cell_that_gets_another_form_fails_and_shows_the_answer(kernel: Kernel) -> None:
    """Paid for, recorded, shown, at hand: the cell fails in at most three lines."""
    kernel.run(CLASS)

    ran = kernel.run("%%o1 -m o1 --schema Recipe --endpoint simulator:bad-json\nSoup.")

    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert "not as Recipe" in ran.error[0]
    assert "no model ran" in ran.text("text/markdown")
    assert "no model ran" in kernel.run("%o1 last").text()
    assert rows(kernel)[-1][0] == "settled"


def test_the_command_line_takes_a_file(tmp_path: Path) -> None:
    """`o1magic ask --schema FILE.json` prints the JSON; where it is another form, that is on standard output too."""
    from test_cli import run

    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(RECIPE))

    good = run("ask", "--endpoint", "simulator", "-m", "o1", "--schema", str(file), "Soup.")
    bad = run("ask", "--endpoint", "simulator:bad-json", "-m", "o1", "--schema", str(file), "Soup.")

    assert json.loads(good.stdout)["minutes"] == 0
    assert (bad.returncode, "no model ran" in bad.stdout) == (1, True)
    assert len(bad.stderr.strip().splitlines()) <= 3


def test_a_call_without_a_form_imports_none_of_it() -> None:
    """The plain path pays nothing: neither our module nor jsonschema nor pydantic's schemas are loaded for it."""
    code = (
        "import sys, o1magic\n"
        "o1magic.ask('hello', model='o1', endpoint='simulator')\n"
        "assert not {'o1magic.shape', 'o1magic.strict', 'jsonschema'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
