"""The film of one synthesis as an animated SVG: no script, no font, readable without the motion.

Neurons stand where they stand in the search space; a link disappears at the step at which the loop
drops it. Links that leave together are one path, so 1,486 of them take some 60 kB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from dmm import Machine
from dmm.show.style import BLUE, EDGE, INK, MUTED, PAPER
from synthesis import Event

__all__ = ["Frame", "film", "frames_of"]

WIDTH, HEIGHT, TOP, BOTTOM, MARGIN = 860, 470, 64, 150, 60
SECONDS_PER_FRAME, LAST_SECONDS = 0.28, 6.0

STYLE = f"""
text {{ font: 15px system-ui, -apple-system, "Segoe UI", sans-serif; fill: {INK}; }}
.equation {{ font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.name {{ font-size: 13px; paint-order: stroke; stroke: {PAPER}; stroke-width: 4px; }}
.count {{ font-size: 24px; font-weight: 700; }} .quiet {{ fill: {MUTED}; }}
.link {{ fill: none; stroke: {BLUE}; stroke-width: .7; stroke-opacity: .35; }}
.kept {{ stroke-width: 2.2; stroke-opacity: 1; }}
.neuron {{ fill: {PAPER}; stroke: {EDGE}; }} .used {{ stroke: {INK}; stroke-width: 1.6; }}
"""


class Frame(NamedTuple):
    """What the film shows of one moment of the search."""

    links: frozenset[tuple[str, ...]]
    loss: float
    step: int


def frames_of(events: Iterable[Event]) -> list[Frame]:
    """A frame for every moment at which the number of links has fallen."""
    frames: list[Frame] = []
    for event in events:
        links = frozenset(event.state.parameters.support.paths)
        for record in event.records[-1:]:
            if frames and links == frames[-1].links:  # the last that is known of them
                frames.pop()
            frames.append(Frame(links, record.loss, record.step))
    kept: list[Frame] = []
    for frame in reversed(frames):  # without removals that were backed out later
        if not kept or frame.links > kept[-1].links:
            kept.append(frame)
    return kept[::-1]


def film(frames: Sequence[Frame], machine: Machine, equations: Sequence[str]) -> str:
    """An animated SVG from the first frame to a machine and its equations.

    Parameters
    ----------
    frames : sequence of Frame
        Links of a frame must be among those of the frame before.
    machine : Machine
        What was found; the last frame has its links.
    equations : sequence of str
        Lines that are shown with it.

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    places = _places({key for path in frames[0].links for key in (path[0], path[2])})
    last = len(frames) - 1
    seconds = last * SECONDS_PER_FRAME + LAST_SECONDS
    style, drawn = [STYLE], []
    for i, (frame, after) in enumerate(pairwise(frames)):
        share = 100.0 * (i + 1) * SECONDS_PER_FRAME / seconds
        style.append(_until(f"until{i}", share, seconds))
        drawn.append(_links(frame.links - after.links, places, f"link until{i}"))
        begin = 100.0 * i * SECONDS_PER_FRAME / seconds
        style.append(_between(f"at{i}", begin, share, seconds))
        drawn.append(_told(frame, f"at{i}"))
    style.append(_between("end", 100.0 * last * SECONDS_PER_FRAME / seconds, 100.0, seconds))
    style.append("@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }")
    drawn += [_links(frames[-1].links, places, role) for role in ("link", "link kept end")]
    drawn += [_neuron(*at) for at in places.values()]
    used = sorted({key for path in frames[-1].links for key in (path[0], path[2])})
    names = [_named(*places[name], machine.neurons[name]) for name in used]
    drawn += [_told(frames[-1], "end"), f'<g class="end">{"".join(names)}</g>', _lines(equations)]
    label = f"From {len(frames[0].links):,} random links to {len(machine.trainable)}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{label}">',
            f"<style>{''.join(style)}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{PAPER}"/>',
            *drawn,
            "</svg>\n",
        ]
    )


# -------------------- where and what --------------------


def _places(neurons: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Columns by layer, which is in a neuron's name; sources on the left, sinks on the right."""
    columns: dict[int, list[str]] = {}
    for name in sorted(neurons):
        layer = re.fullmatch(r"[a-z]+-(\d+)-\d+", name)
        column = int(layer.group(1)) if layer else (99 if name == "output" else 0)
        columns.setdefault(column, []).append(name)
    places = {}
    for i, (_, names) in enumerate(sorted(columns.items())):
        x = MARGIN + i * (WIDTH - 2 * MARGIN) / (len(columns) - 1)
        for j, name in enumerate(names):
            places[name] = (x, TOP + (j + 0.5) * (HEIGHT - TOP - BOTTOM) / len(names))
    return places


def _links(paths: Iterable[tuple[str, ...]], places: dict, role: str) -> str:
    """Links that come and go together, as one path."""
    curves = []
    for reader, _, sender, _ in sorted(paths):
        (x, y), (u, v) = places[sender], places[reader]
        bend = (u - x) / 2
        curves.append(
            f"M{x:.0f} {y:.0f}c{bend:.0f} 0 {bend:.0f} {v - y:.0f} {u - x:.0f} {v - y:.0f}"
        )
    return f'<path class="{role}" d="{"".join(curves)}"/>'


def _neuron(x: float, y: float, role: str = "") -> str:
    return f'<circle class="neuron {role}" cx="{x:.0f}" cy="{y:.0f}" r="5"/>'


def _named(x: float, y: float, kind: str) -> str:
    text = f'<text x="{x:.0f}" y="{y - 10:.0f}" text-anchor="middle" class="name">{kind}</text>'
    return _neuron(x, y, "used") + text


def _told(frame: Frame, role: str) -> str:
    loss = "0" if frame.loss < 1e-9 else f"{frame.loss:.3g}"
    return (
        f'<g class="{role}"><text x="24" y="38" class="count">{len(frame.links):,} links</text>'
        f'<text x="{WIDTH - 24}" y="38" text-anchor="end" class="quiet">'
        f"step {frame.step:,} · loss {loss}</text></g>"
    )


def _lines(lines: Sequence[str]) -> str:
    texts = (
        f'<text x="24" y="{HEIGHT - BOTTOM + 36 + 21 * i}" class="equation" xml:space="preserve">'
        f"{escape(line)}</text>"
        for i, line in enumerate(lines)
    )
    return f'<g class="end">{"".join(texts)}</g>'


# -------------------- when --------------------


def _until(role: str, share: float, seconds: float) -> str:
    """Seen from the beginning to a share of the time; never without motion."""
    return _shown(role, f"0%,{share:.2f}%{{opacity:1}}{share + 0.01:.2f}%,100%", seconds, 0)


def _between(role: str, begin: float, end: float, seconds: float) -> str:
    """Seen between two shares of the time; without motion only what lasts to the end."""
    if end >= 100.0:
        frames = f"0%,{begin:.2f}%{{opacity:0}}{min(begin + 4, 100):.2f}%,100%"
        return _shown(role, frames, seconds, 1, last=1)
    before = f"0%,{begin - 0.01:.2f}%{{opacity:0}}" if begin else ""
    frames = f"{before}{begin:.2f}%,{end:.2f}%{{opacity:1}}{end + 0.01:.2f}%,100%"
    return _shown(role, frames, seconds, 0)


def _shown(role: str, frames: str, seconds: float, at_rest: int, *, last: int = 0) -> str:
    return (
        f"@keyframes {role}{{{frames}{{opacity:{last}}}}}"
        f".{role}{{opacity:{at_rest};animation:{role} {seconds:.1f}s infinite}}"
    )
