"""Products of matrices that are streams: a shared key is summed over.

A stream of paths of two keys is a matrix. What a memory holds under keys can be read by another
stream - a query, a share of attention for every key - as a product of the two; where the memory is
written to by outer products (`plasticity`), this is attention without a softmax.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vvalues import VValue, put

from ..spelling import Spelling
from ..terms import Element, Term
from ..types import neuron_type

__all__ = ["contraction"]


def contraction(left: VValue, right: VValue) -> VValue:
    """The sum over the last key of one tree, which is the first key of the other.

    Parameters
    ----------
    left, right : VValue with scalar leaves
        Numbers of the root have no key, and take no part.

    Returns
    -------
    VValue
        Under what stands before the key and then what stands behind it; differentiable by both.

    References
    ----------
    J. Schmidhuber, Neural Computation 4 (1992), 131-139 (fast weights); I. Schlag, K. Irie,
    J. Schmidhuber, arXiv:2102.11174 (attention without a softmax is such a product).

    Examples
    --------
    >>> matrix = VValue({"a": {"x": 1.0, "y": 2.0}, "b": {"y": 3.0}})
    >>> contraction(matrix, VValue({"x": 10.0, "y": 100.0}))
    VValue({'a': 210.0, 'b': 300.0})
    """
    product = VValue()
    for path, factor in left.items():
        if path:
            product = product + put(VValue(), path[:-1], right.subtree(path[-1:]) * factor)
    return product


def _terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    for name in ("left", "right"):
        if any(element and isinstance(element[-1], int) for element in inputs[name]):
            raise ValueError(f"{name} has an array leaf; the leaves of a matrix are numbers")
    starting = defaultdict(list)
    for right in inputs["right"]:
        starting[right[:1]].append(right)
    for left in inputs["left"]:
        for right in starting[left[-1:]] if left else ():
            yield Term("dict", left[:-1] + right[1:], (("left", left), ("right", right)))


@neuron_type(
    "matrix_product",
    reads=["left", "right"],
    writes=["dict"],
    is_alive="all",
    source="arXiv:1712.07447, section 3 (streams of matrices); arXiv:2102.11174 (attention)",
    spelling=Spelling(
        python="""
product = {}
for p, x in read('left').items():
    for q, y in read('right').items():
        if p and q and p[-1] == q[0]:
            product[p[:-1] + q[1:]] = product.get(p[:-1] + q[1:], 0.0) + x * y
return {'dict': product}
""",
    ),
    terms=_terms,
)
def matrix_product(inputs: VValue) -> dict[str, Any]:
    """Sum over the last key of ``left`` and the first of ``right``: a matrix times a matrix."""
    return {"dict": contraction(inputs.subtree("left"), inputs.subtree("right"))}
