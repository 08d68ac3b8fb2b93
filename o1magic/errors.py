"""The exception tree, and the redaction every message passes.

Imports nothing of ours. Every error ends a cell in at most three lines: what happened, whether it was billed,
how to go on.

    O1Error
    ├── ArgumentError           (ValueError)   a flag, sub-command or value nobody knows
    ├── ConfigError             (ValueError)   a key, endpoint or setting that cannot work
    ├── UnknownModelError       (LookupError)  a model name one slip away from a known one
    ├── PromptError             (ValueError)   an empty prompt, a variable that cannot be inserted
    ├── LintError               (ValueError)   --lint strict found something; .diagnostics
    ├── RequestError            (ValueError)   a parameter the model refuses, a prompt that does not fit
    ├── LedgerError             (OSError)      the ledger cannot be written; nothing is sent without it
    │   └── LedgerBusyError                    another program keeps it locked
    ├── BudgetError             (ValueError)   the call's worst case does not fit a budget; .standings .worst
    ├── TransportError          (ConnectionError)
    │   ├── NotSentError                       refused, DNS, TLS: the request never left
    │   ├── LostReplyError                     sent, but the answer did not arrive whole; .partial
    │   ├── DeadlineError       (TimeoutError) no answer within the deadline
    │   ├── UnreadableReplyError               bytes came back that are not the API's
    │   └── RedirectError                      the endpoint pointed elsewhere; not followed
    ├── APIError                               the API said no; .status .code .param .retry_after_s
    ├── AnswerError             (ValueError)   paid for, but there is no answer to go on with; .answer
    └── InterruptError          (KeyboardInterrupt)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Billed = Literal["no", "maybe", "yes"]

BILLED_SENTENCE: dict[Billed, str] = {
    "no": "Nothing was billed.",
    "maybe": "It may have been billed.",
    "yes": "It was billed.",
}

# Authorization values and the key shapes of OpenAI and its neighbours, as far as an echo may carry them.
# Compiled when an error is first shown: every command imports this module.
_KEY = r"(?i)\bbearer\s+[^\s\"',;<>]{4,}|\bsk-[A-Za-z0-9_\-.*]{4,}"

MASK = "[key]"
LONG_KEY = 12


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with anything that looks like a key, and each given secret, masked."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= 4:  # noqa: PLR2004 - shorter is a placeholder such as "x", and would mask prose
            # A short one may be a word ("local"): only where it stands alone.
            found = re.escape(secret) if len(secret) >= LONG_KEY else rf"(?<![\w-]){re.escape(secret)}(?![\w-])"
            text = re.sub(found, MASK, text)
    return re.sub(_KEY, MASK, text)


class O1Error(Exception):
    """The root of what o1magic raises; `billed` says whether money is involved, `how` how to go on.

    Extra keyword arguments become attributes and survive pickling.
    """

    def __init__(self, what: str, *, how: str = "", billed: Billed = "no", **data: Any) -> None:
        self.what = redact(what)
        self.how = redact(how)
        self.billed = billed
        self.data = data
        for name, value in data.items():
            setattr(self, name, value)
        super().__init__(self.what)

    def __str__(self) -> str:
        """Return the whole message on one line."""
        return " ".join(self.lines())

    def lines(self) -> list[str]:
        """Return the message as at most three lines."""
        billing = [] if self.billed == "no" and not isinstance(self, _CALL_ERRORS) else [BILLED_SENTENCE[self.billed]]
        tail = " ".join([*billing, self.how]).strip()
        return [line for line in (_sentence(self.what), _sentence(tail)) if line]

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback."""
        head, *rest = self.lines()
        return [f"{type(self).__name__}: {head}", *rest]

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from the same keyword arguments, so that errors cross processes whole."""
        return (_rebuild, (type(self), self.what, self.how, self.billed, self.data))


def _rebuild(kind: type[O1Error], what: str, how: str, billed: Billed, data: dict[str, Any]) -> O1Error:
    return kind(what, how=how, billed=billed, **data)


def _sentence(text: str) -> str:
    """Return the text on one line, ended as a sentence is: the lines are also shown one after the other."""
    line = " ".join(text.split())
    return line if not line or line[-1] in ".!?…" or line.endswith(("”", "`")) else f"{line}."


class ArgumentError(O1Error, ValueError):
    """A flag, sub-command or value that does not exist; the message names the nearest that does."""


class ConfigError(O1Error, ValueError):
    """A key, endpoint, or setting that cannot work."""


class UnknownModelError(O1Error, LookupError):
    """A model name that looks like a slip; `.nearest` holds up to three known names."""

    nearest: tuple[str, ...]


class PromptError(O1Error, ValueError):
    """A prompt that cannot be sent: empty, or holding a variable that cannot be inserted (`.variable`)."""

    variable: str | None


class LintError(O1Error, ValueError):
    """`--lint strict` found something; `.diagnostics` holds it and nothing was sent."""


class RequestError(O1Error, ValueError):
    """A parameter the model refuses (`.param`), or a prompt and allowance that cannot fit the window."""


class LedgerError(O1Error, OSError):
    """The ledger cannot be read or written (`.path`)."""


class LedgerBusyError(LedgerError):
    """Another program keeps writing to the ledger; nothing was recorded."""


class BudgetError(O1Error, ValueError):
    """A call that was not sent, since its worst case (`.worst`) does not fit the budgets `.standings`."""

    standings: tuple[Any, ...]
    worst: int | None


class TransportError(O1Error, ConnectionError):
    """The request or its reply was lost on the way; `.attempts` counts the requests made."""


class NotSentError(TransportError):
    """The request never left: name resolution, refusal, TLS."""


class LostReplyError(TransportError):
    """The request left and no whole reply came back; `.partial` holds an `o1magic.wire.Reply` or None."""


class DeadlineError(TransportError, TimeoutError):
    """No whole reply within the deadline; `.seconds` is what was waited, `.partial` as in LostReplyError."""


class UnreadableReplyError(TransportError):
    """A reply that is not the API's; `.raw` holds its first bytes, escaped."""


class RedirectError(TransportError):
    """The endpoint answered with a redirect, which is never followed; `.target` is where it pointed."""


class APIError(O1Error):
    """The API refused the request; `.status`, `.code`, `.param`, `.retry_after_s`, `.attempts`."""

    status: int
    code: str | None
    param: str | None
    retry_after_s: float | None


class AnswerError(O1Error, ValueError):
    """A reply that was paid for and holds no usable answer; `.answer` is the `Answer`, `.state` its name."""


class InterruptError(O1Error, KeyboardInterrupt):
    """The user stopped the call; `.partial` holds what had arrived, or None."""


_CALL_ERRORS = (BudgetError, TransportError, APIError, AnswerError, InterruptError)
