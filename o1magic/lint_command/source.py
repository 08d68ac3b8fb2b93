"""A file's bytes -> the prompts in it, and back: whatever no fix touches comes out byte for byte.

A notebook's `%%o1` cells are prompts, any other file is one prompt as a whole. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BOM = b"\xef\xbb\xbf"
# UTF-32 first: its mark begins like that of UTF-16.
_OTHER_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_UNREAD = re.compile("[\udc80-\udcff]")


class Passage(NamedTuple):
    """One prompt: a file, or the cell of that number; file_lines[i] is where line i of the cell stands in the file."""

    text: str
    cell: int | None = None
    file_lines: tuple[int, ...] = ()


class Source(NamedTuple):
    """A file that was read. `rewrite` takes the new text of every passage and returns the file's new bytes.

    complaint: what keeps the linter from understanding all of it; the rest is linted.
    """

    name: str
    data: bytes
    passages: tuple[Passage, ...]
    rewrite: Callable[[Sequence[str]], bytes]
    complaint: str | None = None


def read(name: str, data: bytes) -> Source:
    """Return the prompts in a file. Raises ArgumentError: a notebook that is none, or text that is not UTF-8 at all."""
    for mark, encoding in _OTHER_MARKS:
        if data.startswith(mark):
            raise ArgumentError(f"{name} is {encoding}, not UTF-8; it was not linted.")
    if name.lower().endswith(".ipynb"):
        from o1magic.lint_command import notebook

        return notebook.read(name, data)
    mark = BOM if data.startswith(BOM) else b""
    # Bytes that are not UTF-8 come back from the surrogates that stand for them.
    text = data[len(mark) :].decode("utf-8", "surrogateescape")
    return Source(
        name,
        data,
        (Passage(text),),
        lambda texts: mark + texts[0].encode("utf-8", "surrogateescape"),
        _complaint(text),
    )


def _complaint(text: str) -> str | None:
    unread = None if text.isascii() else _UNREAD.search(text)
    if unread is None:
        return None
    line = text.count("\n", 0, unread.start()) + 1
    byte = ord(unread.group()) - 0xDC00
    return (
        f"line {line} holds a byte that is not UTF-8 (0x{byte:02X}); what is spelt with such bytes was not understood"
    )
