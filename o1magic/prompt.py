"""`{{name}}` -> the value of that name, once, as delimited data.

Layer 2, no I/O. One pass over the source text: only `{{name}}`, only names that exist, never a name with two leading
underscores; everything else passes byte for byte, and an inserted value is never read again.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from o1magic import values
from o1magic.errors import ArgumentError, PromptError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

_PLACEHOLDER = re.compile(r"(?<!\{)\{\{([^\W\d]\w*)\}\}(?!\})")


@dataclass(frozen=True, slots=True)
class Inserted:
    """One value in the prompt: `start` to `end` is the value with its delimiters, in code points."""

    name: str
    kind: str
    start: int
    end: int
    chars: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text that goes out; `unknown` names the placeholders that were left as they are written."""

    text: str
    inserted: tuple[Inserted, ...] = ()
    unknown: tuple[str, ...] = ()


def interpolate(source: str, names: Mapping[str, object], *, max_chars: int, raw: bool = False) -> Prompt:
    """Return the prompt with each `{{name}}` that exists replaced by its value inside a delimiter named after it.

    `max_chars` caps each value, in characters; nothing is ever cut silently.
    Raises PromptError: a value over the cap or one that cannot be written as text, naming the variable.
    """
    if raw:
        return Prompt(source)
    parts: list[str] = []
    inserted: list[Inserted] = []
    unknown: list[str] = []
    position = length = 0
    for match in _PLACEHOLDER.finditer(source):
        name = match.group(1)
        if name.startswith("__") or name not in names:
            unknown.append(name)
            continue
        value = values.as_text(name, names[name], max_chars=max_chars)
        text = _delimited(name, value, source, match)
        literal = source[position : match.start()]
        parts += [literal, text]
        start = length + len(literal)
        length = start + len(text)
        position = match.end()
        inserted.append(Inserted(name, value.kind, start, length, len(value.text)))
    parts.append(source[position:])
    return Prompt("".join(parts), tuple(inserted), tuple(dict.fromkeys(unknown)))


def with_context(
    written: Prompt, wanted: Sequence[str], names: Mapping[str, object], *, max_chars: int, end: int
) -> Prompt:
    """Return the prompt with these values below it, delimited as `{{name}}` delimits them; the task stays on top.

    What stands from `end` on, a comment for the linter, stays last.

    Raises PromptError: as `interpolate` does, and where there is no such name.
    """
    text, inserted = written.text[:end].rstrip("\n"), list(written.inserted)
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, [known for known in names if not known.startswith("_")], n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise PromptError(f"--context {name}: there is no such name here{hint} Nothing was sent.", variable=name)
        value = values.as_text(name, names[name], max_chars=max_chars)
        start = len(text) + 2
        tag = re.sub(r"\W+", "_", name).strip("_") or "value"
        text = f"{text}\n\n{_tagged(tag, value)}"
        inserted.append(Inserted(name, value.kind, start, len(text), len(value.text)))
    if written.text[end:]:
        text = f"{text}\n{written.text[end:]}"
    return Prompt(text, tuple(inserted), written.unknown)


def developer(text: str | None, names: Mapping[str, object]) -> str | None:
    """Return the developer message: the text given, or the string that `@name` holds."""
    if text is None or not text.startswith("@"):
        return text
    value = names.get(text[1:])
    if not isinstance(value, str):
        raise ArgumentError(f"--developer {text}: there is no string of that name; nothing was sent.")
    return value


def check_sendable(text: str) -> None:
    """Raise PromptError where a prompt is empty or holds what JSON over HTTP cannot carry."""
    if not text.strip():
        raise PromptError("The prompt is empty; nothing was sent.", how="Write it below the %%o1 line.")
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            kind = "a NUL character" if character == "\0" else "half of a surrogate pair"
            raise PromptError(
                f"The prompt holds {kind} at position {position}; nothing was sent.",
                how="Remove it; it cannot be sent as text.",
            )


def notes(prompt: Prompt, names: Mapping[str, object], told: Container[str] = ()) -> list[str]:
    """Return what a person should know about the insertion, one sentence each.

    told: names of which the linter says already that nobody filled them in.
    """
    said = [f"{{{{{one.name}}}}}: {one.kind}, {one.chars:,} characters, as data" for one in prompt.inserted]
    for name in prompt.unknown:
        near = difflib.get_close_matches(name, [known for known in names if not known.startswith("_")], n=1)
        if name not in told:
            hint = f" (there is {{{{{near[0]}}}}})" if near else ""
            said.append(f"{{{{{name}}}}} is no variable here{hint}: it goes out as it is written")
        elif near:
            said.append(f"instead of {{{{{name}}}}} there is {{{{{near[0]}}}}}")
    return said


def _delimited(name: str, value: values.Value, source: str, match: re.Match[str]) -> str:
    """Return the value inside a tag named after the variable, unless the author wrote that very tag around it."""
    written = source[: match.start()].rstrip().endswith(f"<{name}>") and source[match.end() :].lstrip().startswith(
        f"</{name}>"
    )
    if written and f"</{name}" not in value.text:
        return value.text
    return _tagged(name, value)


def _tagged(name: str, value: values.Value) -> str:
    """Return the value inside a tag of that name, numbered where the value holds that very tag."""
    tag, number = name, 1
    while f"</{tag}" in value.text or f"<{tag}>" in value.text:
        number += 1
        tag = f"{name}_{number}"
    attributes = "".join(f' {key}="{content}"' for key, content in value.attributes)
    if "\n" in value.text or attributes:
        newline = "" if value.text.endswith("\n") else "\n"
        return f"<{tag}{attributes}>\n{value.text}{newline}</{tag}>"
    return f"<{tag}>{value.text}</{tag}>"
