"""The checker of fused operations finds every kind of slip."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest

from vvalues.testing import check_fused

WEIGHTS = np.array([0.7, -1.2, 0.4])


class Ratio:
    """``w_i^2 / (1 + sum of w^2)``, right in every respect."""

    def forward(self, w):
        return w * w / (1.0 + np.sum(w * w))

    def pullback(self, w, g):
        total = 1.0 + np.sum(w * w)
        return 2.0 * w * (g - np.sum(g * w * w) / total) / total

    def pushforward(self, w, d):
        total = 1.0 + np.sum(w * w)
        return 2.0 * (w * d - w * w * np.sum(w * d) / total) / total

    def plain(self, w):
        return w * w / (1.0 + anp.sum(w * w))


class WrongTangent(Ratio):
    def pushforward(self, w, d):
        return super().pushforward(w, d) * (1.0 + 1e-6)


class WrongCotangent(Ratio):
    def pullback(self, w, g):
        return super().pullback(w, g)[::-1]


class Affine(Ratio):
    def pullback(self, w, g):
        return super().pullback(w, g + np.array([0.0, 1e-3, 0.0]))


class RealOnly(Ratio):
    """Allocates real numbers: complex vectors lose their imaginary parts on the way back."""

    def pullback(self, w, g):
        return super().pullback(w.real, g) + 0.0 * w


class RealTangent(Ratio):
    def pushforward(self, w, d):
        return super().pushforward(w.real, d) + 0.0 * w


class RealForward(Ratio):
    def forward(self, w):
        return super().forward(w.real) + 0.0 * w


class Remembering(Ratio):
    """Takes the values of the last vector for those of this one."""

    total = None

    def pullback(self, w, g):
        self.total = 1.0 + np.sum(w * w) if self.total is None else self.total
        return 2.0 * w * (g - np.sum(g * w * w) / self.total) / self.total


class OtherPlain(Ratio):
    def plain(self, w):
        return 1.001 * super().plain(w)


class WrongShape(Ratio):
    def pushforward(self, w, d):
        return super().pushforward(w, d)[:2]


def test_a_right_one_passes():
    check_fused(Ratio(), WEIGHTS)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (WrongTangent(), "pushforward is not the derivative of forward: element"),
        (WrongCotangent(), "pullback is not the adjoint of pushforward"),
        (Affine(), "pullback is not"),
        (RealOnly(), "pullback of a complex vector is wrong"),
        (RealTangent(), "pushforward of a complex vector is wrong"),
        (RealForward(), "pushforward is not the derivative of forward: .*, by the complex step 0"),
        (Remembering(), "second derivatives of pullback and pushforward differ"),
        (OtherPlain(), "forward is not plain: element"),
        (WrongShape(), r"shape \(2,\), by the complex step \(3,\)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_slip_is_named(run, words):
    with pytest.raises(AssertionError, match=words):
        check_fused(run, WEIGHTS)


class Held(Ratio):
    """The last weight counts as a constant."""

    def pullback(self, w, g):
        return super().pullback(w, g) * [1.0, 1.0, 0.0]

    def pushforward(self, w, d):
        return super().pushforward(w, d * [1.0, 1.0, 0.0])

    def plain(self, w):
        return super().plain(anp.concatenate([w[:2], np.array([WEIGHTS[2]])]))


def test_weights_that_count_as_constants():
    free = np.array([True, True, False])
    check_fused(Held(), WEIGHTS, free=free)
    with pytest.raises(AssertionError, match="pushforward is not the derivative of forward"):
        check_fused(Held(), WEIGHTS)
    with pytest.raises(AssertionError, match="pullback is not zero where weights are constants"):
        check_fused(Ratio(), WEIGHTS, free=free)
