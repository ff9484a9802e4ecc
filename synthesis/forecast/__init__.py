"""Forecasts of noisy series by small machines that can be read."""

from .answers import Forecast
from .assessment import Report
from .forecaster import Forecaster
from .sums import FAMILIES, Family, Weight

__all__ = ["FAMILIES", "Family", "Forecast", "Forecaster", "Report", "Weight"]
