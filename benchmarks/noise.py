"""Programs of the suite with noise on their answers: is the clean program found?

``python -m benchmarks.noise [--levels 0.05 0.2] [--seeds 0:10] [--only NAME ...] [--out FOLDER]``

Gaussian noise of a share of the answers' standard deviation is added to the answers of 64 strings
of each of the thirteen programs; `Synthesizer` is given these, with its defaults. A program counts
as found if the machine's answers equal the clean ones on 64 other strings, to a millionth of the
largest: structure and weights. The clean answers are used for nothing else. What a folder
(``--out``) already holds is read, not run again.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np

from synthesis import Synthesizer
from synthesis.tasks.streams.suite import PROGRAMS

from .measure import machine_line, markdown_table, seeds_of, write_result

STRINGS = 64
SAME = 1e-6


def _drawn(name: str, seed: int):
    task = PROGRAMS[name].task()
    drawn = task.pool(np.random.default_rng(seed))
    return drawn.inputs.select(range(STRINGS)), drawn.targets[0, :, :STRINGS].T


def tried(name: str, level: float, seed: int) -> dict[str, object]:
    """One fit: whether the program is found, how far off the machine is, and how long it took."""
    inputs, clean = _drawn(name, seed)
    rng = np.random.default_rng([seed, 1])
    noisy = clean + level * clean.std() * rng.standard_normal(clean.shape)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Synthesizer(seed).fit(inputs, noisy)
    seconds = time.process_time() - start
    others, wanted = _drawn(name, seed + 1000)
    off = np.abs(model.predict(others) - wanted)
    return {
        "found": bool(off.max() <= SAME * np.abs(wanted).max()),
        "off": float(np.sqrt(np.mean(off**2)) / wanted.std()),
        "links": model.front_.best.links,
        "seconds": seconds,
        "equations": "; ".join(model.equations_.splitlines()),
    }


def kept_or_tried(folder: Path, name: str, level: float, seed: int) -> dict[str, object]:
    """A fit from its file, or made and put there."""
    file = folder / f"{name}-{level:g}-{seed}.json"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(tried(name, level, seed), indent=1), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def row_of(name: str, seed: int, one: dict[str, object]) -> list[object]:
    """A row of the table."""
    found = "yes" if one["found"] else f"no (off by {one['off']:.2g})"
    return [name, seed, found, one["links"], f"{one['seconds']:.1f}", f"`{one['equations']}`"]


def written(rows: dict[float, list[list[object]]]) -> None:
    """Write the tables of all levels."""
    lines = ["# Programs behind noise", "", machine_line(), ""]
    for level, of_level in rows.items():
        count = sum(row[2] == "yes" for row in of_level)
        head = ["program", "seed", "found", "links", "seconds", "equations"]
        title = f"## Noise of {level:g} standard deviations: {count} of {len(of_level)}"
        lines += [title, "", markdown_table(head, of_level), ""]
    write_result("noise", "\n".join(lines))


def main() -> None:
    """Try every program with every seed; the tables are written after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--levels", type=float, nargs="+", default=[0.05, 0.2])
    parser.add_argument("--seeds", default="0", help="data seeds, as 0 or 0:10")
    parser.add_argument("--only", nargs="+", default=list(PROGRAMS), choices=list(PROGRAMS))
    parser.add_argument("--out", type=Path, default=Path("runs/noise"))
    arguments = parser.parse_args()
    rows: dict[float, list[list[object]]] = {level: [] for level in arguments.levels}
    for seed in seeds_of(arguments.seeds):
        for level, of_level in rows.items():
            for name in arguments.only:
                one = kept_or_tried(arguments.out, name, level, seed)
                of_level.append(row_of(name, seed, one))
                print(level, *of_level[-1], flush=True)
        written(rows)


if __name__ == "__main__":
    main()
