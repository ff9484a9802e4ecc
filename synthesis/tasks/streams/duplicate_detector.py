"""The duplicate-character detector, the task of the published synthesis.

References
----------
arXiv:1606.09470, section 3; github anhinga/julia-flux-drafts, ``.../v0-1/feedforward-run-3``.
"""

from __future__ import annotations

import numpy as np

from dmm import Streams, layered_space, text_streams
from dmm.zoo import duplicate_detector

from .base import StreamTask, targets_of_machine

__all__ = ["DUPLICATE_DETECTOR", "PUBLISHED_TEXT", "PUBLISHED_TICKS", "random_texts"]

PUBLISHED_TEXT = "test string."
PUBLISHED_TICKS = 140
N_STRINGS = 8
TICKS = 100


def random_texts(
    rng: np.random.Generator,
    n: int = N_STRINGS,
    *,
    letters: int = 4,
    lengths: tuple[int, int] = (5, 9),
    dots: float = 0.12,
) -> list[str]:
    """Short random texts that end in a full stop.

    One published string does not determine the detector; eight of these do: they have repeated
    letters, no letters, inner stops, and (the last stop repeats for ever) more than four stops
    within the window, so that the clamp of the dot product shows.

    Examples
    --------
    >>> texts = random_texts(np.random.default_rng(0), 2)
    >>> len(texts), all(text.endswith(".") for text in texts)
    (2, True)
    """
    texts = []
    for _ in range(n):
        alphabet = "abcdefghijklmnopqrstuvwxyz"[: rng.integers(1, letters + 1)]
        length = rng.integers(lengths[0], lengths[1] + 1)
        body = [
            "." if rng.random() < dots else str(rng.choice(list(alphabet)))
            for _ in range(length - 1)
        ]
        texts.append("".join(body) + ".")
    return texts


def _draw(rng: np.random.Generator) -> Streams:
    return text_streams(random_texts(rng), TICKS)


HELD_OUT_SEED = 20261

POOL_SIZE = 64
POOL_LETTERS = "abcdefghijklmnopqrstuvwxyz "
POOL_STEEPNESS = (100.0, 700.0)


def _pool(rng: np.random.Generator) -> Streams:
    """Strings as long as the published one, with targets that are neither flat nor steep."""
    specification = DUPLICATE_DETECTOR.specification
    texts = [PUBLISHED_TEXT] * 4
    while len(texts) < POOL_SIZE:
        letters = rng.choice(list(POOL_LETTERS), size=rng.integers(4, 14), replace=False)
        body = [str(letter) for letter in rng.choice(letters, size=rng.integers(3, 14))]
        if rng.random() < 0.3:
            body.insert(rng.integers(0, len(body) + 1), ".")
        text = "".join(body) + "."
        steepness = np.sum(specification(text_streams(text, PUBLISHED_TICKS)) ** 2)
        if POOL_STEEPNESS[0] < steepness < POOL_STEEPNESS[1]:
            texts.append(text)
    return text_streams([texts[i] for i in rng.permutation(POOL_SIZE)], PUBLISHED_TICKS)


def _held_out() -> list[Streams]:
    """Longer than anything trained on: published strings and random ones, up to 40 characters."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    return [
        text_streams("tets. str.ingtb str.ingtb", 250),
        text_streams(["mississippi.", "aabb.", "abcdefghij."], 140),
        text_streams(random_texts(rng, 16, letters=12, lengths=(8, 40)), 500),
    ]


DUPLICATE_DETECTOR = StreamTask(
    name="duplicate-detector",
    summary="by how much the most frequent character occurs more than once; count of full stops",
    draw=_draw,
    specification=targets_of_machine(duplicate_detector()),
    held_out_streams=_held_out,
    space=layered_space,
    draw_pool=_pool,
)
