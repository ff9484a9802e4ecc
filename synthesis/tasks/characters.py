"""Character sequences to predict: the easy and the hard problem of differentiable structure.

References
----------
T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216, section 3.1; github
ThomasMiconi/DiffRNN, ``gentext.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..optimize.losses import cross_entropies
from ..process.checks import check_probability
from ..process.models import Model
from .descriptions import Origin, drawn_by

__all__ = [
    "ALPHABET",
    "CharacterTask",
    "easy_task",
    "encode",
    "hard_task",
    "text_task",
]

ALPHABET = "()ab"
OPEN, CLOSE, A, B = range(4)
LENGTH = 40
"""Characters in one training cycle."""
HELD_OUT_GROUPS = 500


def encode(text: str, alphabet: str = ALPHABET) -> np.ndarray:
    """The codes of a text's characters: their places in the alphabet.

    Returns
    -------
    array of uint8, shape (len(text),)

    Raises
    ------
    ValueError
        If the text is empty, or for a character outside the alphabet (its position is named), or if
        the alphabet is empty, too long or has a character twice.

    Examples
    --------
    >>> encode("(ab)")
    array([0, 2, 3, 1], dtype=uint8)
    """
    if not 1 <= len(alphabet) <= 255 or len(set(alphabet)) < len(alphabet):
        raise ValueError(f"alphabet is {alphabet!r}; expected 1 to 255 different characters")
    if not text:
        raise ValueError("text is empty; expected at least one character")
    code = {character: i for i, character in enumerate(alphabet)}
    try:
        return np.array([code[character] for character in text], dtype=np.uint8)
    except KeyError as error:
        at = text.index(error.args[0])
        raise ValueError(
            f"text has {error.args[0]!r} at position {at}; the alphabet is {alphabet!r}"
        ) from None


# -------------------- texts --------------------


def easy_text(rng: np.random.Generator, groups: int, repeat: float = 0.6) -> np.ndarray:
    """Codes of groups ``(ab...ab)``: after every ``ab`` another one with probability ``repeat``."""
    pairs = rng.geometric(1.0 - repeat, size=groups)
    lengths = 2 * pairs + 2
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    codes = np.where(within % 2 == 1, A, B).astype(np.uint8)
    codes[ends - lengths] = OPEN
    codes[ends - 1] = CLOSE
    return codes


def hard_text(rng: np.random.Generator, groups: int, letters: int = 6) -> np.ndarray:
    """Codes of groups of letters, each the one before reversed and with one letter flipped."""
    flips = np.eye(letters, dtype=np.int64)[rng.integers(letters, size=groups)]
    first = np.array([0, 1, 1, 0, 1, 0, 1, 1, 0, 1][:letters])  # abba..., the source's abbaab
    if letters == 6:
        first = np.array([0, 1, 1, 0, 0, 1])
    flips[0] = first
    # In the first group's orientation a group is the sum of all flips before it, modulo 2.
    flips[1::2] = flips[1::2, ::-1]
    states = np.cumsum(flips, axis=0) % 2
    states[1::2] = states[1::2, ::-1]
    codes = np.empty((groups, letters + 2), dtype=np.uint8)
    codes[:, 0], codes[:, -1] = OPEN, CLOSE
    codes[:, 1:-1] = A + states
    return codes.reshape(-1)


# -------------------- the task --------------------


@dataclass(frozen=True, eq=False)
class CharacterTask:
    """A text of which every next character is to be predicted; it is a `Task`.

    Attributes
    ----------
    name, summary : str
    codes, held_out : array of uint8
        What is trained on, and what no decision is made on.
    alphabet : str
    length : int
        Characters in one training cycle.
    floor : float
        Least possible mean cross-entropy, in nats per character (0 when unknown).
    origin : Origin, optional
        How the text was drawn.

    Examples
    --------
    >>> task = easy_task(np.random.default_rng(0), 400)
    >>> inputs, targets = task.batch(np.random.default_rng(0))
    >>> task.decode(inputs[:12])
    '(ab)(ababab)'
    """

    name: str
    summary: str
    codes: np.ndarray
    held_out: np.ndarray
    alphabet: str = ALPHABET
    length: int = LENGTH
    floor: float = 0.0
    origin: Origin | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError(f"length is {self.length}; expected at least one character a cycle")
        for name in ("codes", "held_out"):
            n = len(getattr(self, name))
            if n < self.length + 1:
                raise ValueError(
                    f"{name}: {self.name} has a text of {n} characters; a cycle reads "
                    f"{self.length} and predicts the one after: take a longer text, or "
                    "shorter cycles"
                )
            self._check_codes(name)

    def _check_codes(self, name: str) -> None:
        codes = np.asarray(getattr(self, name))
        if not np.issubdtype(codes.dtype, np.integer):
            raise ValueError(f"{name} are of type {codes.dtype}; expected integer codes")
        outside = np.flatnonzero((codes < 0) | (codes >= len(self.alphabet)))
        if outside.size:
            raise ValueError(
                f"{name} have {codes[outside[0]]} at position {outside[0]}; the alphabet "
                f"{self.alphabet!r} has the codes 0 to {len(self.alphabet) - 1}"
            )

    @cached_property
    def floor_per_cycle(self) -> float:
        """Least possible loss of one cycle, in nats summed over its characters."""
        return self.floor * self.length

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The characters of a random cycle and, as targets, each one's successor: (length,)."""
        start = self.length * int(rng.integers((len(self.codes) - 1) // self.length))
        part = self.codes[start : start + self.length + 1].astype(np.intp)
        return part[:-1], part[1:]

    def store(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``n`` random cycles as pieces, and each character's successor: (n, length) both."""
        read, asked = zip(*(self.batch(rng) for _ in range(n)), strict=True)
        return np.stack(read), np.stack(asked)

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Cross-entropy in nats, summed over characters: logits (n, symbols), codes (n,).

        Of pieces, (pieces, n, symbols) and (pieces, n), the mean of theirs.
        """
        if np.ndim(targets) == 1:
            return anp.sum(cross_entropies(predictions, targets))
        flat = anp.reshape(predictions, (-1, predictions.shape[-1]))
        return anp.sum(cross_entropies(flat, targets.ravel())) / len(targets)

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """``held_out_loss``: nats per cycle on a text of its own, read in one go."""
        codes = self.held_out.astype(np.intp)
        loss = self.loss(model(parameters, codes[:-1]), codes[1:])
        return {"held_out_loss": float(loss) * self.length / (len(codes) - 1)}

    def decode(self, codes: np.ndarray) -> str:
        """The text of some codes."""
        return "".join(self.alphabet[code] for code in codes)


def _with_held_out(
    draw: Callable[[np.random.Generator, int], np.ndarray], rng: np.random.Generator, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    if groups < 2:
        raise ValueError(f"groups is {groups}; expected at least 2")
    codes = draw(rng, groups)
    return codes, draw(rng, max(HELD_OUT_GROUPS, 2 * LENGTH))


def easy_task(
    rng: np.random.Generator, groups: int = 200_000, repeat: float = 0.6
) -> CharacterTask:
    """The easy problem: ``(abab)(ab)(ababab)...``.

    Parameters
    ----------
    rng : Generator
    groups : int
    repeat : float
        Probability of another ``ab`` after each.

    Raises
    ------
    ValueError
        If ``repeat`` is no probability or is 1 (a group would never end).

    Notes
    -----
    Its entropy is one choice per ``ab``: ``H(repeat) / (4 - 2 repeat)`` nats per character, 9.614
    nats per 40 characters.

    Examples
    --------
    >>> task = easy_task(np.random.default_rng(0), 400)
    >>> task.length
    40
    """
    check_probability("repeat", repeat)
    if repeat == 1.0:
        raise ValueError("repeat is 1; a group would never end: expected less")
    origin = drawn_by("easy", rng, groups=groups, repeat=repeat)
    codes, held_out = _with_held_out(lambda r, n: easy_text(r, n, repeat), rng, groups)
    entropy = -sum(p * math.log(p) for p in (repeat, 1.0 - repeat) if p > 0.0)
    floor = entropy / (4.0 - 2.0 * repeat)
    summary = "groups of ab in parentheses"
    return CharacterTask("easy", summary, codes, held_out, floor=floor, origin=origin)


def hard_task(rng: np.random.Generator, groups: int = 150_001, letters: int = 6) -> CharacterTask:
    """The hard problem: every group of letters is the one before reversed, with one letter flipped.

    Parameters
    ----------
    rng : Generator
    groups : int
    letters : int
        6 as in the source's code (a cycle of 40 characters is then five whole groups); the text of
        the paper says 5.

    Raises
    ------
    ValueError
        If there are not 1 to 10 letters.

    Notes
    -----
    Its entropy is one letter's choice per group: ``ln(letters) / (letters + 2)`` nats per
    character, 8.959 nats per 40 characters.

    Examples
    --------
    >>> task = hard_task(np.random.default_rng(0), 400)
    >>> task.length
    40
    """
    if not 1 <= letters <= 10:
        raise ValueError(f"letters is {letters}; expected 1 to 10")
    origin = drawn_by("hard", rng, groups=groups, letters=letters)
    codes, held_out = _with_held_out(lambda r, n: hard_text(r, n, letters), rng, groups)
    summary = f"groups of {letters} letters, each the one before reversed, one letter flipped"
    floor = math.log(letters) / (letters + 2)
    return CharacterTask("hard", summary, codes, held_out, floor=floor, origin=origin)


def text_task(
    text: str, alphabet: str | None = None, length: int = LENGTH, held_out: float = 0.1
) -> CharacterTask:
    """A task from a text of one's own, its last part held out.

    Parameters
    ----------
    text : str
    alphabet : str, optional
        The characters of the text, sorted, when omitted.
    length : int
    held_out : float
        Share of the text that is not trained on.

    Raises
    ------
    ValueError
        If the text is empty, has a character outside the alphabet or is too short.

    Examples
    --------
    >>> text_task("hello world " * 40).length
    40
    """
    check_probability("held_out", held_out)
    if not text:
        raise ValueError("text is empty; expected at least one character")
    alphabet = "".join(sorted(set(text))) if alphabet is None else alphabet
    codes = encode(text, alphabet)
    n = round(len(codes) * (1.0 - held_out))
    return CharacterTask("text", "a text", codes[:n], codes[n:], alphabet, length)
