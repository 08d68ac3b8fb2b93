"""`o1magic lint` and `o1magic rule`: files, notebooks and standard input, with ruff's habits."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from o1magic.cli import main
from o1magic.lint import Diagnostic, check, registry, repair, rules
from o1magic.lint_command import notebook, text_output
from o1magic.lint_command.lines import Lines
from o1magic.lint_command.search import SEARCHED
from o1magic.lint_command.source import read
from o1magic.untrusted import visible

ROOT = Path(__file__).parents[1]
CUE = "Is 391 prime? Think step by step.\n"
CODE = "Fix this\ndef f(x):\n    return x+\nand keep the name\n"
# Only rules whose findings these texts are made for, so that a new rule changes no test here.
ONLY = ("--select", "COT001,DEL001,PAR003")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def lint(capfd: pytest.CaptureFixture[str]):
    """Return a function that runs the command here and returns its status and what it printed."""

    def run(*words: str) -> SimpleNamespace:
        capfd.readouterr()
        status = main(["lint", *words])
        printed = capfd.readouterr()
        return SimpleNamespace(status=status, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch):
    """Return a function that gives the command these bytes on standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))

    return give


def written(name: str, text: str | bytes) -> Path:
    """Return a file of that name and content."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def cell(source: object, kind: str = "code") -> dict[str, object]:
    """Return a notebook's cell."""
    own = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": "x", "metadata": {}, **own, "source": source}


def book(*cells: dict[str, object], **style: object) -> str:
    """Return a notebook as Jupyter writes one."""
    whole = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, **({"indent": 1, "ensure_ascii": False} | style)) + "\n"


def lines_of(text: str) -> list[str]:
    """Return a source as a notebook holds it."""
    return text.splitlines(keepends=True)


