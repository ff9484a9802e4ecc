"""The film of a synthesis: one page without network, with a slider over the records of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

from dmm import Machine
from dmm.show import layers, plain
from dmm.show.frames import filled, frame
from dmm.show.play import closed_page, time_bar

from ..process.snapshots import FEW, snapshot_in

__all__ = ["FILM", "film"]

FILM = "film"
"""The word that asks for it, beside those of `dmm.show.RENDERINGS`."""

ROOM = __package__
MILLISECONDS = 140  # per record while the film plays
MOST_LISTED = 24
BETWEEN_LAYERS, BETWEEN_NEURONS = 110, 52


def film(
    records: Sequence[Mapping[str, Any]], space: Machine, title: str, lead: str, found: str
) -> str:
    """A self-contained HTML page that shows a run record by record.

    Loss and links over the records, phases as bands; a cell for every link of the search space
    that is there; and from 60 links on downwards the machine as a graph, every neuron in one place
    from beginning to end.

    Parameters
    ----------
    records : sequence of flat records
        Those that hold no snapshot (see `synthesis.process.snapshots`) are shown without links.
    space : Machine
        The search space.
    title, lead : str
    found : str
        Shown at the end, such as the equations of what was found.

    Raises
    ------
    ValueError
        If there are no records, or one is malformed; the message says which.
    """
    if not records:
        raise ValueError("there are no records yet; a film needs one at least")
    data = {
        **_links(space),
        "records": [_record(i, record, len(space.trainable)) for i, record in enumerate(records)],
        "phases": _phases(records),
        "most_listed": MOST_LISTED,
        "milliseconds": MILLISECONDS,
    }
    pieces = {
        "BAR": time_bar("Records of the run", "Record"),
        "FEW": str(FEW),
        "FOUND": escape(found),
    }
    return closed_page(
        "film",
        title,
        lead,
        filled(ROOM, "film.html", pieces),
        style=frame(ROOM, "film.css"),
        data=data,
        scripts={"script": frame(ROOM, "film.js")},
    )


def _links(space: Machine) -> dict[str, Any]:
    """Where the links of a search space stand: cells of a matrix, neurons of a graph.

    A row, a column, the receiving and the sending neuron of every link; and all names.
    """
    paths, columns = space.trainable.support.paths, layers(space)
    order = {name: i for i, name in enumerate(name for column in columns for name in column)}
    inputs = sorted({path[:2] for path in paths}, key=lambda p: (order[p[0]], p))
    outputs = sorted({path[2:] for path in paths}, key=lambda p: (order[p[0]], p))
    row = {port: i for i, port in enumerate(inputs)}
    column_of = {port: i for i, port in enumerate(outputs)}
    tallest = max(map(len, columns), default=0)
    return {
        "links": [
            [row[path[:2]], column_of[path[2:]], order[path[0]], order[path[2]]] for path in paths
        ],
        "n_inputs": len(inputs),
        "n_outputs": len(outputs),
        "inputs": [".".join(map(plain, port)) for port in inputs],
        "outputs": [".".join(map(plain, port)) for port in outputs],
        "nodes": [
            {
                "name": plain(name),
                "x": i * BETWEEN_LAYERS,
                "y": (j + (tallest - len(column)) / 2) * BETWEEN_NEURONS,
            }
            for i, column in enumerate(columns)
            for j, name in enumerate(column)
        ],
    }


def _record(i: int, record: Mapping[str, Any], n_links: int) -> dict[str, Any]:
    """What the page needs of a record, checked."""
    try:
        snapshot = snapshot_in(record, n_links)
    except ValueError as error:
        raise ValueError(f"record {i + 1}: {error}") from None
    loss = record["loss"]
    kept = {
        "event": record["event"],
        "phase": record["phase"],
        "step": record["step"],
        "loss": loss if loss is not None and math.isfinite(loss) else None,
        "links": record["links"],
    }
    if snapshot is not None:
        kept["there"] = record["links_there"]
        if snapshot.weights is not None:
            kept["weights"] = np.asarray(snapshot.weights).tolist()
    return kept


def _phases(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The phases in the order in which they came, each with its stretches of records."""
    spans: dict[str, list[list[int]]] = {}
    at = 0
    for name, group in groupby(record["phase"] for record in records):
        size = len(list(group))
        spans.setdefault(name, []).append([at, at + size])
        at += size
    return [{"name": plain(name), "spans": found} for name, found in spans.items()]
