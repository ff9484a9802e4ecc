"""Which few entries of a library, in linear combination, give the targets.

Subsets of one entry, of one product of two entries, and of two entries are searched completely;
larger ones by a beam of greedy steps (orthogonal matching pursuit), and small libraries by
fitting all entries at once and removing what is not needed. All scores are by matrix products.

References
----------
Y. Pati, R. Rezaiifar, P. Krishnaprasad, "Orthogonal matching pursuit", Asilomar 1993. The held-out
score of a linear fit without refitting is PRESS: D. Allen, Technometrics 16 (1974), 125-127.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ..library import Library, Recipe

__all__ = ["EXACT", "SHARE", "Choice", "choices", "fit", "small_structures"]

EXACT = 1e-11  # residual over deviation of the targets, at which a fit counts as exact
SPARE = 4  # samples more than coefficients that a fit needs at the least
SHARE = 0.5  # coefficients per target value, above which an exact fit proves nothing
COLLINEAR = 1e-7
CHUNK = 128
WIDER = 30  # candidates looked at for each that is kept


class Choice(NamedTuple):
    """A linear combination of entries.

    Attributes
    ----------
    entries : tuple of Recipe or int
        Numbers of entries; a recipe is a composition of entries beyond the library.
    weights : array (entries + 1, outputs)
        The bias first.
    error : float
        Norm of the residual over that of the centred targets.
    press : float
        The same, each sample predicted from all others.
    size : float

    Examples
    --------
    >>> from synthesis.architectures.evolving import grow_library
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> library = grow_library(x, ["multiply"], depth=1)
    >>> best = choices(library, x[:, :1] ** 2)[0]
    >>> [library.recipes[entry] for entry in best.entries], best.size
    ([Recipe(kind='multiply', arguments=((0, 1.0, 0.0), (0, 1.0, 0.0)))], 4.0)
    """

    entries: tuple[int | Recipe, ...]
    weights: np.ndarray
    error: float
    press: float
    size: float

    @property
    def is_exact(self) -> bool:
        """Whether nothing but rounding is left."""
        return self.error < EXACT


def fit(library: Library, entries: Sequence[int | Recipe], targets: np.ndarray) -> Choice:
    """Least squares on some entries, with bias.

    Parameters
    ----------
    library : Library
    entries : sequence of int or Recipe
    targets : array (samples, outputs)

    Examples
    --------
    >>> from synthesis.architectures.evolving import grow_library
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> library = grow_library(x, ["multiply"], depth=1)
    >>> fit(library, [0, 1], 3.0 * x[:, :1] - x[:, 1:] + 1.0).weights.ravel().round(3)
    array([ 1.,  3., -1.])
    """
    rows = [np.ones(len(targets)), *(_values(library, entry) for entry in entries)]
    matrix = np.array(rows).T
    norms = np.linalg.norm(matrix, axis=0)
    u, s, vt = np.linalg.svd(matrix / norms, full_matrices=False)
    kept = s > 1e-13 * s[0]
    u, s, vt = u[:, kept], s[kept], vt[kept]
    weights = (vt.T @ ((u.T @ targets) / s[:, None])) / norms[:, None]
    residual = targets - matrix @ weights
    total = np.linalg.norm(targets - targets.mean(axis=0)) or 1.0
    left = np.maximum(1.0 - np.sum(u * u, axis=1), 1e-9)[:, None]
    size = float(sum(_size(library, entry) + 1.0 for entry in entries))
    return Choice(
        tuple(entries),
        weights,
        float(np.linalg.norm(residual) / total),
        float(np.linalg.norm(residual / left) / total),
        size,
    )


def _values(library: Library, entry: int | Recipe) -> np.ndarray:
    if isinstance(entry, Recipe):  # the one composition beyond the library: a product
        (i, _, _), (j, _, _) = entry.arguments
        return library.values[i] * library.values[j]
    return library.values[entry]


def _size(library: Library, entry: int | Recipe) -> float:
    if isinstance(entry, Recipe):
        return 1.0 + sum(library.sizes[i] for i, _, _ in entry.arguments)
    return float(library.sizes[entry])


def choices(
    library: Library, targets: np.ndarray, *, beam: int = 12, terms: int = 5
) -> list[Choice]:
    """Good linear combinations, best first; only exact ones when there are any.

    Parameters
    ----------
    library : Library
    targets : array (samples, outputs)
    beam : int
        Subsets kept per step, and candidates kept per search.
    terms : int
        Entries of the largest subset that is searched for.

    Examples
    --------
    >>> from synthesis.architectures.evolving import grow_library
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> library = grow_library(x, ["multiply"], depth=1)
    >>> best = choices(library, 2.0 * x[:, :1] * x[:, 1:] + 1.0)[0]
    >>> best.is_exact, best.weights.ravel().round(3)
    (True, array([1., 2.]))
    """
    if not len(library):
        return [fit(library, (), targets)]
    terms = max(min(terms, len(targets) - SPARE - 1), 1)
    found = [fit(library, (), targets), *_everything(library, targets)]
    for search in (_singles, _products, _pairs, partial(_beam, terms=terms)):
        if any(choice.is_exact for choice in found):
            break
        found += search(library, targets, beam)
    exact = [choice for choice in found if choice.is_exact]
    if exact:
        return sorted(exact, key=lambda c: c.size)
    return sorted(found, key=_merit)


def _merit(choice: Choice) -> float:
    """Held-out error, with a price on size that settles near ties."""
    return float(np.log(choice.press + EXACT) + 0.02 * choice.size)


def _reduced(library: Library, choice: Choice, targets: np.ndarray) -> Choice:
    """An exact fit without the entries it does not need, largest ones first.

    With nearly as many entries as samples smooth functions come close to anything; what has not
    become small now was no find, and its error is taken for what it is worth.
    """
    for entry in sorted(choice.entries, key=lambda e: -_size(library, e)):
        smaller = fit(library, [e for e in choice.entries if e != entry], targets)
        if smaller.is_exact:
            choice = smaller
    if choice.weights.size > SHARE * targets.size:
        return choice._replace(error=max(choice.error, choice.press, 2.0 * EXACT))
    return choice


# -------------------- complete searches --------------------


def _everything(library: Library, targets: np.ndarray) -> list[Choice]:
    """The whole library (its small entries), if there are samples to spare."""
    n = min(len(library), len(targets) - SPARE - 1)
    if n <= 0:
        return []
    choice = fit(library, range(n), targets)
    return [_reduced(library, choice, targets)] if choice.is_exact else []


def _unit(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=1, keepdims=True)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def _centred(targets: np.ndarray) -> np.ndarray:
    """Targets as rows, centred; together of norm 1."""
    rows = (targets - targets.mean(axis=0)).T
    return rows / (np.linalg.norm(rows) or 1.0)


def _singles(library: Library, targets: np.ndarray, keep: int) -> list[Choice]:
    score = np.sum((_unit(library.values) @ _centred(targets).T) ** 2, axis=1)
    best = [(float(score[i]), (int(i),)) for i in _best(score, WIDER * keep)]
    return [fit(library, entries, targets) for entries in _distinct(library, best, keep)]


def _distinct(
    library: Library, scored: Sequence[tuple[float, tuple[int, ...]]], keep: int
) -> list[tuple[int, ...]]:
    """The first combinations of each structure.

    One of a structure is enough: training makes the other constants from there. And combinations
    of one score are one function, up to what the linear output makes up for.
    """
    found: dict[tuple, tuple[int, ...]] = {}
    scores: set[float] = set()
    for score, entries in scored:
        structure = tuple(sorted((_structure(library, i) for i in entries), key=repr))
        if structure not in found and round(score, 10) not in scores:
            found[structure] = entries
            scores.add(round(score, 10))
    return list(found.values())[:keep]


def small_structures(library: Library, targets: np.ndarray, keep: int) -> list[Choice]:
    """The smallest structures, each with the constants that explain most: worth training.

    What is small deserves a trial however badly its first constants fit.

    Examples
    --------
    >>> from synthesis.architectures.evolving import grow_library
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> library = grow_library(x, ["multiply"], depth=1)
    >>> [choice.size for choice in small_structures(library, np.sin(x[:, :1]), keep=4)]
    [2.0, 2.0, 4.0, 4.0]
    """
    score = np.sum((_unit(library.values) @ _centred(targets).T) ** 2, axis=1)
    found: dict[tuple, int] = {}
    for i in range(len(library)):
        structure = _structure(library, i)
        if structure not in found and len(found) == keep:
            break
        if score[i] > score[found.setdefault(structure, i)]:
            found[structure] = i
    return [fit(library, (i,), targets) for i in found.values()]


def _structure(library: Library, entry: int) -> tuple:
    """A composition without its weights, and of its constants only whether they are there."""
    kind, arguments = library.recipes[entry]
    if not kind:
        return (arguments[0][0],)
    return (kind, *((_structure(library, i), constant != 0.0) for i, _, constant in arguments))


def _products(
    library: Library, targets: np.ndarray, keep: int, largest: int = 2500
) -> list[Choice]:
    """All products of two entries, scored without being formed."""
    values = library.values[:largest]
    n = values.shape[1]
    score = np.zeros((len(values), len(values)))
    with np.errstate(all="ignore"):
        for y in _centred(targets):
            score += ((values * y) @ values.T) ** 2
        square = (values**2) @ (values**2).T
        variation = square - (values @ values.T) ** 2 / n
        score = np.where(variation > COLLINEAR * square, score / variation, 0.0)
    best = []
    for position in _best(np.triu(score).ravel(), WIDER * keep):
        i, j = divmod(int(position), len(values))
        best.append((float(score[i, j]), (i, j)))
    products = [
        Recipe("multiply", ((i, 1.0, 0.0), (j, 1.0, 0.0)))
        for i, j in _distinct(library, best, keep)
    ]
    return [fit(library, (product,), targets) for product in products]


def _pairs(library: Library, targets: np.ndarray, keep: int, first: int = 1500) -> list[Choice]:
    """All pairs of a small entry with any entry."""
    unit, y = _unit(library.values), _centred(targets)
    best: list[tuple[float, tuple[int, int]]] = []
    along = unit @ y.T
    for start in range(0, min(first, len(library)), CHUNK):
        part = slice(start, min(start + CHUNK, first))
        overlap = unit[part] @ unit.T
        left = np.maximum(1.0 - overlap**2, 0.0)
        explained = np.sum(along[part] ** 2, axis=1)[:, None]
        gain = np.zeros_like(left)
        for o in range(len(y)):
            gain += (along[:, o] - overlap * along[part, o][:, None]) ** 2
        score = np.where(left > COLLINEAR, explained + gain / np.maximum(left, COLLINEAR), 0.0)
        for position in _best(score.ravel(), keep):
            i, j = divmod(int(position), len(library))
            best.append((float(np.round(score[i, j], 12)), (start + i, j)))
    best.sort(key=lambda item: (-item[0], item[1]))
    return [fit(library, entries, targets) for entries in _distinct(library, best, keep)]


def _best(score: np.ndarray, keep: int) -> np.ndarray:
    """Positions of the highest scores; among equal ones the smaller composition."""
    keep = min(keep, len(score))
    top = np.argpartition(-score, keep - 1)[:keep]
    # Scores that differ by rounding only are equal: order by position, which is by size.
    return top[np.lexsort((top, -np.round(score[top], 12)))]


# -------------------- greedy search --------------------


def _beam(library: Library, targets: np.ndarray, beam: int, terms: int) -> list[Choice]:
    """Subsets that grow by the entry that explains most of what is left."""
    unit, y = _unit(library.values), _centred(targets)
    subsets: list[tuple[int, ...]] = [()]
    found = []
    for _ in range(terms):
        grown: dict[tuple[int, ...], float] = {}
        for subset in subsets:
            basis = np.linalg.qr(unit[list(subset)].T)[0].T if subset else np.zeros((0, y.shape[1]))
            residual = y - (y @ basis.T) @ basis
            left = np.maximum(1.0 - np.sum((unit @ basis.T) ** 2, axis=1), 0.0)
            gain = np.sum((unit @ residual.T) ** 2, axis=1)
            gain = np.where(left > COLLINEAR, gain / np.maximum(left, COLLINEAR), 0.0)
            remaining = float(np.sum(residual**2))
            for i in _best(gain, beam):
                grown[tuple(sorted((*subset, int(i))))] = remaining - float(gain[i])
        subsets = sorted(grown, key=grown.__getitem__)[:beam]
        fits = [fit(library, subset, targets) for subset in subsets]
        found += fits
        if any(choice.is_exact for choice in fits):
            break
    return found
