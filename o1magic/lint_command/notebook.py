"""A notebook's bytes -> its `%%o1` cells, and back: only the changed lines of `source` change in the file.

The JSON is never written anew: a changed source replaces the old one where it stood, with the indentation that it had.
"""

from __future__ import annotations

import json
import re
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from o1magic.errors import ArgumentError
from o1magic.lint_command.cell import is_prompt
from o1magic.lint_command.source import BOM, Passage, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BLANK = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder()


class _Literal(NamedTuple):
    """A `source` as it stands in the file: its span, and those of its elements if it is a list."""

    start: int
    end: int
    elements: tuple[tuple[int, int, str], ...] | None
    text: str


def read(name: str, data: bytes) -> Source:
    """Return the `%%o1` cells of a notebook. Raises ArgumentError: naming what is wrong with the file."""
    mark = BOM if data.startswith(BOM) else b""
    try:
        raw = data[len(mark) :].decode("utf-8")
        notebook = json.loads(raw)
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{name} is not UTF-8: byte {error.start}; it was not linted.") from None
    except json.JSONDecodeError as error:
        raise ArgumentError(f"{name}:{error.lineno}: not a notebook: {error.msg}; it was not linted.") from None
    except RecursionError:
        raise ArgumentError(f"{name} is not a notebook: it nests too deeply; it was not linted.") from None
    wanted = _prompts(name, notebook)
    literals = _literals(raw, wanted) if wanted else {}
    passages = tuple(Passage(one.text, number, _file_lines(raw, one)) for number, one in literals.items())
    return Source(name, data, passages, partial(_rewritten, name, mark, raw, tuple(literals.values())))


def _prompts(name: str, notebook: Any) -> frozenset[int]:
    """Return the numbers of the prompt cells, counted from 1."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        old = isinstance(notebook, dict) and "worksheets" in notebook
        how = "Convert it: jupyter nbconvert --to notebook --nbformat 4." if old else ""
        raise ArgumentError(
            f"{name} is not a notebook of format 4: it has no list of cells; it was not linted.", how=how
        )
    wanted: set[int] = set()
    for number, cell in enumerate(cells, 1):
        source: Any = cell.get("source") if isinstance(cell, dict) else None
        listed = isinstance(source, list) and all(isinstance(line, str) for line in source)
        if not (isinstance(source, str) or listed):
            raise ArgumentError(f"{name} is not a notebook: cell {number} has no source; it was not linted.")
        if cell.get("cell_type") == "code" and is_prompt("".join(source)):
            wanted.add(number)
    return frozenset(wanted)


def _literals(raw: str, wanted: frozenset[int]) -> dict[int, _Literal]:
    """Return where the sources of those cells stand in the file, which is known to be a notebook."""
    found: dict[int, _Literal] = {}
    # Of a key that is there twice, JSON means the last.
    cells = [start for key, start, _ in _members(raw, _after(raw, 0)) if key == "cells"][-1]
    for number, (at, _, _) in enumerate(_elements(raw, cells), 1):
        if number in wanted:
            start, value = [(start, value) for key, start, value in _members(raw, at) if key == "source"][-1]
            end = _DECODER.raw_decode(raw, start)[1]
            elements = tuple(_elements(raw, start)) if isinstance(value, list) else None
            found[number] = _Literal(start, end, elements, "".join(value))
    return found


def _after(raw: str, at: int) -> int:
    match = _BLANK.match(raw, at)
    return at if match is None else match.end()


def _members(raw: str, at: int) -> Iterator[tuple[str, int, Any]]:
    """Yield key, start and value of each member of the object that begins there."""
    at = _after(raw, at + 1)
    while raw[at] != "}":
        key, end = _DECODER.raw_decode(raw, at)
        start = _after(raw, _after(raw, end) + 1)
        value, end = _DECODER.raw_decode(raw, start)
        yield key, start, value
        at = _after(raw, end)
        at = _after(raw, at + 1) if raw[at] == "," else at


def _elements(raw: str, at: int) -> Iterator[tuple[int, int, Any]]:
    """Yield start, end and value of each element of the array that begins there."""
    at = _after(raw, at + 1)
    while raw[at] != "]":
        value, end = _DECODER.raw_decode(raw, at)
        yield at, end, value
        at = _after(raw, end)
        at = _after(raw, at + 1) if raw[at] == "," else at


def _file_lines(raw: str, literal: _Literal) -> tuple[int, ...]:
    """Return, for each line of the cell, the line of the file that it stands on."""
    elements = literal.elements or ((literal.start, literal.end, literal.text),)
    lines: list[int] = []
    at, here, unfinished = 0, 1, False
    for start, _, text in elements:
        here += raw.count("\n", at, start)
        at = start
        ended = text.count("\n") + (text != "" and not text.endswith("\n"))
        lines += [here] * (ended - (unfinished and text != ""))
        unfinished = unfinished if text == "" else not text.endswith("\n")
    return tuple(lines)


def _rewritten(name: str, mark: bytes, raw: str, literals: Sequence[_Literal], texts: Sequence[str]) -> bytes:
    changed = [(one, text) for one, text in zip(literals, texts, strict=True) if one.text != text]
    if not changed:
        return mark + raw.encode("utf-8")
    pieces: list[str] = []
    at = 0
    for literal, text in changed:
        pieces += (raw[at : literal.start], _written(raw, literal, text))
        at = literal.end
    new = "".join((*pieces, raw[at:]))
    _verify(name, raw, new, dict(changed))
    return mark + new.encode("utf-8")


def _written(raw: str, literal: _Literal, text: str) -> str:
    """Return the JSON of the new source, in the form and with the blanks of the old one."""
    if literal.elements is None:
        return _quoted(raw, text)
    # Lines that stay keep their spelling, escapes included.
    kept = {line: raw[start:end] for start, end, line in literal.elements}
    lines = [kept.get(line) or _quoted(raw, line) for line in text.splitlines(keepends=True)]
    first, last = literal.elements[0], literal.elements[-1]
    lead, tail = raw[literal.start + 1 : first[0]], raw[last[1] : literal.end - 1]
    between = [raw[one[1] : other[0]] for one, other in pairwise(literal.elements)]
    joint = between[0] if between else f",{lead or ' '}"
    return f"[{lead}{joint.join(lines)}{tail}]"


def _quoted(raw: str, text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=raw.isascii() and "\\u" in raw)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", escaped)


def _verify(name: str, raw: str, new: str, changed: dict[_Literal, str]) -> None:
    """Raise ArgumentError unless the new notebook is the old one with exactly those sources changed."""
    wanted = {one.start: text for one, text in changed.items()}
    # Two NaN differ, their names do not.
    before, after = (json.loads(text, parse_constant=str) for text in (raw, new))
    starts = [literal.start for literal in _literals(raw, frozenset(range(1, len(before["cells"]) + 1))).values()]
    for cell, other, start in zip(before["cells"], after["cells"], starts, strict=True):
        if start in wanted:
            right = "".join(other["source"]) == wanted[start]
            cell["source"] = other["source"] if right else None
    if before != after:
        raise ArgumentError(f"{name}: the fixed notebook would not read back as meant; it was not written.")
