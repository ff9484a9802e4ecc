"""How weights move.

`losses` and `regularizers` say what is charged, `objective` and `black_box` what is minimised,
`gradients` where slopes come from. Steps are taken by `optimizers` on trees, whose rules on arrays
are in `rules`, and by `least_squares`; `descent` is how the loop uses them.
"""

from .gradients import (
    Descent,
    EvolutionStrategy,
    ExactGradient,
    FiniteDifferences,
    GradientSource,
    SourcedObjective,
    StoppedPath,
    descend,
)
from .least_squares import Fit, compensated_removals, levenberg_marquardt
from .losses import cross_entropies, cross_entropy_and_errors, log_softmax, softmax
from .objective import (
    BlackBoxObjective,
    JointObjective,
    MachineObjective,
    ModelObjective,
    Objective,
)
from .optimizers import (
    Optimizer,
    adagrad,
    adam,
    chain,
    clip,
    clip_by_norm,
    decoupled_l1,
    l1,
    masked,
    momentum,
    restrict_state,
    rmsprop,
    rprop,
    schedule,
    sgd,
    state_leaves,
    with_state_leaves,
)
from .regularizers import SelfLinkRegularizer

__all__ = [
    "BlackBoxObjective",
    "Descent",
    "EvolutionStrategy",
    "ExactGradient",
    "FiniteDifferences",
    "Fit",
    "GradientSource",
    "JointObjective",
    "MachineObjective",
    "ModelObjective",
    "Objective",
    "Optimizer",
    "SelfLinkRegularizer",
    "SourcedObjective",
    "StoppedPath",
    "adagrad",
    "adam",
    "chain",
    "clip",
    "clip_by_norm",
    "compensated_removals",
    "cross_entropies",
    "cross_entropy_and_errors",
    "decoupled_l1",
    "descend",
    "l1",
    "levenberg_marquardt",
    "log_softmax",
    "masked",
    "momentum",
    "restrict_state",
    "rmsprop",
    "rprop",
    "schedule",
    "sgd",
    "softmax",
    "state_leaves",
    "with_state_leaves",
]
