"""Mirrored decoder layers: from a layer's responses back to what fires below (autoencoder)."""

from __future__ import annotations

import numpy as np

from ..spatial.plasticity import initial_weights
from .stack import SpikingStack

__all__ = ["MirrorLayer", "SpikingAutoencoder"]


class MirrorLayer:
    """A decoder with weights of its own, learned by the same local rule the other way round.

    A responding unit strengthens its weights to the sensors that fire with it; its row returns to
    its mean. ``reconstruct`` is the responses' weighted sum of rows.

    Parameters
    ----------
    n_units, n_sensors : int
        Of the code and of what is decoded.
    rng : numpy.random.Generator
    rate : float
        Per ms.

    Attributes
    ----------
    weights : array (units, sensors)

    References
    ----------
    arXiv:2006.06902 names autoencoders; this layer is our reading of it (the project's
    specification, geometry and growth, section 5).
    """

    def __init__(
        self, n_units: int, n_sensors: int, rng: np.random.Generator, rate: float = 0.1
    ) -> None:
        self.weights = initial_weights(n_sensors, n_units, rng).T.copy()
        self.rate = rate

    def learn(self, y: np.ndarray, fired: np.ndarray, milliseconds: float) -> None:
        """One step: responses (units,) and the sensors that fired."""
        active = np.flatnonzero(y)
        if not active.size or not fired.size:
            return
        mean = self.weights[active].mean(axis=1, keepdims=True)
        self.weights[np.ix_(active, fired)] += milliseconds * self.rate * y[active, None]
        rows = self.weights[active]
        self.weights[active] = rows * (mean / rows.mean(axis=1, keepdims=True))

    def reconstruct(self, y: np.ndarray) -> np.ndarray:
        """What the responses (..., units) say about the sensors, (..., sensors)."""
        return y @ self.weights


class SpikingAutoencoder:
    """A stack whose first layer is the code, with a mirrored layer that learns to decode it.

    Parameters
    ----------
    stack : SpikingStack
        With at least one layer above the sensors.
    rng : numpy.random.Generator

    Examples
    --------
    >>> from .stack import LayerSettings, leaky_retina
    >>> rng = np.random.default_rng(0)
    >>> stack = SpikingStack(leaky_retina(rng, n=60, side=5.0), [LayerSettings(8)], rng)
    >>> coder = SpikingAutoencoder(stack, rng)
    >>> coder.organise(5.0)
    >>> coder.decoder.weights.shape
    (8, 60)
    """

    def __init__(self, stack: SpikingStack, rng: np.random.Generator) -> None:
        if not stack.layers:
            raise ValueError("the stack has no layer above the sensors; there is no code to decode")
        self.stack = stack
        n_sensors, n_units = stack.weights[0].shape
        self.decoder = MirrorLayer(n_units, n_sensors, rng, stack.layers[0].settings.rate)

    def organise(self, milliseconds: float) -> None:
        """Let waves teach encoder and decoder."""
        dt = self.stack.retina.milliseconds
        for _ in range(round(milliseconds / dt)):
            fired = self.stack.step()[0]
            self.decoder.learn(self.stack.layers[0].plastic.y, fired, dt)

    def encode(self, active: np.ndarray) -> np.ndarray:
        """Responses (units,) to sensors that are active together (indices); nothing learns."""
        return self.stack.layers[0].plastic.step(active, self.stack.retina.milliseconds, False)

    def reconstruct(self, active: np.ndarray) -> np.ndarray:
        """Encoded and decoded: a number per sensor."""
        return self.decoder.reconstruct(self.encode(active))
