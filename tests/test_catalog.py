"""The catalog: facts that hold together, names that resolve, slips that are told from new names."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic import catalog
from o1magic.catalog import Model
from o1magic.errors import ConfigError

TODAY = date(2026, 11, 22)
CATALOG = catalog.load()
MODELS = list(CATALOG.models.values())
NAMES = list(CATALOG.models)
REASONING = [model for model in MODELS if model.reasons]
SAMPLING = {"temperature", "top_p", "presence_penalty", "frequency_penalty"}

SMALL = """
default_model = "a"
[surcharges.long]
threshold_tokens = 10
input_factor = 2
output_factor = 1.5
[profiles.p]
system = "developer"
refused = ["max_tokens"]
note = "Of the family."
[models.a]
profile = "p"
apis = ["chat"]
aliases = ["z"]
also_refused = ["stop"]
note = "Its own."
prices = [{ since = 2026-01-01, input_per_mtok = 1.25, output_per_mtok = 10, long_context = "long" }]
source = "s"
checked = 2026-11-22
"""


@pytest.mark.parametrize(
    ("name", "window", "output"),
    [
        ("o1-preview", 128_000, 32_768),
        ("o1-mini", 128_000, 65_536),
        ("o1", 200_000, 100_000),
        ("gpt-5", 400_000, 128_000),
        ("gpt-5-pro", 400_000, 272_000),
        ("gpt-6.1-sol", 1_050_000, 128_000),
    ],
)
def test_limits(name, window, output):
    """Windows and output caps are those that were published."""
    model = CATALOG.find(name)

    assert (window, output) == (model.context_window, model.max_output)


@pytest.mark.parametrize("name", ["o1-preview", "o1-mini"])
def test_the_limits_of_the_beta_are_facts(name):
    """The beta takes text in user and assistant messages, and nothing that steers sampling, streams or calls tools."""
    model = CATALOG.find(name)
    fixed = {"temperature": 1, "top_p": 1, "n": 1, "presence_penalty": 0, "frequency_penalty": 0}

    assert fixed == model.fixed
    assert {"stream", "tools", "functions", "logprobs", "response_format", "max_tokens"} <= set(model.refused)
    assert (model.streams, model.tools, model.vision, model.structured_output) == (False, False, False, False)
    assert (model.system, model.efforts, model.apis) == ("none", (), ("chat",))


@pytest.mark.parametrize("model", REASONING, ids=lambda m: m.name)
def test_reasoning_models_refuse_or_fix_what_steers_sampling(model):
    """Every reasoning model refuses max_tokens and log probabilities, and refuses or fixes the sampling parameters."""
    assert {"max_tokens", "logprobs", "top_logprobs", "logit_bias"} <= set(model.refused)
    assert {"n", *SAMPLING} <= {*model.refused, *model.fixed}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_facts_agree_with_each_other(model):
    """No model's facts contradict each other."""
    assert not set(model.refused) & set(model.fixed)
    assert (model.streams is False) == ("stream" in model.refused) or "chat" not in model.apis
    assert model.max_output <= model.context_window
    assert (model.max_input or 0) <= model.context_window
    assert model.reasons or not model.efforts
    assert ("temperature" in model.refused) == (model.refusal_form == "parameter")


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_every_model_says_where_its_facts_come_from(model):
    """Each model has a source, the day it was checked, and a price for today."""
    assert model.source
    assert model.checked is not None
    assert model.checked <= TODAY
    assert model.price_on(TODAY) is not None


@pytest.mark.parametrize("model", [m for m in MODELS if m.shutdown], ids=lambda m: m.name)
def test_a_successor_outlives_its_model(model):
    """A model with a shutdown date names a successor without an earlier or passed one."""
    successor = CATALOG.models[model.successor]

    assert successor.shutdown is None or successor.shutdown > max(model.shutdown, TODAY)


def test_the_default_model_can_be_asked_today():
    """The default is a reasoning model on the chat API that is not going to be shut down."""
    model = CATALOG.find(CATALOG.default_model)

    assert model.reasons
    assert "chat" in model.apis
    assert model.shutdown is None


@pytest.mark.parametrize(
    ("day", "price"),
    [(date(2025, 4, 15), None), (date(2025, 6, 9), 10), (date(2025, 6, 10), 2), (TODAY, 2)],
)
def test_a_price_is_that_of_the_day(day, price):
    """The o3 price fell on 2025-06-10, and before its launch there was none."""
    found = CATALOG.find("o3").price_on(day)

    assert price == (found and found.input_per_mtok)


