"""Likelihoods by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .continuous import Gaussian, Huber
from .discrete import Bernoulli, Categorical, Poisson
from .likelihood import Likelihood

__all__ = ["LIKELIHOODS", "likelihood_named"]

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
