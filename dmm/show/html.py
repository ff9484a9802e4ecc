"""A machine as static HTML: a fragment for notebooks and a self-contained report.

No JavaScript, no external resource; folding is ``<details>``, light and dark follow the reader's
setting, every name is escaped.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..machine.machine import Link, Machine
from .algebra.equations import equations
from .diagnostics import diagnose
from .labels import plain, weight_text
from .style import PAGE_STYLE, STYLE
from .svg import svg_graph
from .text import SELF_LOOP, LinkTable, headline, tree

__all__ = ["fragment", "page", "report"]

NAME_CELLS = 36
MINUS = "\N{MINUS SIGN}"
MOST_OPEN = 60  # links of a machine whose card begins unfolded

LEGEND = """<p class="legend"><span><span class="bar"><i class="pos" style="width:40%"></i></span>
positive: solid, to the right</span> <span><span class="bar"><i class="neg" style="width:40%"></i>
</span> negative: hollow, to the left</span> <span><span class="bar"><i class="pos hard"
style="width:40%"></i></span> hatched: hard (not trained)</span></p>"""

GRAPH_LEGEND = """<p class="legend">Solid line: positive weight. Dashed: negative. Double: hard
(not trained). The wider, the larger. Every box lists what it reads on the left, what it emits on
the right.</p>"""


def fragment(machine: Machine) -> str:
    """HTML of a machine for a notebook: graph and equations, then its links and its tree, folded.

    Of a large machine everything is folded.

    Returns
    -------
    str
        One ``<div>`` with its own style sheet.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> fragment(duplicate_detector())[:17]
    '<div class="dmm">'
    """
    is_open = len(machine.fixed) + len(machine.trainable) <= MOST_OPEN
    parts = [
        f'<div class="dmm"><style>{STYLE}</style>',
        f'<p class="head"><b>{escape(plain(machine.name))}</b> {escape(headline(machine))}</p>',
        _folded("Graph", _graph(machine), is_open),
        _folded("Equations", _pre(equations(machine)), is_open),
        _folded("Links", _neurons(machine)),
        _folded("Tree", _pre(tree(machine))),
        "</div>",
    ]
    return "\n".join(parts)


def report(
    machine: Machine,
    figures: Mapping[str, Any] | None = None,
    *,
    lead: str = "",
    written: str | None = None,
    texts: Mapping[str, str] | None = None,
    sections: Mapping[str, str] | None = None,
) -> str:
    """A self-contained HTML page about a machine.

    Parameters
    ----------
    machine : Machine
    figures : mapping of name to number or text, optional
        Shown as a table.
    lead : str
        A sentence or two below the title.
    written : str, optional
        Equations to show instead of those in ticks.
    texts : mapping of title to text, optional
        Further sections, shown as they are in a fixed-width font.
    sections : mapping of title to HTML, optional
        Further sections behind the graph, such as pictures; put in as they are, unescaped.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> "<h2>Equations</h2>" in report(duplicate_detector(), {"loss": 0.0}, lead="Found.")
    True
    """
    parts = [
        _section("Equations", _pre(equations(machine) if written is None else written)),
        *(_wide_section(title, _pre(text)) for title, text in (texts or {}).items()),
        _section("Graph", _graph(machine)),
        *(_wide_section(title, body) for title, body in (sections or {}).items()),
        _section("Links", _neurons(machine)),
        _section("Diagnostics", _pre(str(diagnose(machine)))),
        _section("Tree", _pre(tree(machine))),
    ]
    return _page(machine.name, headline(machine), lead, figures, parts)


def page(
    title: str,
    head: str = "",
    figures: Mapping[str, Any] | None = None,
    *,
    lead: str = "",
    texts: Mapping[str, str] | None = None,
    sections: Mapping[str, str] | None = None,
) -> str:
    """A self-contained HTML page about anything else, in the look of `report`.

    Parameters
    ----------
    title, head : str
        Of the page, and a line below it.
    figures, lead, texts, sections
        See `report`.

    Examples
    --------
    >>> "<h2>Notes</h2>" in page("A run", figures={"loss": 0.5}, texts={"Notes": "none"})
    True
    """
    parts = [
        *(_wide_section(name, _pre(text)) for name, text in (texts or {}).items()),
        *(_wide_section(name, body) for name, body in (sections or {}).items()),
    ]
    return _page(title, head, lead, figures, parts)


def _page(
    title: str, head: str, lead: str, figures: Mapping[str, Any] | None, parts: list[str]
) -> str:
    name = escape(plain(title))
    table = _section("Figures", _figures(figures)) if figures else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>{name}</title>
<style>{PAGE_STYLE}{STYLE}</style>
</head>
<body>
<main class="dmm page">
<h1>{name}</h1>
{f'<p class="head">{escape(plain(head))}</p>' if head else ""}
{f"<p>{escape(plain(lead))}</p>" if lead else ""}
{table}{"".join(parts)}
</main>
</body>
</html>
"""


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>\n{body}\n</section>\n"


