"""One step of networks whose structure changes, beside the same step in jitted JAX.

    python -m benchmarks.steps_beside_jax

Three steps, each loss and gradient by all parameters, float64: a cycle of 40 characters of elastic
networks, a dynamic manifold (closeness of all cells, evaluation, derivatives), and an evolving
network of additions and multiplications, by both of its engines (the fast one is taken where the
extra ``fast`` is installed). JAX has the structure of the moment for granted: the
manifold's levels and the evolving network's operations are compiled in, and every edit would
compile again. That compilation is a column of its own. Process time, medians of interleaved
repetitions, one thread.
"""

from __future__ import annotations

import os
import statistics
import time
from functools import partial
from itertools import product

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
from autograd import value_and_grad

from synthesis.architectures.elastic import ElasticNetwork, ElasticSettings
from synthesis.architectures.elastic.arrays import Rows, capacity_for
from synthesis.architectures.elastic.cycle import Cycle
from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
from synthesis.architectures.evolving.edits import evolve_operation
from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.structure.evaluation import SLOPE

from .measure import machine_line, markdown_table, write_result

jax.config.update("jax_enable_x64", True)

ROUNDS, REPEATED = 7, 10
HEADER = ["step", "size", "ours, ms", "JAX, ms", "JAX / ours", "JAX compiles, s"]


def measured(ours, rival):
    """Milliseconds of both, round by round, and the seconds that the rival takes to compile."""
    begun = time.process_time()
    theirs = rival()
    compiling = time.process_time() - begun
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(ours() / scale, theirs / scale, rtol=0, atol=1e-9)
    times = {ours: [], rival: []}
    for _ in range(ROUNDS):
        for function, own in times.items():
            begun = time.process_time()
            for _ in range(REPEATED):
                function()
            own.append((time.process_time() - begun) / REPEATED)
    mine, theirs = (1e3 * statistics.median(own) for own in times.values())
    return [f"{mine:.3f}", f"{theirs:.3f}", f"{theirs / mine:.1f}", f"{compiling:.1f}"]


# -------------------- elastic networks --------------------


def elastic(n, networks):
    """A row of the table: a cycle of networks of so many neurons."""
    rng = np.random.default_rng(0)
    model = ElasticNetwork(settings=ElasticSettings())
    tree, codes = model.initial(rng, n), rng.integers(4, size=41)
    capacity = capacity_for(n, 4)
    packed = np.stack([model.layout(tree.support).pack(tree, capacity)] * networks)
    cycle, rows = Cycle(networks, capacity, 4, 40), Rows.of(capacity, 4)
    hidden, columns = np.zeros((networks, capacity)), np.stack([codes] * networks, axis=1)

    def ours():
        cycle(packed, hidden, columns)
        return np.concatenate([cycle.gradient[:, at].ravel() for at in (rows.recurrent, rows.bias)])

    def loss(recurrent, read, bias, output, readout, codes):
        def tick(state, code):
            state = jnp.tanh(read[code] + recurrent @ state + bias)
            return state, output @ state + readout

        _, logits = jax.lax.scan(tick, jnp.zeros(n), codes[:-1])
        asked = jnp.take_along_axis(logits, codes[1:, None], 1)[:, 0]
        return jnp.sum(jax.nn.logsumexp(logits, axis=1) - asked)

    own = packed[:, :, :n]
    parts = own[:, rows.recurrent][:, :n], own[:, rows.input], own[:, rows.bias]
    parts += own[:, rows.output] * own[:, rows.multiplier, None], packed[:, rows.readout, :4]
    gradient = jax.jit(jax.vmap(jax.grad(loss, argnums=(0, 1, 2, 3, 4)), (0, 0, 0, 0, 0, None)))

    def rival():
        found = jax.block_until_ready(gradient(*parts, codes))
        recurrent, bias = np.zeros((networks, capacity, capacity)), np.zeros((networks, capacity))
        recurrent[:, :n, :n], bias[:, :n] = found[0], found[2]
        return np.concatenate([recurrent.ravel(), bias.ravel()])

    name = f"{n} neurons, {networks} network" + "s" * (networks > 1)
    return ["elastic cycle", name, *measured(ours, rival)]


# -------------------- manifolds --------------------


def manifold(name, start):
    """A row of the table: 1,000 neurons, batch of 50, with link weights."""
    rng = np.random.default_rng(0)
    model = Manifold(784, 206, 10, period=28, link_weights=True, start=start)
    layout, tree = model.layout, model.initial(rng)
    inputs, cotangent = rng.uniform(size=(50, 784)), rng.standard_normal((50, 10))
    traced = value_and_grad(lambda tree: anp.sum(cotangent * model(tree, inputs)))
    schedule = model.links(tree).schedule
    steps = [layout.n_inputs + schedule.order[one.first : one.last] for one in schedule.steps]
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(cotangent * _manifold(x, inputs, layout, steps))))
    density = len(schedule.rows) / layout.n_cells
    row = measured(
        lambda: traced(tree)[1].buffer,
        lambda: np.asarray(gradient(tree.buffer)),
    )
    return ["manifold", f"{name}, {100 * density:.1f} % of the cells", *row]


