"""Loss, links and weights over the steps of a synthesis, as inline SVG without dependencies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from dmm.show import number_text, plain

__all__ = ["svg_curves"]

Record = Mapping[str, Any]

WIDTH, PANEL, GAP = 720.0, 150.0, 34.0
LEFT, RIGHT, TOP = 64.0, 12.0, 30.0
MOST_POINTS = 600
MOST_EVENTS = 5

ROUNDING = 1e-16

STYLE = """
.dmm-curves { width: 100%; min-width: 34rem; max-width: 56rem; height: auto; }
.dmm-curves .grid { stroke: var(--rule); fill: none; }
.dmm-curves .curve { fill: none; stroke: var(--pos); stroke-width: 1.8; stroke-linejoin: round; }
.dmm-curves .links { stroke: var(--neg); }
.dmm-curves .l1 { stroke: var(--muted); stroke-dasharray: 5 3; }
.dmm-curves .title { font-weight: 700; }
.dmm-curves .tick { fill: var(--muted); }
.dmm-curves .end { text-anchor: end; }
.dmm-curves .mid { text-anchor: middle; }
.dmm-curves .strong { fill: var(--ink); font-weight: 700; }
.dmm-curves .last { fill: var(--ink); }
.dmm-curves .mark { fill: var(--card); stroke: var(--ink); stroke-width: 1.3; }
"""
"""Beside the style sheet of `dmm.show`, whose colours it uses."""

# Each event has its own shape, drawn around (0, 0): colour alone would not do.
SHAPES = (
    "M0 5L-5 -4H5Z",  # triangle down
    "M-4 -4L4 4M-4 4L4 -4",  # cross
    "M0 -5L5 0L0 5L-5 0Z",  # diamond
    "M-4 -4H4V4H-4Z",  # square
    "M0 -5L5 4H-5Z",  # triangle up
)


class Curve(NamedTuple):
    """One panel: what it shows and how its axis runs."""

    key: str
    title: str
    is_logarithmic: bool
    is_stepped: bool


CURVES = (
    Curve("loss", "loss (logarithmic; 1e-16 stands for anything less)", True, False),
    Curve("links", "trainable links (logarithmic)", True, True),
    Curve("l1", "sum of |weights|", False, False),
)


def svg_curves(records: Iterable[Record]) -> str:
    """Loss and link count (and the l1 norm, if recorded) over steps, edits and back-outs marked.

    Parameters
    ----------
    records : iterable of mappings
        With the keys ``step``, ``loss``, ``links``, ``l1``, ``event``; whatever is missing or not
        finite is left out.

    Returns
    -------
    str
        An ``<svg>`` element, or "" if no record holds two finite numbers.
    """
    entries = [r for r in records if _number(r.get("step")) is not None]
    panels = []
    for curve in CURVES:
        points = _points(entries, curve)
        if points:
            panels.append((curve, points))
    if not panels:
        return ""
    steps = [x for _, points in panels for x, _ in points]
    x_scale = _scale(min(steps), max(steps), LEFT, WIDTH - RIGHT)
    events = _events(entries)
    height = TOP + len(panels) * (PANEL + GAP)
    parts = [
        f'<svg class="dmm-curves" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" '
        'aria-label="Curves of the synthesis" xmlns="http://www.w3.org/2000/svg">',
        f"<style>{STYLE}</style>",
        *_legend(events),
    ]
    for i, (curve, points) in enumerate(panels):
        top = TOP + i * (PANEL + GAP)
        parts += _panel(curve, points, x_scale, top)
        if i == 0:
            parts += _marks(events, x_scale, top)
    parts += _x_axis(min(steps), max(steps), x_scale, height - GAP + 4)
    return "\n".join([*parts, "</svg>"])


# -------------------- numbers --------------------


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _points(entries: Sequence[Record], curve: Curve) -> list[tuple[float, float]]:
    points = []
    for entry in entries:
        y = _number(entry.get(curve.key))
        if y is not None and curve.key == "loss":
            y = max(y, ROUNDING)  # what is below is noise, and would squash everything else
        if y is not None and (y > 0 or not curve.is_logarithmic):
            points.append((float(entry["step"]), y))
    return _thinned(points)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Long curves keep the extremes of every stretch, so that no spike is lost."""
    if len(points) <= MOST_POINTS:
        return points
    stretch = 2 * math.ceil(len(points) / MOST_POINTS)
    kept = []
    for i in range(0, len(points), stretch):
        part = points[i : i + stretch]
        ends = (min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1]))
        kept += sorted(set(ends))
    return [*kept, points[-1]]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (value - low) / span


