"""Two-armed bandits: regret of a rule of four links beside Thompson sampling."""

from __future__ import annotations

import numpy as np

from dmm import zoo
from synthesis.tasks.streams.bandits import bandits, regret, thompson_regret

from ..measure import markdown_table, write_result

__all__ = ["measure"]

STRINGS = 4_000
TRIALS = (10, 30, 100)
RATE = 1.0


def measure() -> None:
    """Write the table: one row for every number of trials."""
    rows = [_row(trials) for trials in TRIALS]
    text = "\n".join(
        (
            "# Regret on two-armed bandits with unknown arms",
            "",
            "Chances of a reward are random numbers from 0 to 1, new in every string. Regret is",
            "what pulling the better arm throughout would have paid more, in expected successes,",
            f"with the standard error of its mean over {STRINGS:,} strings; all see the same arms.",
            "",
            markdown_table(
                ("trials", "no rule", "reward rule", "Thompson sampling", "ratio"), rows
            ),
            "",
            "`python -m benchmarks.self_modification bandits`",
        )
    )
    write_result("self_modification_bandits", text)


def _row(trials: int) -> tuple[object, ...]:
    drawn = bandits(np.random.default_rng(0), strings=STRINGS, trials=trials)
    idle, learned = (regret(zoo.reward_rule(rate), drawn) for rate in (0.0, RATE))
    sampled = thompson_regret(np.random.default_rng(1), drawn.chances, trials)
    ratio = learned.mean() / sampled.mean()
    return (trials, *map(_with_error, (idle, learned, sampled)), f"{ratio:.2f}")


def _with_error(regrets: np.ndarray) -> str:
    return f"{regrets.mean():.2f} +- {regrets.std() / len(regrets) ** 0.5:.2f}"
