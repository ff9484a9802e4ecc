"""Derivatives of trees by trees: gradients by pattern, products, Jacobians, Hessians.

`sweeps` has products that are one sweep each, `forming` forms whole matrices, which `maps`
holds, `colouring` needs few sweeps where a matrix is sparse; `layout` says where an element of a
tree lies in a row or a column. Functions may be of trees, arrays and numbers, and to each of them.
"""

from .forming import detect_sparsity, hessian, jacobian, jacobian_operator
from .maps import LinearMap
from .sweeps import (
    fisher_product,
    gauss_newton_product,
    gradient,
    hessian_vector_product,
    jacobian_vector_product,
    vector_jacobian_product,
)

__all__ = [
    "LinearMap",
    "detect_sparsity",
    "fisher_product",
    "gauss_newton_product",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "jacobian",
    "jacobian_operator",
    "jacobian_vector_product",
    "vector_jacobian_product",
]
