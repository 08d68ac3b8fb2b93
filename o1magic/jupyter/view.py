"""A call as it is seen in a notebook's cell: strip, clock, growing answer; consolidated at its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from IPython.display import clear_output, display

from o1magic import answer, blocks, render, untrusted
from o1magic.view import CLOCK_S, Progress, dry_run_of, left_of, strip_of

if TYPE_CHECKING:
    from o1magic.answer import Answer
    from o1magic.call import Event
    from o1magic.draft import Draft
    from o1magic.errors import O1Error
    from o1magic.render import Bundle

# How often the growing end of an answer is drawn, and the clock beside it; each drawing is a message or two, which the
# page has to keep up with.
_DRAW_S, _CLOCK_BESIDE_S = 0.2, 2.0
# Drawing leaves the rest of the time, nine parts of ten, to the stream.
_SHARE = 9
# Finished blocks are closed when so much text has grown: re-rendering a long text is what freezes a page.
_CLOSE_CHARS = 1_000
# A long open block is drawn again when it has grown by a fiftieth.
_LEAST_GROWTH = 50
# The Markdown of an answer holds all of it; its plain text, which no page shows beside it, begins with so much.
_PLAIN_CHARS = 2_000


class NotebookView:
    """Shows a call in a notebook's cell."""

    def __init__(self, *, alone: bool = True) -> None:
        """Start with nothing shown; `alone` tells whether the magic is all there is in the cell."""
        self._alone = alone
        self._handles: list[Any] = []
        self._progress = Progress()
        self.draft: Draft | None = None
        self._strip: Bundle | None = None
        self._model = ""
        self._clock: Any = None
        self._thought: Any = None
        self._tail: Any = None
        self._tail_text = ""
        self._undrawn = 0
        self._next_draw, self._next_clock = 0.0, CLOCK_S

    def before(self, draft: Draft) -> None:
        """Show what the linter found and changed; for a dry run, what would be sent."""
        self.draft = draft
        self._strip = strip_of(draft)
        self._model = draft.asked
        if self._strip is not None:
            _show(self._strip)
        if draft.arguments.dry_run:
            _show(dry_run_of(draft))

    def event(self, event: Event) -> None:
        """Take note of what happened on the loop thread."""
        self._progress.event(event)

    @property
    def sent(self) -> bool:
        """Tell whether a request left."""
        return self._progress.sent

    def tick(self, seconds: float) -> None:
        """Draw what is new: the clock, and the text that has grown."""
        if seconds >= self._next_draw and (fresh := self._progress.fresh()):
            started = time.thread_time()
            self._grow(fresh)
            self._next_draw = seconds + max(_DRAW_S, _SHARE * (time.thread_time() - started))
        if seconds >= self._next_clock:
            self._next_clock = seconds + (CLOCK_S if self._tail is None else _CLOCK_BESIDE_S)
            call_id = self.draft.id if self.draft else ""
            line = render.clock(seconds, self._model, self._progress.said, call_id)
            self._clock = self._draw(self._clock, line)

    def finish(self) -> None:
        """Take away what was only for the waiting; the strip stays. A quick answer leaves nothing to take away."""
        if self._handles and self._alone:
            clear_output(wait=True)
            if self._strip is not None:
                _show(self._strip)
        elif self._handles:
            for handle in self._handles:
                _put(handle, render.bundle("", ""))
        for note in self._progress.notes:
            _show(render.note(note))

    def leave(self, failure: O1Error) -> None:
        """Show what there is of an answer although the call failed."""
        shown = left_of(failure)
        if shown is not None:
            _show(shown)

    def _grow(self, fresh: str) -> None:
        if self._thought is None and (thought := self._progress.thought()):
            # Once, when the answer begins: to draw it anew while it grows would cost its square.
            self._thought = self._draw(None, {"text/markdown": answer.reasoning(thought)})
        self._tail_text += fresh
        self._undrawn += len(fresh)
        if self._undrawn * _LEAST_GROWTH < len(self._tail_text):
            return  # a long block that is still open: drawing it anew for each word grows with the square
        self._undrawn = 0
        if len(self._tail_text) > _CLOSE_CHARS:
            done = blocks.finished(self._tail_text)
            if done:
                self._draw(self._tail, _drawn(self._tail_text[:done]))
                self._tail, self._tail_text = None, self._tail_text[done:]
        if self._tail_text.strip():
            self._tail = self._draw(self._tail, _drawn(self._tail_text))

    def _draw(self, handle: Any, shown: Bundle) -> Any:
        """Update a display of the waiting, or make it and remember to take it away."""
        if handle is None:
            handle = _put(None, shown)
            self._handles.append(handle)
            return handle
        return _put(handle, shown)


def in_notebook(found: Answer, **_: object) -> Bundle:
    """Return an answer as a notebook shows and keeps it: a long text once."""
    shown = dict(found._repr_mimebundle_())
    more = len(found.text) - _PLAIN_CHARS
    if more > 0:
        begins = untrusted.visible(found.text[:_PLAIN_CHARS])
        shown["text/plain"] = f"{begins}\n… {more:,} more characters: print(_.text)\n\n{found.footer}".rstrip()
    return shown


def _drawn(text: str) -> Bundle:
    return {"text/markdown": untrusted.markdown(text)}


def _show(bundle: Bundle) -> None:
    display(bundle, raw=True)


def _put(handle: Any, bundle: Bundle) -> Any:
    """Update a display, or make it; return its handle."""
    if handle is None:
        return display(bundle, raw=True, display_id=True)
    handle.update(bundle, raw=True)
    return handle
