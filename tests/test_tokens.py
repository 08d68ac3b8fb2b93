"""Counting tokens: exact offline, an estimate where it must be, and never an exception."""

from __future__ import annotations

import hashlib
import random
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o1magic import tokens
from o1magic.tokens import Count

# What decides where the tokenizer splits: letters of both cases and of none, marks, digits, white space of several
# kinds (and what only Python takes for it), line ends, slashes, apostrophes, contractions in odd case.
ALPHABET = [
    *"abzsrvltdemABZSRVLTDEM019'’.,;:!?()[]{}<>\"/\\-_ \t\n\r\x0b\x85\xa0\u3000\u2028\x1c",
    *"字日本。，、」가한ぁアーéÀßſKДджΩ\u0301\u093f\u200d😀👍½²٣ǅʰªก",
    *["'re", "'rE", "'S", "'LL", "\r\n", "\n\n", "  ", " '", "<|endoftext|>"],
]
MEGABYTE = 1_000_000


@pytest.fixture
def no_vocabulary(monkeypatch, tmp_path):
    """Count as on a machine whose vocabulary file is missing."""
    monkeypatch.setattr(tokens, "VOCABULARY", tmp_path / "missing")
    monkeypatch.setattr(tokens, "_loaded", [])


def whole(text):
    encoding = tokens._vocabulary()
    assert encoding is not None, f"{tokens.VOCABULARY} is missing: build the project once (pip install -e .)"
    return encoding.encode_ordinary(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("hello world", 2), ("<|endoftext|>", 7), ("Закрась красным", 5), ("생각을 보여 주세요", 5)],
)
def test_known_counts(text, expected):
    """Counts are those of o200k_base, special tokens in a prompt being text like any other."""
    assert Count(expected, exact=True) == tokens.count(text, "o200k_base")


def test_encoding_equals_that_of_tiktoken(monkeypatch, tmp_path):
    """The encoding built from our file has the pattern, ranks and special tokens of tiktoken's own."""
    from tiktoken_ext import openai_public

    # The name under which tiktoken caches the file: the SHA-1 of the address it would come from.
    shutil.copy(tokens.VOCABULARY, tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    theirs = openai_public.o200k_base()
    ours = tokens._vocabulary()

    assert theirs["pat_str"] == ours._pat_str
    assert theirs["special_tokens"] == ours._special_tokens
    assert theirs["mergeable_ranks"] == ours._mergeable_ranks


def test_vocabulary_hash_is_that_of_the_file():
    """The pinned hash is the hash of the vocabulary in place."""
    found = hashlib.sha256(tokens.VOCABULARY.read_bytes()).hexdigest()

    assert found == tokens.VOCABULARY_SHA256


@given(st.lists(st.sampled_from(ALPHABET), min_size=2, max_size=24).map("".join))
@settings(deadline=None, max_examples=400)
def test_cutting_at_every_seam_changes_no_token(text):
    """A seam is a place where the tokenizer ends a piece in any case."""
    cuts = [match.start() for match in tokens._SEAM.finditer(text)]
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert whole(text) == [token for piece in pieces for token in whole(piece)]


def test_seams_hold_in_much_random_text():
    """The same over many short random texts, more than the property's examples."""
    dice = random.Random(20261122)  # noqa: S311 - test data
    for _ in range(20_000):
        text = "".join(dice.choices(ALPHABET, k=dice.randint(2, 12)))
        cuts = [match.start() for match in tokens._SEAM.finditer(text)]
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

        assert len(whole(text)) == sum(len(whole(piece)) for piece in pieces), repr(text)


@given(st.text(max_size=60) | st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join))
@settings(deadline=None, max_examples=300)
def test_a_count_called_exact_is_exact(text):
    """However small the pieces, a count that calls itself exact is that of the whole text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "_LONGEST", 5)
        counted = tokens.count(text, "o200k_base")

    assert not counted.exact or counted.tokens == len(whole(text))


@pytest.mark.parametrize(
    "paragraph",
    [
        "The quick brown fox doesn't jump over the lazy dog; it's 3.14 times too lazy.\n\n",
        "def transpose(rows):\n    return [list(column) for column in zip(*rows)]\n",
        "请把数据库设计成三个表，一步一步地思考。然后用 SQL 写出来！\n",
        "단계별로 생각하고 그 과정을 보여 주세요. 표는 세 개입니다.\n",
        "Покажи ход рассуждений, затем ответь: сколько будет 17 × 23?\n",
        "اشرح خطوة بخطوة، ثم أجب.\n",
        "aGVsbG8gd29ybGQhIFRoaXMgaXMgYmFzZTY0Lg==/+Zm9vYmFy",
        '{"id":12,"title":"Dune","price":9.99,"tags":["a","b"]},',
    ],
)
def test_long_ordinary_text_counts_exactly(paragraph):
    """Ordinary text longer than the longest piece is counted exactly."""
    text = paragraph * (3 * tokens._LONGEST // len(paragraph))

    assert Count(len(whole(text)), exact=True) == tokens.count(text, "o200k_base")


@pytest.mark.parametrize(
    ("unit", "exact"),
    [
        (" ", False),
        ("a", False),
        ("\n", False),
        ("😀", False),
        ("!", False),
        ("字", False),
        ("/\n", False),
        ("\ud800", False),
        ("e\u0301", False),
        (" \t\xa0\u3000", False),
        ("\x1c!", True),
        ("0", True),
        ("aB3/", True),
        ("hello world, ", True),
        ("字。", True),
        ("a" * 3_999 + " ", True),
    ],
)
def test_pathological_text_neither_panics_nor_crawls(unit, exact):
    """A megabyte of anything is counted in a second or so, and marked where it had to be cut anywhere."""
    text = unit * (MEGABYTE // len(unit))
    whole("")
    began = time.process_time()
    counted = tokens.count(text, "o200k_base")

    assert exact == counted.exact
    assert 0 < counted.tokens <= 2 * len(text)
    assert time.process_time() - began < 3  # measured 0.05 to 0.7 s; slack for a busy machine


def test_hard_cuts_cost_next_to_nothing():
    """Cutting an endless run anywhere adds at most two tokens a cut."""
    text = "a" * 5 * tokens._LONGEST

    assert abs(tokens.count(text, "o200k_base").tokens - len(whole(text))) <= 2 * 5


@pytest.mark.parametrize("encoding", [None, "cl100k_base"])
def test_another_encoding_is_an_estimate_on_the_basis_of_ours(encoding):
    """An encoding that is unknown, or not carried, takes o200k_base's count and says that it is an estimate."""
    assert Count(2, exact=False) == tokens.count("hello world", encoding)


