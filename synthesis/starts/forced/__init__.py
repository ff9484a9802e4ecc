"""The start that descends: small random machines, taught by the answers of the data."""

from .forced import Forced

__all__ = ["Forced"]
