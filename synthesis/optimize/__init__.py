"""How weights move.

`losses` and `regularizers` say what is charged, `objective` what is minimised, `gradients` where
slopes come from. Steps are taken by `optimizers` on trees, whose rules on arrays are in `rules`, by
`adaptive` (further ones), by `matrices` (for leaves that are matrices), and by `least_squares`;
`composing` says what an optimizer is and chains them, `wrappers` makes optimizers of optimizers
(groups by pattern, freezing, averages, precision), `rates` has schedules. `descent` is how the loop
uses them.
"""

from .adaptive import (
    adabelief,
    adadelta,
    adamax,
    amsgrad,
    nadam,
    nesterov,
    optimistic_adam,
    radam,
)
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
from .matrices import apollo, muon, orthogonalized
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
    lion,
    masked,
    momentum,
    restrict_state,
    rmsprop,
    rprop,
    sgd,
    state_leaves,
    with_state_leaves,
)
from .rates import cycle, schedule, sequence, stairs, warm_up
from .regularizers import SelfLinkRegularizer
from .wrappers import (
    accumulate,
    adamw,
    average,
    averaged,
    freeze,
    frozen,
    groups,
    mixed_precision,
    weight_decay,
)

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
    "accumulate",
    "adabelief",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "amsgrad",
    "apollo",
    "average",
    "averaged",
    "chain",
    "clip",
    "clip_by_norm",
    "compensated_removals",
    "cross_entropies",
    "cross_entropy_and_errors",
    "cycle",
    "decoupled_l1",
    "descend",
    "freeze",
    "frozen",
    "groups",
    "l1",
    "levenberg_marquardt",
    "lion",
    "log_softmax",
    "masked",
    "mixed_precision",
    "momentum",
    "muon",
    "nadam",
    "nesterov",
    "optimistic_adam",
    "orthogonalized",
    "radam",
    "restrict_state",
    "rmsprop",
    "rprop",
    "schedule",
    "sequence",
    "sgd",
    "softmax",
    "stairs",
    "state_leaves",
    "warm_up",
    "weight_decay",
    "with_state_leaves",
]
