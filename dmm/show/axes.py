"""Where plots get their figures: matplotlib, imported when the first one is drawn."""

from __future__ import annotations

from typing import Any

__all__ = ["new_axes", "pyplot"]


def pyplot() -> Any:
    """The module ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message says what to install.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "matplotlib is not installed; it comes with the extra 'plot': "
            "pip install 'dataflow-matrix-machines[plot]'"
        ) from error
    return plt


def new_axes(width: float, height: float) -> Any:
    """Axes of a figure of their own, in inches."""
    return pyplot().subplots(figsize=(width, height), layout="constrained")[1]
