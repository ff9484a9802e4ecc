"""How a machine is read: tables, equations, graphs, reports, programs."""

from .axes import new_axes, pyplot
from .curves import svg_curves
from .diagnostics import Diagnostics, Pair, diagnose
from .diff import MachineDiff
from .drawing import BOX_WIDTH, MARGIN, Box, Curve, Drawing, arrange, curve, row_of
from .graph import draw, save_graph, to_dot, to_mermaid, to_networkx, to_svg
from .html import fragment, report
from .labels import (
    constant_text,
    count,
    number_text,
    pad,
    plain,
    shorten,
    unique_labels,
    weight_text,
    width,
)
from .plots import heat_map, side_by_side
from .reading import LIMIT, SHOWN, layers, reading_order, shown_links
from .style import PAGE_STYLE, STYLE
from .svg import svg_graph
from .text import SELF_LOOP, headline, notes_of, pair_marks, table, tree
from .traces import PortLike, StreamTrace, trace, trace_table

__all__ = [
    "BOX_WIDTH",
    "LIMIT",
    "MARGIN",
    "PAGE_STYLE",
    "SELF_LOOP",
    "SHOWN",
    "STYLE",
    "Box",
    "Curve",
    "Diagnostics",
    "Drawing",
    "MachineDiff",
    "Pair",
    "PortLike",
    "StreamTrace",
    "arrange",
    "constant_text",
    "count",
    "curve",
    "diagnose",
    "draw",
    "fragment",
    "headline",
    "heat_map",
    "layers",
    "new_axes",
    "notes_of",
    "number_text",
    "pad",
    "pair_marks",
    "plain",
    "pyplot",
    "reading_order",
    "report",
    "row_of",
    "save_graph",
    "shorten",
    "shown_links",
    "side_by_side",
    "svg_curves",
    "svg_graph",
    "table",
    "to_dot",
    "to_mermaid",
    "to_networkx",
    "to_svg",
    "trace",
    "trace_table",
    "tree",
    "unique_labels",
    "weight_text",
    "width",
]
