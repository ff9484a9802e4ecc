"""A stream of points as a picture that moves: an animated SVG, without any script."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

from ...machine import Machine, Streams
from ..labels import plain
from ..style import BLUE, EDGE, INK, MUTED, ORANGE, PAPER
from ..traces import PortLike, trace

__all__ = ["Motion"]

SIDE, MARGIN, RADIUS = 320, 20, 6
MOST_FRAMES = 400
"""More are left out evenly: a file that nobody can open shows nothing."""

COLOURS = (BLUE, ORANGE, INK, MUTED)


@dataclass(frozen=True, eq=False)
class Motion:
    """Points over time.

    Attributes
    ----------
    names : tuple of str
    places : array (ticks, points, 2)
        x to the right and y upwards.
    rate : float
        Ticks per second.

    Raises
    ------
    ValueError
        If the shape is another one, or a place is not finite.

    Examples
    --------
    >>> turn = np.linspace(0.0, 2.0 * np.pi, 60)
    >>> ring = Motion(("dot",), np.stack([np.cos(turn), np.sin(turn)], axis=1)[:, None])
    >>> ring.svg().startswith("<svg"), ring.svg().count("<animate ")
    (True, 2)
    """

    names: tuple[str, ...]
    places: np.ndarray
    rate: float = 30.0

    def __post_init__(self) -> None:
        places, expected = np.asarray(self.places, dtype=float), (len(self.names), 2)
        if places.ndim != 3 or places.shape[1:] != expected or not len(places):
            raise ValueError(
                f"places have shape {places.shape}; expected (ticks, {len(self.names)}, 2)"
            )
        if not np.all(np.isfinite(places)):
            tick, point, _ = np.argwhere(~np.isfinite(places))[0]
            raise ValueError(f"{self.names[point]!r} is nowhere at tick {tick}: not finite")
        if not self.rate > 0:
            raise ValueError(f"rate is {self.rate}; expected a positive number of ticks a second")
        object.__setattr__(self, "places", places)

    @classmethod
    def of(
        cls,
        machine: Machine,
        port: PortLike,
        streams: Streams | None = None,
        *,
        ticks: int | None = None,
        rate: float = 30.0,
    ) -> Motion:
        """The points that a stream holds: name / x and name / y, the rest being 0.

        Parameters
        ----------
        machine : Machine
        port : "neuron/field" or (neuron, field)
        streams : Streams, optional
        ticks : int, optional
            The length of the streams when omitted.
        rate : float
            Ticks per second.

        Raises
        ------
        ValueError
            If the stream holds no points.

        Examples
        --------
        >>> from dmm.zoo import orbits
        >>> Motion.of(orbits(), "points/dict", ticks=50).names
        ('moon', 'planet')
        """
        found = trace(machine, streams, port, ticks=ticks)
        names = tuple(sorted({key[0] for key in found.keys if key[1:] in (("x",), ("y",))}))
        if not names:
            raise ValueError(
                f"{found.label} holds no points; expected streams such as name/x and name/y"
            )
        column = {key: found.values[:, i] for i, key in enumerate(found.keys)}
        nothing = np.zeros(found.ticks)
        places = [[column.get((name, axis), nothing) for axis in "xy"] for name in names]
        return cls(names, np.moveaxis(np.array(places), 2, 0), rate)

    def svg(self) -> str:
        """The whole motion, again and again; who wants no motion sees the paths."""
        chosen = np.unique(np.linspace(0, len(self.places) - 1, MOST_FRAMES).round().astype(int))
        at = self._on_paper()[chosen]
        seconds = len(self.places) / self.rate
        shapes = []
        for i, name in enumerate(self.names):
            colour = COLOURS[i % len(COLOURS)]
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at[:, i])
            moves = "".join(_animated(axis, at[:, i, k], seconds) for k, axis in enumerate("xy"))
            shapes.append(
                f'<polyline points="{line}" fill="none" stroke="{EDGE}"/>'
                f'<circle cx="{at[0, i, 0]:.1f}" cy="{at[0, i, 1]:.1f}" r="{RADIUS}" '
                f'fill="{colour}"><title>{escape(plain(name))}</title>{moves}</circle>'
            )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" '
            f'role="img" aria-label="points that move: {escape(plain(", ".join(self.names)))}">'
            f'<rect width="{SIDE}" height="{SIDE}" rx="8" fill="{PAPER}"/>{"".join(shapes)}</svg>'
        )

    def _on_paper(self) -> np.ndarray:
        """Places in the units of the picture, as large as fits, y downwards."""
        low, high = self.places.min(axis=(0, 1)), self.places.max(axis=(0, 1))
        size = float(np.max(high - low)) or 1.0
        moved = (self.places - (low + high) / 2) / size * (SIDE - 2 * MARGIN)
        return SIDE / 2 + moved * np.array([1.0, -1.0])

    def _repr_html_(self) -> str:
        return self.svg()


def _animated(axis: str, values: np.ndarray, seconds: float) -> str:
    listed = ";".join(f"{value:.1f}" for value in values)
    return (
        f'<animate attributeName="c{axis}" values="{listed}" dur="{seconds:.2f}s" '
        'repeatCount="indefinite"/>'
    )
