"""What a panel shows: calls, totals, budgets and what is in flight, as the JSON of chart.js and as a static table.

Layer 4, pure: rows and totals in, values out. Called by `commands` and the panel.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING

from o1magic import cost, picture, render, untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from o1magic.ledger import Row, Spend, Standing, Total
    from o1magic.live import Running
    from o1magic.render import Bundle

# What chart.js is told of a call, in this order: a call costs some 150 bytes, however many there are.
COLUMNS = (
    *("id", "created_ms", "day", "mine", "model", "asked", "effort", "state", "finish"),
    *("prompt", "cached", "reasoning", "completion", "cost_nano_usd", "hold_nano_usd", "seconds", "attempts"),
    *("simulated", "estimated", "inconsistent", "lint", "fixed"),
)
# So many of the newest calls are drawn and listed; the totals count them all.
MOST_ROWS = 10_000
MOST_PICTURED = 500
_SHOWN_ROWS = 10
_name = lru_cache(maxsize=1024)(untrusted.name)
# The ledger keeps the name of the error that ended a call; people read what happened.
_ENDED = {
    "APIError": "refused",
    "BudgetError": "over budget",
    "ConfigError": "not sent",
    "DeadlineError": "deadline",
    "InterruptError": "stopped",
    "LostReplyError": "reply lost",
    "NotSentError": "not sent",
    "RedirectError": "redirected",
    "UnreadableReplyError": "unreadable",
}
_HEADERS = ("time", "model", "effort", "prompt", "reasoning", "visible", "cost", "seconds", "ended by", "findings")


def entry(row: Row, session: str | None) -> list[object]:
    """Return a row in the order of COLUMNS; null is unknown, flags are 0 and 1."""
    answered = row.answered or row.model
    return [
        row.id,
        int(row.created.timestamp() * 1000),
        row.day,
        int(row.session == session),
        _name(answered),
        None if answered == row.model else _name(row.model),
        row.effort and _name(row.effort),
        row.state,
        ended(row),
        row.prompt_tokens,
        row.cached_tokens,
        row.reasoning_tokens,
        row.completion_tokens,
        row.cost_nano_usd,
        row.hold_nano_usd,
        row.seconds and round(row.seconds, 3),
        row.attempts,
        int(row.simulated),
        int(row.estimated),
        int(row.inconsistent),
        " ".join(row.lint_found),
        " ".join(row.lint_fixed),
    ]


def ended(row: Row) -> str | None:
    """Return how a call ended, in the endpoint's word or in ours; None where nobody knows."""
    found = row.finish_reason and _name(row.finish_reason)
    return _ENDED.get(found, found) if found and row.state != "settled" else found


def totals(spent: Spend) -> dict[str, dict[str, object]]:
    """Return the sums of this session, of today and of all time."""
    return {"session": asdict(spent.session), "day": asdict(spent.today), "all": asdict(spent.total)}


def budgets(standings: Sequence[Standing]) -> list[dict[str, object]]:
    """Return how each budget stands; what only simulated calls spend is said of them once there are such."""
    return [asdict(one) for one in standings if not one.simulated or one.spent or one.held]


def in_flight(calls: Sequence[Running], now: float) -> list[dict[str, object]]:
    """Return what chart.js is told of the calls in flight; `now` is on the clock of `Running.since`."""
    return [
        {
            "id": one.call.id,
            "model": _name(one.call.asked),
            "effort": _name(one.call.request.body.get("reasoning_effort") or "") or None,
            "said": untrusted.name(one.said),
            "elapsed_s": round(now - one.since, 3),
            "hold_nano_usd": one.call.worst_nano_usd,
            "simulated": one.call.endpoint.kind == "simulator",
            "waits": one.waits,
        }
        for one in calls
    ]


def unended(rows: Sequence[Row], session: str | None, now: float) -> list[dict[str, object]]:
    """Return the same of the calls of a session that have no end on record; `now` is seconds since 1970."""
    return [
        {
            "id": row.id,
            "model": _name(row.model),
            "effort": row.effort and _name(row.effort),
            "said": "in flight",
            "elapsed_s": round(max(0.0, now - row.created.timestamp()), 3),
            "hold_nano_usd": row.hold_nano_usd,
            "simulated": row.simulated,
            "waits": True,
        }
        for row in reversed(rows)
        if row.state == "intent" and row.session == session
    ]


