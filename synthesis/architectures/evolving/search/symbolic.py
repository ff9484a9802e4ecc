"""Symbolic regression: screened evolution to the end, then training, pruning and rounding.

For every small set of operations a library of compositions is screened against the targets, the
best combinations become networks, and their constants are trained by least squares; small forms
with open constants are fitted from many starts. The smallest network that leaves nothing but
rounding wins; otherwise the one with the least held-out score. One set of operations, or one lot of
forms, is one job, so that a search spreads over processes and still gives the same result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

import numpy as np

from vvalues import VValue

from ....process.bounds import Bounded, at_least
from ..library import Library, Recipe, grow_library, starts
from ..model import EvolvingModel
from ..objective import EvolvingObjective
from ..operations import get_operations
from ..structure import remove_unused
from .constants import Constants
from .form import Argument, Term
from .found import Found, polished, with_simple_numbers
from .open_forms import form_network, search_forms, search_model
from .selection import Choice, choices, small_structures

__all__ = ["SearchSettings", "as_network", "search", "symbolic_search"]

LOT = 250  # forms in one job
FIRST = 6  # least-squares steps after which the worse candidates are left alone


@dataclass(frozen=True)
class SearchSettings(Bounded, called="setting {}"):
    """Constants of the search; the same for every table.

    Attributes
    ----------
    operations : tuple of str
        Kinds to compose.
    depth, largest : int
        See `grow_library`.
    beam, terms : int
        See `evolving_selection.choices`.
    forms : int
        Forms with open constants that are tried, small ones first; 0 for none.
    polished : int
        Candidates per set of operations whose constants are trained for `FIRST` steps.
    iterations : int
        Further least-squares steps for the best fifth of them.
    seconds : float
        Wall-clock limit: no further job is begun after it.

    Examples
    --------
    >>> from synthesis.architectures.evolving import to_text
    >>> x = np.linspace(-2.0, 2.0, 30)[:, None]
    >>> few = SearchSettings(operations=("multiply",), depth=2, forms=0)
    >>> model, found = symbolic_search(x, x**4 - x, few)
    >>> print(to_text(model, found.parameters))
    y0 = x0·x0·x0·x0 - x0
    """

    operations: tuple[str, ...] = (
        "add",
        "subtract",
        "multiply",
        "divide",
        "sin",
        "cos",
        "exp",
        "log",
    )
    depth: int = at_least(3, 1)
    largest: int = at_least(2500, 1)
    beam: int = at_least(12, 1)
    terms: int = at_least(5, 1)
    forms: int = at_least(2500, 0)
    polished: int = at_least(60, 1)
    iterations: int = at_least(40, 1)
    seconds: float = at_least(45.0, 1)


def symbolic_search(
    inputs: np.ndarray,
    targets: np.ndarray,
    settings: SearchSettings | None = None,
    executor: Executor | None = None,
) -> tuple[EvolvingModel, Found]:
    """A small network that gives the targets.

    Parameters
    ----------
    inputs : array (samples, inputs)
    targets : array (samples, outputs)
    settings : SearchSettings, optional
    executor : concurrent.futures.Executor, optional
        Where the jobs are done at the same time.

    Returns
    -------
    model : EvolvingModel
        With trained links.
    found : Found
        The smallest exact network of the first stage that has one: products alone, then lots of
        forms, small ones first, then sets of operations with no kind of one argument, with one,
        with two. So the result does not depend on the number of workers (unless the time limit
        cuts in).

    Raises
    ------
    ValueError
        If a table is not finite or has the wrong shape, or the set of operations is empty.

    Examples
    --------
    >>> from synthesis.architectures.evolving import to_text
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> few = SearchSettings(operations=("multiply",), depth=1, forms=0)
    >>> model, found = symbolic_search(x, 2.0 * x[:, :1] * x[:, 1:] + 1.0, few)
    >>> print(to_text(model, found.parameters))
    y0 = 2·x0·x1 + 1
    """
    settings = settings or SearchSettings()
    inputs, targets = _columns(inputs), _columns(targets)
    model = search_model(inputs, targets, settings.operations)
    objective = EvolvingObjective(model, inputs, targets)  # says what is wrong with the tables
    best: Found | None = None
    reached = 0.0
    for stage, found in _in_order(_jobs(inputs, targets, settings), settings.seconds, executor):
        if best is not None and best.is_exact and stage > reached:
            break
        if found is not None:
            best = found if best is None else min(best, found, key=_rank)
        reached = stage
    assert best is not None
    return model, best if best.is_exact else with_simple_numbers(objective, best)


def _rank(found: Found) -> tuple:
    """Exact networks first, small ones before large ones; the others by their score."""
    return (0, len(found.parameters), found.score) if found.is_exact else (1, found.score)


Job = Callable[[], Found | None]


def _jobs(
    inputs: np.ndarray, targets: np.ndarray, settings: SearchSettings
) -> list[tuple[float, Job]]:
    """All jobs with their stages, in order."""
    jobs: list[tuple[float, Job]] = []
    for kinds in starts(settings.operations):
        breadth = sum(operation.arity == 1 for operation in get_operations(kinds))
        stage = 0.0 if kinds == ("multiply",) else 1.0 + breadth
        jobs.append((stage, partial(search, inputs, targets, settings, kinds)))
    for first in range(0, settings.forms, LOT):
        lot = (first, min(first + LOT, settings.forms))
        job = partial(search_forms, inputs, targets, settings.operations, lot)
        jobs.append((0.1 + 0.8 * first / settings.forms, job))
    return sorted(jobs, key=lambda item: item[0])


def _in_order(
    jobs: list[tuple[float, Job]], seconds: float, executor: Executor | None
) -> Iterator[tuple[float, Found | None]]:
    """Stages and outcomes, while there is time."""
    deadline = time.monotonic() + seconds
    futures = [] if executor is None else [executor.submit(job) for _, job in jobs]
    try:
        for i, (stage, job) in enumerate(jobs):
            yield stage, futures[i].result() if futures else job()
            if time.monotonic() > deadline:
                return
    finally:
        for future in futures:
            future.cancel()


def _columns(table: np.ndarray) -> np.ndarray:
    table = np.asarray(table, dtype=np.float64)
    return table[:, None] if table.ndim == 1 else table


# -------------------- one set of operations --------------------


def search(
    inputs: np.ndarray, targets: np.ndarray, settings: SearchSettings, kinds: Sequence[str]
) -> Found:
    """The best network with one set of operations; its numbers are rounded if it is exact."""
    library = grow_library(inputs, kinds, depth=settings.depth, largest=settings.largest)
    candidates = choices(library, targets, beam=settings.beam, terms=settings.terms)
    model = search_model(inputs, targets, settings.operations)
    objective = EvolvingObjective(model, inputs, targets, warns=False)
    worth = _worth_polishing(library, targets, candidates, settings.polished)
    first = [
        polished(objective, as_network(model, library, choice), choice.size, FIRST, tuple(kinds))
        for choice in worth
    ]
    order = sorted(range(len(worth)), key=lambda i: first[i].score)
    networks = [
        polished(objective, first[i].parameters, worth[i].size, settings.iterations, tuple(kinds))
        for i in order[: max(settings.polished // 5, 1)]
    ]
    exact = [network for network in networks if network.is_exact]
    if not exact:
        return min(networks, key=lambda network: network.score)
    return with_simple_numbers(objective, min(exact, key=lambda network: len(network.parameters)))


def _worth_polishing(
    library: Library, targets: np.ndarray, candidates: list[Choice], n: int
) -> list[Choice]:
    """The exact one; otherwise the smallest ones, then singles, products, pairs and so on in turn.

    Trained constants make good what a combination of one or two entries lacks; among larger ones
    there are always some with less error, which would crowd them out.
    """
    if candidates[0].is_exact:
        return candidates[:1]
    small = small_structures(library, targets, n // 2)
    groups: dict[tuple[int, bool], list[Choice]] = {}
    for candidate in candidates:
        is_product = any(isinstance(entry, Recipe) for entry in candidate.entries)
        groups.setdefault((min(len(candidate.entries), 3), is_product), []).append(candidate)
    in_turn = [c for rank in zip_longest(*groups.values()) for c in rank if c is not None]
    return [*small, *in_turn][:n]


def as_network(model: EvolvingModel, library: Library, choice: Choice) -> VValue:
    """A linear combination of compositions as the parameters of a model of one layer.

    Compositions that occur several times become one operation that is read several times.

    Examples
    --------
    >>> from synthesis.architectures.evolving import to_text
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> library = grow_library(x, ["multiply"], depth=1)
    >>> model = EvolvingModel(2, 1, operations=["multiply"], trains_links=True)
    >>> best = choices(library, 2.0 * x[:, :1] * x[:, 1:] + 1.0)[0]
    >>> print(to_text(model, as_network(model, library, best)))
    y0 = 2·x0·x1 + 1
    """
    form = tuple(_term(library, entry) for entry in choice.entries)
    constants = Constants(np.zeros(0), choice.weights, choice.error)
    return remove_unused(form_network(model, form, constants))


def _term(library: Library, entry: int | Recipe) -> Term:
    """A composition as a term without open constants."""
    kind, read = entry if isinstance(entry, Recipe) else library.recipes[entry]
    if not kind:
        return Term("", column=read[0][0])
    arguments = (
        Argument(((_term(library, inner), weight),), constant) for inner, weight, constant in read
    )
    return Term(kind, tuple(arguments))
