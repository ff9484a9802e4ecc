"""The obvious program: machines as nested dicts of scalars, under HIPS autograd's containers.

This is how the published prototypes are written; it serves as a rival and as an independent check
of loss and gradient norm.
"""

from __future__ import annotations

import autograd.numpy as anp

from dmm import Machine

__all__ = ["make_loss", "norm_of"]


def make_loss(machine: Machine, text: str, ticks: int, targets):
    """Loss of a nested dict of trainable weights."""
    fixed = machine.fixed.to_dict()
    paths = machine.trainable.support.paths

    def loss(weights):
        outputs: dict = {}
        total = 0.0
        links = _leaves(weights, paths)
        for t in range(ticks):
            inputs = _down(fixed, links, outputs)
            outputs = {
                n: _up(kind, inputs.get(n, {}), t, text) for n, kind in machine.neurons.items()
            }
            final = inputs.get("output", {})
            for i, field in enumerate(("dict-1", "dict-2")):
                total = total + (final.get(field, {}).get(":number", 0.0) - targets[i, t, 0]) ** 2
        return total

    return loss


def _leaves(weights, paths):
    """Every node of the tree taken once: indexing from the root per leaf is far slower still."""
    cache: dict = {(): weights}

    def node(path):
        if path not in cache:
            cache[path] = node(path[:-1])[path[-1]]
        return cache[path]

    return [(path, node(path)) for path in paths]


def _down(fixed, links, outputs):
    inputs: dict = {}
    every = [
        ((n, f, m, g), w)
        for n, a in fixed.items()
        for f, b in a.items()
        for m, c in b.items()
        for g, w in c.items()
    ]
    for (n, f, m, g), weight in every + links:
        stream = outputs.get(m, {}).get(g)
        if stream:
            target = inputs.setdefault(n, {}).setdefault(f, {})
            for key, value in stream.items():
                target[key] = target.get(key, 0.0) + weight * value
    return inputs


def _up(kind, inputs, t, text):
    one, two = inputs.get("dict-1", {}), inputs.get("dict-2", {})
    if kind == "accum":
        return {"dict": {k: one.get(k, 0.0) + two.get(k, 0.0) for k in {**one, **two}}}
    if kind == "norm":
        values = [anp.abs(v) for v in inputs.get("dict", {}).values()]
        return {"norm": {":number": _largest(values)}}
    if kind == "dot":
        product = sum(one[k] * two[k] for k in one if k in two)
        return {"dot": {":number": anp.clip(product, -4.0, 4.0) if product is not 0 else 0.0}}  # noqa: F632
    if kind == "compare":
        d = one.get(":number", 0.0) - two.get(":number", 0.0)
        return {
            "true": {":number": anp.maximum(0.0, d)},
            "false": {":number": anp.maximum(0.0, -d)},
        }
    if kind == "input":
        is_due = t % 10 == 0
        return {"char": {text[min(t // 10, len(text) - 1)]: 1.0} if is_due else {}}
    constants = {"const_1": {"const_1": {":number": 1.0}}, "eos": {"char": {".": 1.0}}}
    return constants.get(kind, {})


def _largest(values):
    largest = 0.0
    for value in values:
        largest = value if value > largest else largest
    return largest


def norm_of(gradient) -> float:
    """Euclidean norm of a nested dict."""
    if isinstance(gradient, dict):
        return sum(norm_of(child) ** 2 for child in gradient.values()) ** 0.5
    return float(abs(gradient))