def static(rows: Sequence[Row], spent: Spend, *, session: str, written: str) -> Bundle:
    """Return the panel's last state for where no widget runs: totals, a picture, the newest calls; as HTML and text.

    `rows` are the newest first, of the session or else of all; `written` is the moment as it should be read.
    """
    mine = [row for row in rows if row.session == session]
    scope, chosen, total = ("this session", mine, spent.session) if mine else ("all calls", list(rows), spent.total)
    newest = render.table(_HEADERS, [_cells(row) for row in chosen[:_SHOWN_ROWS]])
    said = f"{scope}: {sentence(total, chosen)}"
    more = f"the newest {_SHOWN_ROWS} of {total.calls:,} calls; " if total.calls > _SHOWN_ROWS else ""
    note = f"{more}{written}; %o1 panel opens a live panel"
    if not chosen:
        return render.bundle(
            f'<div class="o1magic-static">No calls yet. {untrusted.html(note)}</div>', f"No calls yet. {note}"
        )
    drawn = picture.drawn([row for row in reversed(chosen) if row.state != "intent"], said)
    html = (
        f'<div class="o1magic-static"><style>{_UNDER_A_WIDGET}</style>'
        f"<p><b>{untrusted.html(said)}</b></p>{drawn}{newest['text/html']}<p><small>{untrusted.html(note)}</small></p>"
        "</div>"
    )
    return render.bundle(html, f"{untrusted.visible(said)}\n\n{newest['text/plain']}\n\n{note}")


# JupyterLab says "model not found" for a widget whose kernel is gone; the picture below says more. The other way
# round, chart.js hides the picture below a panel that is alive.
_UNDER_A_WIDGET = (
    ".jp-OutputArea-child:has(+.jp-OutputArea-child .o1magic-static)>.jupyter-widgets:not(:has(*)){display:none}"
)


def sentence(total: Total, rows: Sequence[Row]) -> str:
    """Return the totals over these rows in a sentence; unknown is said, simulated money stands apart."""
    apart = total.completion_tokens > total.reasoning_tokens + total.visible_tokens
    silent = any(row.completion_tokens is None and row.state not in ("intent", "failed") for row in rows)
    least = "≥" if apart or silent else ""
    parts = [
        f"{total.calls:,} call{'' if total.calls == 1 else 's'}",
        f"reasoning {least}{total.reasoning_tokens:,}",
        f"visible {least}{total.visible_tokens:,}",
    ]
    if total.calls > total.simulated_calls:
        parts.append(cost.dollars(total.cost_nano_usd))
    if total.simulated_calls:
        simulated = cost.dollars(total.simulated_cost_nano_usd)
        parts.append(f"simulated: {total.simulated_calls:,}, would have cost {simulated}")
    if total.unknown_calls:
        parts.append(f"cost of {total.unknown_calls:,} unknown")
    if total.held_nano_usd:
        parts.append(f"{cost.dollars(total.held_nano_usd)} on hold")
    return " · ".join(parts)


def _cells(row: Row) -> list[str]:
    about = "≈" if row.estimated else ""
    absent = "–" if row.state == "failed" else "unknown"  # what failed was not billed
    counts = (row.prompt_tokens, row.reasoning_tokens, row.visible_tokens)
    model = untrusted.name(row.answered or row.model)
    price = cost.dollars(row.cost_nano_usd)
    return [
        f"{row.created.astimezone():%Y-%m-%d %H:%M}",
        f"{model} (simulated)" if row.simulated else model,
        untrusted.name(row.effort or "–"),
        *(f"{about}{count:,}" if count is not None else absent for count in counts),
        f"({price})" if row.simulated and row.cost_nano_usd is not None else price,
        "–" if row.seconds is None else f"{row.seconds:.1f}",
        "in flight" if row.state == "intent" else ended(row) or row.state,
        " ".join(row.lint_found) or "–",
    ]
