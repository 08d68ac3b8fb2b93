"""What people do with an answer: its code in the next cell, the whole of it on the clipboard."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from fault_server import http
from kernels import Kernel
from test_shape import reply

from o1magic import commands
from o1magic.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from fault_server import FaultServer

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

TWO = "Here:\n\n```python\nx = 1\nprint(x)\n```\n\n- or\n\n  ```sh\n  rm -rf /\n  ```\n"


def ask(kernel: Kernel, line: str) -> tuple[Any, list[dict[str, Any]]]:
    """Run a cell; return what it put out, and the payload the front end acts on."""
    message = kernel.client.execute(f"%%o1 {line}\nWrite code.", allow_stdin=False)
    ran = kernel.finish(message)
    return ran, ran.payload


def test_the_blocks_of_an_answer_are_read_from_its_markdown() -> None:
    """Fences in lists count, without their indentation; an answer with code survives pickle, copy and asdict."""
    answer = Answer(TWO)

    assert [tuple(one) for one in answer.code] == [("python", "x = 1\nprint(x)\n"), ("sh", "rm -rf /\n")]
    assert Answer("no code, `inline` only\n\n    indented\n").code == ()
    assert pickle.loads(pickle.dumps(answer)).code == copy.deepcopy(answer).code == answer.code  # noqa: S301 - our own
    assert "code" not in asdict(answer)


def test_the_first_block_goes_into_the_next_cell_and_nothing_runs(
    kernel: Kernel, serve: Callable[..., FaultServer]
) -> None:
    """--code: a payload for the front end, and a line that says which of how many blocks it is."""
    server = serve(http(200, reply(TWO)))

    ran, payload = ask(kernel, f"-m o1-mini --endpoint {server.url} --code")

    assert payload == [{"source": "set_next_input", "text": "x = 1\nprint(x)", "replace": False}]
    assert "Code block 1 of 2 (python, 2 lines) is in the next cell; nothing ran. --code 2 takes another." in ran.text()
    assert kernel.run("x").status == "error" or kernel.run("x == 1").text() != "True"


@pytest.mark.parametrize(
    ("text", "flag", "payload", "said"),
    [
        (TWO, "--code 2", ["rm -rf /"], "Code block 2 of 2 (sh, 1 line)"),
        (TWO, "--code 3", [], "This answer has 2 code blocks: there is no number 3."),
        ("No code.", "--code", [], "No code block in this answer."),
        ("```\na\u202eb = 1\n```", "--code", ["a⟨U+202E⟩b = 1"], "The code block (1 line) is in the next cell"),
        ("```python\nx = 1", "--code", ["x = 1"], "The code block (python"),
    ],
)
def test_which_block_it_is_is_said(
    kernel: Kernel, serve: Callable[..., FaultServer], text: str, flag: str, payload: list[str], said: str
) -> None:
    """The Nth one; none; and characters that would hide what runs are marks in the cell."""
    ran, found = ask(kernel, f"-m o1-mini --endpoint {serve(http(200, reply(text))).url} {flag}")

    assert ran.status == "ok"
    assert [one["text"] for one in found] == payload
    assert said in ran.text()


def test_flags_are_offered_behind_the_flag(kernel: Kernel) -> None:
    """--code may stand alone: Tab goes on with the other flags."""
    kernel.client.complete("%%o1 --code --dr", 16)

    assert kernel.client.get_shell_msg(timeout=20)["content"]["matches"] == ["--dry-run"]


def test_an_answer_without_the_flag_touches_no_cell(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """No payload, unless it is asked for."""
    assert ask(kernel, f"-m o1-mini --endpoint {serve(http(200, reply(TWO))).url}")[1] == []


def test_copy_shows_the_text_so_that_a_click_selects_it(kernel: Kernel, serve: Callable[..., FaultServer]) -> None:
    """`%o1 copy`: the text as it is in an element whose whole content one click selects; markup in it is text."""
    ask(kernel, f"-m o1-mini --endpoint {serve(http(200, reply('<b>$x$</b>' + TWO))).url}")

    ran, code = kernel.run("%o1 copy"), kernel.run("%o1 copy --code 2")

    assert "user-select: all" in ran.text("text/html")
    assert "&lt;b&gt;$x$&lt;/b&gt;Here:" in ran.text("text/html")
    assert ran.text() == "<b>$x$</b>" + TWO
    assert code.text().endswith("rm -rf /")
    assert "Usage" in kernel.run("%o1 copy --code x").error[0]


def test_a_block_is_said_in_the_words_of_where_it_goes() -> None:
    """The same sentence for a cell and for standard output."""
    said, code = commands.code_of(Answer("```js\n1\n```"), 1, where="all of standard output")

    assert (said, code) == ("The code block (js, 1 line) is all of standard output; nothing ran.", "1")


def test_the_command_line_prints_the_code_alone() -> None:
    """`o1magic ask --code` can be piped into a file; what it was is on standard error."""
    from test_cli import run

    ran = run("ask", "Write code.", "--endpoint", "simulator:code", "-m", "o1", "--code=2")

    assert ran.stdout == 'echo "the second block"\n'
    assert "Code block 2 of 2 (sh, 1 line) is all of standard output" in ran.stderr
