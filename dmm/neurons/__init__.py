"""What a neuron can do: its type, and the types of this library."""

from . import gates, memories  # importing a module registers its neuron types
from .detector import clamp, number, relu
from .elementwise import logistic, soft_plus
from .families import family
from .gate_kernels import Choice, LargerOf, LessOrEqual, NumberFunction, Product
from .kernel import Kernel, Partials, Step, Stream, key_dot, plus, times
from .kernels import Compare, DotProduct, Elementwise, MaxNorm, StreamReader, Sum
from .kinds import ANY, TREE, coercion, declare_coercion, has_coercions, may_flow
from .lists import END, as_list
from .superfluid import FUNCTION, MixtureKernel, functions, repertoire
from .types import (
    Field,
    NeuronType,
    add_maker,
    get_neuron_type,
    neuron_type,
    neuron_types,
    parse_field,
    register,
)

__all__ = [
    "ANY",
    "END",
    "FUNCTION",
    "TREE",
    "Choice",
    "Compare",
    "DotProduct",
    "Elementwise",
    "Field",
    "Kernel",
    "LargerOf",
    "LessOrEqual",
    "MaxNorm",
    "MixtureKernel",
    "NeuronType",
    "NumberFunction",
    "Partials",
    "Product",
    "Step",
    "Stream",
    "StreamReader",
    "Sum",
    "add_maker",
    "as_list",
    "clamp",
    "coercion",
    "declare_coercion",
    "family",
    "functions",
    "gates",
    "get_neuron_type",
    "has_coercions",
    "key_dot",
    "logistic",
    "may_flow",
    "memories",
    "neuron_type",
    "neuron_types",
    "number",
    "parse_field",
    "plus",
    "register",
    "relu",
    "repertoire",
    "soft_plus",
    "times",
]