# -------------------- panels --------------------


def _panel(
    curve: Curve, points: list[tuple[float, float]], x_scale: Callable, top: float
) -> list[str]:
    values = [y for _, y in points]
    ticks = _decades(values) if curve.is_logarithmic else _round_ticks(max(values))
    low, high = min(*values, *ticks), max(*values, *ticks)
    measure = math.log10 if curve.is_logarithmic else float
    y_scale = _scale(measure(low), measure(high), top + PANEL, top)
    parts = [f'<text x="{LEFT:.0f}" y="{top - 8:.1f}" class="title">{curve.title}</text>']
    for tick in ticks:
        y = y_scale(measure(tick))
        parts.append(f'<path class="grid" d="M{LEFT:.0f} {y:.1f}H{WIDTH - RIGHT:.0f}"/>')
        text = _tick_text(tick)
        parts.append(f'<text x="{LEFT - 8:.0f}" y="{y + 4:.1f}" class="tick end">{text}</text>')
    places = [(x_scale(x), y_scale(measure(y))) for x, y in points]
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
    for x, y in places[1:]:
        path += f"H{x:.1f}V{y:.1f}" if curve.is_stepped else f"L{x:.1f} {y:.1f}"
    parts.append(f'<path class="curve {curve.key}" d="{path}"/>')
    x, y = places[-1]
    last = _tick_text(points[-1][1])
    parts.append(f'<circle class="last" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    parts.append(f'<text x="{x - 6:.1f}" y="{y - 7:.1f}" class="tick end strong">{last}</text>')
    return parts


def _tick_text(x: float) -> str:
    if x == int(x) and abs(x) < 1e6:
        return f"{int(x):,}"
    return f"{x:.3g}"


def _decades(values: Sequence[float]) -> list[float]:
    """Powers of ten around the values, at most six of them."""
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    step = max(1, math.ceil((high - low) / 5))
    return [10.0**e for e in range(low, high + 1, step)]


def _round_ticks(largest: float) -> list[float]:
    """Zero and up to five round steps above it."""
    if largest <= 0:
        return [0.0, 1.0]
    raw = largest / 4
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * f for f in (1, 2, 2.5, 5, 10) if unit * f >= raw)
    return [step * i for i in range(int(largest / step) + 1)]


def _x_axis(low: float, high: float, x_scale: Callable, y: float) -> list[str]:
    ticks = [t for t in _round_ticks(high) if t >= low] or [low]
    marks = [
        f'<text x="{x_scale(tick):.1f}" y="{y + 12:.1f}" class="tick mid">{_tick_text(tick)}</text>'
        for tick in ticks
    ]
    end = f'<text x="{WIDTH - RIGHT:.0f}" y="{y + 26:.1f}" class="tick end">steps</text>'
    return [*marks, end]


# -------------------- events --------------------


def _events(entries: Sequence[Record]) -> dict[str, list[float]]:
    """Steps of every kind of event, most frequent kinds first; plain training is no event."""
    found: dict[str, list[float]] = {}
    for entry in entries:
        event = str(entry.get("event") or "")
        if event and event != "train":
            found.setdefault(event, []).append(float(entry["step"]))
    kinds = sorted(found, key=lambda event: -len(found[event]))
    return {event: found[event] for event in kinds[:MOST_EVENTS]}


def _legend(events: Mapping[str, list[float]]) -> list[str]:
    parts, x = [], WIDTH - RIGHT
    for i, (event, steps) in reversed(list(enumerate(events.items()))):
        text = f"{plain(event)[:20]} ({number_text(len(steps))})"
        x -= 7.2 * len(text) + 26
        parts.append(_mark(i, x, 12.0, event))
        parts.append(f'<text x="{x + 10:.1f}" y="16" class="tick">{escape(text)}</text>')
    return parts


def _marks(events: Mapping[str, list[float]], x_scale: Callable, top: float) -> list[str]:
    marks = []
    for i, (event, steps) in enumerate(events.items()):
        seen: set[int] = set()
        for step in steps:
            x = x_scale(step)
            if int(x) not in seen:  # marks on the same pixel add nothing
                seen.add(int(x))
                marks.append(_mark(i, x, top + PANEL + 10, event))
    return marks


def _mark(i: int, x: float, y: float, event: str) -> str:
    return (
        f'<path class="mark mark-{i}" transform="translate({x:.1f} {y:.1f})" d="{SHAPES[i]}">'
        f"<title>{escape(plain(event))}</title></path>"
    )
