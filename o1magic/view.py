"""A call as it is seen while it runs: what every view shows, and the view of a terminal.

Layer 7. The loop thread only takes notes; the thread that called draws.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from o1magic import answer, endpoint, live, render, untrusted
from o1magic.call import Noted
from o1magic.client import Retrying, Sent, Text, Thought, Waiting

if TYPE_CHECKING:
    from o1magic.call import Event
    from o1magic.draft import Draft
    from o1magic.errors import O1Error
    from o1magic.render import Bundle

# The clock turns twice a second.
CLOCK_S = 0.5


class Progress:
    """What has happened so far; written by the loop thread, read by the caller's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: list[str] = []
        self._thoughts: list[str] = []
        self._said = "thinking"
        self._pause: tuple[Retrying | Waiting, float] | None = None
        self.sent = False
        self.notes: list[str] = []

    def event(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, Text):  # most of them
            self._said, self._pause = live.WRITING, None
            with self._lock:
                self._fresh.append(event.text)
            return
        said = live.said(event)
        if said is not None:
            self._said, self._pause = said, None
        if isinstance(event, (Retrying, Waiting)):
            self._pause = (event, time.monotonic() + event.wait_s)
        if isinstance(event, Thought):
            self._thoughts.append(event.text)
        elif isinstance(event, Sent):
            self.sent = True
        elif isinstance(event, Noted):
            self.notes.append(event.text)

    @property
    def said(self) -> str:
        """Return what the call is doing; a wait is counted down."""
        if self._pause is None:
            return self._said
        event, until = self._pause
        return live.said(replace(event, wait_s=max(0.0, until - time.monotonic()))) or self._said

    def fresh(self) -> str:
        """Return the text that came since the last look."""
        with self._lock:
            text = "".join(self._fresh)
            self._fresh.clear()
        return text

    def thought(self) -> str:
        """Return the reasoning that was shown so far."""
        return "".join(self._thoughts).strip()


class TerminalView:
    """Shows a call in a terminal: the strip in plain text, a clock on one line where the stream is a terminal."""

    def __init__(self) -> None:
        self._progress = Progress()
        self.draft: Draft | None = None
        self._model = ""
        self._drawn = 0

    def before(self, draft: Draft) -> None:
        """Print what the linter found and changed; for a dry run, what would be sent."""
        self.draft, self._model = draft, draft.asked
        shown = strip_of(draft)
        if shown is not None:
            sys.stderr.write(shown["text/plain"] + "\n")
        if draft.arguments.dry_run:
            sys.stdout.write(dry_run_of(draft)["text/plain"] + "\n")

    def event(self, event: Event) -> None:
        """Take note of what happened on the loop thread."""
        self._progress.event(event)

    @property
    def sent(self) -> bool:
        """Tell whether a request left."""
        return self._progress.sent

    def tick(self, seconds: float) -> None:
        """Redraw the clock."""
        if seconds >= CLOCK_S and sys.stderr.isatty():
            line = render.clock(seconds, self._model, self._progress.said)["text/plain"]
            sys.stderr.write(f"\r{line.ljust(self._drawn)}")
            sys.stderr.flush()
            self._drawn = len(line)

    def finish(self) -> None:
        """Wipe the clock, and say what the ledger had to say."""
        if self._drawn:
            sys.stderr.write(f"\r{' ' * self._drawn}\r")
            sys.stderr.flush()
            self._drawn = 0
        for note in self._progress.notes:
            sys.stderr.write(f"note: {untrusted.visible(note)}\n")

    def leave(self, failure: O1Error) -> None:
        """Print what there is of an answer although the call failed."""
        shown = left_of(failure)
        if shown is not None:
            sys.stdout.write(shown["text/plain"] + "\n")


def strip_of(draft: Draft) -> Bundle | None:
    """Return the lint strip of a draft, None when there is nothing to say."""
    changed = bool(draft.applied or draft.prompt.inserted)
    return render.strip(
        draft.checked, draft.applied, draft.final, draft.remaining, draft.notes, draft.request.sent if changed else None
    )


def dry_run_of(draft: Draft) -> Bundle:
    """Return what would be sent."""
    target = endpoint.shown(draft.settings.endpoint or "the environment's endpoint")
    return render.dry_run(draft.request, endpoint=target, worst_nano_usd=draft.worst_nano_usd)


def left_of(failure: O1Error) -> Bundle | None:
    """Return what there is of an answer although the call failed: all of it, or what had arrived; None for nothing."""
    whole, found = failure.data.get("answer"), failure.data.get("partial")
    if found is None and isinstance(whole, answer.Answer) and whole.text.strip():
        return dict(whole._repr_mimebundle_())
    text, thought = getattr(found, "text", ""), getattr(found, "reasoning_text", "")
    if not text and not thought:
        return None
    shown, mark = markdown(text), "cut short: this is what had arrived"
    parts = [answer.reasoning(thought)] if thought else []
    return {
        "text/markdown": "\n\n".join(filter(None, [*parts, shown["text/markdown"], untrusted.caption(mark)])),
        "text/plain": f"{shown['text/plain']}\n[{mark}]".lstrip(),
    }


def markdown(text: str) -> Bundle:
    """Return a text of the model's as Markdown and plain text in which nothing can run."""
    return {"text/markdown": untrusted.markdown(text), "text/plain": untrusted.visible(text)}
