"""Seeing a synthesis: its curves, its Pareto front, and the network before and after.

Every function takes the records of a run - `Record` objects, or dicts from ``records.jsonl`` - and
takes and returns matplotlib ``Axes``. matplotlib comes with the extra ``plot`` and is imported when
a plot is made. For a live view see `synthesis.show.live.watch`, which needs no matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from dmm import Machine
from dmm.show import arrange, draw, new_axes, pyplot
from dmm.show.style import BLUE, EDGE, INK, MUTED, ORANGE, RULE

from ..process.records import FrontMember, Record
from .live import watch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "before_and_after",
    "curves",
    "links_curve",
    "loss_curve",
    "pareto",
    "watch",
    "weights_curve",
]

AnyRecord = Union[Record, Mapping[str, Any]]  # noqa: UP007  (evaluated at run time on Python 3.10)

FLOOR = 1e-16  # smaller losses are rounding; they are drawn here, as is 0, which has no logarithm
INCH, HEADING = 90.0, 36.0  # units of a drawing of a machine; the second: room for a title


class Mark(NamedTuple):
    """How a kind of event looks; shapes differ, so that colour is never the only carrier."""

    shape: str
    color: str
    is_filled: bool
    name: str


MARKS = {
    "prune": Mark("v", ORANGE, True, "small links dropped"),
    "remove": Mark("o", ORANGE, True, "link removed"),
    "back-out": Mark("x", INK, True, "removal tried and backed out"),
    "judge": Mark("D", BLUE, False, "machine judged"),
    "simplify": Mark("s", BLUE, False, "weights made simple"),
}


# -------------------- numbers --------------------


def _flat(records: Iterable[AnyRecord]) -> list[dict[str, Any]]:
    return [r.to_dict() if isinstance(r, Record) else dict(r) for r in records]


def _number(value: Any) -> float:
    """A float; what is missing (null in a file of records) is NaN, which matplotlib leaves out."""
    return math.nan if value is None else float(value)


def _column(rows: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    return np.array([_number(row.get(key)) for row in rows])


def _columns(points: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Steps (or links) and losses that a logarithmic axis can show."""
    x, losses = np.array(points, dtype=float).reshape(-1, 2).T
    return x, np.maximum(losses, FLOOR)


def _own_axes(ax: Axes | None, height: float = 3.2) -> Any:
    return new_axes(8, height) if ax is None else ax


# -------------------- curves over steps --------------------


