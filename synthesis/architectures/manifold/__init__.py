"""The dynamic neural manifold: structure is a smooth function of seven numbers per neuron."""

from .model import Links, Manifold, Start

__all__ = ["Links", "Manifold", "Start"]
