"""Random input streams: events every few ticks, nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dmm import Streams, streams_from_trees
from vvalues import NUMBER, VValue

__all__ = ["Sequences", "constant", "events", "letters", "numbers", "random_streams"]

Sequences = Callable[[np.random.Generator, int], Sequence[VValue]]
"""``(rng, n) -> n events`` of one source and one string."""

NOTHING = VValue()


def events(sequence: Sequence[VValue], ticks: int, period: int) -> list[VValue]:
    """A stream with one event every ``period`` ticks, from the first tick on.

    Examples
    --------
    >>> events([VValue({"a": 1}), VValue({"b": 1})], ticks=4, period=2)
    [VValue({'a': 1.0}), VValue({}), VValue({'b': 1.0}), VValue({})]
    """
    stream = [NOTHING] * ticks
    for t, event in zip(range(0, ticks, period), sequence, strict=False):
        stream[t] = event
    return stream


def letters(
    alphabet: str, weights: Sequence[float] | None = None, spread: float = 3.0
) -> Sequences:
    """Independent letters, each a V-value ``{letter: 1}``.

    Parameters
    ----------
    alphabet : str
    weights : sequence of float, optional
        How frequent the letters are, relative to each other.
    spread : float
        Every string multiplies the weights by random factors between ``1 / spread`` and
        ``spread``, so that counts and differences of counts cover a wide range.

    Examples
    --------
    >>> drawn = letters("ab")(np.random.default_rng(0), 30)
    >>> len(drawn), sorted({path[0] for letter in drawn for path in letter.support.paths})
    (30, ['a', 'b'])
    """
    trees = [VValue({letter: 1.0}) for letter in alphabet]
    base = np.ones(len(alphabet)) if weights is None else np.asarray(weights, dtype=np.float64)

    def draw(rng: np.random.Generator, n: int) -> list[VValue]:
        varied = base * spread ** rng.uniform(-1.0, 1.0, size=len(base))
        return [trees[i] for i in rng.choice(len(trees), size=n, p=varied / varied.sum())]

    return draw


def numbers(values: Sequence[float]) -> Sequences:
    """Independent numbers from a list (a zero is no event).

    Examples
    --------
    >>> drawn = numbers([1.0, 2.0])(np.random.default_rng(0), 30)
    >>> len(drawn), {number[":number"] for number in drawn} == {1.0, 2.0}
    (30, True)
    """

    def draw(rng: np.random.Generator, n: int) -> list[VValue]:
        chosen = (float(values[i]) for i in rng.choice(len(values), size=n))
        return [VValue({NUMBER: value}) if value else NOTHING for value in chosen]

    return draw


def constant(keys: Mapping[str, float]) -> VValue:
    """A stream that is the same at every tick, as a V-value (pass it in place of `Sequences`).

    Examples
    --------
    >>> constant({"a": 1.0})
    VValue({'a': 1.0})
    """
    return VValue(keys)


def random_streams(
    rng: np.random.Generator,
    sources: Mapping[str, Sequences | VValue],
    *,
    strings: int,
    ticks: int,
    periods: Sequence[int],
) -> Streams:
    """A batch of random strings.

    Parameters
    ----------
    sources : mapping of stream neuron to how its events are drawn, or to a constant V-value
    strings, ticks : int
    periods : sequence of int
        Ticks between events, taken in turn by the strings.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> streams = random_streams(rng, {"x": numbers([1, 2])}, strings=3, ticks=40, periods=[10])
    >>> len(streams), streams.ticks
    (3, 40)
    """
    trees: dict[str, list[list[VValue]]] = {name: [] for name in sources}
    for string in range(strings):
        period = periods[string % len(periods)]
        n = -(-ticks // period)
        for name, how in sources.items():
            if isinstance(how, VValue):
                trees[name].append([how] * ticks)
            else:
                trees[name].append(events(how(rng, n), ticks, period))
    return streams_from_trees(trees)
