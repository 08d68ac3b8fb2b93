"""What an answer lacks that cannot be gone on with: cut by its allowance, refused, filtered, or empty.

Layer 3. Sentences with the numbers, what it cost, and which flag and value to try. Called by `call`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic import cost, untrusted
from o1magic.errors import AnswerError

if TYPE_CHECKING:
    from o1magic.answer import Answer
    from o1magic.errors import Billed
    from o1magic.request import Request
    from o1magic.wire import Reply

# How an answer ends that cannot be gone on with, whatever it says.
_BROKE_OFF = {"failed": "failed to answer", "cancelled": "was told to stop before it had answered"}
_ENDED_BADLY = ("content_filter", *_BROKE_OFF)


def lacking(answer: Answer, request: Request, reply: Reply) -> AnswerError | None:
    """Return the named state of an answer that holds nothing to go on with, None for one that does."""
    if answer.text.strip() and answer.finish_reason not in _ENDED_BADLY:
        return None
    ended = answer.finish_reason
    paid = (
        f"cost {'simulated ' if answer.simulated else ''}{cost.dollars(answer.cost_nano_usd)}"
        if answer.cost_nano_usd is not None
        else "cost unknown"
    )
    kept = "The whole answer: `%o1 last`, or the exception's `.answer`."
    if answer.refusal:
        said = untrusted.visible(" ".join(answer.refusal.split())[:200])
        state, what = "refusal", f"{answer.model} refused: “{said}” ({paid})."
    elif ended in _BROKE_OFF:
        said = f": {untrusted.visible(' '.join(reply.error.split())[:200])}" if reply.error else ""
        state, what = ended, f"{answer.model} {_BROKE_OFF[ended]}{said} ({paid})."
    elif ended == "content_filter":
        state, what = "content_filter", f"A content filter stopped {answer.model} ({paid})."
    elif ended == "length":
        state, what = "length", _spent_thinking(answer, paid)
        kept = f"{_more(answer, request)} {kept}"
    elif reply.tool_calls:
        state, what = "tool_calls", f"{answer.model} asked for a tool instead of answering ({paid})."
    elif not reply.choices:
        state, what = "no_choices", f"The reply of {answer.model} holds no answer at all ({paid})."
    else:
        state, what = "empty", f"{answer.model} returned an empty answer ({paid})."
    billed: Billed = "maybe" if answer.cost_nano_usd is None else "yes"
    # What it wrote until then is shown, and marked as a part.
    partial = answer if ended in _ENDED_BADLY else None
    billed = "no" if answer.simulated else billed
    return AnswerError(what, how=kept, billed=billed, answer=answer, state=state, partial=partial)


def _spent_thinking(answer: Answer, paid: str) -> str:
    completion, reasoning = answer.usage.completion, answer.usage.reasoning
    if completion is None:
        return f"{answer.model} used up its allowance and wrote no answer; tokens unknown ({paid})."
    thinking = completion if reasoning is None else reasoning
    sure = "at most " if reasoning is None else ""
    if thinking < completion:
        return (
            f"{answer.model} used {completion:,} allowed tokens, {thinking:,} on reasoning, and wrote nothing ({paid})."
        )
    return (
        f"{answer.model} spent {sure}{thinking:,} of {completion:,} allowed tokens on reasoning "
        f"and had none left for an answer ({paid})."
    )


def _more(answer: Answer, request: Request) -> str:
    """Return the flag and value to try: twice the allowance, the usual reserve at least, the model's cap at most."""
    allowance = request.max_completion_tokens or answer.usage.completion or 0
    wanted = max(25_000, 2 * allowance)
    most = request.model.max_output
    value = wanted if most is None else min(wanted, most)
    lower = " or a lower effort, -e low" if "low" in request.model.efforts else ""
    if value <= allowance:
        return f"{request.model.name} allows no more than {allowance:,}: ask for less at once{lower}."
    return f"Try --max-completion-tokens {value}{lower}."
