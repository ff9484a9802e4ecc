"""What a run looks like: progress, curves, reports."""

from .figures import evaluate_machine, figures_table
from .live import watch, where_it_stands, with_progress
from .plots import before_and_after, curves, links_curve, loss_curve, pareto, weights_curve

__all__ = [
    "before_and_after",
    "curves",
    "evaluate_machine",
    "figures_table",
    "links_curve",
    "loss_curve",
    "pareto",
    "watch",
    "weights_curve",
    "where_it_stands",
    "with_progress",
]
