"""Parameters as flags, keywords and defaults, against the simulator over real HTTP."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

import o1magic
from o1magic import catalog, session
from o1magic.errors import APIError, RequestError

if TYPE_CHECKING:
    from kernels import Kernel

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

CHAT = [model for model in catalog.load().models.values() if "chat" in model.apis]


def post(**body: object) -> dict[str, object]:
    """Return what the simulator answers to a body nobody has checked."""
    whole = {"messages": [{"role": "user", "content": "hello"}], **body}
    address = f"{session.simulator_url()}/chat/completions"
    request = urllib.request.Request(address, json.dumps(whole).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as reply:
            return dict(json.load(reply))
    except urllib.error.HTTPError as refused:
        with refused:
            return dict(json.load(refused))


@pytest.mark.parametrize("name", ["reasoning_effort", "verbosity"])
@pytest.mark.parametrize("model", CHAT, ids=lambda model: model.name)
def test_each_models_own_values_go_through_and_no_others(model: catalog.Model, name: str) -> None:
    """What the catalog lists of a model is accepted over HTTP, and anything else never leaves."""
    listed = {"reasoning_effort": model.efforts, "verbosity": model.verbosities}[name]
    values = {"reasoning_effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max")}.get(
        name, ("low", "medium", "high")
    )

    for value in values:
        if value in listed:
            assert o1magic.ask("hello", model=model.name, endpoint="simulator", **{name: value}).text
        else:
            with pytest.raises(RequestError, match=value if listed else "takes no") as refused:
                o1magic.ask("hello", model=model.name, endpoint="simulator", **{name: value})
            assert len(refused.value.lines()) <= 3
            assert refused.value.data["param"] == name


def test_the_simulator_refuses_what_the_api_refuses() -> None:
    """Unchecked, a verbosity the model lacks and a tier nobody has come back as 400s that name them."""
    low = post(model="gpt-4o", verbosity="low")["error"]
    tier = post(model="gpt-4o", service_tier="gratis")["error"]

    assert low["code"] == "unsupported_value"
    assert "'verbosity' does not support 'low'" in low["message"]
    assert (tier["param"], tier["code"]) == ("service_tier", "invalid_value")


def test_a_keyword_a_flag_and_a_default_say_the_same(kernel: Kernel) -> None:
    """Flag over %config; the dry run shows what goes out, the simulator what arrived."""
    kernel.run("%config O1Magics.verbosity = 'high'\n%config O1Magics.service_tier = 'flex'")
    dry = kernel.run("%%o1 -m gpt-5 --verbosity low --dry-run\nhello").text()
    ran = kernel.run("%%o1 -m gpt-5 --verbosity low\nhello").text("text/markdown")
    wrong = kernel.run("%%o1 -m o1\nhello").error
    kernel.run("%config O1Magics.verbosity = None\n%config O1Magics.service_tier = None")
    answer = o1magic.ask("hello", model="gpt-5", verbosity="low", service_tier="flex", endpoint="simulator")

    assert '"verbosity": "low"' in dry
    assert '"service_tier": "flex"' in dry
    for text in (ran, answer.text):
        assert "Verbosity: low" in text
        assert "Service tier: flex" in text
    assert "cost unknown" in ran
    assert "It takes medium" in "".join(wrong)


def test_their_values_are_offered(kernel: Kernel) -> None:
    """Tab knows the values of a flag, and the words of the service tiers."""

    def offered(text: str) -> list[str]:
        kernel.client.complete(text, len(text))
        return list(kernel.client.get_shell_msg(timeout=20)["content"]["matches"])

    assert offered("%%o1 --verbosity ") == ["high", "low", "medium"]
    assert "flex" in offered("%%o1 --service-tier f")


def test_an_unknown_model_gets_what_is_asked_for() -> None:
    """Where the catalog knows nothing, nothing is dropped: the server decides."""
    with pytest.raises(APIError, match="does not exist"):
        o1magic.ask("hello", model="qwen3:8b", verbosity="low", effort="max", endpoint="simulator")


def test_two_names_for_the_model_are_refused(kernel: Kernel) -> None:
    """-m and --param model that differ are an error: neither of them is dropped."""
    assert "differ" in kernel.run("%%o1 -m o1 --param model=o3\nhello").error[0]


def test_the_command_line_has_the_same_flags() -> None:
    """`o1magic ask` takes them, and its dry run shows them."""
    from test_cli import run

    words = ("--verbosity", "low", "--service-tier", "flex", "--param", "seed=7")
    ran = run("ask", "--endpoint", "simulator", "-m", "gpt-5", *words, "--dry-run", "hello")

    assert [line.strip().rstrip(",") for line in ran.stdout.splitlines() if "tier" in line or "seed" in line] == [
        '"seed": 7',
        '"service_tier": "flex"',
    ]
