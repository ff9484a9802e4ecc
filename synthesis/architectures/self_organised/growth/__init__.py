"""Networks that grow from one cell and organise their wiring by noise alone."""

from .grown import anatomy, grown_network, pooled_features, pooling_tree, tissue_tree, wiring
from .pooling import Fields, Pooling, Progress, elongations, receptive_fields, spreads
from .settings import PoolingSettings, TissueSettings
from .tissue import Stage, Tissue

__all__ = [
    "Fields",
    "Pooling",
    "PoolingSettings",
    "Progress",
    "Stage",
    "Tissue",
    "TissueSettings",
    "anatomy",
    "elongations",
    "grown_network",
    "pooled_features",
    "pooling_tree",
    "receptive_fields",
    "spreads",
    "tissue_tree",
    "wiring",
]
