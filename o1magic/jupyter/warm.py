"""Imports, in the background, what the first call will need: the client's package and the vocabulary."""

from __future__ import annotations

import contextlib
import threading

# Long enough for a notebook's first cells to go first, short enough to be done when a prompt has been typed.
_AFTER_S = 1.0


def soon() -> None:
    """Start warming up a moment from now, on a thread that no exit waits for. No request is made."""
    timer = threading.Timer(_AFTER_S, _warm)
    timer.daemon = True
    timer.start()


def _warm() -> None:
    from o1magic import session, tokens

    session.client().warm()
    with contextlib.suppress(ImportError):  # the first call says what is missing
        tokens.warm()
