"""Hypothesis strategies for machines that edit their own matrix.

Never imported by ``import dmm``; install the extra ``test`` to use it. Hypothesis draws seeds and
sizes; weights come from a Generator with that seed, so that they are in general position: ties and
kinks have probability zero.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from vvalues import VValue
from vvalues.core.tree import from_leaves

from .machine import Machine
from .testing import Life, is_followed, random_life
from .zoo import self_referential_machine

__all__ = ["fragments", "lives", "self_referential_machines"]

SEEDS = st.integers(0, 2**32 - 1)


def lives(max_ticks: int = 8) -> SearchStrategy[Life]:
    """Machines that edit themselves, with streams for them, that the compiled engine can run.

    Parameters
    ----------
    max_ticks : int

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from dmm.testing import check_strings_apart
    >>> @settings(max_examples=3, deadline=None)
    ... @given(lives())
    ... def test_strings_do_not_feel_each_other(life):
    ...     check_strings_apart(life)
    >>> test_strings_do_not_feel_each_other()
    """
    drawn = SEEDS.map(lambda seed: random_life(np.random.default_rng(seed), max_ticks))
    return drawn.filter(is_followed)


def self_referential_machines(min_cells: int = 2, max_cells: int = 6) -> SearchStrategy[Machine]:
    """Random machines that nothing drives but their own matrix.

    Parameters
    ----------
    min_cells, max_cells : int

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from dmm.dynamics import BEHAVIOURS, portrait
    >>> @settings(max_examples=3, deadline=None)
    ... @given(self_referential_machines())
    ... def test_it_does_something_that_has_a_name(machine):
    ...     assert portrait(machine, ticks=100).figures.behaviour in BEHAVIOURS
    >>> test_it_does_something_that_has_a_name()
    """
    return st.builds(
        lambda seed, cells: self_referential_machine(np.random.default_rng(seed), cells),
        SEEDS,
        st.integers(min_cells, max_cells),
    )


def fragments(machine: Machine, max_links: int = 4) -> SearchStrategy[VValue]:
    """Fragments of a machine's matrix: links between its ports, present ones or new ones.

    Parameters
    ----------
    machine : Machine
    max_links : int

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from dmm.zoo import editable
    >>> machine = editable({"x": "stream", "output": "output"})
    >>> @settings(max_examples=3, deadline=None)
    ... @given(fragments(machine))
    ... def test_links_join_ports(fragment):
    ...     assert all(len(path) == 4 for path in fragment.support.paths)
    >>> test_links_join_ports()
    """
    receiving = [(n, f.name) for n in machine.neurons for f in machine.type_of(n).reads]
    sending = [(n, f.name) for n in machine.neurons for f in machine.type_of(n).writes]
    link = st.builds(
        lambda to, since: to + since, st.sampled_from(receiving), st.sampled_from(sending)
    )
    weights = st.floats(-1.0, 1.0, allow_subnormal=False)
    return st.dictionaries(link, weights, min_size=1, max_size=max_links).map(from_leaves)