def loss_curve(records: Iterable[AnyRecord], ax: Axes | None = None) -> Axes:
    """Training loss over steps, with edits and back-outs marked.

    A removal that was backed out is drawn as a cross at the loss it would have cost; the curve goes
    on as if it had not been tried. Losses below 1e-16 are rounding and drawn there.

    Parameters
    ----------
    records : records of a run, objects or dicts
    ax : Axes, optional

    Examples
    --------
    >>> from synthesis.process import Record
    >>> records = [Record("train", "dense", 10 * i, 0.5**i, 9 - i, 4.0) for i in range(4)]
    >>> loss_curve(records).lines[0].get_ydata()
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    rows, ax = _flat(records), _own_axes(ax)
    path = _loss_path(rows)
    ax.plot(*_columns([point[:2] for point in path if point[2] != "back-out"]), color=BLUE)
    ax.set_yscale("log")
    for event, mark in MARKS.items():
        found = [point[:2] for point in path if point[2] == event]
        if found:
            _scatter(ax, *_columns(found), mark, len(found))
    note = ", 0 drawn at 1e-16" if any(point[1] < FLOOR for point in path) else ""
    _labelled(ax, f"loss (squared error{note})")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize="small", frameon=False)
    return ax


def _loss_path(rows: Iterable[Mapping[str, Any]]) -> list[tuple[float, float, str]]:
    """(step, loss, event) in the order of the run.

    Links that are dropped before training on raise the loss at once: that is a point of its own, at
    the step where the training began.
    """
    path: list[tuple[float, float, str]] = []
    before = math.nan
    for row in rows:
        step, event = _number(row.get("step")), str(row.get("event"))
        if event == "prune" and row.get("dropped") == 0:
            event = "fit"  # nothing was small enough
        if event == "back-out":
            path.append((step, _number(row.get("loss_without")), event))
        elif "loss_at_cut" in row:
            path.append((before, _number(row["loss_at_cut"]), event))
            path.append((step, _number(row.get("loss")), "train"))
        else:
            path.append((step, _number(row.get("loss")), event))
        before = step
    return path


def links_curve(records: Iterable[AnyRecord], ax: Axes | None = None) -> Axes:
    """Number of trainable links over steps; the last number is written at the end.

    Parameters
    ----------
    records, ax : as for `loss_curve`

    Examples
    --------
    >>> from synthesis.process import Record
    >>> records = [Record("train", "dense", 10 * i, 0.5**i, 9 - i, 4.0) for i in range(4)]
    >>> links_curve(records).lines[0].get_ydata()
    array([9., 8., 7., 6.])
    """
    rows, ax = _flat(records), _own_axes(ax)
    steps, links = _column(rows, "step"), _column(rows, "links")
    ax.step(steps, links, where="post", color=ORANGE, linewidth=1.6)
    ax.set_yscale("log")
    _labelled(ax, "trainable links")
    _last_number(ax, steps, links, "{:.0f}")
    return ax


def weights_curve(records: Iterable[AnyRecord], ax: Axes | None = None) -> Axes:
    """The regulariser over steps: the sum of absolute weights.

    Parameters
    ----------
    records, ax : as for `loss_curve`

    Examples
    --------
    >>> from synthesis.process import Record
    >>> records = [Record("train", "dense", 10 * i, 0.5**i, 9 - i, 4.0) for i in range(4)]
    >>> weights_curve(records).lines[0].get_ydata()
    array([4., 4., 4., 4.])
    """
    rows, ax = _flat(records), _own_axes(ax)
    steps, sums = _column(rows, "step"), _column(rows, "l1")
    ax.plot(steps, sums, color=MUTED, linewidth=1.6, linestyle=(0, (5, 2)))
    ax.set_ylim(bottom=0.0)
    _labelled(ax, "regulariser: sum of |weights|")
    _last_number(ax, steps, sums, "{:.3g}")
    return ax


def curves(records: Iterable[AnyRecord], axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Loss, links and regulariser over steps, one below the other.

    Parameters
    ----------
    records : records of a run, objects or dicts
    axes : three Axes, optional

    Examples
    --------
    >>> from synthesis.process import Record
    >>> records = [Record("train", "dense", 10 * i, 0.5**i, 9 - i, 4.0) for i in range(4)]
    >>> [ax.get_title(loc="left") for ax in curves(records)]
    ['loss (squared error)', 'trainable links', 'regulariser: sum of |weights|']
    """
    rows = _flat(records)
    if axes is None:
        ratios = {"height_ratios": (5, 3, 3)}
        figure = pyplot().figure(figsize=(8, 7), layout="constrained")
        axes = figure.subplots(nrows=3, sharex=True, gridspec_kw=ratios)
    assert axes is not None
    for plot, ax in zip((loss_curve, links_curve, weights_curve), axes, strict=True):
        plot(rows, ax)
    for ax in axes[:-1]:
        ax.set_xlabel("")
    return axes


def _scatter(ax: Axes, x: np.ndarray, y: np.ndarray, mark: Mark, count: int) -> None:
    face = mark.color if mark.is_filled else "white"
    has_face = mark.shape != "x"
    edge: dict[str, Any] = {"edgecolors": mark.color} if has_face else {}
    label = f"{mark.name} ({count:,})"
    ax.scatter(x, y, s=34, marker=mark.shape, c=face, zorder=3, label=label, **edge)


