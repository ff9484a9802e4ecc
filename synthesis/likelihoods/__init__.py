"""How likely data are, given what a model says: what it costs to be wrong, and by how much to move.

A model says one number per sample and output, the predictor; a likelihood says what the data are
then expected to be, what an observation costs, and - for least squares that are weighted again and
again (Fisher scoring) - where the predictor should go and how sure the observation is of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .censored import Censored
from .continuous import Gaussian, Huber
from .discrete import Bernoulli, Categorical, Poisson
from .likelihood import Likelihood

__all__ = [
    "LIKELIHOODS",
    "Bernoulli",
    "Categorical",
    "Censored",
    "Gaussian",
    "Huber",
    "Likelihood",
    "Poisson",
    "likelihood_named",
]

LIKELIHOODS: Mapping[str, Callable[[], Likelihood]] = {
    "gaussian": Gaussian,
    "huber": Huber,
    "poisson": Poisson,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
}
"""Likelihoods by name."""


def likelihood_named(name: str) -> Likelihood:
    """A likelihood by name.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> likelihood_named("poisson")
    Poisson()
    """
    if name not in LIKELIHOODS:
        raise ValueError(f"likelihood is {name!r}; expected one of {', '.join(LIKELIHOODS)}")
    return LIKELIHOODS[name]()