def test_lone_surrogates_are_counted():
    """A lone surrogate, which no UTF-8 can hold, counts like the replacement character."""
    assert tokens.count("a\ufffdb", "o200k_base") == tokens.count("a\ud800b", "o200k_base")


@pytest.mark.usefixtures("no_vocabulary")
@pytest.mark.parametrize("text", ["x", "hello world", "한국어", "\ud800", "😀" * 100, "a b " * 1000])
def test_without_vocabulary_there_is_an_estimate(text):
    """A missing vocabulary gives an estimate that says so."""
    counted = tokens.count(text, "o200k_base")

    assert counted.tokens >= 1
    assert str(counted).startswith("≈")


@pytest.mark.parametrize("paragraph", ["The quick brown fox is lazy. ", "단계별로 생각하세요. ", "请一步一步地思考。"])
def test_an_estimate_is_of_the_right_size(paragraph, monkeypatch):
    """The estimate without a vocabulary is within a factor of two of the count."""
    text = paragraph * 50
    counted = tokens.count(text, "o200k_base").tokens
    monkeypatch.setattr(tokens, "_loaded", [None])

    assert counted / 2 <= tokens.count(text, "o200k_base").tokens <= counted * 2


def test_corrupt_vocabulary_is_not_used(monkeypatch, tmp_path):
    """A vocabulary of which one byte is wrong is treated as missing."""
    data = bytearray(tokens.VOCABULARY.read_bytes())
    data[1000] ^= 1
    corrupt = tmp_path / "o200k_base.tiktoken"
    corrupt.write_bytes(data)
    monkeypatch.setattr(tokens, "VOCABULARY", corrupt)
    monkeypatch.setattr(tokens, "_loaded", [])

    assert tokens.count("hello world", "o200k_base").exact is False


def test_loading_and_counting_need_no_network(monkeypatch):
    """Neither loading nor counting opens a socket or changes the environment."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(tokens, "_loaded", [])

    assert Count(2, exact=True) == tokens.count("hello world", "o200k_base")


def test_many_threads_load_once(monkeypatch):
    """The vocabulary is loaded once, however many threads ask for it first."""
    loads = []

    def load(_file):
        time.sleep(0.01)  # long enough for all threads to arrive
        loads.append(1)

    monkeypatch.setattr(tokens, "_loaded", [])
    monkeypatch.setattr(tokens, "_load", load)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tokens.warm(), range(32)))

    assert len(loads) == 1


def test_messages_add_up():
    """A chat counts its contents, the overhead of each message, and the priming of the reply."""
    messages = [{"role": "developer", "content": "hello world"}, {"role": "user", "content": ""}]

    assert Count(2 + 2 * 4 + 3, exact=True) == tokens.count_messages(messages, "o200k_base")


@pytest.mark.usefixtures("no_vocabulary")
def test_messages_are_an_estimate_when_one_is():
    """One estimated content makes the sum an estimate."""
    assert tokens.count_messages([{"role": "user", "content": "hello"}], "o200k_base").exact is False


@pytest.mark.parametrize(
    ("counted", "shown"), [(Count(1234, exact=True), "1,234"), (Count(1234, exact=False), "≈1,234")]
)
def test_an_estimate_shows(counted, shown):
    """An estimate is shown behind "≈"."""
    assert shown == str(counted)
