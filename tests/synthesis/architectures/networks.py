"""Random evolving networks, as Hypothesis strategies."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from hypothesis import strategies as st

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.operations import OPERATIONS
from synthesis.architectures.evolving.structure import add_operation, operation_names
from vvalues import from_buffer

ENGINES = ("numpy", "fast") if find_spec("numba") else ("numpy",)
weights = st.floats(-2, 2).map(lambda x: round(x, 3))


@st.composite
def networks(draw, kinds=tuple(OPERATIONS), hidden=((), (2,))):
    """``(model, parameters, inputs)``: any operations, reading anything, in one or two layers."""
    n_inputs, n_outputs = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    model = EvolvingModel(
        n_inputs,
        n_outputs,
        hidden=draw(st.sampled_from(hidden)),
        operations=kinds,
        trains_links=draw(st.booleans()),
        engine=draw(st.sampled_from(ENGINES)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parameters = model.initial(rng)
    for _ in range(draw(st.integers(0, 7))):
        layer = draw(st.sampled_from(model.layers))
        names = operation_names(parameters.support, layer)
        sources = st.sampled_from((*model.layer_inputs(layer), *names))
        kind = draw(st.sampled_from(kinds))
        argument = st.one_of(sources, weights, st.dictionaries(sources, weights, max_size=3))
        parameters, _ = add_operation(
            parameters,
            layer,
            kind,
            [draw(argument) for _ in range(OPERATIONS[kind].arity)],
            outputs=model.layer_outputs(layer),
            scale=draw(st.sampled_from((0.5, 1.0, 3.0))),
        )
    buffer = np.array(parameters.buffer)
    is_zero = buffer == 0.0  # new output weights: give them a value, so that everything matters
    buffer[is_zero] = rng.uniform(-1, 1, np.count_nonzero(is_zero))
    inputs = rng.uniform(-1.5, 1.5, (draw(st.integers(2, 5)), n_inputs))
    return model, from_buffer(parameters.support, buffer), inputs
