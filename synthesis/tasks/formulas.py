"""Formulas with constants inside quotients, exponentials and sines, as science has them.

Sources: Keijzer, EuroGP 2003 (LNCS 2610), and Korns, GPTP VIII (2011), for the formulas of their
names, on ranges and with samples of ours; the others are laws of physics and biochemistry with
constants of ours. `UNSEEN` was written down before any of it was tried, and no setting of the
search was chosen by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .regression import Formula

__all__ = ["EXPRESSIONS", "INSIDE", "UNSEEN"]

SAMPLES = 50


def _suite(*rows: tuple[str, str, int, float, float, Callable[..., np.ndarray]]) -> dict:
    return {
        name: Formula(name, text, n_inputs, low, high, function, SAMPLES)
        for name, text, n_inputs, low, high, function in rows
    }


INSIDE: Mapping[str, Formula] = _suite(
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

UNSEEN: Mapping[str, Formula] = _suite(
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
    **{name: formula.text for name, formula in (INSIDE | UNSEEN).items()},  # type: ignore[operator]
}
"""Of every formula its spelling in sympy, to compare what is found with."""
