"""Levenberg-Marquardt on the residuals of a small model, with a smooth L1 penalty.

The penalty ``l1 * sum sqrt(w^2 + smoothing)`` enters as a ridge that is re-weighted at every
iteration, so sparse solutions are preferred along the flat directions that scale symmetries leave.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from .objective import Objective

__all__ = ["Fit", "compensated_removals", "levenberg_marquardt"]

SMOOTHING = 1e-4
FLOOR = 1e-6
LARGEST_STEP = 0.5


class Fit(NamedTuple):
    """Where a least-squares phase ended.

    Attributes
    ----------
    parameters : VValue
    loss : float
        Without the penalty.
    iterations : int

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> levenberg_marquardt(objective, weights, iterations=3).iterations
    3
    """

    parameters: VValue
    loss: float
    iterations: int


def levenberg_marquardt(
    objective: Objective,
    parameters: VValue,
    *,
    iterations: int = 60,
    l1: float = 0.0,
    patience: int = 4,
    tolerance: float = 1e-5,
    tries: int = 8,
    target: float = 0.0,
) -> Fit:
    """Minimise a sum of squares plus a smooth L1 penalty.

    Parameters
    ----------
    objective : Objective
        With ``residuals``.
    parameters : VValue
    iterations : int
        At most so many accepted steps.
    l1 : float
        Strength of the penalty, in units of loss per unit of weight.
    patience : int
        Stop after so many accepted steps that gain less than ``tolerance`` relative.
    tries : int
        Damping attempts per step before giving up.
    target : float
        Stop as soon as the loss (without penalty) is not above this.

    References
    ----------
    K. Levenberg (1944), D. Marquardt (1963); re-weighting: Candes, Wakin, Boyd, J. Fourier Anal.
    Appl. 14 (2008), 877-905.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> fit = levenberg_marquardt(objective, weights, iterations=20)
    >>> round(objective.loss(weights)), round(fit.loss)
    (86, 82)
    """
    support = parameters.support
    w = np.array(parameters.buffer)
    if not w.size:
        return Fit(parameters, objective.loss(parameters), 0)
    damping, idle, used = 0.01, 0, 0
    r, jacobian = objective.residuals(from_buffer(support, w.copy()))
    loss = float(r @ r)
    for used in range(1, iterations + 1):  # noqa: B007  (reported)
        hessian = 2.0 * (jacobian @ jacobian.T)  # a matrix by itself: half the work
        size = np.sqrt(w * w + SMOOTHING)
        ridge = l1 / size
        gradient = 2.0 * (jacobian @ r) + ridge * w
        penalised = loss + l1 * size.sum()
        diagonal = np.diag(hessian) + ridge
        for _ in range(tries):
            step = _solve(hessian, ridge + damping * (diagonal + FLOOR), gradient)
            trial = w + step
            trial_loss = float(objective.losses(support, trial[None])[0])
            trial_penalised = trial_loss + l1 * np.sqrt(trial * trial + SMOOTHING).sum()
            if trial_penalised < penalised:
                break
            damping *= 6.0
        else:
            break
        gain = (penalised - trial_penalised) / max(penalised, 1e-300)
        w, damping = trial, damping / 5.0
        r, jacobian = objective.residuals(from_buffer(support, w.copy()))
        loss = float(r @ r)
        idle = idle + 1 if gain < tolerance else 0
        if idle >= patience or loss <= target:
            break
    return Fit(from_buffer(support, w), loss, used)


def _solve(hessian: np.ndarray, diagonal: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """The damped Gauss-Newton step, no element larger than `LARGEST_STEP`."""
    from scipy.linalg.lapack import dposv  # importing it takes as long as all the rest

    matrix = hessian + np.diag(diagonal)
    # By LAPACK itself: the checks of scipy's front end take longer than a solution of 50 links.
    _, step, failed = dposv(matrix, -gradient)
    if failed:  # numerically indefinite: fall back to the minimum-norm solution
        step = -np.linalg.lstsq(matrix, gradient, rcond=None)[0]
    largest = np.max(np.abs(step), initial=0.0)
    return step * (LARGEST_STEP / largest) if largest > LARGEST_STEP else step


def compensated_removals(
    objective: Objective, parameters: VValue, ridges: tuple[float, ...] = (1e-6, 1e-3)
) -> tuple[np.ndarray, np.ndarray]:
    """For every weight, the best machine without it, to second order; judged by the true loss.

    For each weight, candidates are its plain removal and the removals in which the others move by
    the optimal brain surgeon's compensation, under several ridges.

    Returns
    -------
    losses : array (size,)
        Least true loss among the candidates of each weight.
    weights : array (size, size)
        Row ``q``: that candidate (element ``q`` is zero).

    References
    ----------
    B. Hassibi, D. Stork, NIPS 1992 (optimal brain surgeon). Saliencies are not used to rank:
    scale symmetries make them vanish for essential weights.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> losses, changes = compensated_removals(objective, weights)
    >>> losses.shape == (weights.size,)
    True
    """
    w = parameters.buffer
    n = len(w)
    plain = np.tile(w, (n, 1))
    np.fill_diagonal(plain, 0.0)
    candidates = [plain]
    _, jacobian = objective.residuals(parameters)
    hessian = 2.0 * (jacobian @ jacobian.T)
    scale = np.diag(hessian) + FLOOR
    for ridge in ridges:
        inverse = np.linalg.inv(hessian + np.diag(ridge * scale) + 1e-3 * ridge * np.eye(n))
        step = -(w / np.diag(inverse))[:, None] * inverse  # row q removes weight q
        moved = w + step
        np.fill_diagonal(moved, 0.0)
        is_large = np.max(np.abs(step), axis=1) > 3.0  # beyond any trust in the quadratic model
        moved[is_large] = plain[is_large]
        candidates.append(moved)
    losses = objective.losses(parameters.support, np.concatenate(candidates)).reshape(-1, n)
    best = np.argmin(losses, axis=0)
    rows = np.arange(n)
    return losses[best, rows], np.stack(candidates)[best, rows]
