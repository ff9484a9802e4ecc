"""How likely data are, given what a model says: what it costs to be wrong, and by how much to move.

A model says one number per sample and output, the predictor; a likelihood says what the data are
then expected to be, what an observation costs, and - for least squares that are weighted again and
again (Fisher scoring) - where the predictor should go and how sure the observation is of that.
"""

from .censored import Censored
from .continuous import Gaussian, Huber
from .discrete import Bernoulli, Categorical, Poisson
from .likelihood import Likelihood
from .named import LIKELIHOODS, likelihood_named

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