def broken(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Make a rule raise an error."""

    def fail(_document, _rule):
        raise ZeroDivisionError

    patched = tuple(rule._replace(check=fail) if rule.code == code else rule for rule in rules())
    monkeypatch.setattr(registry, "rules", lambda: patched)


def finding(monkeypatch: pytest.MonkeyPatch, code: str, word: str) -> None:
    """Add a rule of that code that finds a word."""

    def find(document, _rule):
        for match in re.finditer(word, document.text):
            yield Diagnostic(code, "found", "error", "a word was found", *match.span())

    others = [rule for rule in rules() if not rule.code.startswith(code[:3])]
    patched = (*others, rules()[0]._replace(code=code, check=find))
    monkeypatch.setattr(registry, "rules", lambda: patched)
    monkeypatch.setattr("o1magic.lint_command.run.rules", lambda: patched)


# --- what is printed ---------------------------------------------------------------------------------------------


def test_a_finding_is_quoted_with_its_span_underlined(lint) -> None:
    """Path, line, column, code and sentence; below it the line, carets under the span, and the fix on offer."""
    written("a.txt", CUE)

    ran = lint("a.txt", *ONLY)

    head, quoted, carets, remedy, _ = ran.out.split("\n", 4)
    assert head.startswith("a.txt:1:15: COT001 [warning] ")
    assert quoted == "1 | Is 391 prime? Think step by step."
    assert carets == "  |               ^^^^^^^^^^^^^^^^^^"
    assert remedy == "  help: Remove “Think step by step” (--fix --unsafe-fixes)"
    assert ran.status == 1


def test_carets_stand_under_wide_characters(lint) -> None:
    """A wide character takes two columns, a combining one none."""
    written("a.txt", "素数🙂 e\u0301. Think step by step. 391?\n")

    quoted, carets = lint("a.txt", *ONLY).out.split("\n")[1:3]

    at = quoted.index("Think")
    assert text_output.width(quoted[:at]) == carets.index("^")
    assert carets.index("^") == at + 2


def test_a_longer_span_says_how_far_it_goes(lint) -> None:
    """Of a span over several lines the first is quoted."""
    written("a.txt", CODE)

    ran = lint("a.txt", *ONLY)

    assert "2 | def f(x):\n  | ^^^^^^^^^\n  | … 1 more line, to line 3\n" in ran.out
    assert "(--fix)" in ran.out


def test_of_a_long_line_only_what_surrounds_the_span_is_quoted(lint) -> None:
    """A megabyte on one line is not printed, however often something is found in it."""
    written("a.txt", "word " * 200_000 + CUE)

    ran = lint("a.txt", *ONLY)

    assert max(map(len, ran.out.splitlines())) < 250
    assert "…" in ran.out


def test_control_characters_do_not_reach_the_terminal(lint) -> None:
    """Escape sequences and bidirectional marks, in the prompt and in a file's name, are shown as marks."""
    written("a\x1b[31m.txt", "\x1b[31m red \u202e. Think step by step. Is 391\tprime?\r\n")

    ran = lint("a\x1b[31m.txt", *ONLY)

    assert not set("\x1b\u202e\r\t") & set(ran.out + ran.err)
    assert "a␛[31m.txt:1:" in ran.out
    assert "⟨U+202E⟩" in ran.out


def test_every_character_is_shown_as_visible_shows_it() -> None:
    """The short way past `untrusted` leaves out none of the characters that it makes visible."""
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        text = f"a{chr(code)}a"
        if chr(code) not in "\n\t":
            assert visible(text) == text_output.shown(text), hex(code)


def test_no_colour_without_a_terminal_or_with_no_color(lint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are for a terminal, unless NO_COLOR is set."""
    written("a.txt", CUE)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in lint("a.txt", *ONLY).out

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[" in lint("a.txt", *ONLY).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in lint("a.txt", *ONLY).out


@pytest.mark.parametrize("how", [(), ("--diff", "--unsafe-fixes"), ("--select", "COT001")])
def test_a_secret_is_starred_in_what_is_printed(lint, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]) -> None:
    """What a SEC rule finds is quoted nowhere, not even when another rule was asked for or in a diff."""
    finding(monkeypatch, "SEC001", "hunter2")
    written("a.txt", "The word is hunter2. Is 391 prime? Think step by step.\n")

    ran = lint("a.txt", *how)

    assert "hunter2" not in ran.out + ran.err
    assert "The word is *******." in ran.out


def test_a_clean_prompt_prints_nothing_but_a_summary_on_standard_error(lint) -> None:
    """Standard output holds findings; how much was linted is said beside it."""
    written("a.txt", "Is 391 prime?\n")

    ran = lint("a.txt")

    assert (ran.status, ran.out, ran.err) == (0, "", "1 prompt in 1 file: nothing found.\n")


def test_json_offsets_and_columns_count_code_points(lint) -> None:
    """The span of a finding, cut out of the prompt by its offsets, is what the columns name too."""
    text = "🙂🙂 Hi.\n🙂 Is 391 prime? Think step by step.\n"
    written("a.txt", text)

    (one,) = json.loads(lint("a.txt", *ONLY, "--output-format", "json").out)

    keys = "filename cell code name severity message start end line column end_line end_column fix"
    assert set(one) == set(keys.split())
    assert text[one["start"] : one["end"]] == "Think step by step"
    assert text.splitlines()[one["line"] - 1][one["column"] - 1 : one["end_column"] - 1] == "Think step by step"
    assert (one["filename"], one["cell"], one["fix"]["safe"]) == ("a.txt", None, False)


def test_json_of_hostile_text_is_json(lint) -> None:
    """NUL, half surrogates and bytes that are not UTF-8 leave the JSON readable."""
    written("a.txt", b"\x00 \xff\xfe \xed\xa0\x80 Is 391 prime? Think step by step.\n")

    ran = lint("a.txt", *ONLY, "--output-format", "json")

    assert [one["code"] for one in json.loads(ran.out)] == ["COT001"]


def test_sarif_counts_utf16_units_and_says_so(lint) -> None:
    """Columns are those of editors; severity, fix and rule are there."""
    text = "🙂🙂 Is 391 prime? Think step by step.\n"
    written("a b.txt", text)

    log = json.loads(lint("a b.txt", *ONLY, "--output-format", "sarif").out)

    (run,) = log["runs"]
    (one,) = run["results"]
    region = one["locations"][0]["physicalLocation"]["region"]
    units = text.encode("utf-16-le")
    cut = units[(region["startColumn"] - 1) * 2 : (region["endColumn"] - 1) * 2].decode("utf-16-le")
    assert (log["version"], run["columnKind"], cut) == ("2.1.0", "utf16CodeUnits", "Think step by step")
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.txt"
    assert (one["ruleId"], one["level"], len(one["fixes"])) == ("COT001", "warning", 1)
    assert {rule.code for rule in rules()} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert run["invocations"][0]["executionSuccessful"]


def test_sarif_says_what_was_not_linted(lint) -> None:
    """A file that cannot be read makes the run unsuccessful there too."""
    log = json.loads(lint("missing.txt", "--output-format", "sarif").out)

    (invocation,) = log["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    assert len(invocation["toolExecutionNotifications"]) == 1


def test_github_annotations_are_escaped(lint) -> None:
    """Commas and colons in a name, and what the message holds, end neither property nor command."""
    written("a,b:c%.txt", CUE)

    (line,) = lint("a,b:c%.txt", *ONLY, "--output-format", "github").out.splitlines()

    assert line.startswith(
        "::warning title=COT001 think-step-by-step,file=a%2Cb%3Ac%25.txt,line=1,col=15,endColumn=33::"
    )


def test_statistics_count_by_rule(lint) -> None:
    """The most frequent rule is first, with the best fix on offer."""
    written("a.txt", CUE)
    written("b.txt", CUE)
    written("c.txt", CODE)

    ran = lint("a.txt", "b.txt", "c.txt", *ONLY, "--statistics")

    assert ran.out == "2\tCOT001\t[-] think-step-by-step\n1\tDEL001\t[*] undelimited-code\n"
    counted = json.loads(lint("a.txt", *ONLY, "--statistics", "--output-format", "json").out)
    assert counted == [{"code": "COT001", "name": "think-step-by-step", "count": 1, "fix": "unsafe"}]
    assert lint("a.txt", "--statistics", "--output-format", "sarif").status == 2


# --- what is searched --------------------------------------------------------------------------------------------


def test_a_folder_is_searched_for_prompts_and_notebooks(lint) -> None:
    """Prompts by their names, at any depth; hidden folders and installed packages are left out."""
    for name in ("a.prompt", "deep/er/b.prompt.md", "c.prompt.txt", "no.txt", "no.md", ".git/d.prompt",
                 "node_modules/e.prompt", "x/.ipynb_checkpoints/f.prompt"):  # fmt: skip
        written(name, CUE)
    written("n.ipynb", book(cell("%%o1\n" + CUE)))

    found = json.loads(lint(*ONLY, "--output-format", "json").out)

    assert [one["filename"] for one in found] == ["a.prompt", "c.prompt.txt", "n.ipynb", "deep/er/b.prompt.md"]


def test_a_folder_without_prompts_is_said(lint) -> None:
    """Nothing searched is no silent pass: what was looked for is named."""
    ran = lint(".")

    assert ran.status == 0
    assert all(glob in ran.err for glob in SEARCHED)


def test_a_file_given_twice_is_linted_once(lint) -> None:
    """A file and the folder it is in give its findings once."""
    written("a.prompt", CUE)

    assert len(json.loads(lint("a.prompt", ".", "./a.prompt", *ONLY, "--output-format", "json").out)) == 1


@pytest.mark.parametrize("bad", ["missing.txt", "utf16.txt", "broken.ipynb", "v3.ipynb", "list.ipynb", "deep.ipynb"])
def test_what_cannot_be_read_is_no_pass_and_the_rest_is_linted(lint, bad: str) -> None:
    """Status 2 and a sentence with the name, beside the findings in the other files."""
    written("utf16.txt", CUE.encode("utf-16"))
    written("broken.ipynb", '{"cells": [')
    written("v3.ipynb", '{"worksheets": [{"cells": []}], "nbformat": 3}')
    written("list.ipynb", '{"cells": [[]]}')
    written("deep.ipynb", '{"cells": ' + "[" * 100_000)
    written("a.txt", CUE)

    ran = lint(bad, "a.txt", *ONLY)

    assert ran.status == 2
    assert "COT001" in ran.out
    assert len([line for line in ran.err.splitlines() if line.startswith("error: ") and bad in line]) == 1


def test_a_rule_that_broke_is_no_pass(lint, monkeypatch: pytest.MonkeyPatch) -> None:
    """X001 is status 2, and nothing is written over the file."""
    broken(monkeypatch, "COT002")
    path = written("a.txt", CODE)

    ran = lint("--fix", "a.txt")

    assert (ran.status, path.read_text()) == (2, CODE)
    assert "X001" in ran.out


def test_a_slip_in_a_code_or_a_model_is_status_2(lint) -> None:
    """Nothing is linted with what was not meant; an empty choice of rules neither."""
    written("a.txt", CUE)

    for words in (("--select", "COTT"), ("--ignore", "XYZ"), ("--model", "o1-previw"), ("--select", ","),
                  ("--select", "COT", "--ignore", "COT")):  # fmt: skip
        ran = lint("a.txt", *words)
        assert (ran.status, ran.out) == (2, ""), words
        assert len(ran.err.splitlines()) <= 3


def test_a_model_that_does_not_reason_silences_the_cue_rules(lint) -> None:
    """--model goes before the model a cell names."""
    written("a.txt", "%%o1 -m o1\n" + CUE)

    assert lint("a.txt", *ONLY).status == 1
    assert lint("a.txt", *ONLY, "--model", "gpt-4o").status == 0


# --- notebooks ---------------------------------------------------------------------------------------------------


def test_of_a_notebook_the_prompt_cells_are_linted(lint) -> None:
    """Cell and line are those a person counts; other cells, `%o1` lines and other magics are no prompts."""
    prompt = "%%o1 -m o1 --max-completion-tokens 2000\n" + CUE
    cells = (cell(CUE, "markdown"), cell(f"%o1 lint {CUE}"), cell(f"%%o1x\n{CUE}"), cell(lines_of("\n" + prompt)))
    written("n.ipynb", book(*cells))

    found = json.loads(lint("n.ipynb", *ONLY, "--output-format", "json").out)

    assert [(one["code"], one["cell"], one["line"], one["column"]) for one in found] == [
        ("PAR003", 4, 2, 12),
        ("COT001", 4, 3, 15),
    ]
    assert ("\n" + prompt)[found[0]["start"] : found[0]["end"]] == "--max-completion-tokens 2000"
    assert "n.ipynb:cell 4:3:15: COT001" in lint("n.ipynb", *ONLY).out


def test_a_cell_decides_for_itself(lint) -> None:
    """--lint off and --ignore on the magic line hold; a line that cannot be read is said, its neighbours are linted."""
    cells = (cell(f"%%o1 --lint off\n{CUE}"), cell(f"%%o1 --ignore COT\n{CUE}"), cell(f"%%o1 --nope\n{CUE}"))
    written("n.ipynb", book(*cells, cell(f"%%o1\n{CUE}")))

    ran = lint("n.ipynb", *ONLY)

    assert re.findall(r"cell (\d):", ran.out) == ["4"]
    assert ran.status == 2
    assert "error: n.ipynb: cell 3: There is no flag --nope" in ran.err


def test_annotations_stand_on_the_line_of_the_notebook_file(lint) -> None:
    """A service that shows the file finds the line of the cell in it."""
    path = written("n.ipynb", book(cell("x"), cell(lines_of(f"%%o1\nHi.\n{CUE}"))))

    ran = lint("n.ipynb", *ONLY, "--output-format", "github")

    number = int(re.search(r",line=(\d+)::", ran.out)[1])
    assert "Think step by step" in path.read_text().splitlines()[number - 1]


STYLES = (
    {},
    {"indent": 2},
    {"indent": "\t"},
    {"indent": None},
    {"indent": None, "separators": (",", ":")},
    {"ensure_ascii": True},
)


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("listed", ["lines", ""])
def test_a_fixed_notebook_differs_only_in_the_lines_that_were_added(lint, style, listed: str) -> None:
    """Indentation, escapes, numbers and every other cell stay byte for byte."""
    source = "%%o1\né " + CODE
    other = cell("x = 1.0e-05 # é \u2028")
    text = book(other, cell(lines_of(source) if listed else source), other, **style).replace("\n", "\r\n")
    path = written("n.ipynb", text)

    assert lint("--fix", *ONLY, "n.ipynb").status == 0

    new = path.read_bytes().decode()
    fixed = repair(source, select=["DEL001"]).text
    assert json.loads(new)["cells"][1]["source"] == (lines_of(fixed) if listed else fixed)
    joint = re.search(r'"%%o1\\n"(,\s*)', text)[1] if listed else ""
    for added in ("```python\n", "```\n"):
        quoted = json.dumps(added) if listed else json.dumps(added)[1:-1]
        assert quoted + joint in new
        new = new.replace(quoted + joint, "", 1)
    assert new == text


def test_lines_that_stay_keep_their_bytes(lint) -> None:
    """A line spelt with escapes is not spelt anew because another one was fixed."""
    text = book(cell(lines_of("%%o1\n" + CODE))).replace("keep the name", "keep the n\\u0061me")
    path = written("n.ipynb", text)

    lint("--fix", *ONLY, "n.ipynb")

    before, after = text.splitlines(), path.read_text().splitlines()
    assert [line for line in after if line not in before] == ['    "```python\\n",', '    "```\\n",']
    assert [line for line in after if line in before] == before


def test_a_notebook_without_a_fix_is_not_written(lint) -> None:
    """Bytes, and the time of the last change, stay."""
    path = written("n.ipynb", b"\xef\xbb\xbf" + book(cell("%%o1\n" + CUE), indent=3).encode() + b" \n\n")
    os.utime(path, ns=(1, 1))
    before = path.read_bytes()

    lint("--fix", *ONLY, "n.ipynb")

    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, 1)


TEXTS = st.text(st.sampled_from('%o1 \n\t"\\é🙂\u2028\ud800abc{}[],:'), max_size=30)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sources=st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=4),
    new=TEXTS,
    style=st.sampled_from(STYLES),
)
def test_any_source_can_be_replaced(sources, new, style) -> None:
    """Whatever a cell holds, exactly the prompt cells change, to exactly the new text."""
    cells = [cell(lines_of(f"%%o1\n{text}") if listed else f"%%o1\n{text}") for text, listed in sources]
    raw = book(cell("x"), *cells, **(style | {"ensure_ascii": True})).encode()
    source = notebook.read("n.ipynb", raw)
    texts = [one.text for one in source.passages]

    assert source.rewrite(texts) == raw
    after = json.loads(source.rewrite([texts[0] + new, *texts[1:]]))["cells"]
    assert ["".join(one["source"]) for one in after] == ["x", texts[0] + new, *texts[1:]]
    assert all(
        len(one.file_lines) >= len(one.text.splitlines() or [1]) - one.text.count("\u2028") for one in source.passages
    )


# --- fixes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [b"", b"\n"])
def test_a_fix_keeps_line_endings_mark_and_last_newline(lint, end: bytes, mark: bytes, last: bytes) -> None:
    """What is fixed is the same file with lines added."""
    lines = CODE.rstrip("\n").encode().split(b"\n")
    path = written("a.txt", mark + end.join(lines) + (end if last else b""))

    ran = lint("--fix", *ONLY, "a.txt")

    fixed = [lines[0], b"```python", *lines[1:3], b"```", lines[3]]
    assert path.read_bytes() == mark + end.join(fixed) + (end if last else b"")
    assert (ran.status, ran.out) == (0, "")
    assert "1 fixed, 0 left" in ran.err


def test_a_fix_loses_no_bytes_that_are_not_utf8(lint) -> None:
    """They come out as they went in, and that they were not understood is said."""
    path = written("a.txt", b"caf\xe9 \xff\n" + CODE.encode())

    ran = lint("--fix", *ONLY, "a.txt")

    assert path.read_bytes().startswith(b"caf\xe9 \xff\nFix this\n```python\n")
    assert ran.status == 2
    assert "line 1 holds a byte that is not UTF-8 (0xE9)" in ran.err


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60))
def test_any_file_comes_back_byte_for_byte(data: bytes) -> None:
    """Reading and rewriting without a fix is no change, whatever the bytes."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return
    source = read("a.txt", data)

    assert source.rewrite([one.text for one in source.passages]) == data


def test_unsafe_fixes_wait_for_their_flag(lint) -> None:
    """--fix keeps every word; with --unsafe-fixes words go."""
    path = written("a.txt", CUE)

    assert (lint("--fix", *ONLY, "a.txt").status, path.read_text()) == (1, CUE)
    assert (lint("--fix", "--unsafe-fixes", *ONLY, "a.txt").status, path.read_text()) == (0, "Is 391 prime?\n")


def patched(text: bytes, diff: bytes) -> bytes:
    """Return the text as `patch` would leave it: by the line numbers of the hunks, every line of context as it says."""
    old, new, done = text.splitlines(keepends=True), [], 0
    for line in diff.splitlines(keepends=True)[2:]:
        hunk = re.match(rb"@@ -(\d+)", line)
        if hunk:
            new += old[done : int(hunk[1]) - 1]
            done = int(hunk[1]) - 1
        elif line.startswith(b"\\"):  # the line before it ends the file, without a line end
            new[-1] = new[-1].rstrip(b"\n")
        elif line.startswith(b"+"):
            new.append(line[1:])
        else:
            assert line[1:].rstrip(b"\r\n") == old[done].rstrip(b"\r\n")
            new += [old[done]] * line.startswith(b" ")
            done += 1
    return b"".join(new + old[done:])


def test_diff_writes_nothing(lint) -> None:
    """Status 1 where something would change, 0 where nothing would; the diff can be applied."""
    path = written("a.txt", CODE.rstrip("\n").replace("\n", "\r\n"))
    before = path.read_bytes()

    ran = lint("--diff", "--fix", *ONLY, "a.txt")

    assert (ran.status, path.read_bytes()) == (1, before)
    assert "1 would be fixed" in ran.err
    assert "+```python\n" in ran.out.replace("\r", "")
    lint("--fix", *ONLY, "a.txt")
    assert path.read_bytes() == patched(before, ran.out.encode())
    assert lint("--diff", *ONLY, "a.txt").status == 0


def test_diff_of_a_notebook_is_by_cell(lint) -> None:
    """A person sees the prompt, not its JSON."""
    written("n.ipynb", book(cell("x"), cell(lines_of("%%o1\n" + CODE))))

    ran = lint("--diff", *ONLY, "n.ipynb")

    assert ran.out.startswith("--- n.ipynb:cell 2\n+++ n.ipynb:cell 2\n")
    assert "\n+```python\n def f(x):\n" in ran.out


def test_standard_input_is_fixed_onto_standard_output(lint, stdin) -> None:
    """With --fix standard output is the fixed text alone, findings go to standard error."""
    text = (CUE + CODE).replace("\n", "\r\n")
    stdin(b"\xef\xbb\xbf" + text.encode())

    ran = lint("--fix", *ONLY, "-")

    assert (
        ran.out.encode()
        == b"\xef\xbb\xbf" + repair((CUE + CODE).replace("\n", "\r\n"), select=["DEL001"]).text.encode()
    )
    assert "-:1:15: COT001" in ran.err


def test_standard_input_has_the_name_it_is_given(lint, stdin) -> None:
    """--stdin-filename tells a notebook from a text."""
    stdin(book(cell("%%o1\n" + CUE)).encode())

    assert lint("-", "--stdin-filename", "n.ipynb", *ONLY).out.startswith("n.ipynb:cell 1:2:15: COT001")


def test_a_fixed_file_keeps_its_mode_and_its_link(lint) -> None:
    """The file behind a symbolic link is written, its permissions stay, and nothing is left beside it."""
    path = written("real/a.txt", CODE)
    path.chmod(0o640)
    Path("link.txt").symlink_to(path)

    lint("--fix", *ONLY, "link.txt")

    assert Path("link.txt").is_symlink()
    assert "```python" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in Path("real").iterdir()] == ["a.txt"]


def test_a_write_protected_file_stays_and_is_said(lint) -> None:
    """What could not be written is still reported as a finding, at status 2."""
    path = written("a.txt", CODE)
    path.chmod(0o440)

    ran = lint("--fix", *ONLY, "a.txt")

    assert (ran.status, path.read_text()) == (2, CODE)
    assert "write-protected" in ran.err
    assert "DEL001" in ran.out


def test_a_file_changed_meanwhile_is_not_overwritten(lint, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor's save between reading and writing wins."""
    path = written("a.txt", CODE)
    real = os.fsync
    monkeypatch.setattr("os.fsync", lambda number: (path.write_text("saved"), real(number)))

    ran = lint("--fix", *ONLY, "a.txt")

    assert (ran.status, path.read_text()) == (2, "saved")
    assert [file.name for file in Path().iterdir()] == ["a.txt"]


# --- configuration -----------------------------------------------------------------------------------------------


def configured(text: str) -> None:
    """Write the table into this folder's pyproject.toml."""
    written("pyproject.toml", f'[project]\nname = "x"\n\n[tool.o1magic.lint]\n{text}\n')


def test_the_nearest_table_applies(lint) -> None:
    """A pyproject.toml without the table is passed over; one nearer with it replaces the outer one."""
    configured('ignore = ["COT"]')
    written("sub/pyproject.toml", "[project]\nname = 'o1magic-demo'\n")
    written("sub/a.txt", CUE)

    assert lint("sub/a.txt").status == 0
    written("sub/pyproject.toml", '[tool.o1magic.lint]\nselect = ["COT001"]\n')
    assert lint("sub/a.txt").status == 1


def test_the_command_line_goes_before_the_table(lint) -> None:
    """--select replaces what the table selects and ignores; --ignore adds to it."""
    configured('select = ["DEL001"]\nignore = ["COT001"]')
    written("a.txt", CUE + CODE)

    def found(*words: str) -> set[str]:
        return {one["code"] for one in json.loads(lint("a.txt", "--output-format", "json", *words).out)}

    assert found() == {"DEL001"}
    assert found("--select", "COT001") == {"COT001"}
    configured('select = ["DEL001", "COT001"]')
    assert found("--ignore", "DEL") == {"COT001"}


def test_model_and_per_file_ignores_and_exclude(lint) -> None:
    """The table's model is for what names none; globs cross folders and name files anywhere."""
    configured('select = ["COT001"]\nmodel = "gpt-4o"\nexclude = ["drafts/", "*.old.prompt"]')
    for name in ("a.prompt", "drafts/deep/b.prompt", "x/c.old.prompt"):
        written(name, "%%o1 -m o1\n" + CUE)
    written("d.prompt", CUE)

    assert [one["filename"] for one in json.loads(lint("--output-format", "json").out)] == ["a.prompt"]
    assert lint("drafts/deep/b.prompt").status == 1
    assert lint("drafts/deep/b.prompt", "--force-exclude").status == 0
    configured(
        'select = ["COT001"]\n[tool.o1magic.lint.per-file-ignores]\n"drafts/*" = ["COT"]\n"**/a.prompt" = ["COT"]'
    )
    found = json.loads(lint("--output-format", "json").out)
    assert [one["filename"] for one in found] == ["d.prompt", "x/c.old.prompt"]


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ('selct = ["COT"]', 5, "selct is not a key"),
        ('\nselect = "COT"', 6, "select must be a list"),
        ("select = []", 5, "select is empty"),
        ('ignore = ["COT", 1]', 5, "ignore must be a list"),
        ('ignore = ["NOPE9"]', 5, "no rule 'NOPE9'"),
        ("model = 1", 5, "model must be a text"),
        ('model = "o1-previw"', 5, "did you mean o1-preview"),
        ('exclude = "x"', 5, "exclude must be a list"),
        ("per-file-ignores = 1", 5, "per-file-ignores must be a table"),
        ('[tool.o1magic.lint.per-file-ignores]\n"a*" = "COT"', 6, "a* must be a list"),
        ('per-file-ignores = { "a*" = ["XYZ"] }', None, "a* cannot be used"),
    ],
)
def test_a_wrong_configuration_is_named_and_not_ignored(lint, table: str, line: int | None, said: str) -> None:
    """File, line and key are named, and nothing is linted with the defaults instead."""
    configured(table)
    written("a.txt", CUE)

    ran = lint("a.txt")

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert f"pyproject.toml:{line}: " in ran.err or line is None
    assert "pyproject.toml" in ran.err


