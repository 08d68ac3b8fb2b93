"""One text under the linter: everything that several rules need of it, each thing computed once, when first asked for.

Called by the rules; holds no rule's knowledge.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from heapq import merge
from itertools import chain
from operator import sub
from typing import TYPE_CHECKING, Any, TypeVar

from o1magic.lint import regions
from o1magic.lint.fold import Folded, fold
from o1magic.lint.patterns import late
from o1magic.lint.regions import Region, Regions, Spans
from o1magic.lint.vocabulary import Vocabulary

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from o1magic.lint.cues import Cue
    from o1magic.lint.delimiters import Style
    from o1magic.lint.diagnostic import Context
    from o1magic.lint.segments import Payload


def _sentence_end(marks: str, wide: str) -> re.Pattern[str]:
    """Return what ends a sentence in texts with those marks; after a full stop `wide` characters need no blank."""
    # The first character is one class, so that the search skips to it. A line break after 15 characters may be a wrap.
    return late(
        rf"[{marks}.\n](?:(?<=\n)(?:(?<![^\n]{{15}}\n)|(?![^\W\d_]))|(?<=[{marks}])[{marks}]*[\"')\]]*"
        rf"|(?<=\.)\.*[\"')\]]*(?=[\s\0{wide}]|$))"
    )


# The wide one takes ten times as long to compile.
_PLAIN_END, _SENTENCE_END = _sentence_end("!?", ""), _sentence_end("!?。…؟।", r"\u3000-\u9fff\uac00-\ud7af")
_WRAP = late(r"\n(?<=[^\n]{15}\n)(?=[^\W\d_])")
_LONGEST_SENTENCE = 600
_SOMETHING = late(r"[^\W_]")


_Result = TypeVar("_Result")


class Document:
    """The text, its context, and what is worked out about them."""

    def __init__(self, text: str, context: Context) -> None:
        self.text = text
        self.context = context
        self.start = min(max(context.body_start, 0), len(text))
        self.cues: dict[str, list[Cue]] = {}
        self._done: dict[tuple[object, ...], Any] = {}

    def once(self, work: Callable[..., _Result], *given: object) -> _Result:
        """Return what some work on the document comes to: done when first asked for, however often it is."""
        if (work, *given) not in self._done:
            self._done[work, *given] = work(self, *given)
        found: _Result = self._done[work, *given]
        return found

    def spans_of(self, *kinds: regions.Kind) -> Spans:
        """Return the regions of some kinds."""
        return self.once(_spans_of, kinds)

    @cached_property
    def inserted(self) -> Spans:
        """Return the spans the program filled in."""
        return Spans(self.context.inserted)

    @cached_property
    def regions(self) -> Regions:
        """Return what is delimited in the text, in order; what lies inside another region is not listed."""
        found = [Region(a, b, "inserted") for a, b in self.inserted]
        masked = self.inserted.mask(self.text)
        for scan, marks in _SCANS:
            if not any(map(masked.__contains__, marks)):
                continue
            new = list(scan(masked, self.start))
            found += new
            if new and scan is not regions.quotes:
                new.sort()
                masked = Spans(((region.start, region.end) for region in new), ordered=True).mask(masked)
        return Regions(sorted(found))

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
        return Spans(merge(regions, self.payload.spans(), data_spans(self)), ordered=True)

    @cached_property
    def delimited(self) -> Spans:
        """Return the spans in which pasted data may stand as it is."""
        kinds = ("fence", "triple", "tag", "blockquote", "inserted")
        spans = ((r.start, r.end) for r in self.regions if r.kind in kinds or self._is_quoted_block(r))
        return Spans(spans, ordered=True)

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
    def vocabulary(self) -> Vocabulary:
        """Return the words of `prose`, to be asked which of them it holds."""
        return Vocabulary(self.prose.text)

    @cached_property
    def _sentences(self) -> tuple[array[int], array[int]]:
        text, source = self.prose.text, self.prose.source
        ends = array("Q", (match.end() for match in (_PLAIN_END if text.isascii() else _SENTENCE_END).finditer(text)))
        wrapped = (match.end() for match in _WRAP.finditer(text)) if "\n" in text else ()
        if begun := [end for end in wrapped if not self.text[source(end)].islower()]:
            ends = array("Q", sorted([*ends, *begun]))
        if not ends or ends[-1] < len(text):
            ends.append(len(text))
        if max(map(sub, ends, chain((0,), ends))) > _LONGEST_SENTENCE:
            ends = _cut(ends)
        return array("Q", [0]) + ends[:-1], ends

    @property
    def sentence_starts(self) -> array[int]:
        """Return where the sentences of `prose` start."""
        return self._sentences[0]

    @property
    def sentence_ends(self) -> array[int]:
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


def _spans_of(document: Document, kinds: tuple[regions.Kind, ...]) -> Spans:
    return Spans((one.start, one.end) for one in document.regions if one.kind in kinds)


def _cut(ends: array[int]) -> array[int]:
    """Return the ends with more between those that lie far apart."""
    found = array("Q")
    before = 0
    for end in ends:
        if end - before > _LONGEST_SENTENCE:
            found.extend(range(before + _LONGEST_SENTENCE, end, _LONGEST_SENTENCE))
        found.append(end)
        before = end
    return found


_SCANS = (
    (regions.fences, ("```", "~~~")),
    (regions.triples, ('"""', "'''")),
    (regions.tags, ("</",)),
    (regions.simple, (">", "{{")),
    (regions.inline_code, ("`",)),
    (regions.quotes, tuple("\"“”„«»「『《〈‹‘＂'")),
)
