"""Dynamic manifolds: what is published of them, and what a step of one costs."""

from .dynamic_manifold import reproduce

__all__ = ["reproduce"]
