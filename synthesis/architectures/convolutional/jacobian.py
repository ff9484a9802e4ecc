"""What one layer of a convolutional network did, and products with its Jacobian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .convolution import blocks

__all__ = ["LayerTrace"]


@dataclass
class LayerTrace:
    """What one layer did with some pictures."""

    name: str
    weights: np.ndarray  # (channels, rows, columns, filters)
    padding: int
    seen: np.ndarray  # (channels, rows, columns, places down, places across, n)
    shares: np.ndarray | None = None  # of blocks; None where nothing is pooled
    slope: np.ndarray | None = None  # (filters, down, across, n); None for the outputs

    @property
    def places(self) -> tuple[int, ...]:
        """Down and across."""
        return self.seen.shape[3:5]

    @property
    def has_one_place(self) -> bool:
        """Whether filters are as large as the picture: every weight is used once."""
        return self.places == (1, 1)

    def sums(self, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """What filters make of what was seen: (filters, places down, places across, n)."""
        n_filters = weights.shape[3]
        maps = weights.reshape(-1, n_filters).T @ self.seen.reshape(weights[..., 0].size, -1)
        return maps.reshape(n_filters, *self.seen.shape[3:]) + bias[:, None, None, None]

    def pushed(self, sums: np.ndarray) -> np.ndarray:
        """Tangent of the layer's output from that of its sums."""
        if self.shares is not None:
            sums = np.sum(self.shares * blocks(sums, self.shares.shape[2]), axis=(2, 4))
        return sums if self.slope is None else sums * self.slope

    def pulled(self, output: np.ndarray, times: int = 1) -> np.ndarray:
        """Cotangent of the layer's sums from that of its output, each picture so many times."""
        if self.slope is not None:
            output = output * _repeated(self.slope, times)
        if self.shares is None:
            return output
        shares = _repeated(self.shares, times)
        cut = shares * output[:, :, None, :, None]
        n_filters, down, size, across, _, n = cut.shape
        cut = cut.reshape(n_filters, down * size, across * size, n)
        left_over = [(0, place - cut.shape[i]) for i, place in enumerate(self.places, start=1)]
        return np.pad(cut, ((0, 0), *left_over, (0, 0))) if np.any(left_over) else cut

    def rows(self, sensitivity: np.ndarray) -> dict[str, np.ndarray]:
        """The Jacobian by weights and by bias, (n, outputs, size) each.

        Parameters
        ----------
        sensitivity : array (filters, places, n, outputs)
            Derivative of every output by the layer's sums.
        """
        n_filters, n_places, n, n_outputs = sensitivity.shape
        seen = self.seen.reshape(-1, n_places, n).transpose(2, 0, 1)
        sums = sensitivity.transpose(2, 1, 3, 0).reshape(n, n_places, n_outputs * n_filters)
        by_weight = (seen @ sums).reshape(n, -1, n_outputs, n_filters).transpose(0, 2, 1, 3)
        by_bias = sensitivity.sum(axis=1).transpose(1, 2, 0)
        return {"weights": by_weight.reshape(n, n_outputs, -1), "bias": by_bias}


def _repeated(array: np.ndarray, times: int) -> np.ndarray:
    return array if times == 1 or array.shape[-1] == 1 else np.repeat(array, times, axis=-1)
