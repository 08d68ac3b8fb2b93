"""Every fault the network and the API have, in a real kernel: what the user sees, and what the ledger records.

The rows are named after the project's fault matrix: N network, A API, K kernel, D disk, O output, I interpolation.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import chunked, delta, fixture, http, raw, sse, wire
from kernels import Kernel, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_server import FaultServer, Script

KEY = "sk-live-AbCdEf0123456789AbCdEf0123456789"
OK = fixture("chat_completion_ok")["body"]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start a kernel that holds a real-looking key."""
    with Kernel(tmp_path_factory.mktemp("kernel"), OPENAI_API_KEY=KEY) as started:
        assert started.run("%load_ext o1magic").status == "ok"
        yield started


def rows(kernel: Kernel) -> list[dict[str, Any]]:
    if not Path(kernel.environment["O1MAGIC_LEDGER"]).exists():
        return []
    with sqlite3.connect(kernel.environment["O1MAGIC_LEDGER"]) as ledger:
        ledger.row_factory = sqlite3.Row
        return [dict(row) for row in ledger.execute("select * from call order by rowid")]


def ask(kernel: Kernel, server: FaultServer, line: str = "-m o1", body: str = "Is 391 prime?") -> Ran:
    return kernel.run(f"%%o1 --endpoint {server.url} {line}\n{body}")


def body(**changes: object) -> dict[str, Any]:
    """Return a whole reply with parts of its choice or usage changed."""
    changed = json.loads(json.dumps(OK))
    for name, value in changes.items():
        if name in ("content", "refusal", "tool_calls"):
            changed["choices"][0]["message"][name] = value
        elif name == "finish_reason":
            changed["choices"][0][name] = value
        else:
            changed[name] = value
    return changed


PART = delta("Part of the answer")

FAILED, UNKNOWN, PARTIAL, SETTLED = "failed", "unknown", "partial", "settled"

