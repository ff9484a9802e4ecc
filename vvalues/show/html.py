"""Renderings for notebooks: static HTML, and treescope where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import zip_longest
from typing import Any

import numpy as np

from ..core.paths import format_path
from ..core.tree import VValue
from .text import Row, compact, format_leaf, rows

__all__ = ["to_html", "treescope_rendering"]

_STYLE = (
    "<style>.vvalue{font-family:monospace}.vvalue details,.vvalue p{margin:0 0 0 1.2em}"
    ".vvalue>details,.vvalue>p{margin-left:0}"
    ".vvalue i{display:inline-block;height:.6em;margin:0 .4em;background:#1f77b4}"
    ".vvalue i.negative{background:#e07b00}</style>"
)
_BAR_EM = 4.0  # length of the bar of the largest leaf
_OPEN_LEVELS = 2
_DEEPEST_NESTING = 100  # browsers stop nesting at about 500


def to_html(tree: VValue, limit: int = 200) -> str:
    """Foldable HTML of a V-value: no JavaScript, every key escaped, full paths as titles.

    Parameters
    ----------
    tree : VValue
    limit : int
        Number of leaves shown.

    Returns
    -------
    str; a bar beside every scalar is as long as its magnitude, relative to the largest shown

    Examples
    --------
    >>> "<details" in to_html(VValue({"layer": {"w": 0.5, "b": 1.0}}))
    True
    """
    lines = list(rows(tree, limit)) if len(tree) else []
    largest = max((abs(row.leaf) for row in lines if isinstance(row.leaf, float)), default=0.0)
    heading = f"<p>VValue, {len(tree)} {'leaf' if len(tree) == 1 else 'leaves'}</p>"
    body = "".join(_nested(lines, largest))
    n_left_out = len(tree) - limit
    more = f"<p>… {n_left_out} more leaves</p>" if n_left_out > 0 else ""
    return f'{_STYLE}<div class="vvalue">{heading}{body}{more}</div>'


def _nested(lines: Sequence[Row], largest: float) -> list[str]:
    out: list[str] = []
    open_levels: list[int] = []
    for row, following in zip_longest(lines, lines[1:]):
        while open_levels and open_levels[-1] >= row.level:
            open_levels.pop()
            out.append("</details>")
        is_parent = following is not None and following.level > row.level
        if is_parent and len(open_levels) < _DEEPEST_NESTING:
            state = " open" if row.level < _OPEN_LEVELS else ""
            out.append(f"<details{state}><summary{_title(row)}>{_label(row, largest)}</summary>")
            open_levels.append(row.level)
        else:
            out.append(f"<p{_title(row)}>{_label(row, largest)}</p>")
    out.extend("</details>" for _ in open_levels)
    return out


def _title(row: Row) -> str:
    return f' title="{escape(format_path(row.path))}"'


def _label(row: Row, largest: float) -> str:
    key = escape(format_path(row.keys))
    if row.leaf is None:
        return key
    return f"{key} {_bar(row.leaf, largest)}{escape(format_leaf(row.leaf))}"


def _bar(leaf: Any, largest: float) -> str:
    if not isinstance(leaf, float) or not np.isfinite(leaf) or not 0 < largest < np.inf:
        return ""
    kind = ' class="negative"' if leaf < 0 else ""
    return f'<i{kind} style="width:{_BAR_EM * abs(leaf) / largest:.2f}em"></i>'


def treescope_rendering(tree: VValue, path: str | None, subtree_renderer: Any) -> Any:
    """What treescope shows for a V-value: its nested dict, foldable; called by treescope only.

    Examples
    --------
    >>> import treescope  # doctest: +SKIP
    >>> treescope.render_to_text(VValue({"layer": {"w": 0.5, "b": 1.0}}))  # doctest: +SKIP
    "VValue({'layer': {'b': 1.0, 'w': 0.5}})"
    """
    from treescope import repr_lib  # treescope is there, or it would not have called

    if tree.support.depth > _DEEPEST_NESTING:
        from treescope import rendering_parts

        return rendering_parts.text(compact(tree))
    return repr_lib.render_dictionary_wrapper(
        object_type=type(tree),
        wrapped_dict=tree.to_dict(),
        path=path,
        subtree_renderer=subtree_renderer,
    )
