"""What it would take to send a cell, told before it is sent: tokens, allowance, window, cost and budgets.

Called by `preview`. The figures are those of `--dry-run`, from the same functions; what only the kernel knows (the
values of `{{names}}`, conversations, its `%config`) is named as not counted, and what is not known is None.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from o1magic import cost, reserve
from o1magic.choice import choose_model
from o1magic.draft import compose
from o1magic.errors import ArgumentError, LedgerError, PromptError, RequestError
from o1magic.ledger.budgets import amount

if TYPE_CHECKING:
    from o1magic.ask import Desk
    from o1magic.draft import Cell, Draft
    from o1magic.ledger import Ledger, Standing
    from o1magic.settings import Settings

_NOTHING_SENT = re.compile(r"(?:;|,? and) nothing was sent(?=[;.])| Nothing was sent\.")


def said(error: Exception) -> str:
    """Return an error's message without the assurance that nothing was sent: nobody meant to send anything yet."""
    return _NOTHING_SENT.sub("", str(error))


def estimate(cell: Cell, chosen: Settings, desk: Desk, session: str | None) -> dict[str, object] | None:
    """Return what sending the cell would take, or the problem that stands against it; None for an empty prompt.

    `chosen` are the cell's settings, `session` the id of its kernel or session; without one, what a session has left
    of its budgets is not known and not told.
    """
    named, cell = _without_names(cell)
    desk = replace(desk, catalog=desk.ledger().priced(desk.catalog))
    asked, model = choose_model(cell.given, chosen, desk.catalog)
    about: dict[str, object] = {
        "model": asked,
        "assumed": cell.given.model is None and "model" not in cell.given.params,
        "window": model.context_window,
        "problem": None,
    }
    try:
        draft = compose(cell, desk)
    except PromptError:
        from o1magic import tokens

        tokens.warm()  # the prompt is about to be written, and then nobody should wait for the vocabulary
        return None
    except (ArgumentError, RequestError) as refused:
        return about | {"problem": said(refused)}
    unknown = [f"{{{{{name}}}}}" for name in draft.prompt.unknown]
    return about | _figures(draft, desk, session) | {"uncounted": [*named, *unknown]}


def _without_names(cell: Cell) -> tuple[list[str], Cell]:
    """Return the cell without what only the kernel could fill in from its magic line, and the flags that say so.

    The line itself is left out with them: read again, `--schema` would have the server open a file that a notebook
    names.
    """
    given = cell.given
    named = [f"-c {given.chat}"] if given.chat is not None and not given.new else []
    named += [f"--context {name}" for name in given.context or ()]
    if given.schema is not None:
        named.append(f"--schema {given.schema}")
    if given.developer is not None and given.developer.startswith("@"):
        named.append(f"--developer {given.developer}")
        given = replace(given, developer="")
    named += [f"--image {name}" for name in given.image] if isinstance(given.image, list) else []
    given = replace(given, context=None, schema=None, image=None, uses={})
    return named, replace(cell, given=given, head="")


def _figures(draft: Draft, desk: Desk, session: str | None) -> dict[str, object]:
    request = draft.request
    simulated = reserve.is_simulated(draft.settings)
    worst = draft.worst_nano_usd
    found: dict[str, object] = {
        "prompt_tokens": request.prompt_tokens.tokens,
        "exact": request.prompt_tokens.exact,
        "allowance": request.max_completion_tokens,
        "worst": None if worst is None else cost.dollars(worst),
        "likely": None,
        "likely_calls": None,
        "simulated": simulated,
        "budgets": [],
        "ledger": None,
        "notes": list(request.notes),
    }
    try:
        standings = _standings(desk.ledger(), session)
        return (
            found
            | _likely(draft, desk, simulated=simulated)
            | {"budgets": _budgets(standings, draft, simulated=simulated)}
        )
    except LedgerError as unreadable:
        return found | {"ledger": str(unreadable)}


def _likely(draft: Draft, desk: Desk, *, simulated: bool) -> dict[str, Any]:
    """Return what calls like this one came to; nothing where there were too few of them to tell."""
    request = draft.request
    effort = request.body.get("reasoning_effort")
    known = desk.ledger().expected(draft.asked, effort, simulated=simulated)
    price = request.model.price_on(desk.today())
    if known is None or draft.worst_nano_usd is None:
        return {}
    written = min(known.completion_tokens, request.max_completion_tokens or known.completion_tokens)
    nano = cost.worst_case_nano_usd(request.prompt_tokens.tokens, written, price)
    return {"likely": None if nano is None else cost.dollars(nano), "likely_calls": known.calls}


def _standings(ledger: Ledger, session: str | None) -> list[Standing]:
    """Return how the budgets stand, those of sessions only where it is known which session this is."""
    own = session and (ledger.newest_session(session) or session)
    return [one for one in ledger.standings(own) if own or one.per != "session"]


def _budgets(standings: list[Standing], draft: Draft, *, simulated: bool) -> list[dict[str, object]]:
    """Return what is left of each budget that would count the call, the tightest first."""
    found = []
    for one in standings:
        if one.simulated:
            continue
        left = _simulated_left(standings, one) if simulated else one.left
        worst = draft.worst_nano_usd if one.unit == "nano_usd" else draft.request.worst_tokens
        fits = one.allow_unpriced if worst is None else worst <= left
        shown = {"name": one.name, "per": one.per, "left": amount(left, one.unit), "fits": fits}
        found.append((fits, left / max(1, one.limit), shown | {"limit": amount(one.limit, one.unit)}))
    return [shown for *_, shown in sorted(found, key=lambda each: each[:2])]


def _simulated_left(standings: list[Standing], real: Standing) -> int:
    """Return what simulated calls have left of a budget; while there were none, that is all of it."""
    return next((one.left for one in standings if one.simulated and one.name == real.name), real.limit)
