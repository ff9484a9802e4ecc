"""How a machine is read: tables, equations, graphs, reports, programs, and its streams.

`RENDERINGS` is the one table of everything that turns a machine into text; `Machine.show`, the
methods of `Machine` and the command line all use it. The rest of the room by what it is for:

* on one page: `table`, `tree`, `equations` (also `to_latex`), `diff` of two machines, `diagnose`;
* pictures: `to_mermaid`, `to_dot`, `to_svg`, `to_networkx`, `save_graph`, and with matplotlib
  `to_pdf`, `draw`, `heat_map`, `side_by_side`;
* HTML: `fragment` for notebooks, `report` for a page, `play_page` for one to play on;
* what streams do: `trace`, `trace_table`; heard and seen moving: `Sound`, `Motion`;
* programs: `to_python`, `to_c`, `to_javascript`; the neuron types in one table: `type_table`;
* for those who build further views: the order of reading (`reading_order`, `layers`,
  `shown_links`), names as plain text (`plain`, `count`, `unique_labels`), the palette and style
  sheet (`style`), the layout of a drawing (`arrange`).
"""

from collections.abc import Callable

from ..machine.machine import Machine
from .algebra.equations import equations
from .algebra.latex import to_latex
from .diagnostics import Diagnostics, Pair, diagnose
from .differences import MachineDiff, diff
from .drawing import arrange
from .export import to_c, to_javascript, to_python
from .graph import save_graph, to_dot, to_mermaid, to_networkx, to_pdf, to_svg
from .html import fragment, page, report
from .labels import constant_text, count, number_text, plain, unique_labels, weight_text
from .media import Motion, Sound
from .play import play_page
from .plots import draw, heat_map, new_axes, pyplot, side_by_side
from .reading import layers, reading_order, shown_links
from .style import STYLE
from .text import headline, table, tree, type_table
from .traces import StreamTrace, trace, trace_table

__all__ = [
    "PICTURES",
    "RENDERINGS",
    "STYLE",
    "Diagnostics",
    "MachineDiff",
    "Motion",
    "Pair",
    "Sound",
    "StreamTrace",
    "arrange",
    "constant_text",
    "count",
    "diagnose",
    "diff",
    "draw",
    "equations",
    "fragment",
    "headline",
    "heat_map",
    "layers",
    "new_axes",
    "number_text",
    "page",
    "plain",
    "play_page",
    "pyplot",
    "reading_order",
    "report",
    "save_graph",
    "shown_links",
    "side_by_side",
    "table",
    "to_c",
    "to_dot",
    "to_javascript",
    "to_latex",
    "to_mermaid",
    "to_networkx",
    "to_pdf",
    "to_python",
    "to_svg",
    "trace",
    "trace_table",
    "tree",
    "type_table",
    "unique_labels",
    "weight_text",
]

RENDERINGS: dict[str, Callable[[Machine], str]] = {
    "table": table,
    "tree": tree,
    "equations": equations,
    "latex": to_latex,
    "mermaid": to_mermaid,
    "dot": to_dot,
    "svg": to_svg,
    "html": report,
    "page": play_page,
    "python": to_python,
    "c": to_c,
    "javascript": to_javascript,
}
"""Everything a machine can be shown as in text, by the word that asks for it."""

PICTURES: dict[str, Callable[[Machine], bytes]] = {"pdf": to_pdf}
"""What it can be shown as in files that are no text, through matplotlib."""
