"""Other architectures on the tree core: anything whose parameters are one V-value is a `Model`."""

from .layered import ACTIVATIONS
from .perceptron import Perceptron, PerceptronLinearization

__all__ = ["ACTIVATIONS", "Perceptron", "PerceptronLinearization"]
