"""The start that learns a linear machine modulo a prime from the strings."""

from .residues import Residues, linear_machine

__all__ = ["Residues", "linear_machine"]
