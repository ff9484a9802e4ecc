"""Sound and motion: files that others read, of machines that do what their names say."""

from __future__ import annotations

import io
import wave
from xml.etree import ElementTree

import numpy as np
import pytest

from dmm import Streams, compile_machine, zoo
from dmm.compiled.plastic import PlasticProgram
from dmm.show import Motion, Sound
from tests.dmm.compiled.test_plastic import assert_engines_agree
from tests.dmm.machines import Case

RATE = 8000


def loudest_frequency(samples: np.ndarray, rate: int) -> float:
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(power) * rate / len(samples))


# -------------------- sound --------------------


def test_a_wav_file_holds_the_samples():
    samples = 3.0 * np.sin(2 * np.pi * 440 / RATE * np.arange(RATE))
    with wave.open(io.BytesIO(Sound(samples, RATE).wav())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    np.testing.assert_allclose(read / 32767, samples / np.abs(samples).max(), atol=1 / 32767)


def test_silence_is_a_sound_too():
    assert set(Sound(np.zeros(10), RATE).wav()[44:]) == {0}


def test_a_notebook_gets_a_player():
    html = Sound(np.ones(8), RATE)._repr_html_()
    assert html.startswith("<audio controls") and "base64,UklGR" in html


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((2, 2)), 8000, r"samples have shape \(2, 2\)"),
        (np.zeros(0), 8000, "not empty"),
        (np.array([0.0, np.nan]), 8000, "sample 1 is nan"),
        (np.zeros(3), 0, "rate is 0"),
    ],
)
def test_what_is_no_sound_is_refused(samples, rate, message):
    with pytest.raises(ValueError, match=message):
        Sound(samples, rate)


def test_the_bell_sounds_at_its_pitch_and_fades():
    sound = Sound.of(zoo.bell(pitch=0.055, brightness=0.0), seconds=1.0, rate=RATE)
    assert loudest_frequency(sound.samples, RATE) == pytest.approx(440.0, abs=2.0)
    loud, late = (np.abs(part).max() for part in np.split(sound.samples, 2))
    assert late < 0.1 * loud
    bright = Sound.of(zoo.bell(pitch=0.055), seconds=1.0, rate=RATE).samples
    assert np.abs(bright - sound.samples).max() > 0.1


# -------------------- a machine that rewires its own player --------------------


def melody_streams(notes: int, beat: int) -> Streams:
    beats = np.zeros((notes * beat, 1, 1))
    beats[::beat] = 1.0
    return Streams((((),),), {"beat": beats}, len(beats))


def test_a_melody_is_played_note_by_note_and_again():
    pitches, beat = [0.05, 0.075, 0.0625], 1600
    streams = melody_streams(5, beat)
    sound = Sound.of(zoo.melody(pitches, decay=0.9999), streams=streams, rate=RATE)
    heard = [loudest_frequency(part[100:], RATE) for part in np.split(sound.samples, 5)]
    expected = [RATE * pitches[i % 3] for i in range(5)]
    np.testing.assert_allclose(heard, expected, atol=6.0)


def test_the_melody_by_both_engines():
    machine = zoo.melody([0.05, 0.06, 0.04])
    case = Case(machine, melody_streams(4, 5))
    assert isinstance(compile_machine(machine, case.observed), PlasticProgram)
    assert_engines_agree(case)
    with pytest.raises(ValueError, match="there are 1 pitches"):
        zoo.melody([0.05])


# -------------------- motion --------------------


def test_points_go_where_their_machine_sends_them():
    motion = Motion.of(zoo.orbits(year=120, month=20), "points/dict", ticks=140)
    assert motion.names == ("moon", "planet")
    moon, planet = motion.places[4:].swapaxes(0, 1)
    np.testing.assert_allclose(np.linalg.norm(planet, axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(moon - planet, axis=1), 0.3, atol=1e-9)
    np.testing.assert_allclose(planet[120:], planet[:-120], atol=1e-9)


def test_the_picture_is_well_formed_and_inside_its_frame():
    motion = Motion.of(zoo.orbits(), "points/dict", ticks=600, rate=60.0)
    root = ElementTree.fromstring(motion.svg())
    moves = [element for element in root.iter() if element.tag.endswith("animate")]
    assert len(moves) == 4 and {move.get("dur") for move in moves} == {"10.00s"}
    for move in moves:
        values = np.array(move.get("values").split(";"), dtype=float)
        assert len(values) == 400 and values.min() >= 20.0 and values.max() <= 300.0
    assert motion._repr_html_() == motion.svg()


def test_what_does_not_move_stands_in_the_middle():
    root = ElementTree.fromstring(Motion(("a<b",), np.ones((3, 1, 2))).svg())
    [circle] = [element for element in root.iter() if element.tag.endswith("circle")]
    assert (circle.get("cx"), circle.get("cy")) == ("160.0", "160.0")
    assert circle[0].text == "a<b"


@pytest.mark.parametrize(
    ("names", "places", "rate", "message"),
    [
        (("a",), np.zeros((3, 2, 2)), 1.0, r"expected \(ticks, 1, 2\)"),
        (("a",), np.full((3, 1, 2), np.inf), 1.0, "'a' is nowhere at tick 0"),
        (("a",), np.zeros((3, 1, 2)), 0.0, "rate is 0.0"),
    ],
)
def test_what_is_no_motion_is_refused(names, places, rate, message):
    with pytest.raises(ValueError, match=message):
        Motion(names, places, rate)


def test_a_stream_without_points_is_refused():
    with pytest.raises(ValueError, match="holds no points"):
        Motion.of(zoo.bell(), "heard/dict", ticks=5)