def _labelled(ax: Axes, title: str) -> None:
    ax.set_title(title, fontsize="medium", loc="left")
    ax.set_xlabel("step")
    ax.grid(axis="y", color=RULE, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def _last_number(ax: Axes, x: np.ndarray, y: np.ndarray, form: str) -> None:
    if len(x) and math.isfinite(y[-1]):
        ax.annotate(
            form.format(y[-1]),
            (x[-1], y[-1]),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            annotation_clip=False,
        )


# -------------------- the front --------------------


def pareto(
    found: Iterable[AnyRecord | FrontMember],
    ax: Axes | None = None,
    *,
    chosen: tuple[int, float] | None = None,
) -> Axes:
    """Links against loss: every machine on record, the front among them, the chosen one marked.

    Removals that were backed out are machines too, with one link fewer (or less): they show what
    the next step down would have cost.

    Parameters
    ----------
    found : records of a run, or a `Front`
    ax : Axes, optional
    chosen : (links, loss), optional
        The machine to mark. When omitted, the one a run ended in (its last record), or the smallest
        one of least loss.

    Examples
    --------
    >>> from synthesis.process import Record
    >>> records = [Record("train", "dense", 10 * i, 0.5**i, 9 - i, 4.0) for i in range(4)]
    >>> ax = pareto(records)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('trainable links', 'loss')
    """
    entries = list(found)
    points = [point for point in map(_point, entries) if all(map(math.isfinite, point))]
    tried = _backed_out(entries)
    ax = _own_axes(ax, height=4.2)
    if points:
        front = _front([*points, *tried])
        ax.scatter(*_columns(points), s=16, color=EDGE, label="machines on the way", zorder=1)
        if tried:
            _scatter(ax, *_columns(tried), MARKS["back-out"], len(tried))
        x, y = _columns(front)
        ax.step(x, y, where="post", color=BLUE, linewidth=1.2, zorder=2)
        ax.scatter(x, y, s=36, color=BLUE, label="front: nothing smaller is as good", zorder=3)
        is_run = not isinstance(entries[-1], FrontMember)
        _mark_chosen(ax, chosen or (points[-1] if is_run else _best(front)))
        ax.legend(fontsize="small", frameon=False)
    ax.set_xscale("log")
    ax.set_yscale("log")
    _labelled(ax, "links against loss")
    ax.set_xlabel("trainable links")
    ax.set_ylabel("loss")
    return ax


def _point(entry: AnyRecord | FrontMember) -> tuple[float, float]:
    """(links, loss) of one machine."""
    if isinstance(entry, (Record, FrontMember)):
        return float(entry.links), float(entry.loss)
    return _number(entry.get("links")), _number(entry.get("loss"))


def _backed_out(entries: Iterable[AnyRecord | FrontMember]) -> list[tuple[float, float]]:
    rows = _flat(entry for entry in entries if not isinstance(entry, FrontMember))
    found = [row for row in rows if row.get("event") == "back-out" and "loss_without" in row]
    points = [(_number(row.get("links")) - 1.0, _number(row["loss_without"])) for row in found]
    return [point for point in points if all(map(math.isfinite, point))]


def _front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points that no other one equals or beats in both respects, by rising number of links."""
    front: list[tuple[float, float]] = []
    for point in sorted(points):
        if not front or point[1] < front[-1][1]:
            front.append(point)
    return front


def _best(front: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(front, key=lambda point: (max(point[1], FLOOR), point[0]))


def _mark_chosen(ax: Axes, chosen: tuple[float, float]) -> None:
    links, loss = chosen
    ring: dict[str, Any] = {"s": 190, "facecolors": "none", "edgecolors": ORANGE, "linewidths": 2}
    place = (links, max(loss, FLOOR))
    ax.scatter(*place, zorder=4, label="chosen", **ring)
    text = f"{links:.0f} links, loss {loss:.3g}"
    ax.annotate(text, place, xytext=(13, 6), textcoords="offset points", color=INK)


# -------------------- the network before and after --------------------


def before_and_after(
    before: Machine, after: Machine, axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Two machines drawn one below the other, with their numbers of trainable links.

    Of more than 60 links the 40 largest are drawn; see `dmm.show.draw`.

    Parameters
    ----------
    before, after : Machine
    axes : two Axes, optional

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.loop import space_around
    >>> detector = duplicate_detector()
    >>> axes = before_and_after(space_around(detector), detector)
    >>> [ax.get_title(loc="left") for ax in axes]
    ['before: 64 trainable links', 'after: 8 trainable links']
    """
    machines = {"before": before, "after": after}
    axes = _stacked(machines.values()) if axes is None else axes
    for (title, machine), ax in zip(machines.items(), axes, strict=True):
        draw(machine, ax)
        ax.set_title(f"{title}: {len(machine.trainable):,} trainable links", loc="left")
    return axes


def _stacked(machines: Iterable[Machine]) -> list[Axes]:
    """Axes below each other in the size of the drawings, so that texts are readable."""
    drawings = [arrange(machine) for machine in machines]
    width = max(1.0, *(drawing.width for drawing in drawings))
    heights = [max(drawing.height, 1.0) + HEADING for drawing in drawings]
    total = sum(heights)
    figure = pyplot().figure(figsize=(width / INCH, total / INCH))
    axes, top = [], total
    for drawing, height in zip(drawings, heights, strict=True):
        top -= height
        place = (0.0, top / total, drawing.width / width, (height - HEADING) / total)
        axes.append(figure.add_axes(place))
    return axes
