from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from o1magic import endpoint
from o1magic.errors import ConfigError

KEY = "sk-test-0123456789abcdef"


def resolve(choice: str | None = None, **environ: str) -> endpoint.Endpoint:
    return endpoint.resolve(choice, environ, simulator=lambda scenario: f"http://127.0.0.1:9/{scenario}v1")


def test_c1_nothing_chosen_names_both_ways_out() -> None:
    """Without key and endpoint the error names the key and the simulator; nothing falls back by itself."""
    with pytest.raises(ConfigError) as caught:
        resolve()

    assert "OPENAI_API_KEY" in str(caught.value)
    assert "%o1 connect simulator" in str(caught.value)


def test_a_key_alone_chooses_openai() -> None:
    """OPENAI_API_KEY means OpenAI, as everywhere."""
    target = resolve(OPENAI_API_KEY=KEY)

    assert (target.name, target.base_url, target.kind) == ("openai", "https://api.openai.com/v1", "openai")
    assert target.key.value == KEY


def test_the_base_url_of_the_environment_gets_the_key() -> None:
    """OPENAI_BASE_URL and OPENAI_API_KEY belong together, as everywhere."""
    target = resolve(OPENAI_API_KEY=KEY, OPENAI_BASE_URL="http://gateway.example:8000/openai/")

    assert (target.base_url, target.kind) == ("http://gateway.example:8000/openai", "compatible")
    assert target.key.value == KEY


@pytest.mark.parametrize(
    ("choice", "environ", "sent"),
    [
        ("https://elsewhere.example/v1", {}, ""),
        ("https://elsewhere.example/v1", {"O1MAGIC_API_KEY": "other-key-1"}, "other-key-1"),
        ("http://127.0.0.1:8000", {}, KEY),
        ("http://localhost:11434/v1", {"O1MAGIC_API_KEY": "local-key-1"}, "local-key-1"),
        (None, {"O1MAGIC_ENDPOINT": "https://mine.example/v1"}, KEY),
        ("https://mine.example/other", {"O1MAGIC_ENDPOINT": "https://mine.example/v1"}, KEY),
        ("https://api.openai.com/v1", {"O1MAGIC_API_KEY": "other-key-1"}, KEY),
        ("https://api.openai.com.evil.example/v1", {}, ""),
        ("http://127.0.0.1.evil.example/v1", {}, ""),
        ("http://localhost.evil.example/v1", {}, ""),
        ("http://api.openai.com/v1", {}, ""),
        ("http://[::1]:8000/v1", {}, KEY),
        ("simulator", {}, "simulator"),
    ],
)
def test_a_key_goes_only_where_it_was_given_for(choice: str | None, environ: dict[str, str], sent: str) -> None:
    """OPENAI_API_KEY goes to OpenAI, to the environment's endpoint and to this machine, and to no other host."""
    assert resolve(choice, OPENAI_API_KEY=KEY, **environ).key.value == sent


@pytest.mark.parametrize(
    "choice",
    ["opnai", "localhost:8000", "ftp://x/v1", "http://", "http://u:p@x/v1", "http://x/v1?key=1", "http://x:99999/v1"],
)
def test_an_address_that_cannot_work_is_refused_when_it_is_set(choice: str) -> None:
    """A bad address is an error at once, not a connection error later."""
    with pytest.raises(ConfigError):
        resolve(choice)


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "“sk-abc”", '"sk-abc"', "sk-ключ", "sk-a\x00b"], ids=ascii)
def test_c2_a_malformed_key_is_refused_without_showing_it(key: str) -> None:
    """A key with white space, quotes or letters no key holds is named by position only."""
    with pytest.raises(ConfigError, match="position") as caught:
        resolve(OPENAI_API_KEY=key)

    assert key not in str(caught.value)


def test_a_password_in_an_address_is_never_shown() -> None:
    """Neither the error nor a dry run repeats what stands before the @."""
    with pytest.raises(ConfigError) as caught:
        resolve("alice:hunter22secret@gw.corp/v1")

    assert "hunter22" not in str(caught.value)
    assert endpoint.shown("https://alice:hunter22secret@gw.corp/v1") == "https://…@gw.corp/v1"


