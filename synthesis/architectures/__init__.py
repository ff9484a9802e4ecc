"""Other architectures on the tree core: anything whose parameters are one V-value is a `Model`."""

from .perceptron import ACTIVATIONS, Perceptron, PerceptronLinearization

__all__ = ["ACTIVATIONS", "Perceptron", "PerceptronLinearization"]
