"""Plasticity: neurons that turn activities, errors and rewards into fragments of a network matrix.

A machine that holds its own matrix is edited by what arrives at its holder: V-values of depth 4,
receiving neuron / receiving field / sending neuron / sending field. A rule of learning makes such a
fragment out of numbers. Two types are enough for that:

* ``label(neuron/field,...)`` says where numbers belong: it emits each of them under its path;
* ``plasticity`` multiplies two labelled streams, ``post`` by receiving ports and ``pre`` by sending
  ports, into a fragment, and a ``mask`` says which links may change at all. A number on ``gate`` is
  the third factor: a clock, a reward, a surprise.

So Hebb's rule reads ``post`` from the output of a cell, the delta rule from a target minus that
output, and reward-modulated rules send the reward to the gate - each of them a few links. A leak is
``mask_multiply`` of mask and running matrix with a negative link to the holder.

References
----------
D. O. Hebb, The Organization of Behavior, 1949; B. Widrow, M. Hoff, 1960 (delta rule);
R. J. Williams, Machine Learning 8, 1992 (rewards); T. Miconi, J. Clune, K. O. Stanley,
arXiv:1804.02464 (plasticity trained by gradient descent); fragments of the running matrix:
arXiv:1712.07447, section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import vvalues as vv
from vvalues import NUMBER, VValue, put
from vvalues.core.paths import printable

from ..fields import parse_field
from ..spelling import Spelling
from ..terms import Element, Term
from ..types import NeuronType, family, neuron_type, number

__all__ = ["outer_product"]

SOURCE = "arXiv:1712.07447, section 4 (edits of the network matrix); arXiv:1804.02464"


# -------------------- where a number belongs --------------------


LABELLED = """
found = {{}}
for field, path in {labels}.items():
    found[path] = found.get(path, 0.0) + scalar(read(field))
return {{'dict': found}}
"""


@family("label")
def label(argument: str) -> NeuronType:
    """``label(a/b,c/d)``: what it reads on ``number-1`` under the path a / b, and so on.

    So the numbers of many neurons become one stream that says which is which.
    """
    paths = [tuple(text.split("/")) for text in argument.split(",")]
    for path in paths:
        if not all(path) or NUMBER in path:
            raise ValueError(
                f"label({printable(argument[:40])}): labels are paths with commas between them, "
                "such as label(x-1/stream,x-2/stream); no key may be empty"
            )
    labels = {f"number-{i}": path for i, path in enumerate(paths, 1)}

    def activation(inputs: VValue) -> dict[str, Any]:
        total = VValue()
        for field, path in labels.items():
            total = total + put(VValue(), path, number(inputs, field))
        return {"dict": total}

    def terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
        for field, path in labels.items():
            yield Term("dict", path, ((field, ()),))

    return NeuronType(
        f"label({argument})",
        tuple(parse_field(f"{field}/:number") for field in labels),
        (parse_field("dict"),),
        activation,
        source=SOURCE,
        spelling=Spelling(python=LABELLED.format(labels=labels)),
        terms=terms,
    )


# -------------------- fragments --------------------


def outer_product(post: VValue, pre: VValue) -> VValue:
    """Every element of one tree times every element of another, at the path of both.

    Parameters
    ----------
    post, pre : VValue with scalar leaves
        Receiving ports and sending ports, for a fragment of a network matrix.

    Returns
    -------
    VValue
        Differentiable by both.

    Examples
    --------
    >>> outer_product(VValue({"cell": 2.0}), VValue({"x": 3.0, "y": 5.0}))
    VValue({'cell': {'x': 6.0, 'y': 10.0}})
    """
    product = VValue()
    for path, factor in post.items():
        product = product + put(VValue(), path, pre * factor)
    return product


def _terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    for name in ("post", "pre", "mask"):
        if any(element and isinstance(element[-1], int) for element in inputs[name]):
            raise ValueError(f"{name} has an array leaf; activities and masks are numbers")
    masks = set(inputs["mask"])
    for post in inputs["post"]:
        for pre in inputs["pre"]:
            link = post + pre
            for n in range(len(link) + 1):
                if link[:n] in masks:
                    factors = (("gate", ()), ("post", post), ("pre", pre), ("mask", link[:n]))
                    yield Term("delta", link, factors)


@neuron_type(
    "plasticity",
    reads=["gate/:number", "post", "pre", "mask"],
    writes=["delta"],
    is_alive="all",
    source=SOURCE,
    spelling=Spelling(
        letter="D",
        python="""
gate, mask, delta = scalar(read('gate')), read('mask'), {}
for p, x in read('post').items():
    for q, y in read('pre').items():
        for n in range(len(p + q) + 1):
            share = gate * mask.get((p + q)[:n], 0.0) * x * y
            delta[p + q] = delta.get(p + q, 0.0) + share
return {'delta': delta}
""",
    ),
    terms=_terms,
)
def plasticity(inputs: VValue) -> dict[str, Any]:
    """``gate * mask * (post x pre)``: a fragment of a network matrix.

    ``post`` has a number for every receiving port (neuron / field), ``pre`` for every sending one;
    their products stand at the paths of links. The mask is selected by as in ``mask_multiply``: a
    number at a link lets this link change, a number at a neuron all links into it.
    """
    fragment = outer_product(inputs.subtree("post"), inputs.subtree("pre"))
    allowed = vv.mask_multiply(inputs.subtree("mask"), fragment)
    return {"delta": vv.scale(allowed, number(inputs, "gate"))}
