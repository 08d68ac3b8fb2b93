from __future__ import annotations

import pytest

from o1magic import arguments, catalog, request
from o1magic.errors import RequestError
from o1magic.settings import Settings

KNOWN = catalog.load()


def build(
    name: str, line: str = "", text: str = "hello", *, has_responses: bool = True, **settings: object
) -> request.Request:
    chosen = Settings(**settings)  # type: ignore[arg-type]
    return request.build(KNOWN.find(name), name, text, arguments.parse(line), chosen, has_responses=has_responses)


@pytest.mark.parametrize("name", [name for name, model in KNOWN.models.items() if "chat" in model.apis])
def test_every_chat_model_gets_a_request_it_accepts(name: str) -> None:
    """The default request of each model holds no parameter it refuses, and the reserve for reasoning."""
    model = KNOWN.models[name]

    body = build(name).body

    assert body["max_completion_tokens"] == min(25_000, model.max_output or 25_000)
    assert not set(body) & set(model.refused) - {"stream"}
    assert bool(body.get("stream")) == bool(model.streams)


def test_an_unknown_model_is_sent_without_guesses() -> None:
    """Where nothing is known nothing is added: the server's own allowance holds."""
    assert build("qwen3:8b").body == {"model": "qwen3:8b", "messages": [{"role": "user", "content": "hello"}]}


def test_the_old_name_is_translated_with_a_note() -> None:
    """max_tokens goes out as max_completion_tokens, and that is said."""
    made = build("o1", "--max-tokens 30000")

    assert made.body["max_completion_tokens"] == 30_000
    assert "max_tokens" not in made.body
    assert any("max_completion_tokens" in note for note in made.notes)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("o1-preview", "--param temperature=0.2"),
        ("o1-preview", "--param stream=true"),
        ("o1-preview", '--param tools=[{"type":"function"}]'),
        ("o1-preview", "--param logprobs=true"),
        ("o1-preview", '--param response_format={"type":"json_object"}'),
        ("o1-mini", "--param n=2"),
        ("gpt-4o", "--param n=2"),
        ("qwen3:8b", "--param n=2"),
        ("o1", "--param reasoning_effort=ultra"),
        ("o1", "--param reasoning_effort=5"),
        ("o1-mini", "--param presence_penalty=1"),
        ("o1", "--param temperature=1"),
        ("o1-preview", "-e high"),
        ("o1", "-e hihg"),
        ("o1", "--max-completion-tokens 200000"),
        ("o1-pro", "--api chat"),
        ("o1-preview", "--api responses"),
        ("o1-preview", "--background"),
        ("gpt-4o", "--summary auto"),
        ("o3", "--api chat --summary auto"),
        ("o3", "--api responses --param seed=1"),
        ("o1", "--param messages=[]"),
        ("gpt-4o", "--verbosity low"),
        ("o1", "--param verbosity=high"),
        ("o1-preview", "--verbosity medium"),
        ("gpt-5", "--param verbosity=3"),
        ("gpt-5", "--verbosity low --param verbosity=high"),
        ("o1", "-e low --param reasoning_effort=high"),
        ("gpt-5", "--service-tier flex --param service_tier=priority"),
    ],
)
def test_a_parameter_the_model_refuses_never_leaves(name: str, line: str) -> None:
    """What the catalog says is refused is an error naming the parameter."""
    with pytest.raises(RequestError) as caught:
        build(name, line.replace('"', '\\"'))

    assert caught.value.param
    assert len(caught.value.lines()) <= 3


def test_the_fixed_value_itself_may_be_sent() -> None:
    """o1-preview takes temperature=1, the value it is fixed at."""
    assert build("o1-preview", "--param temperature=1").body["temperature"] == 1


def test_a_prompt_that_cannot_fit_is_refused_with_the_numbers() -> None:
    """Prompt and allowance over the window never leave."""
    with pytest.raises(RequestError, match=r"128,000"):
        build("o1-preview", text="word " * 127_990)


def test_a_nearly_full_window_shrinks_the_reserve_and_says_so() -> None:
    """The default allowance is what the window leaves."""
    made = build("o1-preview", text="word " * 120_000)

    assert made.max_completion_tokens == 128_000 - made.prompt_tokens.tokens
    assert any("window leaves" in note for note in made.notes)


@pytest.mark.parametrize(("name", "role"), [("o1", "developer"), ("gpt-4o", "system"), ("qwen3:8b", "system")])
def test_a_developer_message_goes_out_in_the_role_the_model_takes(name: str, role: str) -> None:
    """Developer for o1 and later, system for models that want it."""
    assert build(name, "--developer 'be brief'").body["messages"][0] == {"role": role, "content": "be brief"}


@pytest.mark.parametrize("fix", ["none", "safe"])
@pytest.mark.parametrize("name", ["o1-preview", "o1-mini"])
def test_a_developer_message_is_refused_where_the_model_takes_none(name: str, fix: str) -> None:
    """o1-preview and o1-mini take no such message; the error names the two ways to go on."""
    with pytest.raises(RequestError, match=r"user and assistant.*top of the prompt.*--fix all.*another model"):
        build(name, "--developer 'be brief'", fix=fix)


def test_fix_all_puts_a_refused_developer_message_on_top_of_the_prompt() -> None:
    """The words are all sent, in the one role there is, and that is said."""
    made = build("o1-mini", "--developer 'be brief'", fix="all")

    assert made.body["messages"] == [{"role": "user", "content": "be brief\n\nhello"}]
    assert any("top of the prompt" in note for note in made.notes)