def _manifold(buffer, inputs, layout, steps):
    """Predictions by dense matrices, level by level."""
    n, m, c = layout.n_inputs, layout.n_hidden, layout.n_columns
    columns = np.arange(c)
    is_cell = columns < layout.limits[:, None]
    vector = buffer[layout.closeness_at]
    alpha, beta, gamma, theta, phi, sigma, mu = vector[:-1].reshape(7, -1, 1)
    x = columns + layout.shifts[:, None]
    gauss = jnp.exp(-0.5 * ((x - mu) / jax.nn.softplus(sigma)) ** 2)
    turn = 2 * np.pi / (layout.period * jax.nn.softplus(theta) / np.log(2.0))
    wave = (0.501 + 0.5 * jnp.sin(x * turn + phi)) ** (beta + 1)
    closeness = (2 * jax.nn.sigmoid(alpha) - 1) * gauss * (wave - jax.nn.sigmoid(gamma))
    cutoff = jax.nn.sigmoid(vector[-1])
    size = jnp.abs(closeness)
    strength = jnp.sign(closeness) * (size - cutoff) / (1 - cutoff)
    at = np.where(is_cell, layout.weights_at[:, None] + columns, 0)
    matrix = jnp.where(is_cell & (size > cutoff), strength * buffer[at], 0.0)
    biases = buffer[layout.bias_at]
    received = matrix[:m, :n] @ inputs.T + biases[:m, None]
    sent = jnp.zeros((m, len(inputs)))
    for columns_of in steps:
        here = columns_of - n
        total = received[here] + matrix[here, n:] @ sent
        sent = sent.at[here].set(jnp.where(total > 0, total, SLOPE * total))
    outputs = matrix[m:, :n] @ inputs.T + matrix[m:, n:] @ sent + biases[m:, None]
    return outputs.T


# -------------------- evolving networks --------------------


def evolving(operations, samples, engine):
    """A row of the table: a network of so many operations, mean square error, by one engine."""
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((samples, 10)), rng.standard_normal((samples, 2))
    model = EvolvingModel(10, 2, engine=engine)
    objective, tree = EvolvingObjective(model, inputs, targets), model.initial(rng)
    for _ in range(operations):
        tree, _ = evolve_operation(tree, (), objective, rng)
    tree = model.with_scales(tree, inputs)
    plan, weight = model.plan(tree.support), objective.weight

    def loss(buffer):
        values = jnp.concatenate([jnp.ones((1, samples)), inputs.T])
        for step in plan.steps:
            matrix = (
                jnp.zeros(step.n_arguments * step.n_before).at[step.cells].set(buffer[step.leaves])
            )
            arguments = matrix.reshape(step.n_arguments, step.n_before) @ values
            parts = {group.values.start: _values(group, arguments) for group in step.groups}
            new = jnp.concatenate([parts[first] for first in sorted(parts)])
            if step.has_scales:
                new /= jnp.exp(jnp.where(step.scales >= 0, buffer[step.scales], 0.0))[:, None]
            values = jnp.concatenate([values, new])
        return weight * jnp.sum((values[plan.outputs].T - targets) ** 2)

    gradient = jax.jit(jax.grad(loss))
    row = measured(
        lambda: objective.gradient(tree)[1].buffer,
        lambda: np.where(plan.trained, np.asarray(gradient(tree.buffer)), 0.0),
    )
    return [f"evolving network, {engine}", f"{operations} operations, {samples:,} samples", *row]


def _values(group, arguments):
    rows = [arguments[at] for at in group.arguments]
    if group.operation is None:
        return rows[0]
    return rows[0] + rows[1] if group.operation.kind == "add" else rows[0] * rows[1]


def main():
    """Measure, print and keep the table."""
    narrow = Start.mnist()._replace(sigma=(22.0, 6.0))
    work = [partial(elastic, n, networks) for n in (8, 30, 99) for networks in (1, 10)]
    work += [partial(manifold, "narrow", narrow), partial(manifold, "source", Start.mnist())]
    evolved = product(("fast", "numpy"), (8, 40, 160), (100, 1000))
    work += [partial(evolving, n, samples, engine) for engine, n, samples in evolved]
    rows = []
    for one in work:
        rows.append(one())
        print(rows[-1], flush=True)
    text = [
        "# Steps of changing networks beside jitted JAX",
        f"`python -m benchmarks.steps_beside_jax`; {machine_line()}; load "
        f"{os.getloadavg()[0]:.1f}; JAX {jax.__version__}.",
        markdown_table(HEADER, rows),
    ]
    write_result("steps_beside_jax", "\n\n".join(text))


if __name__ == "__main__":
    main()
