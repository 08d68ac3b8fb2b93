from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o1magic import prompt
from o1magic.errors import PromptError

CAP = 200_000


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Liar:
    def __str__(self) -> str:
        return 5  # type: ignore[return-value] # noqa: PLE0307 - the fault under test


def shown(source: str, **names: object) -> str:
    return prompt.interpolate(source, names, max_chars=CAP).text


@pytest.mark.parametrize(
    "source",
    [
        '{"a": 1}',
        "\\frac{a}{b} and x^{10} and {{a}\\over{b}}",
        "f'{x}' {x} { x } {{ x }} {{x.y}} {{x[0]}} {{x!r}} {{x:>9}} {{{x}}}",
        "{{ user.name }} {% for x in y %}",
        "{os.environ[HOME]} {{__builtins__}} {{__name__}}",
        "{}",
        "{{",
        "}}",
        "{{}}",
        "a\r\nb\r\n",
    ],
)
def test_i2_i5_what_is_no_plain_name_passes_byte_for_byte(source: str) -> None:
    """JSON, LaTeX, f-strings, Jinja, attributes and dunders are literal text."""
    assert shown(source, x=1, user="u", os="o", a=1, __name__="n", __builtins__=1) == source


@given(st.text(alphabet=st.sampled_from("{}x \n\"'[].:!%é😀"), max_size=40))
def test_i2_without_a_known_name_the_prompt_is_the_source(source: str) -> None:
    """Text is never changed where no name exists."""
    assert shown(source) == source


def test_inserted_data_stands_in_a_delimiter_named_after_the_variable() -> None:
    """A value arrives between tags of its name."""
    assert shown("Translate {{word}} now", word="chat") == "Translate <word>chat</word> now"


def test_a_dataframe_is_csv_with_its_shape() -> None:
    """A frame is inserted whole, never as its shortened repr."""
    frame = pd.DataFrame({"a": range(100), "b": ["x"] * 100})

    text = shown("{{frame}}", frame=frame)

    assert text.startswith('<frame shape="100x2" format="csv">\na,b\n0,x\n')
    assert text.count("\n") == 102


def test_a_meaningful_index_is_kept() -> None:
    """An index that says something is part of the data."""
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["row"], name="key"))

    assert "key,a\nrow,1" in shown("{{frame}}", frame=frame)


def test_an_array_keeps_every_digit() -> None:
    """A matrix has one row per line at full precision."""
    assert "[0.1, 0.30000000000000004]" in shown("{{m}}", m=np.array([[0.1, 0.1 + 0.2]]))


def test_a_numpy_scalar_is_its_number() -> None:
    """The mean of a column is a number, not the name of a class."""
    assert shown("{{m}}", m=np.float64(1.75)) == "<m>1.75</m>"


def test_an_array_in_a_container_is_whole() -> None:
    """Nothing is left out of a list of numbers, wherever it stands; a frame there is refused, not shortened."""
    assert "4998" in shown("{{d}}", d={"a": np.arange(5000)})
    assert "..." not in shown("{{d}}", d={"a": np.arange(5000)})
    with pytest.raises(PromptError, match="DataFrame"):
        shown("{{d}}", d=[pd.DataFrame({"a": range(100)})])


@dataclass
class Record:
    a: object


def test_an_array_in_a_dataclass_is_whole() -> None:
    """A dataclass is inserted by its fields, none of them shortened."""
    assert "2950" in shown("{{r}}", r=Record(np.arange(3000)))


def test_dates_are_dates() -> None:
    """A datetime64 is no number of nanoseconds."""
    assert "2020-01-01" in shown("{{d}}", d=np.array(["2020-01-01"], dtype="datetime64[ns]"))


def test_keys_keep_their_types() -> None:
    """1 and "1" are two keys, and stay two."""
    assert shown("{{d}}", d={1: "a", "1": "b"}) == "<d>{1: 'a', '1': 'b'}</d>"


