"""What holds for every text, however odd."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from o1magic.lint import Context, check, repair

PIECES = [
    "Think step by step.", "Explain your reasoning", "请一步一步思考。", "단계별로 생각해 주세요.", "Is 391 prime?",
    "Fix this:", "and keep the name", "def f(x):", "    return x + 1", "const a = [1, 2];",
    "SELECT a FROM b;", "a,b,c", "1,2,3", "4,5,6", "x\ty", "1\t2", "3\t4", '{"a": 1,', '"b": [1, 2]}', "{",
    "}", "```", "````python", "~~~", '"""', "'''", "`", '"', "“", "”", "「", "<data>", "</data>", "<code>",
    "</code>", "<task>", "</task>", "> quoted", "{{name}}", "# Data", "Text:", "---", "| a | b |",
    "|---|---|", "2026-01-01 10:00:00 INFO x", "Traceback (most recent call last):", '  File "a.py", line 1',
    "ValueError: x", "", "\t", "- item", "Q: a", "A: b", "good -> bad", "é", "\u200d", "\ud800", "\x00",
    "\u202e", "ß", "İ", "ﬁ", "// note", "let's", "and", "step by", "step", "@@ -1 +1 @@", "+a", "-b",
    "please",
]  # fmt: skip
PROMPTS = st.lists(
    st.tuples(
        st.sampled_from(PIECES) | st.text(max_size=6), st.sampled_from(["\n", "\n", "\n", " ", "\r\n", "\n\n", ""])
    ),
    max_size=14,
).map(lambda pairs: "".join(piece + joint for piece, joint in pairs))
SETTINGS = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(PROMPTS)
def test_no_text_breaks_a_rule_and_every_span_lies_in_the_text(text):
    """No text makes a rule fail, and spans and edits lie within it."""
    for one in check(text):
        assert one.code != "X001", one.message
        assert 0 <= one.start <= one.end <= len(text)
        for edit in one.fix.edits if one.fix else ():
            assert 0 <= edit.start <= edit.end <= len(text)


@SETTINGS
@given(PROMPTS)
def test_safe_fixes_only_insert_and_come_to_rest(text):
    """A safely fixed text holds all of the text in order, is stable, and has nothing left to fix safely."""
    result = repair(text)

    remaining = iter(result.text)
    assert all(character in remaining for character in text)
    assert all(edit.start == edit.end for one in result.applied for edit in one.fix.edits)
    assert not [one for one in result.remaining if one.fix and one.fix.safe]
    assert result.text == repair(result.text).text
    assert bool(result.applied) == (result.text != text)


@SETTINGS
@given(PROMPTS, st.booleans())
def test_the_edits_of_a_repair_make_the_repaired_text(text, unsafe):
    """Several rounds of fixes are told as one round of edits, in order and apart, that does the same."""
    result = repair(text, unsafe=unsafe)

    pieces, at = [], 0
    for edit in result.edits:
        assert at <= edit.start <= edit.end
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    assert "".join((*pieces, text[at:])) == result.text


@SETTINGS
@given(PROMPTS)
def test_all_fixes_come_to_rest(text):
    """Fixing everything twice gives what fixing it once gives."""
    once = repair(text, unsafe=True)

    assert once.text == repair(once.text, unsafe=True).text


@SETTINGS
@given(PROMPTS, st.data())
def test_inserted_spans_keep_their_text(text, data):
    """Whatever is fixed, what the program inserted stays as it was."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    result = repair(text, Context(inserted=((start, end),)), unsafe=True)

    (moved,) = result.context.inserted
    assert text[start:end] == result.text[slice(*moved)]


@SETTINGS
@given(st.text(max_size=200))
def test_any_text_is_checked(text):
    """Any Unicode text is checked without an error."""
    assert "X001" not in {one.code for one in check(text)}