def test_c2_white_space_around_a_key_is_dropped() -> None:
    """A trailing newline, the usual slip, does no harm."""
    assert resolve(OPENAI_API_KEY=f" {KEY}\n").key.value == KEY


def test_a_key_never_shows() -> None:
    """Neither repr nor str nor pickle gives the key away."""
    target = resolve(OPENAI_API_KEY=KEY)

    assert KEY not in repr(target) + str(target) + repr(target.key) + f"{target.key}"
    with pytest.raises(TypeError):
        pickle.dumps(target)


@pytest.mark.parametrize(
    ("choice", "environ", "address", "sent"),
    [
        ("deepseek", {"DEEPSEEK_API_KEY": "d-1"}, "https://api.deepseek.com/v1", "d-1"),
        ("openrouter", {"OPENROUTER_API_KEY": "r-1"}, "https://openrouter.ai/api/v1", "r-1"),
        ("ollama", {}, "http://localhost:11434/v1", ""),
        ("ollama", {"OLLAMA_HOST": "10.0.0.7"}, "http://10.0.0.7:11434/v1", ""),
        ("ollama", {"OLLAMA_HOST": "[::1]:9"}, "http://[::1]:9/v1", ""),
        ("ollama", {"OLLAMA_HOST": "https://gpu.example/"}, "https://gpu.example/v1", ""),
        ("lmstudio", {}, "http://localhost:1234/v1", ""),
        (
            "azure",
            {"AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com/", "AZURE_OPENAI_API_KEY": "a-1"},
            "https://mine.openai.azure.com/openai/v1",
            "a-1",
        ),
        ("https://openrouter.ai/api/v1", {"OPENROUTER_API_KEY": "r-1"}, "https://openrouter.ai/api/v1", "r-1"),
        ("https://openrouter.ai/api/v1", {"DEEPSEEK_API_KEY": "d-1"}, "https://openrouter.ai/api/v1", ""),
    ],
)
def test_a_service_has_its_own_address_and_key(choice: str, environ: dict[str, str], address: str, sent: str) -> None:
    """A service is named, found where its own tools find it, and gets its own key, never OpenAI's."""
    target = resolve(choice, OPENAI_API_KEY=KEY, **environ)

    assert target.base_url == address
    assert target.key.value == sent


@pytest.mark.parametrize(
    ("choice", "said"),
    [("deepseek", "DEEPSEEK_API_KEY"), ("openrouter", "OPENROUTER_API_KEY"), ("azure", "AZURE_OPENAI_ENDPOINT")],
)
def test_a_service_without_its_key_or_address_says_what_to_set(choice: str, said: str) -> None:
    """Nothing is sent without a key to a service that wants one."""
    with pytest.raises(ConfigError, match=f"{said} is not set"):
        resolve(choice, OPENAI_API_KEY=KEY)


def test_a_typed_key_goes_to_the_address_it_was_typed_for() -> None:
    """It goes before the environment's, to that host and port and no other."""
    typed = {endpoint.origin_of("https://mine.example/v1", {}): endpoint.Secret("typed-1")}
    environ = {"O1MAGIC_API_KEY": "other-1"}

    def key_for(choice: str) -> str:
        return endpoint.resolve(choice, environ, simulator=lambda _: "", typed=typed).key.value

    assert key_for("https://mine.example/else") == "typed-1"
    assert key_for("https://mine.example:444/v1") == "other-1"
    assert key_for("http://mine.example/v1") == "other-1"


def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    """`VARIABLE_FILE` names it, as container platforms hand secrets over; what cannot be read is said, not skipped."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")

    assert resolve(OPENAI_API_KEY_FILE=str(file)).key.value == KEY
    with pytest.raises(ConfigError, match="OPENAI_API_KEY_FILE cannot be read"):
        resolve(OPENAI_API_KEY_FILE=str(tmp_path / "none"))
    file.write_text("")
    with pytest.raises(ConfigError, match="is empty"):
        resolve(OPENAI_API_KEY_FILE=str(file))
