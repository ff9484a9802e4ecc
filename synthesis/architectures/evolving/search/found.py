"""Networks that a search comes to: their constants trained, judged, and made simple."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vvalues import VValue

from ....optimize.least_squares import levenberg_marquardt
from ..objective import EvolvingObjective
from .rounding import rounded
from .selection import EXACT, SHARE

__all__ = ["Found", "polished", "with_simple_numbers"]


class Found(NamedTuple):
    """A network that a search came to.

    Attributes
    ----------
    parameters : VValue
    error : float
        Norm of the training residual over that of the centred targets.
    share : float
        Independent trained numbers (the rank of the Jacobian) per target value.
    score : float
        What networks that are not exact are compared by: held-out error with a price on size.
    kinds : tuple of str
        The set of operations it was found with.

    Examples
    --------
    >>> from vvalues import VValue
    >>> Found(VValue({"layer-1": {}}), 1e-12, share=0.1, score=1e-12, kinds=("multiply",)).is_exact
    True
    """

    parameters: VValue
    error: float
    share: float
    score: float
    kinds: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether nothing but rounding is left, though there are targets enough to tell."""
        return self.error < EXACT and self.share <= SHARE


def _error(objective: EvolvingObjective, parameters: VValue) -> float:
    variance = float(np.var(objective.targets, axis=0).mean()) or 1.0
    return float(np.sqrt(objective.loss(parameters) / variance))


def polished(
    objective: EvolvingObjective,
    parameters: VValue,
    size: float,
    iterations: int,
    kinds: tuple[str, ...],
) -> Found:
    """A network with its constants trained, unless it is exact already."""
    if _error(objective, parameters) >= EXACT:
        target = (0.01 * EXACT) ** 2 * float(np.var(objective.targets, axis=0).mean())
        with np.errstate(all="ignore"):
            parameters = levenberg_marquardt(
                objective, parameters, iterations=iterations, target=target
            ).parameters
    error = _error(objective, parameters)
    share = _freedom(objective, parameters) / objective.targets.size
    # Generalised cross-validation: trained constants count like the linear weights.
    score = float(np.log(error / max(1.0 - share, 0.02) + EXACT)) + 0.02 * size
    return Found(parameters, error, share, score, kinds)


def _freedom(objective: EvolvingObjective, parameters: VValue) -> int:
    _, jacobian = objective.residuals(parameters)
    norms = np.linalg.norm(jacobian, axis=1)
    jacobian = jacobian[norms > 0] / norms[norms > 0, None]
    if not jacobian.size or not np.all(np.isfinite(jacobian)):
        return parameters.size
    return int(np.linalg.matrix_rank(jacobian, tol=1e-9))


def with_simple_numbers(objective: EvolvingObjective, found: Found) -> Found:
    """With simple numbers, as far as an exact network stays exact, and another one as good."""
    exact = EXACT**2 * float(np.var(objective.targets, axis=0).mean())
    tolerated = exact if found.is_exact else 1.001 * objective.loss(found.parameters)
    parameters = rounded(objective, found.parameters, tolerated)
    return found._replace(parameters=parameters, error=_error(objective, parameters))
