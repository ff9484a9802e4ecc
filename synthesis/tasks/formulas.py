"""Formulas as tasks: Nguyen's, and such with constants inside quotients and exponentials.

The Nguyen benchmark: N. Q. Uy et al., Genetic Programming and Evolvable Machines 12 (2011), 91-119,
in the form of B. K. Petersen et al., arXiv:1912.04871, table of the Nguyen suite (github
dso-org/deep-symbolic-optimization, ``dso/dso/task/regression/benchmarks.csv``): every formula with
20 uniform training samples, one or two variables, operations + - * / sin cos exp log.

Further sources: Keijzer, EuroGP 2003 (LNCS 2610), and Korns, GPTP VIII (2011), for the formulas of
their names, on ranges and with samples of ours; the others are laws of physics and biochemistry
with constants of ours. `UNSEEN` was written down before any of it was tried, and no setting of the
search was chosen by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .regression import RegressionTask

__all__ = [
    "CONSTANTS",
    "EXPRESSIONS",
    "INSIDE",
    "NGUYEN",
    "UNSEEN",
    "Formula",
    "formula_task",
]

N_TEST = 1000
FEW, MORE = 20, 50
"""Samples of a training table: of Nguyen's formulas, and where constants stand inside."""

Function = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Formula:
    """A benchmark formula.

    Attributes
    ----------
    name, text : str
    n_inputs : int
    low, high : float
        Every input is uniform between them.
    function : arrays (samples,) -> array (samples,)
    samples : int
        Size of the training table.

    Examples
    --------
    >>> product = Formula("product", "x y", 2, -1.0, 1.0, lambda x, y: x * y)
    >>> product.text, product.samples
    ('x y', 20)
    """

    name: str
    text: str
    n_inputs: int
    low: float
    high: float
    function: Function
    samples: int = FEW


