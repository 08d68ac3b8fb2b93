"""Keys, tokens and passwords: found by form and disorder, and never shown again."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic import render
from o1magic.lint import Context, check, credentials, repair

LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + "234567"


def noise(length: int, alphabet: str = LETTERS, seed: int = 7) -> str:
    """Return what a real key looks like; put together here, so that no whole key stands in this repository."""
    chance = random.Random(seed)  # noqa: S311 - the same noise in every run is the point
    return "".join(chance.choice(alphabet) for _ in range(length))


KEYS = {
    "openai": "sk-" + noise(48),
    "openai-project": "sk-" + "proj-" + noise(40) + "_" + noise(60),
    "anthropic": "sk-" + "ant-api03-" + noise(80),
    "aws": "AKI" + "A" + noise(16, UPPER),
    "github": "gh" + "p_" + noise(36),
    "github-fine": "github" + "_pat_" + noise(22) + "_" + noise(59),
    "gitlab": "glp" + "at-" + noise(20),
    "slack": "xo" + "xb-" + "204817936105-" + noise(24),
    "google": "AI" + "za" + noise(35),
    "huggingface": "h" + "f_" + noise(34),
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "J" + noise(40) + "." + noise(43),
    "pem": "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "\n".join(noise(64, seed=n) for n in range(9)) + "\n-----END RSA "
    "PRIVATE KEY-----",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("around", ["use {} now", 'key="{}"', "```\nKEY={}\n```", "<data>\n{}\n</data>"])
def test_a_key_is_found_wherever_it_stands(key, around):
    """A credential is found in prose, quotes, fences and tags, as a whole."""
    text = around.format(key)

    found = check(text, select=["SEC001"])

    assert [key] == [text[one.start : one.end] for one in found]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_finding_never_repeats_the_key(key):
    """Neither message nor quote nor fix of any finding holds a piece of the key."""
    text = f"Fix this code. Think step by step.\ndef f(x):\n    client = Client('{key}')\n    return client.get(x)\n"

    shown = [render.finding(text, one, applied=False) for one in check(text)]
    said = [one.fix.title for one in check(text) if one.fix] + shown

    assert any(one.startswith("SEC001") for one in shown)
    assert not [one for one in said if key[-9:-1] in one or key[4:12] in one]


def test_half_a_key_in_a_quote_is_masked_too():
    """A span that begins or ends inside a key shows none of it."""
    text = f"use {KEYS['openai']} now"

    assert credentials.masked(text, 0, 20) == f"use {credentials.MASK}"
    assert credentials.masked(text, 20, len(text)) == f"{credentials.MASK} now"


def test_a_key_in_inserted_data_is_found_and_not_changed():
    """Inserted data is searched, and its bytes stay as they are."""
    text = f"Why? <log>{KEYS['github']}</log>"
    context = Context(inserted=((5, len(text)),))

    result = repair(text, context, unsafe=True, select=["SEC001"])

    assert text == result.text
    assert [one.code for one in result.remaining] == ["SEC001"]


def test_redacting_leaves_nothing_to_redact():
    """All fixes together take every key out, and only the keys."""
    text = "\n".join(f"{name}: {key}" for name, key in KEYS.items())

    result = repair(text, unsafe=True, select=["SEC001"])

    assert "\n".join(f"{name}: [redacted]" for name in KEYS) == result.text


@given(st.text(alphabet="sk-projAKIAghp_eyJ.:/@;=x1 \n", max_size=300))
def test_masking_keeps_what_is_no_key(text):
    """Masking a text without a credential changes nothing; with one, the rest stays in order."""
    found = credentials.find(text)

    masked = credentials.masked(text, 0, len(text))

    assert bool(found) == (masked != text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
