"""How many tokens a text is: exact with the vocabulary the wheel carries, else an estimate marked "≈".

Layer 2. The only module that knows `tiktoken`. Never raises, never touches the network: tiktoken's own loader
would download, without a timeout, so the encoding is built here from our file. Called by `request`, `call` and
the simulator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tiktoken import Encoding

from o1magic import log

logger = log.named(__name__)

ENCODING = "o200k_base"
VOCABULARY = Path(__file__).parent / "vocabulary" / f"{ENCODING}.tiktoken"
VOCABULARY_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

# What a chat message costs besides its content: three tokens of framing and one for its role; and the three
# tokens that begin the reply. These are the OpenAI cookbook's figures for its chat models ("How to count tokens
# with tiktoken"). None are published for the reasoning models, so a sum may be off by a few tokens although its
# contents are counted exactly.
MESSAGE_OVERHEAD = 4
REPLY_PRIMING = 3

# How o200k_base splits a text into the pieces that it then encodes one by one (tiktoken 0.14, o200k_base).
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_SPLIT = "|".join(
    [
        rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_ENDING}",
        rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_ENDING}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
_SPECIAL = {"<|endoftext|>": 199_999, "<|endofprompt|>": 200_018}

# A megabyte of spaces is one such piece, on which the splitting engine runs out of stack; pieces of at most this
# many characters take 0.2 s per megabyte.
_LONGEST = 4_000
# Whatever can become one long piece is within a run of one of these: white space with the slashes and line ends
# that follow punctuation, or letters and punctuation. Digits go by threes.
_RUNS = (re.compile(r"[\s/]+"), re.compile(r"[^\s\d]+"))
# Seams: where _SPLIT ends a piece whatever comes before or after, so that a cut there leaves the count as it is.
_WORD = r"A-Za-z0-9\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3"
_SEAM = re.compile(
    # Only the first character of a piece can be a space, unless the piece is all white space.
    r"(?<=\S)(?= )"
    # In a piece upper case comes before lower case, except in "we'rE".
    r"|(?<=[a-z])(?<!'[a-z])(?=[A-Z])"
    # No piece holds both letters and digits,
    r"|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"
    # nor anything behind a letter or digit but more of them, marks, and the apostrophe of "don't".
    rf"|(?<=[{_WORD}])(?=[\r\n.,;:!?(){{}}<>\[\]\"/、。，！？；：」』）])"
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tokens; one that is not `exact` is an estimate, and its text says so."""

    tokens: int
    exact: bool

    def __str__(self) -> str:
        """Return the number, behind "≈" when it is an estimate."""
        return f"{'' if self.exact else '≈'}{self.tokens:,}"


def count(text: str, encoding: str | None) -> Count:
    """Return the tokens of the text; exact when the encoding is known and its vocabulary is here."""
    vocabulary = _vocabulary()
    if vocabulary is None:
        return Count(_estimate(text), exact=not text)
    tokens, seamless, start = 0, True, 0
    for end, is_seam in _cuts(text):
        # encode_ordinary: "<|endoftext|>" in a prompt is text; it replaces lone surrogates.
        tokens += len(vocabulary.encode_ordinary(text[start:end]))
        start, seamless = end, seamless and is_seam
    return Count(tokens, exact=not text or (seamless and encoding == ENCODING))


def count_messages(messages: Sequence[Mapping[str, str]], encoding: str | None) -> Count:
    """Return the tokens of a chat: the contents, MESSAGE_OVERHEAD for each message, and REPLY_PRIMING."""
    counts = [count(message["content"], encoding) for message in messages]
    overhead = len(messages) * MESSAGE_OVERHEAD + REPLY_PRIMING
    return Count(sum(c.tokens for c in counts) + overhead, exact=all(c.exact for c in counts))


def warm() -> None:
    """Load the vocabulary (half a second of CPU), so that the first count need not wait for it."""
    _vocabulary()


def _estimate(text: str) -> int:
    """Return a guess: four characters of English or code a token, one and a half of other scripts."""
    plain = len(text.encode("ascii", "ignore"))
    return ceil(plain / 4) + ceil((len(text) - plain) / 1.5)


def _cuts(text: str) -> Iterator[tuple[int, bool]]:
    """Yield where to cut the text, its end last, and whether cutting there leaves the count as it is."""
    hard: dict[int, bool] = {}
    if len(text) > _LONGEST:
        for runs in _RUNS:
            for run in runs.finditer(text):
                hard.update(_cuts_within(text, *run.span()))
    yield from sorted(hard.items())
    yield len(text), True


def _cuts_within(text: str, start: int, end: int) -> Iterator[tuple[int, bool]]:
    """Yield cuts that leave no piece of the run too long: at a seam where there is one, else anywhere."""
    while end - start > _LONGEST:
        limit = start + _LONGEST
        seam = _SEAM.search(text, start + _LONGEST // 2, limit) or _SEAM.search(text, start + 1, limit)
        start = seam.start() if seam else limit
        yield start, seam is not None


_lock = Lock()
_loaded: list[Encoding | None] = []


def _vocabulary() -> Encoding | None:
    """Return the encoding, loaded once; None when its file is missing or not the one we know."""
    if not _loaded:
        with _lock:
            if not _loaded:
                _loaded.append(_load(VOCABULARY))
    return _loaded[0]


def _load(file: Path) -> Encoding | None:
    from base64 import b64decode
    from hashlib import sha256

    try:
        data = file.read_bytes()
    except OSError as error:
        logger.debug("vocabulary-unreadable", extra={"reason": type(error).__name__})
        return None
    if sha256(data).hexdigest() != VOCABULARY_SHA256:
        logger.debug("vocabulary-corrupt")
        return None
    import tiktoken

    ranks = {b64decode(token): int(rank) for token, rank in map(bytes.split, data.splitlines())}
    return tiktoken.Encoding(ENCODING, pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens=_SPECIAL)
