"""Between the values and the statements: what is bound to a parameter, and what a row read back means.

Layer 3, pure but for `add_up`, which runs the one statement that keeps the totals. Called by `ledger`.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from o1magic.ledger import schema
from o1magic.ledger.counted import Counted
from o1magic.ledger.records import Row, Total, name, raw, seconds, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from o1magic.answer import Usage
    from o1magic.ledger.owner import Owner
    from o1magic.ledger.records import Intent, Outcome
    from o1magic.ledger.schema import Execute

_ZERO = (0,) * len(schema.SUMS)
_CREATED = schema.COLUMNS.index("created_ms")
_FLAGS = tuple(schema.COLUMNS.index(column) for column in ("estimated", "inconsistent", "simulated"))
_CODES = tuple(schema.COLUMNS.index(column) for column in ("lint_found", "lint_fixed"))


def local_day(moment_s: float) -> str:
    """Return the local calendar day of a moment, as 2026-11-22."""
    return time.strftime("%Y-%m-%d", time.localtime(moment_s))


def intent_values(intent: Intent, owner: Owner, created_ms: int, opened: Counted) -> tuple[object, ...]:
    """Return the parameters of `schema.INTENT`."""
    return (
        intent.id,
        created_ms,
        opened.day,
        opened.session,
        name(intent.notebook),
        name(intent.endpoint),
        name(intent.model),
        name(intent.effort),
        intent.hold_nano_usd,
        name(intent.price_id),
        ",".join(intent.lint_found),
        ",".join(intent.lint_fixed),
        int(intent.simulated),
        owner.host,
        owner.boot,
        owner.pid,
        owner.started,
        created_ms + int(intent.lease_s * 1000),
        opened.hold_tokens,
        opened.gauges,
        opened.owner,
    )


def opening(intent: Intent, day: str, user: str) -> Counted:
    """Return what a call counts for before anything is known of its end."""
    return Counted(
        session=name(intent.session) or "",
        day=day,
        simulated=int(intent.simulated),
        state="intent",
        hold_nano=intent.hold_nano_usd,
        hold_tokens=tokens(intent.hold_tokens),
        owner=user,
    )


def ending(before: Counted, outcome: Outcome) -> tuple[Counted, tuple[object, ...]]:
    """Return what a call counts for at its end, and all parameters of `OUTCOME` but the last three."""
    usage = outcome.usage
    counts = (tokens(usage.prompt), tokens(usage.cached), tokens(usage.reasoning), tokens(usage.completion))
    # An unknown outcome keeps its hold; a cost beside it would count the same money twice.
    cost_nano = None if outcome.state == "unknown" else outcome.cost_nano_usd
    simulated = before.simulated if outcome.simulated is None else int(outcome.simulated)
    prompt, cached, reasoning, completion = counts
    after = before._replace(
        simulated=simulated,
        state=outcome.state,
        cost_nano=cost_nano,
        prompt=prompt,
        cached=cached,
        reasoning=reasoning,
        completion=completion,
    )
    parameters = (
        outcome.state,
        name(outcome.model),
        *counts,
        int(usage.estimated),
        int(usage.inconsistent),
        raw(_unreadable(usage, counts)),
        cost_nano,
        name(outcome.price_id),
        outcome.attempts,
        seconds(outcome.seconds),
        name(outcome.finish_reason),
        name(outcome.provider_id),
        simulated,
    )
    return after, parameters


def add_up(execute: Execute, before: Counted | None, after: Counted) -> None:
    """Add to the totals of session, day and all time what a row counts for now, less what it did before."""
    deltas = {after.simulated: after.share()}
    if before is not None:
        old = before.share()
        deltas[before.simulated] = tuple(
            new - was for new, was in zip(deltas.get(before.simulated, _ZERO), old, strict=True)
        )
    parameters: list[object] = []
    for simulated, delta in sorted(deltas.items()):
        for scope, key in (("all", ""), ("day", after.day), ("session", after.session)):
            parameters += (after.owner, scope, key, simulated, *delta)
    execute(schema.add_to_totals(3 * len(deltas)), parameters)


def total(sums: Mapping[bool, Sequence[int]]) -> Total:
    """Return the totals of real and simulated rows as one: tokens together, money apart."""
    real = dict(zip(schema.SUMS, sums.get(False, _ZERO), strict=True))
    simulated = dict(zip(schema.SUMS, sums.get(True, _ZERO), strict=True))
    both = {column: real[column] + simulated[column] for column in schema.SUMS}
    return Total(
        calls=both["calls"],
        prompt_tokens=both["prompt_tokens"],
        cached_tokens=both["cached_tokens"],
        reasoning_tokens=both["reasoning_tokens"],
        visible_tokens=both["visible_tokens"],
        completion_tokens=both["completion_tokens"],
        unknown_calls=both["unknown_calls"],
        cost_nano_usd=real["cost_nano"],
        held_nano_usd=real["held_nano"],
        simulated_calls=simulated["calls"],
        simulated_cost_nano_usd=simulated["cost_nano"],
        simulated_held_nano_usd=simulated["held_nano"],
    )


def row(values: Sequence[Any]) -> Row:
    """Return the row that these values of `schema.COLUMNS` are."""
    fields = list(values)
    for index in _FLAGS:
        fields[index] = bool(fields[index])
    for index in _CODES:
        fields[index] = tuple(fields[index].split(",")) if fields[index] else ()
    fields[_CREATED] = datetime.fromtimestamp(fields[_CREATED] / 1000, tz=UTC)
    return Row(*fields)


def _unreadable(usage: Usage, counts: tuple[int | None, ...]) -> str | None:
    """Return the usage as it was reported where part of it is no count, else what the wire already kept."""
    reported = (usage.prompt, usage.cached, usage.reasoning, usage.completion)
    if usage.raw is not None or reported == counts:
        return usage.raw
    return json.dumps(dict(zip(("prompt", "cached", "reasoning", "completion"), reported, strict=True)), default=repr)
