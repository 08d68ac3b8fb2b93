"""What the fixer may do to a prompt: put delimiters around what was pasted, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from o1magic.lint import Context, check, repair
from o1magic.lint.document import Document

TASKS = [
    "Fix this", "why does this crash?", "Sum by region:", "Summarise the following text.", "下面的代码有什么问题？",
    "이 데이터를 분석해 주세요", "Was macht dieser Code?", "Traduis ce texte :", "لخص النص التالي", "Review my change.",
    "", "# Task", "Text:", "Answer in <b>one</b> line.", 'Use `x`, not "y".', "\u202eright to left\u202c", "😀 thx",
]  # fmt: skip
LINES = {
    "python": ["def f(x):", "    return x + 1", "", "class A:", '    """Doc `tick`.', "", "    More words.",
               '    """', "# why not", "print(f(2))", "\tx = [1, 2]", "if x > 1:", "    pass", "s = '''a", "b'''"],
    "js": ["const a = [1, 2];", "function f() {", "  return `a ${b}`;", "}", "/* note", " * more", " */", "// end",
           'const md = "```js";', "```", "````", "export default f;", "<Foo bar={1}>", "</Foo>"],
    "csv": ["region,amt", "n,1", "s,2", '"a, b",3', "</data>", "w,-4.5", "é,5", "日本,6"],
    "tsv": ["a\tb", "1\t2", "3\t4", "5\t", "\t6"],
    "json": ["{", '  "a": 1,', '  "b": ["x", null]', "}", '{"a": 1, "b": {"c": "</data><data>"}, "d": "abcdefg"}', "["],
    "log": ["2026-01-01 10:00:00 INFO start", "2026-01-01 10:00:01 ERROR \u2028 broken", "  at f (a.js:1:2)",
            "[10:00:02] done ```"],
    "trace": [
            "Traceback (most recent call last):", '  File "a.py", line 1, in <module>', "f()", "ValueError: </x>"],
    "diff": ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", "-a", "+b", " c", ""],
    "table": ["| a | b |", "|---|---|", "| 1 | `2` |", "| 3 | 4 |"],
    "sql": ["SELECT a, count(*)", "FROM t", "WHERE x = '\"\"\"'", "GROUP BY a;"],
    "yaml": ["services:", "  web:", "    image: nginx", "    ports:", '      - "80:80"'],
    "prose": ["The river had been rising for three days when the old bridge at Lenz gave way. Nobody was hurt. " * 5],
    "odd": ["\x00", "\ud800", "\u200f\u05d0\u05d1", "\u2028", "\x0b", "\x85", "~~~", '"""', "'''", "<data>", "</data>",
            "<code>", "</code>", "<data2>", "<text>", "> quoted", "{{name}}", "   ", "a" * 3000, "```python",
            "`", "---"],
}  # fmt: skip
ENDINGS = ["\n", "\n", "\n", "\r\n", "\n\n", "\r\n\r\n", " \n", "\t\n", "\r", "\u2028", ""]
BLOCKS = st.sampled_from(sorted(LINES)).flatmap(lambda kind: st.lists(st.sampled_from(LINES[kind]), max_size=9))
FENCES = st.sampled_from(["```", "````", "~~~", '"""', "<data>", "<code>"])


@st.composite
def prompts(draw):
    """Return tasks and pasted blocks, some delimited, their lines ended in one way or in several."""
    one = draw(st.sampled_from([*ENDINGS[:4], None]))
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        block = draw(BLOCKS)
        if draw(st.integers(0, 4)) == 0:
            mark = draw(FENCES)
            block = [mark, *block, mark.replace("<", "</")]
        pieces += [draw(st.sampled_from(TASKS)), *block]
    return "".join(piece + (one or draw(st.sampled_from(ENDINGS))) for piece in pieces)


PROMPTS = prompts() | prompts().map(lambda text: text.rstrip("\r\n"))
SETTINGS = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
DELIMITER = re.compile(r"(?:`{3,}\w*|\"{3}|'{3}|</?(?:code|data)\d*>)")


@SETTINGS
@given(PROMPTS)
def test_a_safe_fix_inserts_two_lines_with_a_delimiter_each(text):
    """A safe fix inserts an opening and a closing line around a payload that stays as it is."""
    for one in check(text, select=["DEL"]):
        if one.fix is None or not one.fix.safe:
            continue
        opening, closing = one.fix.edits

        assert [(one.start, one.start), (one.end, one.end)] == [(edit.start, edit.end) for edit in one.fix.edits]
        assert DELIMITER.fullmatch(opening.text.rstrip("\r\n"))
        assert DELIMITER.fullmatch(closing.text.lstrip("\r\n"))
        assert closing.text.strip() not in map(str.strip, text[one.start : one.end].split("\n"))


@SETTINGS
@given(PROMPTS, st.booleans())
def test_fixing_comes_to_rest_in_one_go(text, unsafe):
    """What is fixed once is not fixed again, and nothing that may be fixed is left."""
    result = repair(text, unsafe=unsafe)

    assert result.text == repair(result.text, result.context, unsafe=unsafe).text
    assert not [one for one in result.remaining if one.fix and (unsafe or one.fix.safe)]
    assert bool(result.applied) == (result.text != text)


@SETTINGS
@given(PROMPTS)
def test_safe_fixes_keep_what_is_delimited_and_how_lines_end(text):
    """Delimited passages come out byte for byte, and the last line still ends as it did."""
    regions = [text[one.start : one.end] for one in Document(text, Context()).regions if one.kind in ("fence", "tag")]

    fixed = repair(text).text

    position = 0
    for region in regions:
        position = fixed.find(region, position)
        assert position >= 0
    ends = re.compile(r"[\r\n]*\Z")
    assert ends.search(text).group() == ends.search(fixed).group()
    if "\n" in text and not re.search(r"(?<!\r)\n", text):
        assert not re.search(r"(?<!\r)\n", fixed)
    if "\r" not in text:
        assert "\r" not in fixed


@pytest.mark.parametrize(
    "pasted",
    [
        "| a | b |\n" * 4 + "| c | ",
        "diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+ ",
        'Traceback (most recent call last):\n  File "a", line 1\n  ',
    ],
)
def test_what_is_delimited_stays_whole_beside_a_payload(pasted):
    """A tag that begins in the last line of something pasted is not cut by a delimiter."""
    tagged = "<data>\n1\n</data>"

    assert tagged in repair(f"Fix this\n{pasted}{tagged}\nValueError: x\nand that").text


@SETTINGS
@given(st.lists(st.sampled_from(TASKS[:11]), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_a_prompt_without_anything_pasted_comes_out_as_it_is(tasks, ending):
    """Where nothing is pasted, a safe fix changes nothing."""
    text = ending.join(tasks)

    assert text == repair(text).text


@pytest.mark.parametrize("kind", sorted(set(LINES) - {"prose", "odd"}))
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_large_payload_is_delimited_whole(kind, ending):
    """100 kB of one kind between two instructions get delimiters, and lose nothing."""
    block = [line for line in LINES[kind] if line.strip("`[") and not line.startswith(("</", "<F"))]
    payload = ending.join((block * 4000)[: 100_000 // (sum(map(len, block)) // len(block) + 2)])
    text = f"Fix this{ending}{payload}{ending}and say why."

    result = repair(text)

    assert result.applied
    remaining = iter(result.text)
    assert all(character in remaining for character in text)
    assert result.text == repair(result.text).text