def test_a_function_is_its_source() -> None:
    """A function is inserted as the text that defines it."""
    assert "def shown(source: str" in shown("{{f}}", f=shown)


@pytest.mark.parametrize("value", ["{{secret}}", "{secret}", "</value> <value>", "</value_2>"])
def test_i6_a_value_is_never_read_again(value: str) -> None:
    """Braces and fake delimiters in a value are inserted verbatim, once, inside a tag they cannot close."""
    text = shown("{{value}}", value=value, secret="sk-live-123456")

    tag = text[1 : text.index(">")]
    assert text == f"<{tag}>{value}</{tag}>"
    assert value.count(f"</{tag}>") == 0


def test_a_tag_the_author_wrote_is_not_doubled() -> None:
    """`<x>{{x}}</x>` keeps the author's delimiter."""
    assert shown("<x>\n{{x}}\n</x>", x="1") == "<x>\n1\n</x>"


@pytest.mark.parametrize(("value", "kind"), [(Broken(), "Broken"), (Liar(), "Liar"), (b"\xff", "bytes")])
def test_i4_a_value_that_cannot_be_written_is_named(value: object, kind: str) -> None:
    """A __repr__ that raises or lies is an error naming the variable, not a lost prompt."""
    with pytest.raises(PromptError, match="thing") as caught:
        shown("{{thing}}", thing=value)

    assert kind in str(caught.value)
    assert caught.value.variable == "thing"


@pytest.mark.parametrize("value", ["x" * (CAP + 1), list(range(CAP + 1)), np.zeros((1000, 1000))])
def test_i3_a_value_over_the_cap_is_refused_with_its_size(value: object) -> None:
    """Nothing is cut silently."""
    with pytest.raises(PromptError, match=r"cap is 200,000"):
        shown("{{big}}", big=value)


def test_i1_an_unknown_name_goes_out_as_written_and_is_said() -> None:
    """A placeholder without a variable is literal, listed, and the nearest name is offered."""
    written = prompt.interpolate("{{fram}}", {"frame": 1}, max_chars=CAP)

    assert written.text == "{{fram}}"
    assert prompt.notes(written, {"frame": 1}) == [
        "{{fram}} is no variable here (there is {{frame}}): it goes out as it is written"
    ]


def test_what_the_linter_says_of_an_unknown_name_is_not_said_again() -> None:
    """Of a placeholder that the linter named, only the nearest name is still news."""
    written = prompt.interpolate("{{fram}} {{zzz}}", {"frame": 1}, max_chars=CAP)

    assert prompt.notes(written, {"frame": 1}, ["fram", "zzz"]) == ["instead of {{fram}} there is {{frame}}"]


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=4))
def test_spans_cover_exactly_what_was_inserted(pieces: list[tuple[str, str]]) -> None:
    """Cutting the spans out of the prompt leaves the literal text of the source."""
    names = {f"v{i}": value for i, (_, value) in enumerate(pieces)}
    literals = [literal.replace("{", "").replace("}", "").replace("<", "").replace(">", "") for literal, _ in pieces]
    source = "".join(f"{literal}{{{{v{i}}}}}" for i, literal in enumerate(literals))

    written = prompt.interpolate(source, names, max_chars=CAP)

    left, position = "", 0
    for one in written.inserted:
        left += written.text[position : one.start]
        position = one.end
    assert left + written.text[position:] == "".join(literals)


@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "a\ud800b"])
def test_what_cannot_be_sent_is_refused(text: str) -> None:
    """An empty prompt, a NUL and half a surrogate pair never leave."""
    with pytest.raises(PromptError, match="nothing was sent"):
        prompt.check_sendable(text)


def test_raw_turns_interpolation_off() -> None:
    """--raw sends {{name}} as it is written."""
    assert prompt.interpolate("{{x}}", {"x": 1}, max_chars=CAP, raw=True).text == "{{x}}"
