"""Mirrored decoder layers: from a layer's responses back to what fires below (autoencoder)."""

from __future__ import annotations

import numpy as np

from ....process.checks import check_finite
from ..arguments import unit_indices
from ..plasticity import initial_weights, sharpened
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

    Examples
    --------
    >>> layer = MirrorLayer(2, 4, np.random.default_rng(0), rate=5.0)
    >>> for _ in range(20):
    ...     layer.learn(np.array([1.0, 0.0]), np.array([0, 1]), milliseconds=1.0)
    >>> layer.reconstruct(np.array([1.0, 0.0])).round(2)
    array([5., 5., 0., 0.])
    """

    def __init__(
        self, n_units: int, n_sensors: int, rng: np.random.Generator, rate: float = 0.1
    ) -> None:
        check_finite("rate", rate)
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
        """What the responses (..., units) say about the sensors, (..., sensors).

        Raises
        ------
        ValueError
            If there is another number of responses.
        """
        if np.ndim(y) < 1 or np.shape(y)[-1] != len(self.weights):
            raise ValueError(
                f"responses have shape {np.shape(y)}; this layer decodes {len(self.weights)} units"
            )
        return y @ self.weights


class SpikingAutoencoder:
    """A stack whose last layer is the code, with a mirrored layer for each of its layers.

    Decoding goes from the top down to the sensors: what a mirrored layer says about the layer below
    takes part in that layer's own competition - its k largest entries, sharpened - and so becomes
    the responses that the next mirrored layer decodes.

    Parameters
    ----------
    stack : SpikingStack
        With at least one layer above the sensors.
    rng : numpy.random.Generator

    Attributes
    ----------
    decoders : list of MirrorLayer
        One per layer, first to last; ``decoders[0]`` decodes to the sensors.

    Examples
    --------
    >>> from .stack import LayerSettings, leaky_retina
    >>> rng = np.random.default_rng(0)
    >>> layers = [LayerSettings(8), LayerSettings(5, kernel=None)]
    >>> stack = SpikingStack(leaky_retina(rng, n=60, side=5.0), layers, rng)
    >>> coder = SpikingAutoencoder(stack, rng)
    >>> coder.organise(5.0)
    >>> [decoder.weights.shape for decoder in coder.decoders]
    [(8, 60), (5, 8)]
    >>> coder.reconstruct(np.arange(20)).shape
    (60,)
    """

    def __init__(self, stack: SpikingStack, rng: np.random.Generator) -> None:
        if not stack.layers:
            raise ValueError("the stack has no layer above the sensors; there is no code to decode")
        self.stack = stack
        self.decoders = []
        for weights, layer in zip(stack.weights, stack.layers, strict=True):
            n_below, n_units = weights.shape
            self.decoders.append(MirrorLayer(n_units, n_below, rng, layer.settings.rate))

    @property
    def decoder(self) -> MirrorLayer:
        """The mirrored layer that decodes to the sensors."""
        return self.decoders[0]

    def organise(self, milliseconds: float) -> None:
        """Let waves teach encoders and decoders for so many milliseconds."""
        check_finite("milliseconds", milliseconds)
        dt = self.stack.retina.milliseconds
        for _ in range(round(milliseconds / dt)):
            fired = self.stack.step()
            for decoder, layer, below in zip(self.decoders, self.stack.layers, fired, strict=False):
                decoder.learn(layer.plastic.y, below, dt)

    def encode(self, active: np.ndarray) -> np.ndarray:
        """Responses (units,) of the last layer to sensors that are active together; no learning.

        Units that respond are active for the layer above.

        Parameters
        ----------
        active : array of int, or of bool (sensors,)
        """
        firing = unit_indices("active", active, len(self.stack.retina.positions))
        for layer in self.stack.layers:
            y = layer.plastic.step(firing, self.stack.retina.milliseconds, False)
            firing = np.flatnonzero(y)
        return y

    def decode(self, y: np.ndarray) -> np.ndarray:
        """What responses (units,) of the last layer say about the sensors, (sensors,)."""
        for k in range(len(self.decoders) - 1, 0, -1):
            below = self.decoders[k].reconstruct(y)
            y = sharpened(below, self.stack.layers[k - 1].plastic.k)
        return self.decoders[0].reconstruct(y)

    def reconstruct(self, active: np.ndarray) -> np.ndarray:
        """Encoded and decoded: a number per sensor."""
        return self.decode(self.encode(active))