def _wide_section(title: str, body: str) -> str:
    return _section(escape(plain(title)), f'<div class="wide">{body}</div>')


def _folded(title: str, body: str, is_open: bool = False) -> str:
    return f"<details{' open' * is_open}><summary>{title}</summary>\n{body}\n</details>"


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _figures(figures: Mapping[str, Any]) -> str:
    rows = (
        f"<tr><th>{escape(plain(str(name)))}</th><td>{escape(_figure_text(value))}</td></tr>"
        for name, value in figures.items()
    )
    return f'<table class="figures">{"".join(rows)}</table>'


def _figure_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return plain(str(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _graph(machine: Machine) -> str:
    return f'<div class="wide">{svg_graph(machine)}</div>{GRAPH_LEGEND}'


# -------------------- the link table --------------------


def _neurons(machine: Machine) -> str:
    return "\n".join([*_HtmlTable(machine).blocks(), LEGEND])


class _HtmlTable(LinkTable):
    """One folding block per receiving neuron; the trivial ones are closed."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, NAME_CELLS)
        self.n_readers = Counter(link.neuron_out for link in self.links)
        digest = hashlib.sha256(repr((machine.name, list(machine.links()))).encode()).hexdigest()
        prefix = f"dmm-{digest[:8]}"  # several machines may share a notebook
        self.anchors = {neuron: f"{prefix}-{i}" for i, neuron in enumerate(self.neurons)}

    def blocks(self) -> Iterable[str]:
        yield from map(self._block, self.neurons)
        if self.hidden():
            yield f'<p class="more">{self.hidden()}</p>'
        yield f'<p class="more">{escape(self.diagnostics.summary())}</p>'

    def _block(self, neuron: str) -> str:
        links = self.into[neuron]
        is_open = " open" if any(not link.is_fixed for link in links) else ""
        counts = f"in {len(links)} · out {self.n_readers[neuron]}"
        title = escape(plain(neuron))
        return (
            f'<details class="neuron" id="{self.anchors[neuron]}"{is_open}><summary>'
            f'<b title="{title}">{escape(self.labels[neuron])}</b> '
            f'<span class="kind">{escape(plain(self.machine.neurons[neuron]))}</span> '
            f'<span class="note">{escape(self.notes(neuron))}</span> '
            f'<span class="count">{counts}</span></summary>'
            f'<div class="wide"><table class="links">{"".join(map(self._row, links))}</table></div>'
            "</details>"
        )

    def _row(self, link: Link) -> str:
        mark = escape(self.mark(link))
        remarks = ["hard"] * link.is_fixed
        remarks += [f"{SELF_LOOP} self"] * (link.neuron_in == link.neuron_out)
        remarks += ["inert"] * (link in self.inert)
        weight = weight_text(link.weight).replace("-", MINUS)
        exact = f"{link.weight!r}"
        return (
            f"<tr><td>{escape(plain(link.field_in))}</td><td>{self._bar(link)}</td>"
            f'<td class="weight" title="{exact}">{weight}</td><td>{self._sender(link)}</td>'
            f'<td class="note">{" ".join(remarks)} {mark}</td></tr>'
        )

    def _bar(self, link: Link) -> str:
        share = 50 * min(abs(link.weight) / self.largest, 1.0)
        look = ("neg" if link.weight < 0 else "pos") + (" hard" if link.is_fixed else "")
        inner = f'<i class="{look}" style="width:{share:.1f}%"></i>'
        return f'<span class="bar">{inner}</span>'

    def _sender(self, link: Link) -> str:
        text = f"{escape(self.labels[link.neuron_out])}.{escape(plain(link.field_out))}"
        title = escape(f"{plain(link.neuron_out)}.{plain(link.field_out)}")
        anchor = self.anchors.get(link.neuron_out)
        if anchor is None:
            return f'<span title="{title}">{text}</span>'
        return f'<a href="#{anchor}" title="{title}">{text}</a>'
