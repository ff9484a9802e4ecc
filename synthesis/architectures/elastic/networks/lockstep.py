"""The fast trainer: elastic networks side by side, each with its own texts, chance and size.

Networks lie in arrays (see `arrays`); all are trained by the same numpy calls. It does what
`elastic.process` does on one tree with the general edits, to the bit, and is many times faster. A
network's figures do not depend on its companions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vvalues import VValue

from ....optimize import rules
from ....process.state import generator_from, generator_state
from ..arrays import BLOCK, PREFIX, Layout, capacity_for
from ..birth import (
    EPSILON,
    RMS_SHARE,
    NewNeuron,
    first_layout,
    memory_of_new,
    starting_memory,
)
from ..modulated import linked_network
from ..settings import ElasticSettings
from ..turnover import members_to_delete, wants_another
from .standing import Deleted, Member, Standing, Texts

__all__ = ["NetworkTrainer"]


class NetworkTrainer:
    """Elastic networks, trained side by side.

    Parameters
    ----------
    settings : ElasticSettings
    texts : Texts
        What the networks read.
    standing : Standing
        Where to go on from; `begun` makes the first one.
    ratio : float, optional
        Links come in pairs (see `ModulatedNetwork`); the share of the multiplicative ones to begin
        with. Without it there are single links.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> rngs = [np.random.default_rng(seed) for seed in (1, 2)]
    >>> texts = Texts([phases, phases])
    >>> trainer = NetworkTrainer.begun(ElasticSettings.of("paper"), texts, rngs, 3)
    >>> trainer.names(0), trainer.n_links(0)
    (['neuron-1', 'neuron-2', 'neuron-3'], 43)
    """

    def __init__(
        self,
        settings: ElasticSettings,
        texts: Texts,
        standing: Standing,
        ratio: float | None = None,
    ) -> None:
        self.settings = settings
        self.model = linked_network(texts.alphabet, settings, ratio)
        self.texts = texts.opened(standing.cycles, standing.at)
        self.cycles = standing.cycles
        self.members = list(standing.members)
        self._rngs = [generator_from(member.rng) for member in standing.members]
        self.sizes, self.smooth = standing.sizes, standing.smooth.copy()
        self.parameters = standing.parameters.copy()
        self.memory, self.hidden = standing.memory.copy(), standing.hidden.copy()
        self._prepare()

    @classmethod
    def begun(
        cls,
        settings: ElasticSettings,
        texts: Texts,
        rngs: Sequence[np.random.Generator],
        size: int = 1,
        ratio: float | None = None,
    ) -> NetworkTrainer:
        """Networks of random weights that have read nothing yet.

        Parameters
        ----------
        settings : ElasticSettings
        texts : Texts
        rngs : sequence (networks) of Generator
            A network's first weights and all its later chances.
        size : int
            Neurons to begin with.
        ratio : float, optional
            Links come in pairs.

        Raises
        ------
        ValueError
            If there are not as many generators as networks, or no neurons.
        """
        n = len(rngs)
        if len(texts) != n:
            raise ValueError(
                f"phases and rngs: phases of {len(texts)} networks and {n} generators; expected "
                "one of each per network"
            )
        model = linked_network(texts.alphabet, settings, ratio)
        layout = first_layout(size, texts.alphabet, settings, model.kinds)
        numbers = tuple(range(1, size + 1))
        capacity = capacity_for(size, len(texts.alphabet))
        first = [model.first_array(layout, capacity, rng) for rng in rngs]
        return cls(
            settings,
            texts,
            Standing(
                0,
                np.stack(first),
                np.stack([starting_memory(layout, capacity, settings)] * n),
                np.zeros((n, capacity)),
                np.full(n, texts.length * np.log(len(texts.alphabet))),
                np.zeros(n, dtype=np.intp),
                tuple(Member(generator_state(rng), numbers, (0,) * size, size + 1) for rng in rngs),
            ),
            ratio,
        )

    def standing(self) -> Standing:
        """Where the networks stand; nothing of it changes as they go on."""
        return Standing(
            self.cycles,
            self.parameters.copy(),
            self.memory.copy(),
            self.hidden.copy(),
            self.smooth.copy(),
            self.texts.at,
            tuple(
                member._replace(rng=generator_state(rng))
                for member, rng in zip(self.members, self._rngs, strict=True)
            ),
        )

    # -------------------- arrays --------------------

    def _prepare(self) -> None:
        """What depends on the arrays' capacity."""
        n, n_symbols = len(self.members), len(self.texts.alphabet)
        self.capacity = self.hidden.shape[1]
        self._cycle = self.model.cycle(n, self.capacity, n_symbols, self.texts.length)
        self.rows = self._cycle.rows
        self._scratch = np.empty_like(self.memory)
        self._see_sizes()

    def _arrange(self, capacity: int) -> None:
        """Arrays and buffers of this capacity, with what the old ones hold."""
        self.parameters, self.memory = (
            self._resized(array, capacity) for array in (self.parameters, self.memory)
        )
        kept = min(capacity, self.capacity)
        hidden = np.zeros((len(self.hidden), capacity))
        hidden[:, :kept] = self.hidden[:, :kept]
        self.hidden = hidden
        self._prepare()

    def _resized(self, array: np.ndarray, capacity: int) -> np.ndarray:
        """An array (networks, rows, capacity) of another capacity; only empty columns are lost."""
        old, kept = self.rows, min(capacity, self.capacity)
        rows = old.of(capacity, len(self.texts.alphabet), len(self.model.kinds))
        new = np.zeros((len(array), rows.n_rows, capacity))
        rows.squares(new)[..., :kept, :kept] = old.squares(array)[..., :kept, :kept]
        new[:, rows.links.stop :, :kept] = array[:, old.links.stop :, :kept]
        return new

    def compact(self) -> None:
        """Give back columns that have long been empty (one block stays in reserve)."""
        wanted = capacity_for(int(self.sizes.max()), len(self.texts.alphabet)) + BLOCK
        if wanted < self.capacity:
            self._arrange(wanted)

    def _see_sizes(self) -> None:
        """What depends on the numbers of neurons."""
        self._alive = np.arange(self.capacity) < self.sizes[:, None]
        self._floor = self.settings.smallest * self._alive

    # -------------------- networks as trees --------------------

    def names(self, network: int) -> list[str]:
        """Names of a network's neurons, oldest first."""
        return [f"{PREFIX}{number}" for number in self.members[network].numbers]

    def _layout(self, network: int) -> Layout:
        model, has_multipliers = self.model, self.settings.has_multipliers
        return Layout(self.names(network), model.alphabet, has_multipliers, model.kinds)

    def network(self, network: int) -> VValue:
        """A network's parameters."""
        return self._layout(network).unpack(self.parameters[network])

    def n_links(self, network: int) -> int:
        """Number of a network's leaves."""
        return self._layout(network).n_leaves

    def optimizer_memory(self, network: int) -> VValue:
        """A network's sums (means, in mode "outgoing-norm") of squared gradients."""
        return self._layout(network).unpack(self.memory[network])

    def hidden_state(self, network: int) -> np.ndarray:
        """A network's hidden state, (neurons,)."""
        return self.hidden[network, : self.sizes[network]].copy()

    # -------------------- one cycle --------------------

    def step(self) -> np.ndarray:
        """One cycle of every network: read, learn, edit. Returns the losses (networks,)."""
        symbols, begun = self.texts.read(self.cycles)
        if begun.size:
            self.hidden[begun] = 0.0
        losses = self._cycle(self.parameters, self.hidden, symbols)
        self.hidden[...] = self._cycle.hidden
        if self.settings.has_multipliers:
            self._multiplier_gradients()
        self._move()
        self._shrink_weights()
        share = self.settings.smoothing
        self.smooth = (1.0 - share) * self.smooth + share * losses
        self.cycles += 1
        if self.settings.adapts_size:
            self._edit()
        return losses

    def _multiplier_gradients(self) -> None:
        rows, gradient = self.rows, self._cycle.gradient
        multipliers = self.parameters[:, rows.multiplier]
        if self.settings.mode == "paper":
            pulled = self.parameters[:, rows.output] * self._cycle.symbol_gradients[:, :, None]
            np.multiply(pulled.sum(axis=1), multipliers, out=gradient[:, rows.multiplier])
        penalty = self.texts.length * self.settings.penalty
        gradient[:, rows.multiplier] += penalty * np.sign(multipliers)

    def _move(self) -> None:
        """Bounded gradient, Adagrad or RMSProp, bounded step (see `elastic_optimizer`)."""
        settings, step = self.settings, self._cycle.gradient
        rules.clip(step, settings.clip)
        if settings.mode == "outgoing-norm":
            rules.rmsprop(step, self.memory, settings.rate, RMS_SHARE, EPSILON, self._scratch)
        else:
            rules.adagrad(step, self.memory, settings.rate, EPSILON, self._scratch)
        if settings.largest_step < np.inf:
            rules.clip(step, settings.largest_step)
        if not settings.has_multipliers:
            step[:, self.rows.multiplier] = 0.0
        self.parameters += step

    def _shrink_weights(self) -> None:
        """The decoupled penalty, and the floor of the multipliers."""
        settings, rows = self.settings, self.rows
        if settings.mode == "outgoing-norm":
            for part in (rows.recurrent, rows.output):
                weights = self.parameters[:, part]
                weights -= settings.decoupled_penalty * np.sign(weights)
        elif settings.has_multipliers:
            multipliers = self.parameters[:, rows.multiplier]
            if settings.decoupled_penalty:
                multipliers -= settings.decoupled_penalty
            np.maximum(multipliers, self._floor, out=multipliers)
            multipliers *= self._alive

    # -------------------- structure --------------------

    def _edit(self) -> None:
        settings = self.settings
        marked = self._marked()
        counts = np.count_nonzero(marked, axis=1).tolist()
        sizes = self.sizes.tolist()
        changed = False
        for i, rng in enumerate(self._rngs):
            n, n_marked = sizes[i], counts[i]
            if n_marked > settings.spare:
                at = np.flatnonzero(marked[i])
                born = self.members[i].born
                ages = [self.cycles - born[j] for j in at] if settings.protection else ()
                gone = members_to_delete(at, settings, rng, ages)
                if gone:
                    self._delete(i, gone)
                    n, n_marked, changed = n - len(gone), n_marked - len(gone), True
            if wants_another(n, n_marked, settings, rng):
                self._add(i)
                changed = True
        if changed:
            self._see_sizes()

    def _marked(self) -> np.ndarray:
        """Neurons at or below the threshold, (networks, capacity)."""
        rows = self.rows
        if self.settings.has_multipliers:
            strength = self.parameters[:, rows.multiplier]
        else:
            outgoing = np.abs(self.parameters[:, rows.output]).sum(axis=1)
            lateral = np.abs(self.parameters[:, rows.recurrent]).sum(axis=1)
            n_symbols = len(self.texts.alphabet)
            n = np.maximum(self.sizes, 1)[:, None]  # a network may have lost all its neurons
            strength = 0.5 * (outgoing + n_symbols * lateral / n)
        return (strength <= self.settings.threshold) & self._alive

    def _delete(self, i: int, gone: Sequence[int]) -> None:
        member, n = self.members[i], int(self.sizes[i])
        keep = np.delete(np.arange(n), gone)
        self.members[i] = member._replace(
            numbers=tuple(member.numbers[j] for j in keep),
            born=tuple(member.born[j] for j in keep),
            deleted=self._remembered(i, gone[-1]) if self.settings.inherit else member.deleted,
        )
        for array in (self.parameters[i], self.memory[i]):
            squares = self.rows.squares(array)
            squares[:, : len(keep)] = squares[:, keep]
            squares[:, len(keep) : n] = 0.0
            # The last row holds the biases of the predictions, which belong to no neuron.
            columns = array[: self.rows.readout]
            columns[:, : len(keep)] = columns[:, keep]
            columns[:, len(keep) : n] = 0.0
        self.hidden[i, : len(keep)] = self.hidden[i, keep]
        self.hidden[i, len(keep) : n] = 0.0
        self.sizes[i] = len(keep)

    def _remembered(self, i: int, j: int) -> Deleted:
        rows, parameters = self.rows, self.parameters[i].copy()
        squares = rows.squares(parameters)
        return Deleted(
            self.members[i].numbers,
            j,
            squares[:, j],
            squares[:, :, j],
            parameters[rows.input, j],
            parameters[rows.output, j],
            float(parameters[rows.bias, j]),
        )

    def _add(self, i: int) -> None:
        member, n = self.members[i], int(self.sizes[i])
        if n == self.capacity:
            self._arrange(self.capacity + BLOCK)
        new = self.model.drawn(n, self._rngs[i])
        if self.settings.inherit and member.deleted is not None:
            new = _inherited(member.numbers, member.deleted, new)
        rows, parameters, memory = self.rows, self.parameters[i], self.memory[i]
        fresh = memory_of_new(self.settings)
        squares = rows.squares(memory)
        squares[:, : n + 1, n] = squares[:, n, : n + 1] = fresh
        memory[rows.input, n] = memory[rows.output, n] = memory[rows.bias, n] = fresh
        squares = rows.squares(parameters)
        squares[:, n, : n + 1] = new.incoming
        squares[:, :n, n] = new.outgoing
        parameters[rows.input, n] = new.input
        parameters[rows.output, n] = new.output
        parameters[rows.bias, n] = new.bias
        parameters[rows.multiplier, n] = (
            self.settings.threshold if self.settings.has_multipliers else 1.0
        )
        self.hidden[i, n] = 0.0
        self.members[i] = member._replace(
            numbers=(*member.numbers, member.next_number),
            born=(*member.born, self.cycles),
            next_number=member.next_number + 1,
        )
        self.sizes[i] = n + 1


def _inherited(numbers: Sequence[int], old: Deleted, new: NewNeuron) -> NewNeuron:
    """A new neuron's links replaced by those of a deleted one, where both ends live."""
    place = {number: j for j, number in enumerate(old.numbers)}
    incoming, outgoing = new.incoming.copy(), new.outgoing.copy()
    for j, number in enumerate(numbers):
        if number in place:
            incoming[:, j] = old.row[..., place[number]]
            outgoing[:, j] = old.column[..., place[number]]
    incoming[:, -1] = old.row[..., old.place]
    return NewNeuron(incoming, outgoing, old.input, old.output, old.bias)
