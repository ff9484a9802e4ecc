"""Units in which streams and answers are natural, so that what is added up is in the same one.

Numbers on a grid are multiples of its step. Measured numbers have no unit of their own: streams of
like size share one, and answers take that of the stream which they repeat or add up, if there is
one: it shows in how often the ratio of the two is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .strings import Strings

__all__ = ["grid_of", "unit_of", "units_of"]

MANY = 20
"""Different values from which a stream counts as measured, whether or not they lie on a grid."""

ALIKE = 100.0
"""How much larger than another unit one may be for numbers of one kind."""

LARGEST_MULTIPLE = 1000
"""Of a grid, for the numbers on it to count as small multiples."""

SHARE, FEWEST = 0.05, 10
"""Of the samples whose ratio to a stream is the same, for it to be no accident."""


def units_of(strings: Strings) -> tuple[dict[str, float], tuple[float, ...]]:
    """Natural units of streams, and of answers.

    Parameters
    ----------
    strings : Strings

    Returns
    -------
    units : dict of source to float
    answer_units : tuple of float
        Per output.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> paid = np.random.default_rng(0).uniform(0.0, 9.0, (4, 12))
    >>> owed = np.maximum.accumulate(2.54 * paid, axis=1)
    >>> units_of(Strings(to_streams(paid), owed.T[None], np.full(4, 12)))
    ({'stream-x': 10.0}, (25.4,))
    """
    arrays = strings.inputs.arrays
    units = {name: unit_of(array) for name, array in arrays.items()}
    measured = [name for name in arrays if _is_measured(arrays[name])]
    units.update(_shared({name: units[name] for name in measured}))
    scaled = {name: strings.numbers(name) / units[name] for name in measured}
    return units, tuple(_answer_unit(answers, scaled, units) for answers in strings.answers)


def _is_measured(array: np.ndarray) -> bool:
    """Whether a stream is a number at every sample, with many different values."""
    return not array[..., 1:].any() and len(np.unique(array)) > MANY


def _shared(units: Mapping[str, float]) -> dict[str, float]:
    """The same unit for all that are of like size."""
    shared: dict[str, float] = {}
    base = 0.0
    for name in sorted(units, key=units.__getitem__):
        base = base if units[name] <= ALIKE * base else units[name]
        shared[name] = base
    return shared


def _answer_unit(
    answers: np.ndarray, scaled: Mapping[str, np.ndarray], units: Mapping[str, float]
) -> float:
    """Of one output, (samples, strings), beside streams (strings, samples) in their own units."""
    grid = grid_of(answers)
    if grid is not None:
        return grid
    own = _power_of_ten(answers)
    if not scaled:
        return own
    told = max((_usual_ratio(answers.T, values) for values in scaled.values()), default=(0, 0.0))
    if told[0]:
        return told[1]
    near = [units[name] for name in scaled if 1.0 / ALIKE <= units[name] / own <= ALIKE]
    return min(near, key=lambda unit: abs(np.log(unit / own)), default=own)


def _usual_ratio(answers: np.ndarray, values: np.ndarray) -> tuple[int, float]:
    """How often answers, or their changes, are the most frequent multiple of a stream; and it."""
    changes = np.diff(answers, axis=1, prepend=0.0)
    found = (0, 0.0)
    for told in (answers, changes):
        is_known = np.isfinite(told) & (told != 0.0) & (values != 0.0)
        ratios = np.abs(told[is_known] / values[is_known])
        if not len(ratios):
            continue
        alike, counts = np.unique([f"{ratio:.9g}" for ratio in ratios], return_counts=True)
        count = int(counts.max())
        if count >= max(FEWEST, SHARE * answers.size):
            found = max(found, (count, float(alike[counts.argmax()])))
    return found


def unit_of(values: np.ndarray) -> float:
    """A natural unit of some numbers: their grid, if they lie on one; else a power of ten.

    Multiplying numbers on a grid multiplies their unit.

    Examples
    --------
    >>> unit_of(np.array([30.0, 0.0, -90.0])), unit_of(np.array([0.25, 1.0, np.nan]))
    (30.0, 0.25)
    """
    grid = grid_of(values)
    return _power_of_ten(values) if grid is None else grid


def _power_of_ten(values: np.ndarray) -> float:
    """The one that is nearest to the size of numbers."""
    found = np.abs(values[np.isfinite(values)])
    size = float(np.sqrt(np.mean(found**2)))
    return float(10.0 ** np.round(np.log10(size)))


def grid_of(values: np.ndarray) -> float | None:
    """The largest number of which all values are whole multiples; None if these are not small.

    Examples
    --------
    >>> grid_of(np.array([6.0, 9.0, 0.0])), grid_of(np.array([0.1, 2**0.5]))
    (3.0, None)
    """
    sizes = np.unique(np.abs(values[np.isfinite(values)]))
    sizes = sizes[sizes > 0]
    if not sizes.size:
        return 1.0
    grid, largest = float(sizes[0]), float(sizes[-1])
    for size in sizes[1:]:
        rest = float(size)
        while rest > 1e-6 * largest:  # Euclid, in numbers that were rounded once
            grid, rest = rest, abs(grid - rest * round(grid / rest))
        if grid * LARGEST_MULTIPLE < largest:
            return None
    multiples = np.round(sizes / grid)
    if np.abs(sizes - multiples * grid).max() > 1e-9 * largest:
        return None
    # The best estimate of the grid is from the largest number; 1 where it is 1 but for rounding.
    exact = largest / float(multiples[-1])
    nearest = round(exact, 12)
    return nearest if abs(nearest - exact) <= 1e-12 * largest else exact
