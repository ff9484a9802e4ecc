"""Sums of features: what they are made of, how they are fitted, and how sure they are."""

from .autoregressive import autoregressions, threshold_autoregressions
from .box_jenkins import moving_averages
from .building import circuit_of
from .changes import Change, expanded, grown_from
from .families import FAMILIES, Family, candidates, season_of
from .features import (
    Below,
    Feature,
    Given,
    Hinge,
    Lagged,
    Leaky,
    Product,
    Step,
    Values,
    depth,
    latest,
    streams_of,
)
from .fitting import Rows, Sum, fitted
from .growing import grown
from .innovations import Innovation, innovation_of
from .resampling import held_links, kind_of, stability
from .uncertainty import Weight, independence, weights_of

__all__ = [
    "FAMILIES",
    "Below",
    "Change",
    "Family",
    "Feature",
    "Given",
    "Hinge",
    "Innovation",
    "Lagged",
    "Leaky",
    "Product",
    "Rows",
    "Step",
    "Sum",
    "Values",
    "Weight",
    "autoregressions",
    "candidates",
    "circuit_of",
    "depth",
    "expanded",
    "fitted",
    "grown",
    "grown_from",
    "held_links",
    "independence",
    "innovation_of",
    "kind_of",
    "latest",
    "moving_averages",
    "season_of",
    "stability",
    "streams_of",
    "threshold_autoregressions",
    "weights_of",
]
