"""The constants of pooling and of growth, as published."""

from __future__ import annotations

from dataclasses import dataclass

from ....process.bounds import Bounded, finite, positive, share, whole
from ..sheets import LateralKernel

__all__ = ["PoolingSettings", "TissueSettings"]


@dataclass(frozen=True)
class PoolingSettings(Bounded):
    """The published size and constants.

    Attributes
    ----------
    n_sensors, n_units : int
    side : float
        Of the square of sensors.
    outer : float
        Outer radius of the kernel: sets the size of waves and so of pools.
    excitation : float
        Current of a spike to sensors nearby.
    small : int
        A receptive field of fewer sensors counts as organised.
    review : int
        Steps between two reviews of thresholds and receptive fields.
    silent : float
        Share of sensors that never fire.
    stretch : float
        How many times longer than wide the kernel is, and so the pools.

    Notes
    -----
    Side, number and excitation are tuned to one another: a much denser sheet, or a more strongly
    excited one, has no waves to learn from (its potentials are held at the bounds of
    `self_organised.sheets.izhikevich_step`) and needs less excitation.

    Examples
    --------
    >>> PoolingSettings(silent=1.5)
    Traceback (most recent call last):
        ...
    ValueError: silent is 1.5; a probability is between 0 and 1
    """

    n_sensors: int = whole(1500, least=1)
    n_units: int = whole(400, least=1)
    side: float = positive(28.0)
    outer: float = 6.0
    excitation: float = 5.0
    small: int = whole(150, least=1)
    review: int = whole(1000, least=1)
    silent: float = share(0.0)
    stretch: float = positive(1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.kernel  # refuses an impossible excitation or outer radius

    @property
    def kernel(self) -> LateralKernel:
        """Lateral kernel of the sensors."""
        return LateralKernel(self.excitation, 2.0, 2.0, self.outer, stretch=self.stretch)


@dataclass(frozen=True)
class TissueSettings(Bounded):
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

    Examples
    --------
    >>> settings = TissueSettings(outer=6.0)
    >>> settings.kernel.outer, settings.hayflick
    (6.0, 40)
    """

    radius: float = positive(1.0)
    sparse: int = whole(3, least=1)
    crowded: int = whole(11, least=1)
    hayflick: int = whole(40)
    clock: int = whole(25)
    tries: int = whole(50, least=1)
    budding: float = share(0.4)
    outer: float = 4.0
    noise: float = finite(3.0)
    review: int = whole(1000, least=1)
    patience: int = whole(200)
    most: int = whole(4000, least=1)
    excitation: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.kernel  # refuses an impossible excitation or outer radius

    @property
    def kernel(self) -> LateralKernel:
        """Lateral kernel of the cells."""
        return LateralKernel(self.excitation, 2.0, 2.0, self.outer)
