"""Streams of signed samples: leaves that are draws from measures, not numbers.

A *signed sample* is a pair of a value and a sign; over time a stream of them represents a signed
measure. Samples cannot be added, but linear combinations of the measures they stand for can be
sampled: to represent ``sum of alpha_i * mu_i``, pick term ``i`` with probability
``|alpha_i| / sum of |alpha_j|`` and emit its value with sign ``sign(alpha_i) * s_i``. So signed
samples are a kind of leaf as good as numbers: only the linear combination differs.

Conventions where the paper leaves a choice: a *missing* sample stands for the zero measure, and is
picked with its share of the probability like any other (the result is then missing), which keeps
expectations linear; a combination whose coefficients are all zero is missing. What is sampled is
the measure ``sum of alpha_i * mu_i`` divided by the total ``sum of |alpha_i|``.

References
----------
arXiv:1712.07447, section 5.1 (streams of signed samples) and 5.3 (kinds of leaves);
arXiv:1706.00648, appendix A (missing samples).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, final

import numpy as np

from ..core.paths import Path, as_path, format_path
from ..core.products import product_plan
from ..core.support import Support
from ..core.tracing import is_traced, unboxed
from ..core.tree import VValue

__all__ = ["SampleTree", "SignedSample", "pick_signed", "stochastic_linear_combination"]


class SignedSample(NamedTuple):
    """A draw and its sign.

    Attributes
    ----------
    value : anything
    sign : +1 or -1

    Examples
    --------
    >>> draws = [SignedSample(3.0), SignedSample(1.0, -1)]
    >>> sum(draw.sign * draw.value for draw in draws) / len(draws)
    1.0
    """

    value: Any
    sign: int = 1


@final
class SampleTree:
    """An immutable tree whose leaves are signed samples; an absent path is a missing sample.

    Parameters
    ----------
    samples : mapping of key or path -> SignedSample

    Raises
    ------
    TypeError
        If a leaf is not a `SignedSample`; the message names the path.
    ValueError
        If a sign is neither +1 nor -1, or two keys spell the same path.

    Examples
    --------
    >>> tree = SampleTree({("n1", "out"): SignedSample("red"), "n2": SignedSample("blue", -1)})
    >>> tree["n2"]
    SignedSample(value='blue', sign=-1)
    >>> tree["n3"] is None
    True
    """

    __slots__ = ("_samples", "support")

    support: Support

    def __init__(self, samples: Mapping[Any, SignedSample] = {}, /) -> None:
        by_path: dict[Path, SignedSample] = {}
        for key, sample in samples.items():
            path = as_path(key)
            if path in by_path:
                raise ValueError(f"two samples are at {format_path(path)}")
            by_path[path] = _checked(sample, path)
        self.support = Support.of(by_path)
        self._samples = tuple(by_path[path] for path in self.support.paths)

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.support.paths)

    def __getitem__(self, path: str | Iterable[str]) -> SignedSample | None:
        i = self.support.index.get(as_path(path))
        return None if i is None else self._samples[i]

    def items(self) -> Iterator[tuple[Path, SignedSample]]:
        """``(path, sample)`` pairs in canonical order."""
        return zip(self.support.paths, self._samples, strict=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SampleTree):
            return NotImplemented
        return self.support is other.support and self._samples == other._samples

    def __hash__(self) -> int:
        return hash((self.support.paths, self._samples))

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{format_path(path)}: {'+-'[sample.sign < 0]}{sample.value!r}"
            for path, sample in self.items()
        )
        return f"SampleTree({inside})"


def _checked(sample: Any, path: Path) -> SignedSample:
    if not isinstance(sample, SignedSample):
        raise TypeError(
            f"leaf at {format_path(path)} is {type(sample).__name__} {sample!r:.40}; "
            "expected SignedSample(value, sign)"
        )
    if sample.sign not in (1, -1):
        raise ValueError(f"sign at {format_path(path)} is {sample.sign!r}; expected +1 or -1")
    return sample


def pick_signed(
    coefficients: Iterable[float],
    samples: Iterable[SignedSample | None],
    rng: np.random.Generator,
) -> SignedSample | None:
    """One draw from a linear combination of the measures behind some samples.

    Parameters
    ----------
    coefficients : real numbers
    samples : as many signed samples; None is a missing one
    rng : numpy.random.Generator
        One uniform number is drawn from it, whatever the outcome.

    Returns
    -------
    SignedSample, or None when a missing sample is picked or all coefficients are zero

    Raises
    ------
    ValueError
        If the lengths differ or a coefficient is not finite.

    Examples
    --------
    >>> pick_signed([0.0, -2.0], [SignedSample("a"), SignedSample("b")], np.random.default_rng(0))
    SignedSample(value='b', sign=-1)
    """
    weights = np.array([float(c) for c in coefficients])
    candidates = list(samples)
    if len(weights) != len(candidates):
        raise ValueError(f"{len(weights)} coefficients for {len(candidates)} samples")
    if not np.all(np.isfinite(weights)):
        raise ValueError(f"coefficients are {weights.tolist()}; expected finite numbers")
    draw = rng.random()
    nonzero = np.flatnonzero(weights)
    if not nonzero.size:
        return None
    magnitudes = np.abs(weights)
    cumulative = np.cumsum(magnitudes / magnitudes.max())
    i = int(np.searchsorted(cumulative, draw * cumulative[-1], side="right"))
    i = min(i, int(nonzero[-1]))  # the product above may be rounded up to the total
    sample = candidates[i]
    if sample is None:
        return None
    return SignedSample(sample.value, sample.sign * int(np.sign(weights[i])))


def stochastic_linear_combination(
    mask: VValue, tree: SampleTree, rng: np.random.Generator, *, level: int = 0
) -> SampleTree:
    """`linear_combination` (or, with a level, `apply_matrix`) for leaves that are signed samples.

    Parameters
    ----------
    mask : VValue with scalar leaves
        ``level`` keys that name the output, then the path of what is selected -> coefficient.
    tree : SampleTree
    rng : numpy.random.Generator
        Outputs are drawn in canonical order, one number each: same seed, same result.
    level : int
        0 for one combination, 2 for a network matrix.

    Returns
    -------
    SampleTree; a path whose pick is missing is absent

    Notes
    -----
    All coefficients of one row take part in the pick at each of its output paths; those that
    select nothing there stand for a missing sample. A draw has no derivative: a mask that is being
    differentiated is refused.

    Raises
    ------
    TypeError
        If the mask is being differentiated or is not a VValue.

    References
    ----------
    arXiv:1712.07447, section 5.1.

    Examples
    --------
    >>> streams = SampleTree({"a": SignedSample(10), "b": SignedSample(20)})
    >>> mask = VValue({"x": {"a": 1.0}, "y": {"b": -1.0}})
    >>> stochastic_linear_combination(mask, streams, np.random.default_rng(0), level=1)
    SampleTree(x: +10, y: -20)
    """
    if is_traced(mask):
        raise TypeError(
            "argument mask is being differentiated, but a random pick has no derivative: "
            "use stop_gradient outside, or linear_combination of the measures' expectations"
        )
    support = unboxed(mask, "mask").support
    plan = product_plan(support, tree.support, level=level, in_place=False, mode="canonical")
    rows = _rows(support, level)
    picked: dict[Path, SignedSample] = {}
    for path, candidates in _candidates(plan.supports[2], plan.positions):
        row = rows[path[:level]]
        samples = [
            None if (j := candidates.get(i)) is None else tree._samples[j]
            for i in range(row.start, row.stop)
        ]
        sample = pick_signed(mask.buffer[row], samples, rng)
        if sample is not None:
            picked[path] = sample
    return SampleTree(picked)


def _rows(support: Support, level: int) -> dict[Path, slice]:
    """Buffer slice of every row (prefix of ``level`` keys) of a mask."""
    prefixes = dict.fromkeys(path[:level] for path in support.paths)
    return {prefix: slice(*support.leaf_range(prefix)) for prefix in prefixes}


def _candidates(
    output: Support, positions: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> Iterator[tuple[Path, dict[int, int]]]:
    """For every output path: coefficient number -> sample number."""
    by_output: list[dict[int, int]] = [{} for _ in output.paths]
    for i, j, k in zip(*(p.tolist() for p in positions), strict=True):
        by_output[k][i] = j
    return zip(output.paths, by_output, strict=True)
