"""A stream of numbers as sound: samples, a WAV file, and a player for notebooks."""

from __future__ import annotations

import io
import wave
from base64 import b64encode
from dataclasses import dataclass

import numpy as np

from ...compiled import compile_machine
from ...machine import Machine, Streams

__all__ = ["Sound"]

LOUDEST = 32767
"""Largest sample of 16 bits."""


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples.

    Attributes
    ----------
    samples : array (samples,)
        Any size; the loudest is played at full volume.
    rate : int
        Samples per second.

    Raises
    ------
    ValueError
        If there are no samples, some are not finite, or the rate is not positive.

    Examples
    --------
    >>> second = np.sin(2.0 * np.pi * 440.0 / 8000.0 * np.arange(8000))
    >>> sound = Sound(second, rate=8000)
    >>> sound.seconds, sound.wav()[:4], len(sound.wav())
    (1.0, b'RIFF', 16044)
    """

    samples: np.ndarray
    rate: int = 8000

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples, dtype=float)
        if samples.ndim != 1 or not samples.size:
            raise ValueError(f"samples have shape {samples.shape}; expected (samples,), not empty")
        if not np.all(np.isfinite(samples)):
            first = int(np.argmin(np.isfinite(samples)))
            raise ValueError(f"sample {first} is {samples[first]}; expected finite numbers")
        if self.rate < 1:
            raise ValueError(f"rate is {self.rate}; expected a positive number of samples a second")
        object.__setattr__(self, "samples", samples)

    @classmethod
    def of(
        cls,
        machine: Machine,
        port: tuple[str, str] = ("output", "dict-1"),
        streams: Streams | None = None,
        *,
        seconds: float = 1.0,
        rate: int = 8000,
    ) -> Sound:
        """What a machine sounds like: the number that a port reads, a tick a sample.

        Parameters
        ----------
        machine : Machine
        port : (neuron, input field)
        streams : Streams, optional
            The first string counts, and says how long it lasts.
        seconds : float
            Without streams.
        rate : int
            Samples per second.

        Examples
        --------
        >>> from dmm.zoo import bell
        >>> Sound.of(bell(), seconds=0.5, rate=4000).samples.shape
        (2000,)
        """
        if streams is None:
            streams = Streams((((),),), {}, ticks=round(seconds * rate))
        program = compile_machine(machine, [port])
        return cls(program(machine.trainable, streams)[0, :, 0], rate)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    def wav(self) -> bytes:
        """A WAV file: one channel of 16 bits."""
        loudness = np.max(np.abs(self.samples)) or 1.0
        levels = np.round(self.samples / loudness * LOUDEST).astype("<i2")
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(levels.tobytes())
        return buffer.getvalue()

    def _repr_html_(self) -> str:
        """A player that has the sound in it."""
        data = b64encode(self.wav()).decode("ascii")
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'
