"""Families of sparse binary networks: scores in a tree, members drawn from them.

Source: arXiv:2011.02712. Its text gives no algorithm that could be read; this one is ours (the
project's specification, section 4): a score per possible connection, a draw adds normal noise, and
the connections with the largest results are kept with their signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import combinations
from typing import Any, NoReturn

import numpy as np

from vvalues import Support, VValue, from_buffer
from vvalues.core import is_traced

from ...process.checks import check_finite, check_whole
from ..wired import WiredNetwork, numbered, wiring_tree

__all__ = ["BinaryFamily", "largest_signs", "overlap", "overlaps"]

SCORES = "scores"
NO_SLOPE = "the scores of a binary family choose signs, which have no slope"
NO_LINKS = "the scores of a binary family are no links: all its members have as many zeros"


def largest_signs(values: np.ndarray, kept: int, *, ties: bool = False) -> np.ndarray:
    """Signs of the ``kept`` entries of largest size in every row, zeros elsewhere.

    Parameters
    ----------
    values : array (..., n)
    kept : int
    ties : bool
        Keep all sizes that tie with the smallest one kept, rather than the first of them. This
        saves a pass over the array, for judging many noisy alternatives: in single precision
        about one row in 50,000 then has a connection more.

    Returns
    -------
    array (..., n) of the same type, entries -1, 0, +1; without ``ties`` exactly ``kept`` are not 0
    in every row.
    """
    sizes = np.abs(values)
    n = values.shape[-1]
    least = np.partition(sizes, n - kept, axis=-1)[..., n - kept, None]
    one, none = values.dtype.type(1), values.dtype.type(0)
    chosen = sizes >= least
    if not ties:
        tied = np.count_nonzero(chosen, axis=-1) > kept
        first = np.argsort(-sizes[tied], axis=-1, kind="stable")[:, :kept]
        exact = np.zeros((len(first), n), dtype=bool)
        np.put_along_axis(exact, first, True, axis=-1)
        chosen[tied] = exact
    return np.where(chosen, np.copysign(one, values), none)


class BinaryFamily:
    """All networks of one wiring density with weights -1, 0, +1; scores say which are likely.

    A draw is ``scores + N(0, 1)``; every unit keeps the given number of inputs of largest size,
    each with its sign. Hidden units are ``tanh(gain * sum)`` with ``gain = 1 / sqrt(kept)``,
    outputs linear.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden layers, outputs.
    kept : sequence of int
        Inputs that a unit keeps, per layer of weights. All members have as many zeros.
    outputs : sequence of str, optional
        Names of the outputs.

    Notes
    -----
    Scores are a V-value, ``layer-k/unit/scores`` -> array (sources,): a subtree per neuron. A
    member is a V-value of `WiredNetwork`, one leaf per connection, so everything that works on
    networks works on it.

    Examples
    --------
    >>> family = BinaryFamily([6, 4, 2], kept=[2, 3])
    >>> scores = family.initial(np.random.default_rng(0))
    >>> member, = family.members(scores, 1, np.random.default_rng(1))
    >>> member.size, sorted(set(member.buffer.tolist())), family.zeros
    (14, [-1.0, 1.0], 18)
    """

    def __init__(
        self, sizes: Sequence[int], kept: Sequence[int], outputs: Sequence[str] | None = None
    ) -> None:
        self.sizes, self.kept = tuple(sizes), tuple(kept)
        if len(self.sizes) < 2:
            raise ValueError(f"sizes are {self.sizes}; expected inputs, ..., outputs, all >= 1")
        for n in self.sizes:
            check_whole("sizes: one", n, 1)
        if len(self.kept) != len(self.sizes) - 1:
            raise ValueError(
                f"kept is {tuple(kept)}; {len(self.sizes) - 1} layers of weights need as many"
            )
        for k, n in zip(self.kept, self.sizes, strict=False):
            if k not in range(1, n + 1):
                raise ValueError(f"kept is {tuple(kept)}: of {n} inputs a unit keeps 1 to {n}")
        stems = [numbered("input", self.sizes[0])]
        stems += [numbered("unit", n) for n in self.sizes[1:-1]]
        names = numbered("output", self.sizes[-1]) if outputs is None else tuple(outputs)
        if sorted(names) != list(names) or len(names) != self.sizes[-1]:
            raise ValueError("outputs have to be as many as the last size, in alphabetical order")
        self.names = (*stems, names)
        self.gains = tuple(1.0 / np.sqrt(k) for k in self.kept)
        self.network = WiredNetwork(self.names, "tanh", self.gains)

    @property
    def description(self) -> dict[str, Any]:
        """The arguments that make the same family; JSON-compatible."""
        outputs = list(self.names[-1])
        return {"sizes": list(self.sizes), "kept": list(self.kept), "outputs": outputs}

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of weights."""
        return self.network.layers

    @property
    def zeros(self) -> int:
        """Absent connections of every member."""
        possible = sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        return possible - sum(k * n for k, n in zip(self.kept, self.sizes[1:], strict=True))

    @cached_property
    def support(self) -> Support:
        """The support of the scores."""
        paths, shapes = [], []
        for layer, units, n in zip(self.layers, self.names[1:], self.sizes, strict=False):
            paths += [(layer, unit, SCORES) for unit in units]
            shapes += [(n,)] * len(units)
        return Support.of(paths, shapes)

    def initial(self, rng: np.random.Generator, concentration: float = 0.0) -> VValue:
        """Normal scores of this standard deviation; with 0 every network is equally likely."""
        check_finite("concentration", concentration)
        return from_buffer(self.support, concentration * rng.standard_normal(self.support.size))

    def blocks(self, buffer: np.ndarray) -> list[np.ndarray]:
        """Scores of every layer, views (units, sources) into a buffer of the support."""
        found, first = [], 0
        for n, units in zip(self.sizes, self.sizes[1:], strict=False):
            found.append(buffer[first : first + n * units].reshape(units, n))
            first += n * units
        return found

    # -------------------- members --------------------

    def draw(
        self, scores: VValue, rng: np.random.Generator, scale: float = 1.0
    ) -> list[np.ndarray]:
        """One member as signs per layer, (units, sources) each; ``scale`` 0 is the mode.

        Raises
        ------
        ValueError
            If the scores are another family's or not finite, or the scale is no deviation.
        """
        self.check_scores(scores)
        check_finite("scale", scale)
        noisy = scores.buffer + scale * rng.standard_normal(scores.size)
        return [
            largest_signs(block, k) for block, k in zip(self.blocks(noisy), self.kept, strict=True)
        ]

    def member(self, signs: Sequence[np.ndarray]) -> VValue:
        """Signs per layer as a tree of `WiredNetwork`."""
        tree = VValue()
        for layer, units, sources, matrix in zip(
            self.layers, self.names[1:], self.names, signs, strict=False
        ):
            tree = tree + wiring_tree(layer, units, sources, matrix.T)
        return tree

    def members(
        self, scores: VValue, n: int, rng: np.random.Generator, scale: float = 1.0
    ) -> list[VValue]:
        """``n`` independent draws from the family, as trees; the less noise, the more alike."""
        return [self.member(self.draw(scores, rng, scale)) for _ in range(n)]

    def mode(self, scores: VValue) -> VValue:
        """The network without noise: the connections of largest score, the first ones of ties."""
        return self.member(self.draw(scores, np.random.default_rng(0), scale=0.0))

    def outputs(self, signs: Sequence[np.ndarray], inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of a member given as signs, in the precision of the inputs."""
        self.check_inputs(inputs)
        signal = inputs
        for k, (matrix, gain) in enumerate(zip(signs, self.gains, strict=True)):
            signal = signal @ (gain * matrix.T).astype(signal.dtype)
            if k + 1 < len(signs):
                signal = np.tanh(signal)
        return signal

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) of the mode: a family is a model like any other, without slope.

        Raises
        ------
        TypeError
            If the scores are being differentiated.
        """
        if is_traced(parameters):
            self.linearize(parameters, inputs)
        return self.outputs(self.draw(parameters, np.random.default_rng(0), scale=0.0), inputs)

    # -------------------- what methods may ask --------------------

    def linearize(self, parameters: VValue, inputs: np.ndarray) -> NoReturn:
        """There is no slope: TypeError."""
        raise TypeError(f"{NO_SLOPE}; evolve the scores (FamilyEvolution), or walk with a member")

    def prunable(self, support: Support) -> NoReturn:
        """Scores are no links: TypeError."""
        raise TypeError(f"{NO_LINKS}; prune a member")

    def alive(self, parameters: VValue) -> NoReturn:
        """Scores are no links: TypeError."""
        raise TypeError(f"{NO_LINKS}; remove what is dead from a member")

    def places(self) -> NoReturn:
        """Units cannot come or go: TypeError."""
        raise TypeError(
            "the units of a binary family are part of its wiring density, so none can come or go: "
            "make a family of other sizes, or edit a member"
        )

    def check_scores(self, scores: VValue) -> None:
        """Refuse scores of another family, and scores that are not finite."""
        if scores.support is not self.support:
            raise ValueError(
                f"scores have {scores.size} numbers at {len(scores)} paths; this family of sizes "
                f"{self.sizes} needs layer-k/unit/scores, made by initial"
            )
        if not np.isfinite(scores.buffer).all():
            raise ValueError("scores are not finite: they contain NaN or infinity")

    def check_inputs(self, inputs: np.ndarray) -> None:
        """Refuse inputs of another shape than (n, inputs)."""
        if np.ndim(inputs) != 2 or np.shape(inputs)[1] != self.sizes[0]:
            raise ValueError(
                f"inputs have shape {np.shape(inputs)}; a family of sizes {self.sizes} needs "
                f"(n, {self.sizes[0]})"
            )


# -------------------- statistics --------------------


def overlap(one: VValue, other: VValue) -> float:
    """Share of the connections of one network that the other has with the same sign.

    Examples
    --------
    >>> family = BinaryFamily([6, 4, 2], kept=[2, 3])
    >>> rng = np.random.default_rng(0)
    >>> one, two = family.members(family.initial(rng), 2, rng)
    >>> overlap(one, one), round(overlap(one, two), 2)
    (1.0, 0.21)
    """
    theirs = dict(other.items())
    same = sum(theirs.get(path) == value for path, value in one.items())
    return same / max(len(one), 1)


def overlaps(members: Sequence[VValue]) -> np.ndarray:
    """Overlap of every pair of members, (pairs,).

    Examples
    --------
    >>> family = BinaryFamily([6, 4, 2], kept=[2, 3])
    >>> rng = np.random.default_rng(0)
    >>> overlaps(family.members(family.initial(rng), 3, rng)).round(2)
    array([0.21, 0.21, 0.29])
    """
    return np.array([overlap(one, other) for one, other in combinations(members, 2)])