# (row, what the server does, flags, state recorded, what is said)
MATRIX: list[tuple[str, list[Script], str, str, str]] = [
    ("N2 reset before a reply", [raw(then="reset")], "", UNKNOWN, "may have been billed"),
    ("N3 body cut", [raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{", then="close")], "", UNKNOWN, "may"),
    ("N4 stream cut", [sse([PART], then="reset")], "-m o3", PARTIAL, "may have been billed"),
    ("N4 chunk cut", [chunked([PART], whole=False, then="close")], "-m o3", PARTIAL, "may have been billed"),
    ("N6 error in a stream", [sse([PART, *fixture("chat_stream_error_mid")["sse_lines"]])], "-m o3", PARTIAL, "err"),
    ("N7 hang", [raw(then="hang")], "--timeout 0.5", UNKNOWN, "0.5 s"),
    ("N8 empty", [http(200, b"")], "", UNKNOWN, "empty"),
    ("N8 cut JSON", [http(200, b'{"choices": [')], "", UNKNOWN, "may have been billed"),
    ("N8 not HTTP", [raw(b"220 mail\r\n\r\n", then="close")], "", UNKNOWN, "HTTP"),
    ("N9 portal", [http(200, "<html><title>Sign in</title>", {"content-type": "text/html"})], "", UNKNOWN, "Sign in"),
    ("N10 redirect", [http(302, b"", {"location": f"http://other.example/{KEY}"})], "", FAILED, "other.example"),
    ("A1 parameter", [wire("error_temperature_param_o1_o3_mini")], "", FAILED, "temperature"),
    ("A2 context", [wire("error_context_length_exceeded_input")], "", FAILED, "token"),
    ("A3 key", [http(401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}})],
     "", FAILED, "OPENAI_API_KEY"),
    ("A4 forbidden", [http(403, {"error": {"message": "no access"}})], "", FAILED, "allow"),
    ("A4 unknown model", [wire("error_model_not_found")], "", FAILED, "model"),
    ("A4 too large", [http(413, {"error": {"message": "too large"}})], "", FAILED, "too large"),
    ("A4 unprocessable", [http(422, {"error": {"message": "cannot"}})], "", FAILED, "422"),
    ("A6 come back tomorrow", [http(429, {"error": {"message": "slow down"}}, {"retry-after": "86400"})],
     "", FAILED, "24 h"),
    ("A7 quota", [wire("error_insufficient_quota")], "", FAILED, "quota"),
    ("A10 length", [wire("chat_completion_length_empty")], "", SETTLED, "300 of 300"),
    ("A11 content filter", [wire("chat_completion_content_filter")], "-m o3", SETTLED, "content filter"),
    ("A11 refusal", [wire("chat_completion_refusal")], "-m gpt-4o", SETTLED, "can't assist"),
    ("A11 null content", [http(200, body(content=None))], "", SETTLED, "empty"),
    ("A11 tool calls", [http(200, body(content=None, finish_reason="tool_calls", tool_calls=[{"id": "x"}]))],
     "", SETTLED, "tool"),
    ("A11 no choices", [http(200, body(choices=[]))], "", SETTLED, "no answer"),
    ("A11 choices missing", [http(200, {"id": "x", "usage": OK["usage"]})], "", "", "no answer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("scripts", "line", "state", "said"), [case[1:] for case in MATRIX], ids=[c[0] for c in MATRIX]
)
def test_a_fault_is_a_failed_cell_in_three_lines_with_one_row(
    kernel: Kernel, serve: Callable[..., FaultServer], scripts: list[Script], line: str, state: str, said: str
) -> None:
    """The cell fails and says why, no key in any byte of it; the request went out once and has one row."""
    before, server = len(rows(kernel)), serve(*scripts)

    ran = ask(kernel, server, line or "-m o1")

    assert ran.status == "error"
    assert 1 <= len(ran.error) <= 3
    assert said in " ".join(ran.error)
    assert KEY not in ran.everything
    assert len(server.requests) == 1
    recorded = rows(kernel)[before:]
    assert len(recorded) == 1
    if state:
        assert recorded[0]["state"] == state
    assert KEY not in repr(recorded)
    if recorded[0]["state"] in (UNKNOWN, PARTIAL):
        assert recorded[0]["cost_nano"] is None
        assert recorded[0]["hold_nano"] > 0


def test_n1_a_refused_connection_names_the_host_and_costs_nothing(kernel: Kernel) -> None:
    """Nothing listens: not sent, nothing billed."""
    ran = kernel.run("%%o1 --endpoint http://127.0.0.1:9/v1 -m o1\nIs 391 prime?")

    assert ran.status == "error"
    assert "127.0.0.1:9" in ran.error[0]
    assert "Nothing was billed" in " ".join(ran.error)
    assert (rows(kernel)[-1]["state"], rows(kernel)[-1]["cost_nano"]) == (FAILED, 0)


@pytest.mark.parametrize("then", ["reset", "close"])
def test_n4_text_that_came_before_the_cut_stays(kernel: Kernel, serve: Callable[..., FaultServer], then: str) -> None:
    """The partial answer is shown, marked as cut."""
    ran = ask(kernel, serve(sse([PART], then=then)), "-m o3")

    assert "Part of the answer" in ran.text("text/markdown")
    assert "cut short" in ran.text()


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_a5_a_passing_fault_is_retried_in_sight(kernel: Kernel, serve: Callable[..., FaultServer], status: int) -> None:
    """One retry, counted below the answer and in the one row."""
    server = serve(http(status, {"error": {"message": "busy"}}, {"retry-after-ms": "20"}), http(200, OK))

    ran = ask(kernel, server)

    assert ran.status == "ok"
    assert "1 retry" in ran.text()
    assert rows(kernel)[-1]["attempts"] == 2


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": -5, "completion_tokens": 2**63}, {"prompt_tokens": "11"}]
)
def test_a8_a_missing_or_absurd_usage_is_unknown_never_zero(
    kernel: Kernel, serve: Callable[..., FaultServer], usage: object
) -> None:
    """The answer is shown, the cost is unknown with its bound, the hold is kept."""
    ran = ask(kernel, serve(http(200, body(usage=usage))))

    assert ran.status == "ok"
    assert "cost unknown (at most $" in ran.text()
    assert "reasoning unknown" in ran.text()
    assert rows(kernel)[-1]["cost_nano"] is None
    assert rows(kernel)[-1]["hold_nano"] > 0


def test_a12_an_unknown_model_has_an_unknown_price(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Tokens are shown, money says unknown."""
    ran = ask(kernel, serve(wire("compat_vllm_new")), "-m Qwen/Qwen3-8B")

    assert ran.status == "ok"
    assert "not in the catalog" in ran.text()
    assert "prompt 18" in ran.text()
    assert "cost unknown" in ran.text()


def test_a13_the_model_that_answered_is_named_and_priced(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Both names are shown, and the answering model's price holds."""
    ran = ask(kernel, serve(http(200, body(model="o3-2025-04-16"))), "-m o1")

    assert "o3-2025-04-16 (asked: o1)" in ran.text()
    # 400 prompt tokens at $2 and 600 completion tokens at $8 per million.
    assert rows(kernel)[-1]["cost_nano"] == 5_600_000


def test_a14_an_undecodable_character_costs_a_character_not_the_answer(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """Half a surrogate pair becomes U+FFFD, and later cells still work."""
    ran = ask(kernel, serve(http(200, json.dumps(body(content="a\ud800b\x1b[31m")).encode())))

    assert ran.status == "ok"
    assert "a\ufffdb" in ran.text("text/markdown")
    assert "\x1b" not in ran.text()
    assert kernel.run("1 + 1").text() == "2"


@pytest.mark.parametrize(
    "payload",
    [
        "<script>window.x=1</script>",
        "<img src=x onerror=alert(1)>",
        '<button data-commandlinker-command="terminal:create-new">go</button>',
        "![x](http://evil.example/x.png)",
        "[go](javascript:alert(1))",
    ],
)
def test_o1_o2_o3_an_answer_runs_nothing(kernel: Kernel, serve: Callable[..., FaultServer], payload: str) -> None:
    """Raw HTML is text, pictures are links, dangerous links are dropped; the Answer itself holds what was written."""
    ran = ask(kernel, serve(http(200, body(content=f"Here: {payload}"))), "-m o1 -o kept")

    shown = ran.text("text/markdown")
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<button" not in shown
    assert "![" not in shown
    assert "(javascript:" not in shown
    assert kernel.run("print(kept.text)").text() == f"Here: {payload}\n"


def test_o7_currency_is_no_formula(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    r"""$5 and $7 are amounts; \( x \) is a formula."""
    shown = ask(kernel, serve(http(200, body(content=r"$5 and $7, but \( x^2 \)")))).text("text/markdown")

    assert "$x^2$" in shown.replace("$ ", "$").replace(" $", "$")
    assert "$5 and $7" not in shown


def test_k1_k3_an_interrupt_mid_stream_keeps_the_text(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Stop while text is coming: it stays, the connection is closed, one row says partial."""
    server = serve(sse([PART], then="hang"))
    started = kernel.start(f"%%o1 --endpoint {server.url} -m o3\nIs 391 prime?")
    assert server.reached.wait(20)
    time.sleep(0.5)

    kernel.interrupt()
    begun = time.monotonic()
    ran = kernel.finish(started)

    assert time.monotonic() - begun < 1.0
    assert server.hung_up.wait(1)
    assert "Part of the answer" in ran.text("text/markdown")
    assert len(ran.error) <= 3
    assert rows(kernel)[-1]["state"] == PARTIAL


def test_a6_a_wait_can_be_interrupted_and_costs_nothing(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Stop during a countdown: nothing is in flight, nothing is billed."""
    server = serve(http(429, {"error": {"message": "slow down"}}, {"retry-after": "30"}))
    started = kernel.start(f"%%o1 --endpoint {server.url} -m o1\nIs 391 prime?")
    assert server.reached.wait(20)
    time.sleep(1.0)

    kernel.interrupt()
    ran = kernel.finish(started)

    assert "Nothing was billed" in " ".join(ran.error)
    assert (rows(kernel)[-1]["state"], rows(kernel)[-1]["cost_nano"]) == (FAILED, 0)


def test_a6_a_wait_is_counted_down(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """Which try of how many, and the seconds left, in sight while it waits; then the answer."""
    server = serve(http(429, {"error": {"message": "slow down"}}, {"retry-after": "3"}), http(200, OK))

    ran = ask(kernel, server)

    shown = [
        one["content"]["data"]["text/plain"]
        for one in ran.messages
        if one["type"] in ("display_data", "update_display_data")
    ]
    left = [line.split("try 2 of 3 in ")[1].split(" s")[0] for line in shown if "try 2 of 3 in " in line]
    assert ran.status == "ok"
    assert "1 retry" in ran.text("text/markdown")
    assert {"2", "1"} <= set(left)
    assert left == sorted(left, reverse=True)


def test_n2_retry_unsafe_sends_again_and_says_what_it_may_cost(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """Asked for, a lost reply is asked for again: one row, two attempts, and a note that both may be billed."""
    server = serve(raw(then="reset"), http(200, OK))
    before = len(rows(kernel))

    ran = ask(kernel, server, "-m o1 --retry-unsafe")

    assert ran.status == "ok"
    assert "each may be billed" in ran.text()
    assert "an earlier try may have been billed too" in ran.text()
    assert [(row["state"], row["attempts"]) for row in rows(kernel)[before:]] == [(SETTLED, 2)]


def test_k6_a_killed_kernel_leaves_an_unaccounted_call(tmp_path: Path, serve: Callable[..., FaultServer]) -> None:
    """After SIGKILL mid-call the next session says what is on hold, and counts it."""
    server = serve(raw(then="hang"))
    with Kernel(tmp_path, OPENAI_API_KEY=KEY) as killed:
        killed.run("%load_ext o1magic")
        killed.start(f"%%o1 --endpoint {server.url} -m o1\nIs 391 prime?")
        assert server.reached.wait(20)
        os.kill(killed.manager.provisioner.pid, signal.SIGKILL)  # type: ignore[union-attr]
        time.sleep(0.5)

    with Kernel(tmp_path, OPENAI_API_KEY=KEY) as fresh:
        fresh.run("%load_ext o1magic")
        ran = ask(fresh, serve(http(200, OK)))
        spent = json.loads(fresh.run("%o1 spend --json").text())["total"]

    assert "1 call unaccounted" in ran.text()
    assert "$1.50" in ran.text()
    assert (spent["calls"], spent["unknown_calls"]) == (2, 1)
    assert spent["held_nano_usd"] > 1_500_000_000


def test_d2_an_unwritable_ledger_refuses_before_anything_is_sent(
    tmp_path: Path, serve: Callable[..., FaultServer]
) -> None:
    """The path, the reason and the variable to set are named; no request leaves."""
    server = serve(http(200, OK))
    with Kernel(tmp_path, OPENAI_API_KEY=KEY) as kernel:
        kernel.environment["O1MAGIC_LEDGER"] = str(tmp_path)
        kernel.run(f"import os; os.environ['O1MAGIC_LEDGER'] = {str(tmp_path)!r}\n%load_ext o1magic")
        ran = ask(kernel, server)

    assert ran.status == "error"
    assert len(ran.error) <= 3
    assert str(tmp_path) in " ".join(ran.error)
    assert "O1MAGIC_LEDGER" in " ".join(ran.error)
    assert server.requests == []


def test_c1_without_a_key_both_ways_out_are_named(tmp_path: Path) -> None:
    """No key, no endpoint: nothing is sent, and nothing falls back to the simulator."""
    with Kernel(tmp_path) as kernel:
        kernel.run("%load_ext o1magic")
        ran = kernel.run("%%o1\nIs 391 prime?")

    assert ran.status == "error"
    assert "OPENAI_API_KEY" in " ".join(ran.error)
    assert "%o1 connect simulator" in " ".join(ran.error)
    assert rows(kernel) == []


def test_c2_a_key_with_a_newline_works_and_never_shows(tmp_path: Path, serve: Callable[..., FaultServer]) -> None:
    """The usual slip, a trailing newline, does no harm; a quote in the key is named by position only."""
    server = serve(http(200, OK))
    with Kernel(tmp_path, OPENAI_API_KEY=f"{KEY}\n") as kernel:
        kernel.run("%load_ext o1magic")
        assert ask(kernel, server).status == "ok"
        kernel.run(f"import os; os.environ['OPENAI_API_KEY'] = '“{KEY}”'")
        ran = ask(kernel, server)

    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "position 1" in " ".join(ran.error)
    assert KEY not in ran.everything


def test_the_retired_model_is_noted_before_openai_is_asked(tmp_path: Path) -> None:
    """For OpenAI itself a model past its shutdown names its successor; the call fails offline, so nothing is billed."""
    with Kernel(tmp_path, OPENAI_API_KEY=KEY, OPENAI_BASE_URL="https://api.openai.com/v1") as kernel:
        kernel.run("import socket\ndef offline(*_, **__): raise OSError('offline')\nsocket.getaddrinfo = offline")
        kernel.run("%load_ext o1magic")
        ran = kernel.run("%%o1 -m o1\nIs 391 prime?")

    assert "shut o1 down on 2026-10-23" in ran.text()
    assert "gpt-5.6-sol" in ran.text()
    assert ran.status == "error"


def test_a2_the_largest_variable_is_named_where_a_prompt_does_not_fit(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """Refused here or by the API, the message names what to shorten."""
    kernel.run("big, small = 'word ' * 30_000, 'x'")
    server = serve(wire("error_context_length_exceeded_input"))

    refused = ask(kernel, server, "-m o1", "Sum up {{big}} and {{small}}")
    kernel.run("%config O1Magics.max_inserted_chars = 10_000_000\nbig = 'word ' * 150_000")
    unsent = ask(kernel, server, "-m o1-preview", "Sum up {{big}} and {{small}}")

    assert "{{big}}, 150,000 characters" in " ".join(refused.error)
    assert "{{big}}, 750,000 characters" in " ".join(unsent.error)
    assert len(unsent.error) <= 3
    assert len(server.requests) == 1


def test_a5_an_interrupt_after_a_gateway_timeout_may_have_been_billed(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """A 504 may have been processed: stopping the wait for the next try does not make it free."""
    server = serve(http(504, {"error": {"message": "late"}}, {"retry-after": "30"}))
    started = kernel.start(f"%%o1 --endpoint {server.url} -m o1\nIs 391 prime?")
    assert server.reached.wait(20)
    time.sleep(1.0)

    kernel.interrupt()
    ran = kernel.finish(started)

    assert "may have been billed" in " ".join(ran.error)
    assert rows(kernel)[-1]["state"] == UNKNOWN


def test_a8_unknown_reasoning_is_no_zero_in_the_spend(tmp_path: Path, serve: Callable[..., FaultServer]) -> None:
    """Tokens that came without being told apart are said to be unknown, and unknown cost is named in the footer."""
    with Kernel(tmp_path, OPENAI_API_KEY=KEY) as fresh:
        fresh.run("%load_ext o1magic")
        ran = ask(fresh, serve(wire("compat_vllm_new")), "-m Qwen/Qwen3-8B")
        spent = fresh.run("%o1 spend").text()

    assert "output 260" in ran.text()
    assert "session $0.00 + 1 unknown" in ran.text()
    assert "unknown" in spent.splitlines()[2]


@pytest.mark.parametrize(
    ("asked", "served", "cost"),
    [
        ("priority", "priority", "cost unknown"),
        ("flex", None, "cost unknown"),
        ("flex", "default", "$0."),
        ("auto", "priority", "cost unknown"),
        (None, "flex", "cost unknown"),
        (None, "on_demand", "$0."),
    ],
)
def test_a_service_tier_of_its_own_has_an_unknown_price(
    kernel: Kernel, serve: Callable[..., FaultServer], asked: str | None, served: str | None, cost: str
) -> None:
    """The list price is not shown as a fact where another one holds, whoever chose the tier; the reply says which."""
    flag = f" --service-tier {asked}" if asked else ""

    ran = ask(kernel, serve(http(200, {**OK, "service_tier": served})), f"-m o1{flag}")

    assert f" · {cost}" in ran.text()


def test_no_key_is_shown_or_stored_even_if_the_reply_echoes_it(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """A reply that carries the key in any of its fields brings it neither into the cell nor into the ledger."""
    echo = body(model=KEY, id=KEY, finish_reason=KEY, content=f"your key is {KEY}")
    refused = body(content=None, refusal=f"no {KEY}", usage={"prompt_tokens": KEY})
    before = len(rows(kernel))

    ran = [ask(kernel, serve(http(200, reply))) for reply in (echo, refused)]
    ran.append(ask(kernel, serve(sse([delta(f"key {KEY}")], then="reset")), "-m o3"))

    assert all(KEY not in one.everything for one in ran)
    assert KEY not in repr(rows(kernel)[before:])
    assert "your key is [key]" in ran[0].text()
