"""What a neuron can do: one card per type, and the cards of this library.

* A card is a `NeuronType`: ports (`Field`), activation, `Kernel`, `Spelling`, source. `neuron_type`
  and `register` make it known by name, `family` a whole family such as ``delay(3)``.
* A kernel is the vectorised form of an activation, with its derivatives. Those of the library
  serve further types too: `Sum`, `MaxNorm`, `DotProduct`, `Compare`, `Elementwise`, ...
* A spelling says how neurons of a type are written in equations (made of `Linear` and `call`) and
  in stand-alone programs.
* The library by what neurons do: `sums`, `norms`, `products`, `comparisons`, `gates`,
  `elementwise`, `memories`, `superfluid`, `sources`; `by_path` (lists, memories with addresses,
  plasticity, populations). Importing a module registers its types.

References
----------
Types from ``dmm-lite.jl`` (DMM Lite): github anhinga/julia-flux-drafts,
``arxiv-1606-09470-section3/May-August-2022/v0-1``. Types from ``core.clj``: github jsa-aerial/DMM,
``src/dmm``. Every card names its own.
"""

from .by_path import END, PARENT, Recall, as_list, contraction, outer_product
from .comparisons import Compare, LessOrEqual, relu
from .elementwise import Elementwise, NumberFunction, logistic, soft_plus, tanh
from .fields import ANY, TREE, Field, coercion, declare_coercion, may_flow, parse_field
from .gates import Choice, Product
from .kernel import Kernel, Partials, Step, Stream, StreamReader, at_tick, key_dot, plus, times
from .memories import LargerOf, SineWave
from .norms import DivisiveNormalisation, MaxNorm
from .products import DotProduct, clamp
from .sources import END_OF_TEXT
from .spelling import Function, Linear, Spelling, call
from .sums import Sum
from .superfluid import FUNCTION, MixtureKernel, repertoire
from .terms import Decision, Element, OpenTerms, SegmentSum, Term, Terms, TermTable
from .types import (
    STATE,
    InnerMachine,
    NeuronType,
    OwnMemory,
    add_maker,
    families,
    family,
    get_neuron_type,
    known_types,
    neuron_type,
    neuron_types,
    number,
    register,
)

__all__ = [
    "ANY",
    "END",
    "END_OF_TEXT",
    "FUNCTION",
    "PARENT",
    "STATE",
    "TREE",
    "Choice",
    "Compare",
    "Decision",
    "DivisiveNormalisation",
    "DotProduct",
    "Element",
    "Elementwise",
    "Field",
    "Function",
    "InnerMachine",
    "Kernel",
    "LargerOf",
    "LessOrEqual",
    "Linear",
    "MaxNorm",
    "MixtureKernel",
    "NeuronType",
    "NumberFunction",
    "OpenTerms",
    "OwnMemory",
    "Partials",
    "Product",
    "Recall",
    "SegmentSum",
    "SineWave",
    "Spelling",
    "Step",
    "Stream",
    "StreamReader",
    "Sum",
    "Term",
    "TermTable",
    "Terms",
    "add_maker",
    "as_list",
    "at_tick",
    "call",
    "clamp",
    "coercion",
    "contraction",
    "declare_coercion",
    "families",
    "family",
    "get_neuron_type",
    "key_dot",
    "known_types",
    "logistic",
    "may_flow",
    "neuron_type",
    "neuron_types",
    "number",
    "outer_product",
    "parse_field",
    "plus",
    "register",
    "relu",
    "repertoire",
    "soft_plus",
    "tanh",
    "times",
]
