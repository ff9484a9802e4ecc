"""The rival to beat: the machine as a dense recurrence in jitted JAX, float64."""

from __future__ import annotations

import numpy as np

from dmm import Machine, Streams
from dmm.neurons import get_neuron_type

__all__ = ["make_loss_and_gradient"]

CONSTANTS = ("const_1", "eos")


def make_loss_and_gradient(machine: Machine, streams: Streams, targets: np.ndarray):
    """``(forward, gradient)`` closures on the machine's own weights, one string.

    State: one row per output, one column per key (column 0 is ``:number``).
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rows, slots, of_type = _ports(machine)
    keys = list(streams.keys[0])
    if (".",) not in keys:
        keys.append((".",))
    entry = np.zeros((streams.ticks, len(keys)))
    entry[:, : streams.arrays["input"].shape[2]] = streams.arrays["input"][:, 0]
    links = [
        p for p in machine.trainable.support.paths if (p[0], p[1]) in rows and (p[2], p[3]) in slots
    ]
    at_row = np.array([rows[p[0], p[1]] for p in links])
    at_slot = np.array([slots[p[2], p[3]] for p in links])
    base = np.zeros((len(rows), len(slots)))
    for path, weight in machine.fixed.items():
        if path[:2] in rows and path[2:] in slots:
            base[rows[path[:2]], slots[path[2:]]] = weight
    index = {p: i for i, p in enumerate(machine.trainable.support.paths)}
    weights = jnp.asarray(machine.trainable.buffer[[index[p] for p in links]])
    target = jnp.asarray(targets[:, :, 0].T)
    dot_key = keys.index((".",))

    def tick(state, seen):
        matrix, outputs = state
        x = matrix @ outputs
        new = jnp.zeros_like(outputs)
        for (kind, field), (at, ins) in of_type.items():
            a = x[ins[0]]
            b = x[ins[1]] if len(ins) > 1 else None
            if kind == "accum":
                new = new.at[at].set(a + b)
            elif kind == "norm":
                new = new.at[at, 0].set(jnp.max(jnp.abs(a), axis=1))
            elif kind == "dot":
                new = new.at[at, 0].set(jnp.clip(jnp.sum(a * b, axis=1), -4.0, 4.0))
            else:
                sign = 1.0 if field == "true" else -1.0
                new = new.at[at, 0].set(jax.nn.relu(sign * (a[:, 0] - b[:, 0])))
        new = new.at[slots["const_1", "const_1"], 0].set(1.0)
        new = new.at[slots["eos", "char"], dot_key].set(1.0)
        new = new.at[slots["input", "char"]].set(seen)
        return (matrix, new), x[jnp.array([rows["output", "dict-1"], rows["output", "dict-2"]]), 0]

    def loss(w):
        matrix = jnp.asarray(base).at[at_row, at_slot].add(w)
        start = jnp.zeros((len(slots), len(keys)))
        _, observed = jax.lax.scan(tick, (matrix, start), jnp.asarray(entry))
        return jnp.sum((observed - target) ** 2)

    forward_jit = jax.jit(loss)
    gradient_jit = jax.jit(jax.value_and_grad(loss))

    def forward():
        return forward_jit(weights).block_until_ready()

    def gradient():
        value, g = gradient_jit(weights)
        return float(value), float(jnp.linalg.norm(g))

    return forward, gradient


def _ports(machine: Machine):
    rows: dict = {}
    slots: dict = {}
    members: dict = {}
    for neuron, kind in machine.neurons.items():
        spec = get_neuron_type(kind)
        if kind in ("timer",):
            continue
        for field in spec.reads if kind != "input" else ():
            rows[neuron, field.name] = len(rows)
        for field in spec.writes:
            slots[neuron, field.name] = len(slots)
            if kind not in (*CONSTANTS, "input"):
                members.setdefault((kind, field.name), []).append(neuron)
    of_type = {}
    for (kind, field), neurons in members.items():
        reads = get_neuron_type(kind).reads
        at = np.array([slots[n, field] for n in neurons])
        of_type[kind, field] = at, [np.array([rows[n, r.name] for n in neurons]) for r in reads]
    return rows, slots, of_type
