"""One text under the linter: everything that several rules need of it, each thing computed once, when first asked for.

Called by the rules; holds no rule's knowledge.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from o1magic.lint import regions
from o1magic.lint.fold import Folded, fold
from o1magic.lint.regions import Region, Spans

if TYPE_CHECKING:
    from o1magic.lint.delimiters import Style
    from o1magic.lint.diagnostic import Context
    from o1magic.lint.segments import Payload

_SENTENCE_END = re.compile(r"[!?。…؟।]+[\"')\]]*|\.+[\"')\]]*(?=[\s\0\u3000-\u9fff\uac00-\ud7af]|$)|\n")
_WRAPPED_FROM = 15
_LONGEST_SENTENCE = 600
_SOMETHING = re.compile(r"[^\W_]")


class Document:
    """The text, its context, and what is worked out about them."""

    def __init__(self, text: str, context: Context) -> None:
        self.text = text
        self.context = context
        self.start = min(max(context.body_start, 0), len(text))

    @cached_property
    def inserted(self) -> Spans:
        """Return the spans the program filled in."""
        return Spans(self.context.inserted)

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """Return what is delimited in the text, in order; what lies inside another region is not listed."""
        found = [Region(a, b, "inserted") for a, b in self.inserted]
        masked = self.inserted.mask(self.text)
        for scan, marks in _SCANS:
            if not any(mark in masked for mark in marks):
                continue
            new = list(scan(masked, self.start))
            if new:
                found += new
                masked = Spans((region.start, region.end) for region in new).mask(masked)
        return tuple(sorted(found))

    @cached_property
    def payload(self) -> Payload:
        """Return the lines of the prompt and what of them is pasted code or data without delimiters."""
        from o1magic.lint.segments import Payload

        return Payload(self)

    @cached_property
    def style(self) -> Style:
        """Return how the prompt delimits what it delimits."""
        from o1magic.lint.delimiters import style_of

        return style_of(self)

    @cached_property
    def protected(self) -> Spans:
        """Return the spans that are not the person's own instruction."""
        from o1magic.lint.segments import data_spans

        regions = ((r.start, r.end) for r in self.regions)
        return Spans([*regions, *self.payload.spans(), *data_spans(self)])

    @cached_property
    def delimited(self) -> Spans:
        """Return the spans in which pasted data may stand as it is."""
        kinds = ("fence", "triple", "tag", "blockquote", "inserted")
        return Spans((r.start, r.end) for r in self.regions if r.kind in kinds or self._is_quoted_block(r))

    def _is_quoted_block(self, region: Region) -> bool:
        # Several lines in plain quotes or backticks delimit; a string literal inside pasted code does not.
        if region.kind not in ("quote", "code") or "\n" not in self.text[region.start : region.end]:
            return False
        before = self.text[max(self.start, region.start - 2) : region.start]
        return not before or before.endswith("\n") or before.rstrip()[-1:] in ":："

    @cached_property
    def prose(self) -> Folded:
        """Return the folded text, NUL in place of what is protected, line breaks in place of the magic line."""
        masked = self.protected.mask(self.text)
        return fold("\n" * self.start + masked[self.start :] if self.start else masked)

    @cached_property
    def _sentences(self) -> tuple[list[int], list[int]]:
        text = self.prose.text
        ends: list[int] = []
        line = previous = 0
        for match in _SENTENCE_END.finditer(text):
            end = match.end()
            if match.group() == "\n":
                wraps = end - line > _WRAPPED_FROM and text[end : end + 1].isalpha() and self._starts_lower(end)
                line = end
                if wraps:
                    continue
            _add_end(ends, previous, end)
            previous = end
        _add_end(ends, previous, len(text))
        return [0, *ends[:-1]], ends

    def _starts_lower(self, end: int) -> bool:
        return self.text[self.prose.source(end)].islower()

    @property
    def sentence_starts(self) -> list[int]:
        """Return where the sentences of `prose` start."""
        return self._sentences[0]

    @property
    def sentence_ends(self) -> list[int]:
        """Return where the sentences of `prose` end, their marks included."""
        return self._sentences[1]

    def sentence_at(self, offset: int) -> tuple[int, int]:
        """Return the span, in the text, of the sentence around an offset into the text."""
        from bisect import bisect_right

        folded = offset
        if self.prose.starts is not None:
            folded = bisect_right(self.prose.starts, offset) - 1
        i = max(0, bisect_right(self.sentence_starts, folded) - 1)
        return self.prose.source(self.sentence_starts[i]), self.prose.source(self.sentence_ends[i])

    def leaves_something(self, start: int, end: int) -> bool:
        """Return whether a word is left in the prompt without text[start:end]."""
        return bool(_SOMETHING.search(self.text, self.start, start) or _SOMETHING.search(self.text, end))


def _add_end(ends: list[int], start: int, end: int) -> None:
    while end - start > _LONGEST_SENTENCE:
        start += _LONGEST_SENTENCE
        ends.append(start)
    if end > start or not ends:
        ends.append(end)


_SCANS = (
    (regions.fences, ("```", "~~~")),
    (regions.triples, ('"""', "'''")),
    (regions.tags, ("</",)),
    (regions.simple, (">", "{{")),
    (regions.inline_code, ("`",)),
    (regions.quotes, tuple("\"“”„«»「『《〈‹‘＂'")),
)