def test_price_history():
    """Old prices stay, each with an id that names model and day; what is not known of them is None."""
    o3, sol = CATALOG.find("o3").prices, CATALOG.find("gpt-5.6-sol").prices

    assert [price.id for price in o3] == ["o3@2025-04-16", "o3@2025-06-10"]
    assert [None, Decimal("0.5")] == [price.cached_per_mtok for price in o3]
    assert [Decimal(5), Decimal(4)] == [price.input_per_mtok for price in sol]
    assert date(2026, 8, 21) == sol[-1].since


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_million_token_windows_have_a_surcharge(model):
    """Exactly the models with a window of a million tokens cost more past 272,000."""
    surcharges = {price.long_context and price.long_context.threshold_tokens for price in model.prices}

    assert surcharges == {272_000 if model.context_window >= 1_000_000 else None}


def test_shut_down_from_the_day_on():
    """A model is shut down on its day, not the day before."""
    model = CATALOG.find("o3")

    assert not model.is_shut_down(model.shutdown - timedelta(days=1))
    assert model.is_shut_down(model.shutdown)
    assert not CATALOG.find("gpt-6.1-sol").is_shut_down(date(2100, 1, 1))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("o3", "o3"),
        ("openai/o3", "o3"),
        ("openrouter/openai/o3", "o3"),
        ("o1-2024-12-17", "o1"),
        ("o1-preview-2024-09-12", "o1-preview"),
        ("openai/gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
    ],
)
def test_names_resolve(name, found):
    """Aliases, dated snapshots and vendor paths are the model they stand for."""
    assert found == CATALOG.find(name).name


@pytest.mark.parametrize("name", ["", "llama-4", "gpt-7", "someone/o3", "ft:gpt-4o:org::id", "o3-2025", "O3"])
def test_an_unknown_name_has_no_facts(name):
    """Nothing is made up about a model that is not known."""
    assert Model(name=name, known=False) == CATALOG.find(name)
    assert CATALOG.find(name).price_on(TODAY) is None
    assert CATALOG.find(name).encoding is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("o1-previw", "o1-preview"),
        ("o1-prveiew", "o1-preview"),
        ("o1-prevew", "o1-preview"),
        ("o1_preview", "o1-preview"),
        ("01-preview", "o1-preview"),
        ("O1-Preview", "o1-preview"),
        ("openai/o1-previw", "o1-preview"),
        ("gpt-6.1-tera", "gpt-6.1-terra"),
        ("gpt-6.1-slo", "gpt-6.1-sol"),
        ("gpt6.1-sol", "gpt-6.1-sol"),
        ("gtp-5", "gpt-5"),
        ("gpt5mini", "gpt-5-mini"),
        (" o3", "o3"),
    ],
)
def test_slips_are_recognised(name, meant):
    """A letter missing, doubled, swapped or wrong, other case and other punctuation are slips."""
    assert meant == CATALOG.slip_of(name)
    assert meant in CATALOG.nearest(name)


@pytest.mark.parametrize(
    "name",
    [
        *["gpt-6.3-sol", "gpt-7", "gpt-7-terra", "o5-mini", "o2", "gpt-4", "gpt-4.1", "gpt-4.1-mini", "o4"],
        *["gpt-6-nova", "gpt-4-turbo", "gpt-5-codex", "o3-deep-research", "gpt-oss-20b", "gpt-j-6b"],
        *["deepseek-r1", "r1-mini", "k2-mini", "qwen3", "llama3.1:8b", "claude-4", "glm-5", "", "-", "1"],
    ],
)
def test_new_names_are_not_slips(name):
    """Another version, another family and another word are names of their own."""
    assert CATALOG.slip_of(name) is None


@pytest.mark.parametrize("name", NAMES)
def test_no_known_name_is_a_slip(name):
    """A known name is never taken for another."""
    assert CATALOG.slip_of(name) is None
    assert name == CATALOG.find(name).name
    assert CATALOG.find(CATALOG.nearest(name)[0]).known


@given(st.sampled_from(NAMES), st.integers(0, 100), st.integers(0, 99))
def test_another_version_is_never_a_slip(name, major, minor):
    """Whatever the digits of a name are changed to, it may be a new model."""
    new = re.sub(r"\d+(\.\d+)?", f"{major}.{minor}", name, count=1)

    assert CATALOG.slip_of(new) is None


@given(st.text(max_size=40))
def test_any_text_is_a_name(text):
    """Looking up a name never fails, and what it suggests is known."""
    assert CATALOG.find(text).known == (CATALOG.find(text).name in CATALOG.models)
    slip = CATALOG.slip_of(text)
    assert slip is None or CATALOG.find(slip).known
    assert all(CATALOG.find(name).known for name in CATALOG.nearest(text))
    assert len(CATALOG.nearest(text)) <= 3


