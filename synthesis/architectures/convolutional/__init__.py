"""Convolutional networks: filters as array leaves, convolution and pooling as operations."""

from .convolution import convolve, convolve_transposed, correlate, pooled
from .model import ConvolutionalLinearization, ConvolutionalNetwork, FilterLayer

__all__ = [
    "ConvolutionalLinearization",
    "ConvolutionalNetwork",
    "FilterLayer",
    "convolve",
    "convolve_transposed",
    "correlate",
    "pooled",
]
