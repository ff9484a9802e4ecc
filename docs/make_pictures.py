"""Makes the pictures of the README and of guides: ``docs/pictures``.

    python -m docs.make_pictures            # about 20 seconds

Needs the extra ``plot``. All but ``lives.svg`` are from one run of the program, that of notebook 01
(task duplicate-detector, seed 2, first pass), so the pictures are the same every time.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes

matplotlib.use("agg")
matplotlib.rcParams["svg.hashsalt"] = "pictures"  # the same file from the same run
matplotlib.rcParams["svg.fonttype"] = "none"  # texts stay texts: smaller, and searchable

from dmm import Machine, text_streams  # noqa: E402
from dmm.dynamics import atlas, draw_lives  # noqa: E402
from dmm.show import equations, heat_map, save_graph, trace  # noqa: E402
from dmm.zoo import self_referential_machine  # noqa: E402
from docs.film import film, frames_of  # noqa: E402
from synthesis import Settings, get_task, search_events  # noqa: E402
from synthesis.loop import prepare  # noqa: E402
from synthesis.show.plots import curves, pareto  # noqa: E402

PICTURES = Path(__file__).resolve().parent / "pictures"
SEED = 2
PAPER = "#ffffff"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the synthesis and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder (default: %(default)s)")
    folder = parser.parse_args(arguments).out
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings.of(judge={"regrowths": 0})
    loop, state = prepare(get_task("duplicate-detector"), seed=SEED, settings=settings)
    events = list(search_events(loop, state))
    records = [record for event in events for record in event.records]
    outcome = loop.outcome(events[-1].state, records)
    told = equations(outcome.machine).splitlines()[:5]
    moving = film(frames_of(events), outcome.machine, told)
    (folder / "film.svg").write_text(moving, encoding="utf-8")
    save_graph(outcome.machine, folder / "found-machine.svg")
    _save(curves(outcome.records)[0], folder / "synthesis-curves.svg")
    _save(pareto(outcome.records), folder / "links-against-loss.svg")
    _save(_at_work(outcome.machine), folder / "machine-at-work.svg")
    _save(_lives(), folder / "lives.svg")
    print(f"{len(outcome.parameters)} links, loss {outcome.loss:.3g}")
    for file in sorted(folder.glob("*.svg")):
        print(f"{file.name:24} {file.stat().st_size / 1000:6.1f} kB")


def _at_work(machine: Machine) -> Axes:
    """What the accumulator of the found machine holds while it reads a word."""
    counter = next(name for name, kind in machine.neurons.items() if kind == "accum")
    return heat_map(trace(machine, text_streams("mississippi.", 130), (counter, "dict")))


def _lives() -> Axes:
    """A random self-referential machine of every kind, by its seed."""
    seeds = ([6, 4], [6, 3], [6, 12], [0, 69], [6, 25], [6, 1])
    machines = (self_referential_machine(np.random.default_rng(seed)) for seed in seeds)
    return draw_lives(atlas(machines, ticks=2000), ticks=150).axes[0]


def _save(ax: Axes, file: Path) -> None:
    figure = ax.get_figure(root=True)
    assert figure is not None
    # On paper of its own: a README may be read on a dark page. Without a date: see above.
    figure.savefig(file, facecolor=PAPER, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
