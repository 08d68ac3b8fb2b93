"""What a person sees around an answer: strip, footer, clock, tables; each as HTML and as plain text.

Layer 3, pure. Every foreign character passes `untrusted`; the answer's own Markdown is `Answer`'s.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from o1magic import cost, untrusted
from o1magic.answer import USAGE_MIME
from o1magic.lint import credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from o1magic.answer import Answer
    from o1magic.catalog import Model
    from o1magic.ledger import Standing, Total
    from o1magic.lint import Diagnostic
    from o1magic.request import Request

Bundle = dict[str, Any]

_QUOTE_CHARS = 60
_SENT_CHARS = 20_000
_COLOURS = {
    "error": "--jp-error-color1, #b00020",
    "warning": "--jp-warn-color1, #b26a00",
    "info": "--jp-info-color1, #0277bd",
}
_MUTED = "color: var(--jp-ui-font-color2, #666); font-size: 90%"


def bundle(html: str, plain: str) -> Bundle:
    """Return a display bundle of both forms; two prices in the HTML are no formula."""
    return {"text/html": f'<div class="mathjax_ignore">{html}</div>', "text/plain": plain}


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "") -> Bundle:
    """Return a table; columns whose cells are all numbers or dollars stand to the right."""
    cells = [list(map(untrusted.visible, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headers))]
    lines = ["  ".join(_pad(h, w, r) for h, w, r in zip(headers, widths, right, strict=True)).rstrip()]
    lines.append("  ".join("-" * width for width in widths))
    lines += ["  ".join(_pad(c, w, r) for c, w, r in zip(row, widths, right, strict=True)).rstrip() for row in cells]
    align = ["right" if r else "left" for r in right]
    head = "".join(f'<th style="text-align:{a}">{untrusted.html(h)}</th>' for h, a in zip(headers, align, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:{a}">{untrusted.html(c)}</td>' for c, a in zip(row, align, strict=True))
        + "</tr>"
        for row in cells
    )
    title = f'<caption style="text-align:left">{untrusted.html(caption)}</caption>' if caption else ""
    html = f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return bundle(html, "\n".join([*([caption] if caption else []), *lines]))


def _pad(text: str, width: int, right: bool) -> str:  # noqa: FBT001 - a column's own property
    return text.rjust(width) if right else text.ljust(width)


def _is_number(text: str) -> bool:
    return text in ("", "unknown", "–") or text.strip("()").lstrip("$≈≥").replace(",", "").replace(".", "").isdigit()


def quote(text: str, start: int, end: int) -> str:
    """Return the span on one line, shortened in its middle, as a person would quote it; keys in it are masked."""
    span = " ".join(credentials.masked(text, start, end).split())
    if len(span) > _QUOTE_CHARS:
        span = f"{span[: _QUOTE_CHARS // 2]} … {span[-_QUOTE_CHARS // 3 :]}"
    return untrusted.visible(span)


def place(text: str, diagnostic: Diagnostic) -> str:
    """Return the quoted span of a finding; "" for the rules about what should not be seen."""
    return "" if diagnostic.code.startswith("SEC") else quote(text, diagnostic.start, diagnostic.end)


def finding(text: str, diagnostic: Diagnostic, *, applied: bool) -> str:
    """Return one finding as a line of text."""
    span = place(text, diagnostic)
    quoted = f" “{span}”" if span else ""
    remedy = ""
    if applied:
        remedy = " [fixed in what was sent]"
    elif diagnostic.fix is not None:
        remedy = " [--fix all changes it]" if not diagnostic.fix.safe else " [--fix safe changes it]"
    return f"{diagnostic.code} {diagnostic.message}{quoted}{remedy}"


def strip(
    checked: str,
    applied: Sequence[Diagnostic],
    final: str,
    remaining: Sequence[Diagnostic],
    notes: Sequence[str],
    sent: str | None,
) -> Bundle | None:
    """Return what the linter found, what was changed, and the text as sent; None when there is nothing to say.

    `checked` is the text that `applied` refers to, `final` the one `remaining` refers to. `sent` is shown folded.
    """
    found = [(one.severity, finding(checked, one, applied=True)) for one in applied]
    found += [(one.severity, finding(final, one, applied=False)) for one in remaining]
    if not found and not notes:
        return None
    lines = [line for _, line in found] + [f"note: {untrusted.visible(note)}" for note in notes]
    html = [f"<div>{_bar(severity)}{_code(line)}</div>" for severity, line in found]
    html += [f'<div style="{_MUTED}">{untrusted.html(note)}</div>' for note in notes]
    if sent is not None:
        html.append(_folded("what was sent", sent))
    framed = f'<div class="o1magic-strip" role="note" style="font-size: 92%">{"".join(html)}</div>'
    return bundle(framed, "\n".join(lines))


def _bar(severity: str) -> str:
    return f'<span style="color: var({_COLOURS[severity]})">▌</span>'


def _code(line: str) -> str:
    code, _, rest = line.partition(" ")
    return f"<code>{untrusted.html(code)}</code> {untrusted.html(rest)}"


def _folded(title: str, text: str) -> str:
    shown = text[:_SENT_CHARS]
    more = "" if shown == text else f"\n… {len(text) - len(shown):,} more characters: %o1 last --sent"
    return f"<details><summary>{title}</summary><pre>{untrusted.html(shown + more)}</pre></details>"


def tokens_of(value: int | None) -> str:
    """Return a token count with thousands separated; unknown is said, never zero."""
    return "unknown" if value is None else f"{value:,}"


def footer(
    answer: Answer,
    *,
    session: Total | None = None,
    standings: Sequence[Standing] = (),
    bound_nano_usd: int | None = None,
) -> str:
    """Return the one line below an answer: model, seconds, tokens, cost, budgets; `bound_nano_usd` was held for it."""
    usage = answer.usage
    parts = ["simulated"] if answer.simulated else []
    asked = "" if answer.asked in ("", answer.model) else f" (asked: {answer.asked})"
    parts.append(f"{answer.model}{asked}")
    if answer.finish_reason not in ("stop", None):
        parts.append(f"ended by {answer.finish_reason}")
    parts.append(f"{answer.seconds:.1f} s")
    if answer.attempts > 1:
        parts.append(f"{answer.attempts - 1} {'retry' if answer.attempts == 2 else 'retries'}")  # noqa: PLR2004
    parts.append(f"prompt {tokens_of(usage.prompt)}")
    if usage.cached:
        parts.append(f"cached {usage.cached:,}")
    parts += [f"reasoning {tokens_of(usage.reasoning)}", f"visible {tokens_of(usage.visible)}"]
    if usage.reasoning is None and usage.completion is not None:
        parts.append(f"output {usage.completion:,}")
    if usage.inconsistent:
        parts.append("counts contradict each other as reported")
    parts.append(_cost(answer, bound_nano_usd))
    counting = [one for one in standings if one.simulated == answer.simulated]
    if session is not None and not answer.simulated:
        more = f" + {session.unknown_calls} unknown" if session.unknown_calls else ""
        spent = f"session {cost.dollars(session.cost_nano_usd)}{more}"
        same = [one for one in counting if (one.name, one.unit, one.per) == ("session", "nano_usd", "session")]
        parts.append(" ".join([spent, *map(_of_limit, same)]))
        counting = [one for one in counting if one not in same]
    parts += [f"{one.name} {_limited(one)}" for one in counting]
    return " · ".join(untrusted.visible(" ".join(part.split())) for part in parts)


def _limited(one: Standing) -> str:
    spent = cost.dollars(one.spent) if one.unit == "nano_usd" else f"{one.spent:,}"
    return f"{'simulated ' if one.simulated else ''}{spent} {_of_limit(one)}"


def _of_limit(one: Standing) -> str:
    if one.unit == "tokens":
        return f"of {one.limit:,} tokens" + (f", over by {one.over:,}" if one.over else "")
    return f"of {cost.dollars(one.limit)}" + (f", over by {cost.dollars(one.over)}" if one.over else "")


def _cost(answer: Answer, bound_nano_usd: int | None) -> str:
    if answer.cost_nano_usd is None:
        bound = "" if bound_nano_usd is None else f" (at most {cost.dollars(bound_nano_usd)})"
        return f"cost unknown{bound}"
    return f"{'would cost ' if answer.simulated else ''}{cost.dollars(answer.cost_nano_usd)}"


def note(text: str) -> Bundle:
    """Return a sentence of ours below an answer."""
    return bundle(f'<div style="{_MUTED}">{untrusted.html(text)}</div>', f"note: {untrusted.visible(text)}")


def clock(seconds: float, model: str, said: str, call_id: str = "") -> Bundle:
    """Return the line shown while a call runs, and the same for programs."""
    line = f"{said} · {seconds:,.0f} s · {untrusted.visible(model)}"
    shown = bundle(f'<div role="status" style="{_MUTED}">{untrusted.html(line)}</div>', line)
    asked = untrusted.name(model)
    running = {"version": 1, "id": call_id, "state": "running", "asked": asked, "said": said, "seconds": seconds}
    return {**shown, USAGE_MIME: running}


def dry_run(request: Request, *, endpoint: str, worst_nano_usd: int | None) -> Bundle:
    """Return exactly what would be sent, its token count and its worst cost."""
    from o1magic import images

    allowance = request.max_completion_tokens
    allowed = "the server's own allowance" if allowance is None else f"{allowance:,} allowed for reasoning and answer"
    worst = "worst cost unknown" if worst_nano_usd is None else f"worst cost {cost.dollars(worst_nano_usd)}"
    head = f"dry run, nothing sent · {endpoint} · prompt {request.prompt_tokens} tokens · {allowed} · {worst}"
    body = json.dumps(images.without_pixels(request.body), ensure_ascii=False, indent=2)
    html = f"<div>{untrusted.html(head)}</div><pre>{untrusted.html(body)}</pre>"
    return bundle(html, f"{untrusted.visible(head)}\n{untrusted.visible(body)}")


def model_rows(models: Iterable[Model], *, default: str, today: date) -> list[list[str]]:
    """Return the rows of the table of models."""
    return [
        [
            f"{model.name} *" if model.name == default else model.name,
            tokens_of(model.context_window),
            tokens_of(model.max_output),
            ", ".join(model.efforts) or "–",
            "+".join(model.apis),
            *_prices(model, today),
            f"{model.shutdown:%Y-%m-%d}" if model.shutdown else "–",
            model.successor or "–",
        ]
        for model in models
    ]


MODEL_HEADERS = ("model", "window", "max output", "efforts", "API", "$/M in", "$/M out", "shutdown", "successor")


def _prices(model: Model, today: date) -> tuple[str, str]:
    price = model.price_on(today)
    return ("unknown", "unknown") if price is None else (f"{price.input_per_mtok:f}", f"{price.output_per_mtok:f}")
