"""Text as it comes off the wire in pieces: surrogates made whole, a leading `<think>` block split off.

Layer 2, pure. Called by `wire`.
"""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"
# White space before the tag; more than this is text.
_MAX_LEAD = 64


def mended(text: str) -> str:
    """Return the text with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Mender:
    """Mends text that comes in pieces: some servers cut between the two halves of a surrogate pair."""

    def __init__(self) -> None:
        self.pending = ""

    def feed(self, text: str) -> str:
        """Return the text that is certain by now; half a character is kept in `pending`."""
        if not self.pending and text.isascii():
            return text
        text = self.pending + text
        self.pending = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return mended(text[: len(text) - len(self.pending)])


class ThinkSplitter:
    """Splits text that comes in pieces into what is said and a `<think>` block at its very beginning."""

    def __init__(self, *, on: bool) -> None:
        self._state = "start" if on else "off"
        self._held = ""

    def feed(self, text: str) -> tuple[str, str]:
        """Return what this piece adds to the text, and what to the reasoning."""
        if self._state == "off":
            return text, ""
        self._held += text
        thought = ""
        if self._state == "start" and not self._opened():
            return self._release() if self._state == "off" else ("", "")
        if self._state == "inside":
            thought = self._inside()
        if self._state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "off"
                return self._release()[0], thought
        return "", thought

    def pending(self) -> tuple[str, str]:
        """Return what is still held back, as it counts if nothing more comes."""
        return ("", self._held) if self._state == "inside" else (self._held, "")

    def _release(self) -> tuple[str, str]:
        held, self._held = self._held, ""
        return held, ""

    def _opened(self) -> bool:
        """Tell whether the tag has come; the state says whether it still can."""
        head = self._held.lstrip()
        if head.startswith(_OPEN):
            self._state, self._held = "inside", head[len(_OPEN) :]
            return True
        if not _OPEN.startswith(head) or len(self._held) > _MAX_LEAD:
            self._state = "off"
        return False

    def _inside(self) -> str:
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._state, self._held = "after", rest
            return thought
        kept = next((n for n in range(len(_CLOSE) - 1, 0, -1) if self._held.endswith(_CLOSE[:n])), 0)
        thought, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        return thought
