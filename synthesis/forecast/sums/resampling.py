"""How sure it is that a term, or a link, is there at all: the fit is made again on resamples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from dmm.machine import Circuit, Wire
from vvalues import Path

from .features import Below, Feature, Hinge, Leaky, Product
from .fitting import Rows, Sum

__all__ = ["held_links", "kind_of", "resampled", "stability"]


def kind_of(feature: Feature) -> str:
    """A feature without its bound or rate.

    Examples
    --------
    >>> from .features import Given, Lagged
    >>> kind_of(Hinge(Lagged(Given("y"), 1), 2.5)), kind_of(Leaky(Given("y"), 0.9))
    ('relu(y[t-1] - ...)', 'leaky(y, ...)')
    """
    if isinstance(feature, Hinge):
        return f"relu({feature.of} - ...)"
    if isinstance(feature, Leaky):
        return f"leaky({kind_of(feature.of)}, ...)"
    if isinstance(feature, Product):
        return f"{kind_of(feature.one)} {kind_of(feature.other)}"
    if isinstance(feature, Below):
        return f"[{feature.of} <= ...]"
    return str(feature) if feature.number is None else f"[{feature.parts[0]} > ...]"


def resampled(rows: Rows, rng: np.random.Generator) -> Rows:
    """Rows drawn with replacement in blocks of neighbours, which keep what joins them.

    Notes
    -----
    Blocks of the cube root of the rows, times two; none reaches from one string into another.

    References
    ----------
    H. R. Kuensch, Ann. Statist. 17 (1989), 1217-1241.
    """
    n = len(rows)
    string = rows.places[0]
    shortest = int(np.unique(string, return_counts=True)[1].min())
    length = min(max(2, round(2.0 * n ** (1.0 / 3.0))), shortest)
    starts = np.flatnonzero(string[: max(n - length + 1, 1)] == string[length - 1 :][:n])
    drawn = rng.choice(starts, size=-(-n // length))
    return rows.take((drawn[:, None] + np.arange(min(length, n))).ravel()[:n])


def stability(
    fit: Callable[[Rows], Sum], rows: Rows, resamples: int, rng: np.random.Generator
) -> Counter[str]:
    """In how many fits of resampled rows each kind of term is found.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Values, latest
    >>> from .growing import grown
    >>> series = np.sin(0.7 * np.arange(40.0))[None]
    >>> rows = Rows(Values({"y": series}), series, (np.zeros(35, int), np.arange(4, 39)), horizon=1)
    >>> lags, rng = latest("y", 4), np.random.default_rng(0)
    >>> sorted(stability(lambda r: grown(r, lags, Gaussian(), 2)[-1], rows, 10, rng).items())
    [('y', 2), ('y[t-1]', 8), ('y[t-3]', 10)]
    """
    held: Counter[str] = Counter()
    for _ in range(resamples):
        held.update({kind_of(feature) for feature in fit(resampled(rows, rng)).features})
    return held


def held_links(
    found: Sum,
    circuit_of: Callable[[Sum], Circuit],
    held: Mapping[str, float],
    always: float = 1.0,
) -> dict[Path, float]:
    """For every link of a forecast's machine, how often a term was found that needs it.

    Parameters
    ----------
    found : Sum
    circuit_of : callable of a sum
        Makes its machine in samples.
    held : mapping of a term's kind to a number
        As `stability` tells them, or as shares.
    always : float
        The number of the constant, which no fit leaves out.

    Returns
    -------
    mapping of the path of a trainable link to a number

    Examples
    --------
    >>> from .features import Given
    >>> found = Sum((Given("x"), Leaky(Given("y"), 0.5)), np.array([[0.0, 2.0, -1.0]]), loss=0.0)
    >>> held = {"x": 0.9, "leaky(y, ...)": 0.4}
    >>> shares = held_links(found, lambda one: one.circuit(["x", "y"]), held)
    >>> for path, share in shares.items():
    ...     print(*path, share)
    accum-1 dict-1 accum-1 dict 0.4
    accum-1 dict-2 stream-y stream 0.4
    output dict-1 accum-1 dict 0.4
    output dict-1 relay-1 dict 0.9
    """
    numbers = [always, *(held[kind_of(feature)] for feature in found.features)]
    most: dict[Wire, float] = {}
    for output, term in zip(*np.nonzero(found.weights), strict=True):
        alone = np.zeros_like(found.weights)
        alone[output, term] = 1.0
        for wire in circuit_of(replace(found, weights=alone)).wires:
            most[_ends(wire)] = max(most.get(_ends(wire), 0.0), numbers[term])
    circuit = circuit_of(found)
    # The numbers in place of the weights: lowering knows which link a wire becomes.
    told = tuple(wire._replace(weight=most[_ends(wire)]) for wire in circuit.wires)
    links = Circuit(circuit.neurons, told).lowered()[0].matrix
    return {path: float(links[path]) for path in circuit.lowered()[0].trainable}


def _ends(wire: Wire) -> Wire:
    return wire._replace(weight=0.0)
