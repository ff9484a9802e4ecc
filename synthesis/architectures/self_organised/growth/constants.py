"""The constants of growth, as published."""

from __future__ import annotations

from dataclasses import dataclass

from ....process.checks import check_finite, check_positive, check_probability, check_whole
from ..kernels import LateralKernel

__all__ = ["TissueSettings"]


@dataclass(frozen=True)
class TissueSettings:
    """The published constants.

    Attributes
    ----------
    radius : float
        Of a cell's neighbourhood; daughters land between one and two of it away. It does not scale
        the lateral kernel, whose excitation and radii belong to the published density: a denser
        tissue (smaller ``radius``, larger ``sparse`` or ``crowded``) needs less ``excitation``.
    sparse, crowded : int
        A cell divides with at most ``sparse`` cells (itself included) around it; a daughter needs
        at most ``crowded`` around its place.
    hayflick : int
        Divisions of a line of cells.
    clock : int
        Visits until a cell may bud a unit of the second layer; a division sets it back.
    tries : int
        Places tried for a daughter.
    budding : float
        Probability per visit of a cell whose clock has run down.
    outer : float
        Outer radius of the lateral kernel.
    noise : float
        Standard deviation of the current of every cell.
    review : int
        Steps between reviews of the second layer's thresholds.
    patience : int
        Units that won less often have their thresholds lowered.
    most : int
        Cells for which there is room.
    excitation : float
        Current of a spike to cells nearby.
    """

    radius: float = 1.0
    sparse: int = 3
    crowded: int = 11
    hayflick: int = 40
    clock: int = 25
    tries: int = 50
    budding: float = 0.4
    outer: float = 4.0
    noise: float = 3.0
    review: int = 1000
    patience: int = 200
    most: int = 4000
    excitation: float = 5.0

    def __post_init__(self) -> None:
        check_probability("budding", self.budding)
        check_positive("radius", self.radius)
        check_finite("noise", self.noise)
        for name in ("hayflick", "clock", "patience"):
            check_whole(name, getattr(self, name))
        for name in ("sparse", "crowded", "tries", "review", "most"):
            check_whole(name, getattr(self, name), 1)
        _ = self.kernel  # refuses an impossible excitation or outer radius

    @property
    def kernel(self) -> LateralKernel:
        """Lateral kernel of the cells."""
        return LateralKernel(self.excitation, 2.0, 2.0, self.outer)
