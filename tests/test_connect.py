"""Choosing an endpoint in a notebook: its key typed into a hidden field, and the model behind a deployment's name."""

from __future__ import annotations

import time

import pytest
from fault_server import FaultServer, fixture, http
from kernels import Kernel

KEY = "sk-typed-0123456789abcdef"


@pytest.fixture
def kernel(tmp_path):
    """Return a kernel with the extension loaded."""
    with Kernel(tmp_path) as started:
        assert started.run("%load_ext o1magic").status == "ok"
        yield started


@pytest.fixture
def server():
    """Return a server that answers under whatever name it is asked."""
    started = FaultServer(http(200, fixture("chat_completion_ok")["body"] | {"model": "our-deployment"}))
    yield started
    started.close()


def typed(kernel: Kernel, code: str, answer: str):
    """Run a cell that asks for something, type the answer, and return what the cell put out."""
    message_id = kernel.client.execute(code, allow_stdin=True)
    deadline = time.monotonic() + 20
    asked = kernel.client.get_stdin_msg(timeout=deadline - time.monotonic())
    assert asked["content"]["password"] is True
    kernel.client.input(answer)
    return kernel.finish(message_id)


def authorization(server: FaultServer) -> list[str]:
    return [request.headers.get("authorization", "") for request in server.requests]


def test_a_typed_key_is_hidden_and_goes_to_its_endpoint_only(kernel, server):
    """It is asked for without an echo, sent to that address, forgotten on request, and in no output and no history."""
    kernel.run(f"%o1 connect {server.url}")
    said = typed(kernel, "%o1 key", KEY + "\n")
    answered = kernel.run("%%o1 -m our-deployment\nHello")
    kept = kernel.run("import os; print(In, dict(os.environ), vars(get_ipython().config))")
    forgotten = kernel.run("%o1 key --forget")
    kernel.run("%%o1 -m our-deployment\nHello again")

    assert server.host in said.text()
    assert authorization(server)[0] == f"Bearer {KEY}"
    assert KEY not in authorization(server)[-1]
    assert all(KEY not in ran.everything for ran in (said, answered, kept, forgotten))
    assert "forgotten" in forgotten.text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"%o1 key {KEY}", "not typed into a cell"),
        ("%o1 key simulator", "takes any key"),
        ("%o1 key openai", "Nobody can be asked"),
        ("%o1 key --file nowhere.txt", "cannot be read"),
        ("%o1 connect azure --as nonesuch", "AZURE_OPENAI_ENDPOINT"),
        ("%o1 connect ollama --as o11", "did you mean o1"),
        ("%o1 connect ollama --as", "Usage"),
    ],
)
def test_c1_what_cannot_be_is_said_in_a_failed_cell(kernel, line, said):
    """Each is at most three lines, and shows no key that the person did not write there."""
    ran = kernel.run(line)

    assert ran.status == "error"
    assert said in "\n".join(ran.error)
    assert len("\n".join(ran.error).splitlines()) <= 3
    assert KEY not in "\n".join(ran.error)


def test_a_key_comes_from_a_file(kernel, server, tmp_path):
    """The file is read once, and its content is shown nowhere."""
    (tmp_path / "key.txt").write_text(KEY)
    kernel.run(f"%o1 connect {server.url}")
    ran = kernel.run("%o1 key --file key.txt")
    kernel.run("%%o1 -m our-deployment\nHello")

    assert authorization(server) == [f"Bearer {KEY}"]
    assert KEY not in ran.everything


def test_a_deployment_is_taken_for_the_model_it_is(kernel, server):
    """`--as o1` sends the deployment's name, holds o1's limits to it, and costs what o1 costs."""
    kernel.run(f"%o1 connect {server.url} --as o1")
    answered = kernel.run("%%o1 -m our-deployment\nHello")
    refused = kernel.run("%%o1 -m our-deployment --max-completion-tokens 200000\nHello")
    unpriced = kernel.run(f"%o1 connect {server.url}\n%o1 spend")
    alone = kernel.run("%%o1 -m our-deployment\nHello")
    flagged = kernel.run("%%o1 -m our-deployment --as o1\nHello")

    assert [request.body["model"] for request in server.requests] == ["our-deployment"] * 3
    assert "$" in answered.text()
    assert "cost unknown" not in answered.text()
    assert "100,000" in "\n".join(refused.error)
    assert unpriced.status == "ok"
    assert "not in the catalog" in alone.everything
    assert "cost unknown" in alone.text()
    assert "cost unknown" not in flagged.text()
