"""Elastic networks: the experiments that are published of them, and what came out."""

from .elastic_rnn import reproduce

__all__ = ["reproduce"]