def test_a_pyproject_that_is_not_toml_is_named_and_fixes_nothing(lint) -> None:
    """A mistake in one folder's file stops the run before another folder's prompt is changed."""
    first = written("a/x.prompt", CODE)
    written("b/pyproject.toml", "[tool.o1magic.lint]\nselect = ]\n")
    written("b/y.prompt", CODE)

    ran = lint("--fix", "a/x.prompt", "b/y.prompt")

    assert (ran.status, first.read_text()) == (2, CODE)
    assert re.search(r"b/pyproject\.toml is not TOML: .*line 2", ran.err)


# --- rules, hooks, start-up --------------------------------------------------------------------------------------


def test_the_reference_is_what_the_script_writes() -> None:
    """docs/rules.md is up to date (`make docs`) and holds every rule."""
    spec = importlib.util.spec_from_file_location("rules_reference", ROOT / "scripts" / "rules_reference.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = script.FILE.read_text(encoding="utf-8")

    assert script.text() == text
    assert [f"{rule.code} {rule.name}" for rule in rules()] == re.findall(r"^## (\S+ \S+)$", text, re.MULTILINE)


def test_rule_prints_one_page_or_all_as_markdown_or_json(capfd: pytest.CaptureFixture[str]) -> None:
    """A code or a name gives a page, --all every page."""
    assert main(["rule", "think-step-by-step"]) == 0
    assert capfd.readouterr().out.startswith("# think-step-by-step (COT001)\n")
    assert main(["rule", "--all"]) == 0
    assert capfd.readouterr().out.count("\n## What it does\n") == len(rules())
    assert main(["rule", "cot001", "--output-format", "json"]) == 0
    one = json.loads(capfd.readouterr().out)
    assert (one["code"], one["severity"], one["fix"]) == ("COT001", "warning", "unsafe")
    assert main(["rule", "--all", "--output-format", "json"]) == 0
    assert [rule.code for rule in rules()] == [each["code"] for each in json.loads(capfd.readouterr().out)]
    assert main(["rule", "COT0001"]) == 2


def test_the_hooks_run_what_there_is_on_what_is_searched() -> None:
    """Each hook's command is one the parser takes, and its files are those a folder is searched for."""
    yaml = pytest.importorskip("yaml")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert [hook["id"] for hook in hooks] == ["o1magic-lint", "o1magic-lint-fix"]
    for hook in hooks:
        program, *words = shlex.split(hook["entry"])
        written("a.prompt", "Is 391 prime?")
        assert (program, main([*words, "a.prompt"])) == ("o1magic", 0)
        names = [glob.replace("*", "deep/x") for glob in SEARCHED]
        assert all(re.search(hook["files"], name) for name in names)
        assert not re.search(hook["files"], "README.md")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert "o1magic" in scripts


def test_the_command_imports_only_what_it_needs() -> None:
    """Linting a text loads neither the pipeline nor the catalog nor the magic line's parser."""
    written("a.txt", CUE)
    code = (
        "import sys; from o1magic.cli import main; assert main(['lint', 'a.txt']) == 1\n"
        "ours = {'api', 'ask', 'call', 'catalog', 'arguments', 'untrusted', 'commands', 'render', 'client'}\n"
        "heavy = {'asyncio', 'difflib', 'openai', 'sqlite3', 'ssl', 'tempfile', 'logging'}\n"
        "assert not (heavy | {f'o1magic.{name}' for name in ours}) & set(sys.modules), sorted(sys.modules)\n"
    )

    subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    """`o1magic lint ... | head -1` ends quietly."""
    written("a.txt", CUE * 3_000)
    command = [sys.executable, "-m", "o1magic.cli", "lint", "a.txt", *ONLY]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as ran:
        assert ran.stdout.readline().startswith(b"a.txt:1:15")
        ran.stdout.close()
        assert b"Traceback" not in ran.stderr.read()


def test_lines_and_columns_of_every_offset() -> None:
    """Line and column, counted by bisection, are those counted by hand."""
    text = "a🙂b\r\n\n🙂🙂\n"

    lines = Lines(text)
    for offset in range(len(text) + 1):
        before = text[:offset]
        column = before[before.rfind("\n") + 1 :]
        assert lines.at(offset) == (before.count("\n") + 1, len(column) + 1)
        assert lines.utf16(offset) == (before.count("\n") + 1, len(column.encode("utf-16-le")) // 2 + 1)


def test_findings_are_those_of_the_library(lint) -> None:
    """The command adds no rule of its own."""
    written("a.txt", CUE + CODE)

    assert [one.code for one in check(CUE + CODE)] == [
        one["code"] for one in json.loads(lint("a.txt", "--output-format", "json").out)
    ]
