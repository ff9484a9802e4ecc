"""What a forecast is worth, in words and a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmm.show import count

from .sums import Weight

__all__ = ["Report"]

SIGNIFICANT = 0.01
"""Probability by chance below which errors count as joined."""

LOSSES = {
    "gaussian": "mean squared error",
    "censored": "mean squared error",
    "huber": "mean Huber loss",
}


@dataclass(frozen=True)
class Report:
    """What was found, beside what the plainest ways would have done.

    Attributes
    ----------
    own : str
    horizon : int
    aim : str
    likelihood, recipe, equations : str
    links : int
    loss, error : float
        On samples that came after those it was fitted to, and the standard error of that.
    rivals, within : tuple of (name, size, loss)
        The plainest ways; other ways within one standard error of this one.
    is_stable : bool or None
    independence : float
        How likely what is left is as alike from sample to sample by chance.
    compared : str
        With the best rival, by what differs on the same samples.
    weights : tuple of Weight
    classes : tuple of str
        What outputs are called, if there are several.
    resamples : int
        Of the bootstrap; 0 if there was none.

    Examples
    --------
    >>> from synthesis.forecast import FAMILIES, Forecaster
    >>> y = np.tile([1.0, 5.0, 2.0, 2.5], 12) + 0.1 * np.sin(np.arange(48.0))
    >>> report = Forecaster(families=FAMILIES[:1], lags=4).fit(y).report_
    >>> report.sentence.partition("; ")[2]
    'about as good as AR(4) by AIC, 0.01509 (5 links).'
    """

    own: str
    horizon: int
    aim: str
    likelihood: str
    recipe: str
    equations: str
    links: int
    loss: float
    error: float
    rivals: tuple[tuple[str, int, float], ...]
    within: tuple[tuple[str, int, float], ...]
    is_stable: bool | None
    independence: float
    compared: str
    weights: tuple[Weight, ...]
    classes: tuple[str, ...] = ()
    resamples: int = 0

    @property
    def sentence(self) -> str:
        """The verdict."""
        ahead = f"{count(self.horizon, 'sample')} ahead"
        if self.aim == "free run":
            ahead = "run free beside the other streams"
        what = LOSSES.get(self.likelihood, "mean negative log-likelihood")
        best = min(self.rivals, key=lambda rival: rival[2])
        return (
            f"{self.own}, {ahead}: {what} {self.loss:.4g} +- {self.error:.2g} on samples "
            f"that it was not fitted to; {self.compared} {best[0]}, {best[2]:.4g} "
            f"({count(self.links, 'link')})."
        )

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the data do not settle."""
        found = []
        if self.is_stable is False:
            found.append(
                "run free, it leaves the range of the data: it is no model of the series, only a "
                "forecast one step at a time"
            )
        if self.independence < SIGNIFICANT:
            found.append(
                f"what it leaves is not noise (p = {self.independence:.2g}): errors depend on "
                "those before them"
            )
        if self.aim == "free run":
            found.append(
                "the way was chosen by the runs whose error is told: on new data it will be more"
            )
        if self.within:
            name, size, loss = self.within[0]
            found.append(
                f"{count(len(self.within), 'other way')} to forecast came within one standard "
                f"error of this one, such as {name} ({count(size, 'link')}, {loss:.4g})"
            )
        return tuple(found)

    def __str__(self) -> str:
        lines = [self.sentence, "", self.equations, ""]
        lines += self._table()
        lines += [f"  not settled: {caveat}" for caveat in self.caveats]
        return "\n".join(lines)

    def _table(self) -> list[str]:
        lines = ["  weight        interval                 of"]
        for w in self.weights:
            held = ""
            if w.held is not None:
                held = f"  in {round(w.held * self.resamples)} of {self.resamples} resamples"
            is_known = np.isfinite(w.low)
            reach = f"{w.low:<10.4g} to {w.high:<10.4g}" if is_known else f"{'not known':<24}"
            told = f" for {self.classes[w.output]}" if self.classes else ""
            lines.append(f"  {w.value:<12.5g}  {reach}  {w.term}{told}{held}")
        lines.append("")
        lines.append("  loss        parameters  way")
        rows = [(f"this one: {self.recipe}", self.links, self.loss), *self.rivals]
        lines += [f"  {loss:<10.4g}  {size:<10d}  {name}" for name, size, loss in rows]
        return lines