def test_a_profile_is_overridden_and_added_to():
    """A model takes its profile's facts, adds refusals and a note, and has its own."""
    model = catalog.parse(SMALL, where="small.toml").find("z")

    assert (model.name, model.system, model.refused) == ("a", "developer", ("max_tokens", "stop"))
    assert model.note == "Its own. Of the family."
    assert Decimal("1.25") == model.prices[0].input_per_mtok
    assert Decimal("1.5") == model.prices[0].long_context.output_factor
    assert (model.max_output, model.streams, model.prices[0].cached_per_mtok) == (None, None, None)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('apis = ["chat"]', 'api = "chat"', "model 'a': api is not a key here"),
        ('apis = ["chat"]', 'apis = ["caht"]', "model 'a': apis must be an array of chat, responses"),
        ('apis = ["chat"]', 'apis = "chat"', "model 'a': apis must be an array"),
        ('apis = ["chat"]', "max_output = 0", "model 'a': max_output must be a positive whole number"),
        ('apis = ["chat"]', "max_output = true", "model 'a': max_output must be"),
        ('apis = ["chat"]', 'streams = "yes"', "model 'a': streams must be true or false"),
        ('apis = ["chat"]', 'default_effort = "low"', "model 'a': default_effort 'low' is not in efforts"),
        ('apis = ["chat"]', 'successor = "b"', "model 'a': successor 'b' is not a model"),
        ('apis = ["chat"]', "fixed = { n = true }", "model 'a': fixed must be a table of numbers"),
        ('aliases = ["z"]', 'aliases = ["a"]', "model 'a': aliases holds 'a', which is taken"),
        ('system = "developer"', 'system = "root"', "profiles.p: system must be developer, system or none"),
        ('system = "developer"', "prices = []", "profiles.p: prices is not a key here"),
        ('profile = "p"', 'profile = "q"', "model 'a': profile 'q' does not exist"),
        ("since = 2026-01-01, ", "", "model 'a': prices: since is missing"),
        ("since = 2026-01-01", 'since = "today"', "model 'a': prices: since must be a day"),
        ("since = 2026-01-01", "since = 2026-01-01T10:00:00", "model 'a': prices: since must be a day"),
        ("input_per_mtok = 1.25", "input_per_mtok = -1", "input_per_mtok must be a number of at least 0"),
        ("input_per_mtok = 1.25", "input_per_mtok = nan", "input_per_mtok must be a number of at least 0"),
        ('"long" }', '"short" }', "model 'a': prices: long_context 'short' is not a surcharge"),
        ("input_factor = 2\n", "", "surcharges.long: input_factor is missing"),
        ('source = "s"', "", "model 'a': source is missing"),
        ('default_model = "a"', 'default_model = "b"', "default_model 'b' is not a model"),
        ('default_model = "a"', "", "default_model is missing"),
        ('default_model = "a"', "default_model = ", "is not TOML"),
        ("[models.a]", "[model.a]", "model is not a key here"),
    ],
)
def test_a_wrong_catalog_names_file_model_and_key(old, new, complaint):
    """A mistake in the file is reported where it is."""
    assert old in SMALL
    with pytest.raises(ConfigError) as caught:
        catalog.parse(SMALL.replace(old, new), where="small.toml")

    assert str(caught.value).startswith("small.toml")
    assert complaint in str(caught.value)


def test_prices_are_in_order():
    """A price list out of order is refused: the last valid one counts."""
    row = "{ since = 2025-01-01, input_per_mtok = 1, output_per_mtok = 1 }"
    wrong = SMALL.replace('"long" }]', f'"long" }}, {row}]')

    with pytest.raises(ConfigError, match="order of since"):
        catalog.parse(wrong, where="small.toml")


def test_the_file_is_read_once():
    """Loading twice gives the same catalog."""
    assert catalog.load() is CATALOG


def test_reading_is_quick():
    """Reading the file takes a few milliseconds (measured 4.5), slack for a busy machine included."""
    catalog.load.cache_clear()
    began = time.process_time()
    catalog.load()

    assert time.process_time() - began < 0.05


def test_importing_reads_nothing_and_needs_little():
    """Importing the module neither reads the catalog nor loads a third-party package."""
    code = (
        "import sys; from o1magic import catalog; "
        "assert catalog.load.cache_info().currsize == 0; "
        "assert not {'openai', 'tiktoken', 'IPython', 'pydantic', 'difflib'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
