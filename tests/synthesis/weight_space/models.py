"""Small models of every kind, for the tests of this folder."""

import autograd.numpy as anp
import numpy as np

from dmm import layered_space, text_streams
from synthesis.architectures import Perceptron
from synthesis.process.models import MachineModel
from synthesis.tasks.digits import Digits
from vvalues import VValue, from_buffer


class Traced:
    """A perceptron that only autograd knows: any model outside this library."""

    def __init__(self, inner):
        self.inner = inner

    def initial(self, rng):
        return self.inner.initial(rng)

    def __call__(self, parameters, inputs):
        return self.inner(parameters, inputs)


class Line:
    """``a x + b``, with everything known by hand."""

    def initial(self, rng):
        return VValue({"a": 1.0, "b": 0.0})

    def __call__(self, parameters, inputs):
        return parameters["a"] * inputs + parameters["b"] * anp.ones(inputs.shape)


def perceptron(sizes=(6, 8, 3), activation="tanh", seed=0, n=5):
    rng = np.random.default_rng(seed)
    model = Perceptron(sizes, activation)
    return model, model.initial(rng), rng.standard_normal((n, sizes[0])), rng


def machine(seed=0):
    rng = np.random.default_rng(seed)
    space = layered_space(rng, layers=2, copies=1, scale=0.5)
    return MachineModel(space), space.trainable, text_streams(["ab.", "aa."], 25), rng


def random_like(parameters, rng):
    return from_buffer(parameters.support, rng.standard_normal(parameters.size))


def blobs(classes=3, pixels=12, n=240, seed=0, spread=30.0):
    """Bytes around one random image per class: learnt in a moment."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(40, 216, (classes, pixels))
    labels = np.arange(n) % classes
    images = np.clip(centres[labels] + spread * rng.standard_normal((n, pixels)), 0, 255)
    images = images.astype(np.uint8)
    half = n // 2
    return Digits("blobs", images[:half], labels[:half], images[half:], labels[half:], classes, 20)
