"""The calls as a still picture: reasoning and visible tokens as stacked bars, for where nothing runs.

Layer 3, pure. An image that carries its own colours, so that it outlives sanitisers and reads on light and on dark.
Called by `overview`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from o1magic import untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from o1magic.ledger import Row

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 640, 150, 56, 10, 22
_MOST_BARS = 120
# Told apart by everybody, the colour-blind included; the reasoning is hatched besides.
_REASONING, _VISIBLE, _INK = "#3f7fc4", "#e08a1e", "#808080"

Bar = tuple[float, float]


def bars(rows: Sequence[Row]) -> tuple[list[Bar], int]:
    """Return mean reasoning and visible tokens of every so many calls, the oldest first, and how many that is.

    Output that came without being told apart is drawn as visible, an unknown count not at all.
    """
    each = 1
    while len(rows) > each * _MOST_BARS:
        each *= 2
    drawn = []
    for start in range(0, len(rows), each):
        part = rows[start : start + each]
        reasoning = sum(row.reasoning_tokens or 0 for row in part)
        output = sum(max(row.completion_tokens or 0, row.reasoning_tokens or 0) for row in part)
        drawn.append((reasoning / len(part), (output - reasoning) / len(part)))
    return drawn, each


def drawn(rows: Sequence[Row], said: str) -> str:
    """Return the picture as an HTML image that says `said` to who cannot see it."""
    encoded = b64encode(svg(rows).encode()).decode()
    alt = untrusted.html(f"Reasoning and visible tokens per call. {said}")
    return f'<img alt="{alt}" width="{_WIDTH}" height="{_HEIGHT}" src="data:image/svg+xml;base64,{encoded}">'


def svg(rows: Sequence[Row]) -> str:
    """Return the picture as SVG."""
    heights, each = bars(rows)
    most = nice(max((sum(bar) for bar in heights), default=0))
    base, scale = _HEIGHT - _BOTTOM, (_HEIGHT - _BOTTOM - _TOP) / most
    step = min(24.0, (_WIDTH - _LEFT) / max(1, len(heights)))
    gap = min(4.0, step / 4)
    thinking, visible = [], []
    for index, (reasoning, seen) in enumerate(heights):
        left, middle = _LEFT + index * step + gap / 2, base - reasoning * scale
        thinking.append(_box(left, middle, step - gap, base - middle))
        visible.append(_box(left, middle - seen * scale, step - gap, seen * scale))
    per = "each bar a call" if each == 1 else f"each bar the mean of {each:,} calls"
    played = sum(row.simulated for row in rows)
    per += "" if not played else ", simulated" if played == len(rows) else ", some simulated"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        f' font-size="11" fill="{_INK}"><defs><pattern id="h" width="5" height="5" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><path d="M0 0h5v5h-5z" fill="{_REASONING}"/>'
        '<path d="M0 0v5" stroke="#fff" stroke-opacity=".35" stroke-width="2"/></pattern></defs>'
        f'<path d="M{_LEFT} {base}H{_WIDTH}M{_LEFT} {_TOP}H{_WIDTH}" stroke="{_INK}" stroke-opacity=".4"/>'
        f'<path fill="url(#h)" d="{"".join(thinking)}"/><path fill="{_VISIBLE}" d="{"".join(visible)}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{most:,}</text>'
        f'<text x="{_LEFT - 6}" y="{base + 4}" text-anchor="end">0</text>'
        f'<path d="M{_LEFT} {base + 10}h9v9h-9z" fill="url(#h)"/>'
        f'<text x="{_LEFT + 14}" y="{base + 18}">reasoning</text>'
        f'<path d="M{_LEFT + 86} {base + 10}h9v9h-9z" fill="{_VISIBLE}"/>'
        f'<text x="{_LEFT + 100}" y="{base + 18}">visible</text>'
        f'<text x="{_WIDTH}" y="{base + 18}" text-anchor="end">tokens, {per}</text></svg>'
    )


def nice(most: float) -> int:
    """Return the round number, 1, 2 or 5 and zeros, that a scale up to `most` ends at."""
    end = 1
    while end < most:
        end = end * 5 // 2 if str(end).startswith("2") else end * 2
    return end


def _box(left: float, top: float, width: float, height: float) -> str:
    return f"M{left:.1f} {top:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z" if height > 0 else ""
