"""The share of reasoning in the output, day by day: as a picture that needs no package, and as lines of text.

Layer 8, pure. An image with colours of its own, so that it is there in a saved notebook and on GitHub too.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date, timedelta
from typing import TYPE_CHECKING

from o1magic import render, untrusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from o1magic.ledger.analysis import Group
    from o1magic.render import Bundle

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 640, 180, 44, 12, 24
_BLOCKS = 30
_MOST_LINES = 60
_BLUE, _INK = "#3f7fc4", "#808080"

Point = tuple[str, int, int]


def points(groups: Iterable[Group]) -> list[Point]:
    """Return day, reasoning and output tokens of each day with output, real and simulated calls together."""
    days: dict[str, tuple[int, int]] = {}
    for one in groups:
        reasoning, output = days.get(one.key, (0, 0))
        days[one.key] = (reasoning + one.reasoning_tokens, output + one.completion_tokens)
    return [(day, *days[day]) for day in sorted(days) if days[day][1]]


def shown(groups: Sequence[Group]) -> Bundle:
    """Return the plot, as HTML and as text."""
    found = points(groups)
    if not found:
        return {"text/plain": "No call has been made yet whose output tokens are known."}
    title = "reasoning as a share of output tokens, by day"
    if any(one.simulated for one in groups):
        title += " (simulated calls included)"
    lines = [f"{day}  {_bar(reasoning / output)}  {reasoning / output:4.0%}" for day, reasoning, output in found]
    more = [f"(the last {_MOST_LINES} of {len(found):,} days)"] if len(found) > _MOST_LINES else []
    picture = b64encode(svg(found).encode()).decode()
    alt = untrusted.html(f"{title}: {found[0][0]} to {found[-1][0]}")
    html = f'<div>{untrusted.html(title)}</div><img alt="{alt}" src="data:image/svg+xml;base64,{picture}">'
    return render.bundle(html, "\n".join([title, *more, *lines[-_MOST_LINES:]]))


def _bar(share: float) -> str:
    full = round(share * _BLOCKS)
    return "█" * full + "·" * (_BLOCKS - full)


def svg(found: Sequence[Point]) -> str:
    """Return the picture: a dot a day, the larger the more output there was, joined by a line."""
    first, last = (date.fromisoformat(found[index][0]) for index in (0, -1))
    days = max(1, (last - first) // timedelta(days=1))
    base, most = _HEIGHT - _BOTTOM, max(output for _, _, output in found)
    dots, path = [], []
    for day, reasoning, output in found:
        x = _LEFT + 8 + (_WIDTH - _LEFT - 16) * ((date.fromisoformat(day) - first).days / days)
        y = base - (base - _TOP) * reasoning / output
        path.append(f"{x:.1f} {y:.1f}")
        told = f"{day}: {reasoning / output:.0%} of {output:,} tokens"
        radius = 2 + 4 * (output / most) ** 0.5
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{told}</title></circle>')
    marks = "".join(
        f'<path d="M{_LEFT} {base - (base - _TOP) * part:.0f}H{_WIDTH}" stroke="{_INK}" stroke-opacity=".35"/>'
        f'<text x="{_LEFT - 6}" y="{base - (base - _TOP) * part + 4:.0f}" text-anchor="end">{part:.0%}</text>'
        for part in (0, 0.5, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' font-family="sans-serif" font-size="11" fill="{_INK}">{marks}'
        f'<path d="M{"L".join(path)}" fill="none" stroke="{_BLUE}" stroke-width="1.5"/>'
        f'<g fill="{_BLUE}">{"".join(dots)}</g>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{first}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 6}" text-anchor="end">{last}</text></svg>'
    )
