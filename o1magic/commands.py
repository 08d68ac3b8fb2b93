"""What the sub-commands show: models, spend, rules, findings; the magic and the command line print the same.

Layer 8. None of them sends anything.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from o1magic import api, arguments, cost, endpoint, render, session, settings, untrusted
from o1magic.ask import cell_of, choose_model, settle_settings
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from o1magic.ledger import Spend, Total
    from o1magic.lint import Diagnostic
    from o1magic.render import Bundle

SCOPES = {"session": "this session", "today": "today", "total": "all time"}
SPEND_HEADERS = ("", "calls", "prompt", "cached", "reasoning", "visible", "cost", "held", "unknown cost")
# Of the calls and tokens, which count every call; the simulator bills nothing.
SIMULATED_HEADERS = ("of these simulated", "would have cost")


def models() -> Bundle:
    """Return the table of models; the default one is starred."""
    desk = session.desk()
    listed = desk.catalog.models.values()
    rows = render.model_rows(listed, default=desk.catalog.default_model, today=desk.today())
    return render.table(render.MODEL_HEADERS, rows, caption="* answers unless -m says otherwise; prices in USD")


def rule(code: str) -> str:
    """Return the page of a lint rule, in Markdown.

    Raises ArgumentError: no rule has that code.
    """
    from o1magic.lint import explain

    return explain(code)


def lint(text: str) -> Bundle:
    """Return the findings on a prompt or cell as a table, for the model and with the codes that `%%o1` would take."""
    desk = session.desk()
    chosen = settle_settings(cell_of(text, {}).given, desk)
    found = api.lint(text, model=chosen.model or desk.catalog.default_model, ignore=chosen.ignore)
    if not found:
        return render.bundle("<div>Nothing found.</div>", "Nothing found.")
    rows = [[one.code, one.severity, render.place(text, one), one.message, _remedy(one)] for one in found]
    return render.table(("code", "severity", "where", "what", "fix"), rows)


def _remedy(diagnostic: Diagnostic) -> str:
    if diagnostic.fix is None:
        return "–"
    return f"{diagnostic.fix.title} ({'safe' if diagnostic.fix.safe else '--fix all'})"


def spend() -> Bundle:
    """Return what was spent: real money, and in a column of its own what simulated calls would have cost."""
    ledger = session.ledger()
    spent = ledger.spend(session.desk().session)
    totals = {title: getattr(spent, scope) for scope, title in SCOPES.items()}
    simulated = any(total.simulated_calls for total in totals.values())
    headers = SPEND_HEADERS + (SIMULATED_HEADERS if simulated else ())
    rows = [_spend_row(title, total, simulated=simulated) for title, total in totals.items()]
    shown = render.table(headers, rows)
    lost = ledger.unaccounted()
    if not lost.calls:
        return shown
    held = cost.dollars(lost.held_nano_usd)
    line = f"{lost.calls:,} unaccounted (the process ended during the call), held {held}: %o1 reconcile"
    return render.bundle(f"{shown['text/html']}<div>{untrusted.html(line)}</div>", f"{shown['text/plain']}\n{line}")


def _spend_row(title: str, total: Total, *, simulated: bool) -> list[str]:
    row = [title, *(f"{count:,}" for count in (total.calls, total.prompt_tokens, total.cached_tokens))]
    told = (total.reasoning_tokens, total.visible_tokens)
    more = total.completion_tokens > sum(told)  # completion tokens that came without being told apart
    row += [("unknown" if not count else f"≥{count:,}") if more else f"{count:,}" for count in told]
    row.append(cost.dollars(total.cost_nano_usd))
    row += [cost.dollars(total.held_nano_usd), f"{total.unknown_calls:,}"]
    if simulated:
        row += [f"{total.simulated_calls:,}", cost.dollars(total.simulated_cost_nano_usd)]
    return row


def spend_json() -> str:
    """Return the same as one JSON object: session, today and total, integers throughout."""
    spent: Spend = session.ledger().spend(session.desk().session)
    return json.dumps({scope: _as_dict(getattr(spent, scope)) for scope in SCOPES}, indent=2)


def _as_dict(total: Total) -> Mapping[str, object]:
    return {field.name: getattr(total, field.name) for field in fields(total)}


def export(path: str) -> str:
    """Write every row to a CSV file and return a sentence about it.

    Raises LedgerError: the file cannot be written.
    """
    count = session.ledger().export_csv(path)
    return f"{count:,} rows in {path}"


def known(word: str, table: Mapping[str, object], *, kind: str) -> str:
    """Return the word if the table has it.

    Raises ArgumentError: it has not; the nearest is named.
    """
    if word in table:
        return word
    raise ArgumentError(
        f"There is no {kind} {word!r}{arguments.nearest(word, table)} Nothing was sent.",
        how=f"There are: {', '.join(table)}.",
    )


def takes(words: list[str], usage: str, *, at_least: int = 0, at_most: int) -> list[str]:
    """Return the words if there are as many as the sub-command takes.

    Raises ArgumentError: too few or too many.
    """
    if at_least <= len(words) <= at_most:
        return words
    raise ArgumentError(f"Usage: %o1 {usage}. Nothing was sent.")


def model(name: str) -> str:
    """Return a sentence about a model that is to answer from here on.

    Raises UnknownModelError: the name is one slip away from a known one.
    """
    desk = session.desk()
    _, facts = choose_model(arguments.Arguments(model=name), settings.Settings(model=name), desk.catalog)
    if not facts.known:
        return f"{name} answers from here on; it is not in the catalog: its limits and its price are unknown."
    window = f"window {render.tokens_of(facts.context_window)}, at most {render.tokens_of(facts.max_output)} out"
    efforts = f", effort {'|'.join(facts.efforts)}" if facts.efforts else ""
    gone = facts.shutdown is not None and facts.is_shut_down(desk.today())
    ended = f"; OpenAI shut it down on {facts.shutdown:%Y-%m-%d}, see {facts.successor or '%o1 models'}" if gone else ""
    return f"{name} answers from here on: {window}{efforts}{ended}."


def connect(choice: str) -> str:
    """Return a sentence about where prompts go from here on; only the simulator is started, nothing is sent.

    Raises ConfigError: an address or a key that cannot work. ArgumentError: a scenario the simulator does not have.
    """
    desk = session.desk()
    target = endpoint.resolve(choice, desk.environ, simulator=desk.simulator)
    if target.kind == "simulator":
        return f"Prompts go to the simulator at {target.host}: its answers and its bills are simulated."
    return f"Prompts go to {target.host} ({target.key_source})."