def formula_task(
    formula: Formula, rng: np.random.Generator, n_test: int = N_TEST
) -> RegressionTask:
    """Training and held-out tables of a formula, both uniform on its range.

    Examples
    --------
    >>> product = Formula("product", "x y", 2, -1.0, 1.0, lambda x, y: x * y)
    >>> formula_task(product, np.random.default_rng(0)).inputs.shape
    (20, 2)
    """

    def table(rows: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(formula.low, formula.high, (rows, formula.n_inputs))
        return x, formula.function(*x.T)[:, None]

    inputs, targets = table(formula.samples)
    held_out_inputs, held_out_targets = table(n_test)
    return RegressionTask(
        name=formula.name,
        summary=formula.text,
        input_names=tuple(f"x{i}" for i in range(formula.n_inputs)),
        output_names=("y0",),
        inputs=inputs,
        targets=targets,
        held_out_inputs=held_out_inputs,
        held_out_targets=held_out_targets,
    )


def _suite(samples: int, *rows: tuple[str, str, int, float, float, Function]) -> dict[str, Formula]:
    return {row[0]: Formula(*row, samples) for row in rows}


NGUYEN = _suite(
    FEW,
    ("Nguyen-1", "x³ + x² + x", 1, -1, 1, lambda x: x**3 + x**2 + x),
    ("Nguyen-2", "x⁴ + x³ + x² + x", 1, -1, 1, lambda x: x**4 + x**3 + x**2 + x),
    ("Nguyen-3", "x⁵ + … + x", 1, -1, 1, lambda x: sum(x**k for k in range(1, 6))),
    ("Nguyen-4", "x⁶ + … + x", 1, -1, 1, lambda x: sum(x**k for k in range(1, 7))),
    ("Nguyen-5", "sin(x²) cos(x) - 1", 1, -1, 1, lambda x: np.sin(x**2) * np.cos(x) - 1),
    ("Nguyen-6", "sin(x) + sin(x + x²)", 1, -1, 1, lambda x: np.sin(x) + np.sin(x + x**2)),
    ("Nguyen-7", "log(x + 1) + log(x² + 1)", 1, 0, 2,
     lambda x: np.log(x + 1) + np.log(x**2 + 1)),
    ("Nguyen-8", "√x", 1, 0, 4, np.sqrt),
    ("Nguyen-9", "sin(x) + sin(y²)", 2, 0, 1, lambda x, y: np.sin(x) + np.sin(y**2)),
    ("Nguyen-10", "2 sin(x) cos(y)", 2, 0, 1, lambda x, y: 2 * np.sin(x) * np.cos(y)),
    ("Nguyen-11", "x^y", 2, 0, 1, lambda x, y: x**y),
    ("Nguyen-12", "x⁴ - x³ + y²/2 - y", 2, 0, 1, lambda x, y: x**4 - x**3 + y**2 / 2 - y),
)  # fmt: skip

CONSTANTS = _suite(
    FEW,
    ("Constant-1", "3.39x³ + 2.12x² + 1.78x", 1, -1, 1,
     lambda x: 3.39 * x**3 + 2.12 * x**2 + 1.78 * x),
    ("Constant-2", "sin(x²) cos(x) - 0.75", 1, -1, 1,
     lambda x: np.sin(x**2) * np.cos(x) - 0.75),
    ("Constant-3", "sin(1.5x) cos(0.5y)", 2, 0, 1,
     lambda x, y: np.sin(1.5 * x) * np.cos(0.5 * y)),
    ("Constant-4", "2.7x^y", 2, 0, 1, lambda x, y: 2.7 * x**y),
    ("Constant-5", "√(1.23x)", 1, 0, 4, lambda x: np.sqrt(1.23 * x)),
    ("Constant-6", "x^0.426", 1, 0, 4, lambda x: x**0.426),
    ("Constant-7", "2 sin(1.3x) cos(y)", 2, 0, 1,
     lambda x, y: 2 * np.sin(1.3 * x) * np.cos(y)),
    ("Constant-8", "log(x + 1.4) + log(x² + 1.3)", 1, 0, 2,
     lambda x: np.log(x + 1.4) + np.log(x**2 + 1.3)),
)  # fmt: skip
"""Formulas with constants that are no simple numbers, of the same source."""

# -------------------- constants inside --------------------


INSIDE = _suite(
    MORE,
    ("Keijzer-1", "0.3*x0*sin(2*pi*x0)", 1, -1.0, 1.0,
     lambda x: 0.3 * x * np.sin(2 * np.pi * x)),
    ("Keijzer-14", "8/(2 + x0**2 + x1**2)", 2, -3.0, 3.0,
     lambda x, y: 8 / (2 + x**2 + y**2)),
    ("Hill", "3.1*x0**2.3/(1.7**2.3 + x0**2.3)", 1, 0.1, 5.0,
     lambda x: 3.1 * x**2.3 / (1.7**2.3 + x**2.3)),
    ("Planck", "1.9*x0**3/(exp(1.4*x0) - 1)", 1, 0.2, 6.0,
     lambda x: 1.9 * x**3 / (np.exp(1.4 * x) - 1)),
    ("Michaelis-Menten", "2.7*x0/(1.3 + x0)", 1, 0.1, 10.0,
     lambda x: 2.7 * x / (1.3 + x)),
    ("damped oscillation", "2.2*exp(-0.45*x0)*cos(2.6*x0 + 0.4)", 1, 0.0, 6.0,
     lambda x: 2.2 * np.exp(-0.45 * x) * np.cos(2.6 * x + 0.4)),
    ("Korns-7", "213.80940889*(1 - exp(-0.54723748542*x0))", 1, 0.0, 8.0,
     lambda x: 213.80940889 * (1 - np.exp(-0.54723748542 * x))),
    ("Korns-12", "2 - 2.1*cos(9.8*x0)*sin(1.3*x1)", 2, 0.0, 3.0,
     lambda x, y: 2 - 2.1 * np.cos(9.8 * x) * np.sin(1.3 * y)),
)  # fmt: skip

UNSEEN = _suite(
    MORE,
    ("logistic growth", "5.2/(1 + 7.5*exp(-0.9*x0))", 1, 0.0, 8.0,
     lambda x: 5.2 / (1 + 7.5 * np.exp(-0.9 * x))),
    ("Arrhenius", "4.6*exp(-2.9/x0)", 1, 0.5, 6.0,
     lambda x: 4.6 * np.exp(-2.9 / x)),
    ("Gauss", "1.6*exp(-(x0 - 0.7)**2/1.8) + 0.25", 1, -3.0, 4.0,
     lambda x: 1.6 * np.exp(-((x - 0.7) ** 2) / 1.8) + 0.25),
    ("Lennard-Jones", "3.3/x0**12 - 4.7/x0**6", 1, 0.8, 3.0,
     lambda x: 3.3 / x**12 - 4.7 / x**6),
    ("thin lens", "x0*x1/(x0 + x1)", 2, 0.2, 4.0,
     lambda x, y: x * y / (x + y)),
    ("competitive inhibition", "2.4*x0/(0.8*(1 + x1/1.5) + x0)", 2, 0.1, 6.0,
     lambda x, y: 2.4 * x / (0.8 * (1 + y / 1.5) + x)),
    ("resonance", "1.7/((x0 - 2.3)**2 + 0.4)", 1, 0.0, 6.0,
     lambda x: 1.7 / ((x - 2.3) ** 2 + 0.4)),
    ("two decays", "2.6*exp(-0.3*x0) + 1.1*exp(-1.9*x0)", 1, 0.0, 7.0,
     lambda x: 2.6 * np.exp(-0.3 * x) + 1.1 * np.exp(-1.9 * x)),
    ("beats", "1.5*sin(2.1*x0)*sin(6.4*x0)", 1, 0.0, 6.0,
     lambda x: 1.5 * np.sin(2.1 * x) * np.sin(6.4 * x)),
    ("van der Waals", "2.9*x1/(x0 - 0.35) - 1.2/x0**2", 2, 0.8, 4.0,
     lambda x, y: 2.9 * y / (x - 0.35) - 1.2 / x**2),
)  # fmt: skip

EXPRESSIONS: Mapping[str, str] = {
    "Nguyen-1": "x0**3 + x0**2 + x0",
    "Nguyen-2": "x0**4 + x0**3 + x0**2 + x0",
    "Nguyen-3": "x0**5 + x0**4 + x0**3 + x0**2 + x0",
    "Nguyen-4": "x0**6 + x0**5 + x0**4 + x0**3 + x0**2 + x0",
    "Nguyen-5": "sin(x0**2)*cos(x0) - 1",
    "Nguyen-6": "sin(x0) + sin(x0 + x0**2)",
    "Nguyen-7": "log(x0 + 1) + log(x0**2 + 1)",
    "Nguyen-8": "sqrt(x0)",
    "Nguyen-9": "sin(x0) + sin(x1**2)",
    "Nguyen-10": "2*sin(x0)*cos(x1)",
    "Nguyen-11": "x0**x1",
    "Nguyen-12": "x0**4 - x0**3 + x1**2/2 - x1",
    **{name: formula.text for name, formula in (INSIDE | UNSEEN).items()},
}
"""Of every formula its spelling in sympy, to compare what is found with."""
