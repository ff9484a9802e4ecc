"""Loss, links and weights over the steps of a synthesis, as HTML with inline SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from dmm.show import count, plain

__all__ = ["svg_curves"]

Record = Mapping[str, Any]

WIDTH, PANEL, GAP = 720.0, 150.0, 44.0
LEFT, RIGHT, TOP = 88.0, 108.0, 58.0
STRIP, STRIP_AT = 16.0, 4.0
MOST_POINTS = 600
LABEL_WIDTH = 7.5  # of a letter in the strip of phases

ROUNDING = 1e-16

STYLE = """
.dmm-curves { width: 100%; max-width: 56rem; height: auto; }
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
.dmm-phases i { display: inline-block; width: 1.1em; height: .8em; margin-right: .4em;
  border: 1px solid var(--rule); }
.dmm-phases span { display: inline-block; margin-right: 1.2em; }
.phase0 { fill: #1a5fa822; background: #1a5fa822; }
.phase1 { fill: #b0450826; background: #b0450826; }
.phase2 { fill: #57616e30; background: #57616e30; }
.phase3 { fill: #1a5fa855; background: #1a5fa855; }
.phase4 { fill: #b0450855; background: #b0450855; }
@media (max-width: 40rem) { .dmm .dmm-curves text { font-size: 22px; }
  .dmm .dmm-curves .inside { display: none; } }
"""
"""Beside the style sheet of `dmm.show`, whose colours it uses."""

N_TINTS = 5


class Band(NamedTuple):
    """A stretch of steps that were spent in one phase."""

    phase: str
    begin: float
    end: float


class Curve(NamedTuple):
    """One panel: what it shows and how its axis runs."""

    key: str
    title: str
    is_logarithmic: bool
    is_stepped: bool


CURVES = (
    Curve("loss", "loss (logarithmic)", True, False),
    Curve("links", "trainable links (logarithmic)", True, True),
    Curve("l1", "sum of |weights|", False, False),
)


def svg_curves(records: Iterable[Record]) -> str:
    """Loss and link count (and the l1 norm, if recorded) over steps, on bands of the phases.

    Parameters
    ----------
    records : iterable of mappings
        With the keys ``step``, ``loss``, ``links``, ``l1``, ``phase``; whatever is missing or not
        finite is left out.

    Returns
    -------
    str
        A ``<figure>`` element, or "" if no record holds two finite numbers.

    Examples
    --------
    >>> records = [{"step": i, "loss": 0.5**i, "phase": "dense"} for i in range(9)]
    >>> svg_curves(records).count('class="curve')
    1
    """
    entries = [r for r in records if _number(r.get("step")) is not None]
    panels = [(curve, points) for curve in CURVES if (points := _points(entries, curve))]
    if not panels:
        return ""
    steps = [x for _, points in panels for x, _ in points]
    x_scale = _scale(min(steps), max(steps), LEFT, WIDTH - RIGHT)
    bands = _bands(entries)
    tints = _tints(bands)
    height = TOP + len(panels) * (PANEL + GAP)
    parts = [
        '<figure style="margin: 0">',
        f"<style>{STYLE}</style>",
        _legend(bands, tints),
        f'<svg class="dmm-curves" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" '
        'aria-label="Curves of the synthesis" xmlns="http://www.w3.org/2000/svg">',
        *_strip(bands, tints, x_scale),
    ]
    for i, (curve, points) in enumerate(panels):
        top = TOP + i * (PANEL + GAP)
        parts += [_band(band, tints, x_scale, top, PANEL) for band in bands]
        parts += _panel(curve, points, x_scale, top)
    parts += _x_axis(min(steps), max(steps), x_scale, height - GAP + 4)
    return "\n".join([*parts, "</svg></figure>"])


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
    if curve.key == "loss" and points[-1][1] <= ROUNDING:
        last = f"≤ {last}"  # what is less is drawn there
    parts.append(f'<circle class="last" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" class="tick strong">{last}</text>')
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
        f'<text x="{x_scale(tick):.1f}" y="{y + 14:.1f}" class="tick mid">{_tick_text(tick)}</text>'
        for tick in ticks
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    end = f'<text x="{middle:.0f}" y="{y + 36:.1f}" class="tick mid">steps</text>'
    return [*marks, end]


# -------------------- phases --------------------


def _bands(entries: Sequence[Record]) -> list[Band]:
    """Stretches of one phase, in order; a record tells of the steps that led to it."""
    bands: list[Band] = []
    at = 0.0
    for entry in entries:
        phase, step = str(entry.get("phase") or ""), float(entry["step"])
        if bands and bands[-1].phase == phase:
            bands[-1] = bands[-1]._replace(end=step)
        elif phase and step > at:
            bands.append(Band(phase, at, step))
        at = step
    return bands


def _tints(bands: Sequence[Band]) -> dict[str, int]:
    """Tints of the phases that took most steps, in the order in which they began."""
    spent = _spent(bands)
    most = sorted(spent, key=lambda phase: -spent[phase])[:N_TINTS]
    return {phase: i for i, phase in enumerate(phase for phase in spent if phase in most)}


def _spent(bands: Sequence[Band]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for band in bands:
        spent[band.phase] = spent.get(band.phase, 0.0) + band.end - band.begin
    return spent


def _band(
    band: Band, tints: Mapping[str, int], x_scale: Callable, top: float, height: float
) -> str:
    """A phase behind the curves; phases without a tint stay blank."""
    if band.phase not in tints:
        return ""
    x, end = max(x_scale(band.begin), LEFT), x_scale(band.end)
    return (
        f'<rect class="phase{tints[band.phase]}" x="{x:.1f}" y="{top:.1f}" '
        f'width="{max(end - x, 0.0):.1f}" height="{height:.1f}"/>'
    )


def _strip(bands: Sequence[Band], tints: Mapping[str, int], x_scale: Callable) -> list[str]:
    """The phases above the panels, with their names where there is room."""
    parts = []
    for band in bands:
        parts.append(_band(band, tints, x_scale, STRIP_AT, STRIP))
        x, end = max(x_scale(band.begin), LEFT), x_scale(band.end)
        name = plain(band.phase)
        if band.phase in tints and end - x > LABEL_WIDTH * (len(name) + 1):
            place = f'x="{(x + end) / 2:.1f}" y="{STRIP_AT + 12:.1f}"'
            parts.append(f'<text {place} class="tick mid inside">{escape(name)}</text>')
    return parts


def _legend(bands: Sequence[Band], tints: Mapping[str, int]) -> str:
    spent = _spent(bands)
    parts = (
        f'<span><i class="phase{tint}"></i>{escape(plain(phase))}: '
        f"{count(round(spent[phase]), 'step')}</span>"
        for phase, tint in tints.items()
    )
    return f'<p class="legend dmm-phases">{"".join(parts)}</p>' if tints else ""
