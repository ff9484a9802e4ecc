"""Machines to choose from: none that another one beats in both size and error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from dmm import Machine
from dmm.machine import Circuit, Pace
from dmm.show import number_text, plain
from dmm.show.algebra import sample_equations

from ..verdicts import Candidate, Errors

__all__ = ["Choices", "Member"]


@dataclass(frozen=True)
class Member:
    """One machine of a front.

    Attributes
    ----------
    machine : Machine
    circuit : Circuit
        The same in samples.
    pace : Pace
        How samples meet ticks.
    bits : float
        Description length.
    train, validation : Errors
        Run free on whole strings, in the user's units.
    origin : str
        Which start proposed it, and what it saw.
    names : mapping of port to str
        What streams and answers are called in equations.
    lookahead : int
        Samples that an answer waits for.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.verdicts import Errors
    >>> echo = Circuit({"stream-x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "stream-x", "stream", 2.0)])
    >>> (machine, pace), right = echo.lowered(), Errors(9, 0.0, 0.0, 1.0, 1.0)
    >>> Member(machine, echo, pace, 10.0, right, right, "by hand").equations
    'output.dict-1 = 2 x'
    """

    machine: Machine
    circuit: Circuit
    pace: Pace
    bits: float
    train: Errors
    validation: Errors
    origin: str
    names: dict[tuple[str, str], str] = field(repr=False, default_factory=dict)
    lookahead: int = 0
    answer: Callable[[Member, Any, Any], Any] | None = field(repr=False, default=None)

    @property
    def candidate(self) -> Candidate:
        """To run it."""
        return Candidate(self.machine, self.pace, self.origin)

    @property
    def links(self) -> int:
        """Links of the machine, those of relays included."""
        return len(self.machine.trainable) + len(self.machine.fixed)

    @property
    def equations(self) -> str:
        """What it does, in samples."""
        return sample_equations(self.circuit, self.names, self.lookahead)

    def predict(self, X: Any, group: Any = None) -> Any:
        """Its answers to a user's streams, as `Synthesizer.predict` gives them.

        Raises
        ------
        AttributeError
            If the member does not belong to a fitted `Synthesizer`.
        """
        if self.answer is None:
            raise AttributeError("this member belongs to no fitted Synthesizer")
        return self.answer(self, X, group)


class Choices(Sequence[Member]):
    """The front: smaller machines and better ones, the smallest first.

    Attributes
    ----------
    best : Member
        What `fit` settled on.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.verdicts import Errors
    >>> echo = Circuit({"stream-x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "stream-x", "stream", 2.0)])
    >>> (machine, pace), right = echo.lowered(), Errors(9, 0.0, 0.0, 1.0, 1.0)
    >>> best = Member(machine, echo, pace, 10.0, right, right, "by hand")
    >>> print(Choices([best], best))
    links   bits  validation error   right  equations
       1 *    10                 0  100.0 %  output.dict-1 = 2 x
    """

    def __init__(self, members: Sequence[Member], best: Member) -> None:
        self._members = tuple(members)
        self.best = best

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, index: Any) -> Any:
        return self._members[index]

    @property
    def knee(self) -> Member:
        """Where more links begin to buy little: farthest below the line from end to end."""
        if len(self) < 3:
            return self.best
        links = np.array([float(member.links) for member in self])
        error = np.log10([max(member.validation.mean_square, 1e-12) for member in self])
        x = (links - links[0]) / max(links[-1] - links[0], 1e-12)
        y = (error - error[-1]) / max(error[0] - error[-1], 1e-12)
        return self._members[int(np.argmin(x + y))]

    def __repr__(self) -> str:
        lines = ["links   bits  validation error   right  equations"]
        for member in self:
            mark = "*" if member is self.best else " "
            shown = plain("; ".join(member.equations.split("\n")))
            lines.append(
                f"{member.links:4d} {mark} {member.bits:5.0f}  "
                f"{member.validation.mean_square:16.4g}  "
                f"{100.0 * member.validation.right:5.1f} %  {shown[:90]}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{member.links}{' *' if member is self.best else ''}</td>"
            f"<td>{member.bits:.0f}</td><td>{number_text(member.validation.mean_square)}</td>"
            f"<td>{100.0 * member.validation.right:.1f} %</td>"
            "<td style='text-align:left'>"
            f"<pre style='margin:0'>{escape(member.equations)}</pre></td></tr>"
            for member in self
        )
        head = "".join(f"<th>{title}</th>" for title in COLUMNS)
        return f"{_plot(self)}<table><tr>{head}</tr>{rows}</table>"


COLUMNS = ("links", "bits", "validation error", "right", "equations (* what fit settled on)")
WIDTH, HEIGHT, MARGIN = 320.0, 130.0, 26.0


def _plot(front: Choices) -> str:
    """Validation error (logarithmic) over links, as a small drawing."""
    links = [float(member.links) for member in front]
    errors = [np.log10(max(member.validation.mean_square, 1e-12)) for member in front]
    across, up = max(links) or 1.0, max(errors) - min(errors) or 1.0
    points = [
        (
            MARGIN + (WIDTH - 2.0 * MARGIN) * link / across,
            HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * (error - min(errors)) / up,
        )
        for link, error in zip(links, errors, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{5 if member is front.best else 3}' "
        f"fill='currentColor'><title>{member.links} links</title></circle>"
        for (x, y), member in zip(points, front, strict=True)
    )
    return (
        f"<svg viewBox='0 0 {WIDTH:.0f} {HEIGHT:.0f}' width='{WIDTH:.0f}' role='img' "
        "aria-label='validation error over links'>"
        f"<polyline points='{line}' fill='none' stroke='currentColor' stroke-opacity='0.5'/>{dots}"
        f"<text x='{MARGIN:.0f}' y='14' font-size='11' fill='currentColor'>validation error</text>"
        f"<text x='{WIDTH - MARGIN:.0f}' y='{HEIGHT - 6:.0f}' font-size='11' text-anchor='end' "
        "fill='currentColor'>links</text></svg>"
    )
