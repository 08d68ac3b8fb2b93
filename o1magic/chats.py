"""Conversations: turns that know the one before them, so that a cell that is run again branches, not appends.

Layer 4, pure. Kept in the memory of the desk and nowhere else: a restarted kernel has none. Reasoning is never carried
over. Called by `ask` and by `%o1 chats`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from o1magic import tokens
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    from o1magic.answer import Answer
    from o1magic.arguments import Arguments
    from o1magic.catalog import Model
    from o1magic.request import Request

# So many of the largest turns are named where a conversation does not fit.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it was sent and the text that answered it; `before` is the turn it continued.

    `tokens` is what the conversation counts to with this turn, `model` who answered. `developer` goes along with every
    turn after it, until another is given.
    """

    number: int
    question: str = field(repr=False)
    answer: str = field(repr=False)
    tokens: tokens.Count
    model: Model = field(repr=False)
    cell: str = field(default="", repr=False)
    developer: str | None = field(default=None, repr=False)
    before: Turn | None = field(default=None, repr=False)

    def path(self) -> list[Turn]:
        """Return the turns of the conversation up to this one, the first one first."""
        turns, one = [self], self
        while one.before is not None:
            one = one.before
            turns.append(one)
        return turns[::-1]

    @property
    def own_tokens(self) -> int:
        """Return what this turn adds to the conversation."""
        return max(0, self.tokens.tokens - (self.before.tokens.tokens if self.before else 0))


@dataclass(slots=True)
class Chat:
    """A conversation: the turn that the next one continues, and the newest turn of each cell."""

    last: Turn
    of_cell: dict[str, Turn] = field(default_factory=dict, repr=False)


Chats = dict[str, Chat]


@dataclass(frozen=True, slots=True)
class Next:
    """A turn to be. It belongs to the conversation once its whole answer is there, and not before."""

    name: str
    cell: str = ""
    before: Turn | None = None
    new: bool = False
    again: Turn | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the note on a cell that was a turn before."""
        if self.again is None:
            return ()
        place = f"after turn {self.before.number}" if self.before else "as the first"
        return (f"this cell is turn {self.again.number} of {self.name}: it is asked again, {place}",)


def following(chats: Chats, given: Arguments, cell: str) -> Next | None:
    """Return the turn that a cell is to be, None where it belongs to no conversation.

    A cell that was a turn before continues what it had continued, as that cell's turn is now; else it follows the last.
    `cell` is "" for what is no cell, and is always a new turn. Raises ArgumentError: `--new` of nothing.
    """
    if given.chat is None:
        if given.new:
            raise ArgumentError("--new starts a conversation over: name it, -c NAME; nothing was sent.")
        return None
    chat = chats.get(given.chat)
    if chat is None or given.new:
        return Next(given.chat, cell, new=given.new)
    again = chat.of_cell.get(cell) if cell else None
    before = again.before if again else chat.last
    if again and before:
        before = chat.of_cell.get(before.cell, before)
    return Next(given.chat, cell, before, again=again)


def keep(chats: Chats, turn: Next, request: Request, question: str, answer: Answer, developer: str | None) -> Answer:
    """Add the turn that an answer completes; return the answer with how full the window is in its footer."""
    model = request.model
    written = tokens.count(answer.text, model.encoding)
    count = tokens.Count(
        request.prompt_tokens.tokens + written.tokens + tokens.MESSAGE_OVERHEAD,
        exact=request.prompt_tokens.exact and written.exact,
    )
    number = turn.before.number + 1 if turn.before else 1
    done = Turn(number, question, answer.text, count, model, turn.cell, developer, turn.before)
    kept = chats.get(turn.name)
    if kept is None or turn.new:
        kept = chats[turn.name] = Chat(done)
    kept.last = done
    if turn.cell:
        kept.of_cell[turn.cell] = done
    turns = "1 turn" if number == 1 else f"{number} turns"
    return replace(answer, footer=f"{answer.footer} · {turn.name}: {turns}, {fullness(done)}")


def messages(before: Turn | None) -> tuple[dict[str, str], ...]:
    """Return the earlier turns as they are sent."""
    return tuple(
        {"role": role, "content": text}
        for turn in (before.path() if before else ())
        for role, text in (("user", turn.question), ("assistant", turn.answer))
    )


def fullness(turn: Turn) -> str:
    """Return how much of the window a conversation takes, "≈" before an estimate."""
    window = turn.model.context_window
    if window is None:
        return f"{turn.tokens} tokens (window unknown)"
    return f"{turn.tokens} of {window:,} tokens ({turn.tokens.tokens / window:.1%})"


def largest(before: Turn | None) -> str:
    """Return a sentence that names the largest turns of a conversation that does not fit, "" where there is none."""
    if before is None:
        return ""
    turns = sorted(before.path(), key=lambda one: -one.own_tokens)[:_NAMED]
    named = ", ".join(f"turn {one.number} with {one.own_tokens:,}" for one in turns)
    return (
        f"Earlier turns take {before.tokens} of these tokens, most of them {named}: --new starts over; "
        f"running an earlier cell again goes on from there."
    )
