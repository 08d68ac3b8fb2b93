from __future__ import annotations

import pickle

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
