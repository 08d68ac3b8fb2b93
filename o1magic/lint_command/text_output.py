"""Findings as a person reads them: place, code and sentence, the line with the span underlined, the fix on offer."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from o1magic.lint_command.lines import Lines
from o1magic.lint_command.run import SECRETS, secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from o1magic.lint import Diagnostic
    from o1magic.lint_command.run import Report, Result

# Of a line longer than a screen, what stands around the span.
_AROUND, _LONGEST = 60, 100
_COLOURS = {"error": "31", "warning": "33", "info": "36"}
# What str.isprintable() passes although it is not seen; `untrusted.visible` decides about it by what stands around it.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class Paint(NamedTuple):
    """Colours, or none of them."""

    on: bool

    def __call__(self, text: str, colour: str) -> str:
        """Return the text in an ANSI colour."""
        return f"\033[{colour}m{text}\033[0m" if self.on and text else text


def shown(text: str) -> str:
    """Return the text with whatever a terminal would obey made visible."""
    text = text.replace("\t", "    ")
    if text.isprintable() and (text.isascii() or not _INVISIBLE.search(text)):
        return text
    # Imported only here: on most runs it would cost more than all the rest of the output.
    from o1magic.untrusted import visible

    return visible(text.replace("\n", "␊"))


def width(text: str) -> int:
    """Return how many columns a terminal needs for the text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(0 if category(c) in {"Mn", "Me", "Cf"} else 1 + (east_asian_width(c) in "WF") for c in text)


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text with a star for every character of the spans."""
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        pieces += (text[at:start], *(c if c in "\r\n" else "*" for c in text[max(at, start) : end]))
        at = max(at, end)
    return "".join((*pieces, text[at:]))


def findings(report: Report, paint: Paint) -> Iterator[str]:
    """Yield one block of lines per finding."""
    for result in report.results:
        if result.found:
            hidden = {*secrets(result.text), *_spans(result.found)}
            lines = Lines(masked(result.text, hidden))
            for one in result.found:
                yield "\n".join((*_block(result, one, lines, paint), ""))


def _spans(found: Sequence[Diagnostic]) -> Iterator[tuple[int, int]]:
    return ((one.start, one.end) for one in found if one.code.startswith(SECRETS))


def _block(result: Result, one: Diagnostic, lines: Lines, paint: Paint) -> Iterator[str]:
    line, column = lines.at(one.start)
    cell = "" if result.passage.cell is None else f"cell {result.passage.cell}:"
    place = f"{paint(shown(result.name), '1')}:{cell}{line}:{column}:"
    colour = _COLOURS[one.severity]
    yield f"{place} {paint(one.code, f'1;{colour}')} [{one.severity}] {shown(one.message)}"
    number = str(line)
    bar = paint("|", "34")
    before, inside, after = _quote(lines, one.start, one.end)
    carets = paint("^" * max(1, width(inside)), colour)
    yield f"{paint(number, '34')} {bar} {before}{inside}{after}".rstrip()
    yield f"{' ' * len(number)} {bar} {' ' * width(before)}{carets}"
    last = lines.at(max(one.start, one.end - 1)).line
    if last > line:
        more = "1 more line" if last == line + 1 else f"{last - line:,} more lines"
        yield f"{' ' * len(number)} {bar} … {more}, to line {last}"
    if one.fix is not None:
        how = "--fix" if one.fix.safe else "--fix --unsafe-fixes"
        yield f"{' ' * len(number)} {paint('help:', '1')} {shown(one.fix.title)} ({how})"


def _quote(lines: Lines, start: int, end: int) -> tuple[str, str, str]:
    """Return the line of the span in three parts, fit to be shown; the second is the span, as far as it is there."""
    first, stop = lines.span(lines.at(start).line)
    text = lines.text
    if text[first:stop].endswith("\r"):
        stop = max(start, stop - 1)
    end = max(start, min(end, stop))
    left, cut, right = max(first, start - _AROUND), min(end, start + _LONGEST), min(stop, end + _AROUND)
    before, inside, after = text[left:start], text[start:cut], text[end:right] if cut == end else ""
    return (
        ("…" if left > first else "") + shown(before),
        shown(inside),
        shown(after) + ("…" if cut < end or right < stop else ""),
    )


def statistics(report: Report) -> Iterator[str]:
    """Yield a line per rule that found something, the most frequent first."""
    for code, name, count, fix in counted(report):
        yield f"{count}\t{code}\t[{'*' if fix == 'safe' else '-' if fix else ' '}] {name}"


def counted(report: Report) -> list[tuple[str, str, int, str | None]]:
    """Return code, name, count, and the best fix on offer for any of them, by count."""
    found = [one for _, one in report.found]
    fixes = {(one.code, one.fix.safe) for one in found if one.fix is not None}
    counts = Counter((one.code, one.name) for one in found)
    order = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    kind = {code: "safe" if (code, True) in fixes else "unsafe" for code, _ in fixes}
    return [(code, name, count, kind.get(code)) for (code, name), count in order]


def summary(report: Report, *, wrote: bool) -> str:
    """Return the last line: how much was linted, found, fixed (or would be) and left."""
    found = [one for _, one in report.found]
    fixed = sum(len(result.fixed) for result in report.results)
    linted = f"{_count(len(report.results), 'prompt')} in {_count(report.files, 'file')}"
    if not found and not fixed:
        return f"{linted}: nothing found." if not report.failed else f"{linted}: nothing found in what could be linted."
    safe = sum(one.fix is not None and one.fix.safe for one in found)
    unsafe = sum(one.fix is not None and not one.fix.safe for one in found)
    parts = [f"{linted}: {_count(len(found) + fixed, 'finding')}"]
    parts += [f"{fixed} {'' if wrote else 'would be '}fixed, {len(found)} left"] if fixed else []
    parts += [f"{safe} fixable with --fix"] if safe else []
    parts += [f"{unsafe} {'more ' if safe else ''}with --fix --unsafe-fixes"] if unsafe else []
    return f"{'; '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
