"""A call as it is seen in a notebook's cell: strip, clock, growing answer; consolidated at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import clear_output, display

from o1magic import answer, blocks, render
from o1magic.view import CLOCK_S, Progress, dry_run_of, left_of, markdown, strip_of

if TYPE_CHECKING:
    from o1magic.ask import Draft
    from o1magic.call import Event
    from o1magic.errors import O1Error
    from o1magic.render import Bundle

# A finished block is closed when this much text has grown: re-rendering a long text is what freezes a page.
_CLOSE_CHARS = 3_000
# A long open block is drawn again when it has grown by a fiftieth.
_LEAST_GROWTH = 50


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
        self._next_clock = CLOCK_S

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
        fresh = self._progress.fresh()
        if fresh:
            self._grow(fresh)
        if seconds >= self._next_clock:
            self._next_clock = seconds + CLOCK_S
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
            self._thought = self._draw(None, {"text/markdown": answer.reasoning(thought), "text/plain": ""})
        self._tail_text += fresh
        self._undrawn += len(fresh)
        if self._undrawn * _LEAST_GROWTH < len(self._tail_text):
            return  # a long block that is still open: drawing it anew for each word grows with the square
        self._undrawn = 0
        if len(self._tail_text) > _CLOSE_CHARS:
            done = blocks.finished(self._tail_text)
            if done:
                _put(self._tail, markdown(self._tail_text[:done]))
                self._tail, self._tail_text = None, self._tail_text[done:]
        self._tail = self._draw(self._tail, markdown(self._tail_text))

    def _draw(self, handle: Any, shown: Bundle) -> Any:
        """Update a display of the waiting, or make it and remember to take it away."""
        if handle is None:
            handle = _put(None, shown)
            self._handles.append(handle)
            return handle
        return _put(handle, shown)


def _show(bundle: Bundle) -> None:
    display(bundle, raw=True)


def _put(handle: Any, bundle: Bundle) -> Any:
    """Update a display, or make it; return its handle."""
    if handle is None:
        return display(bundle, raw=True, display_id=True)
    handle.update(bundle, raw=True)
    return handle
