"""Superfluid neurons in a machine that edits its matrix: the coefficients are elements of a stream.

What a neuron mixes is on its field ``:function``, which it passes on. So here its coefficients are
read where they arrive, one column each; links into that field move, or are edited, like any other.
Parts without a kernel are terms with one more factor, see `dmm.compiled.plastic.firing.emissions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ....neurons import (
    FUNCTION,
    Element,
    Kernel,
    MixtureKernel,
    NeuronType,
    Partials,
    Stream,
    at_tick,
)
from ...plan import Segment
from .emissions import Elements, mixed_parts
from .groups import put, taken
from .one_vector import Side

__all__ = ["Mixed", "mixed"]


@dataclass(frozen=True)
class Mixed:
    """Superfluid neurons of one type, as a group of neurons.

    Attributes
    ----------
    kernel : MixtureKernel
        Of the parts that have a kernel, and whose coefficients can be there.
    rows, slots : list of Segment
        Without ``:function``.
    function : (Segment, Segment)
        Row and slot of ``:function``.
    columns : list of int
        Where the coefficients are among its keys.

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> from dmm.compiled.plastic.firing.one_vector import Layout
    >>> of, column = get_neuron_type("superfluid(tanh,relu)"), {("relu",): 0}
    >>> rows, slots = ([Segment(0, 1, None), Segment(1, 1, 0)] for _ in range(2))
    >>> group = mixed(of, rows, slots, column, {"dict": {()}, ":function": {("relu",)}})
    >>> read, emitted = (Layout(2, 1, 1, 1).zeros((), float) for _ in range(2))
    >>> read.numbers[0], read.keys[0] = 3.0, 0.5  # half of relu(3)
    >>> group.forward(read, emitted)
    >>> emitted.numbers[0], emitted.keys[0]
    (array([1.5]), array([[0.5]]))
    """

    kernel: MixtureKernel
    rows: list[Segment]
    slots: list[Segment]
    function: tuple[Segment, Segment]
    columns: list[int]

    def forward(self, rows: Side, slots: Side) -> None:
        """See `Group`."""
        put(self.slots, self.kernel.forward(self._inputs(rows)), slots)
        self._pass_on(rows, slots)

    def linearise(self, rows: Side) -> Partials:
        """See `Group`."""
        return self.kernel.linearise(self._inputs(rows))

    def adjoint(self, partials: Partials, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        row, slot = self.function
        found = self.kernel.adjoint(at_tick(partials, t), taken(self.slots, slots))
        put(self.rows, found[: len(self.rows)], rows)
        put([row], taken([slot], slots), rows)
        for column, own in zip(self.columns, found[len(self.rows) :], strict=True):
            rows.keys[..., row.key_span, :, column] += own.number

    def tangent(self, partials: Partials, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        put(self.slots, self.kernel.tangent(at_tick(partials, t), self._inputs(rows)), slots)
        self._pass_on(rows, slots)

    def _inputs(self, rows: Side) -> list[Stream]:
        """What is mixed, and the coefficients."""
        span = self.function[0].key_span if self.columns else slice(0)
        coefficients = [Stream(rows.keys[..., span, :, column]) for column in self.columns]
        return [*taken(self.rows, rows), *coefficients]

    def _pass_on(self, rows: Side, slots: Side) -> None:
        row, slot = self.function
        put([slot], taken([row], rows), slots)


def mixed(
    of: NeuronType,
    rows: list[Segment],
    slots: list[Segment],
    column: Mapping[Element, int],
    mine: Mapping[str, Elements],
) -> Mixed:
    """Superfluid neurons that read these elements, in these segments; see `Mixed`."""
    parts = [part for part in mixed_parts(of, mine[FUNCTION]) if isinstance(part.kernel, Kernel)]
    kernel = MixtureKernel(parts, of.reads[:-1], of.writes[:-1])
    columns = [column[part.name,] for part in parts]
    return Mixed(kernel, rows[:-1], slots[:-1], (rows[-1], slots[-1]), columns)
