"""Forward figures published with the 2022 Julia run, from its own matrices.

Sources: github anhinga/julia-flux-drafts, ``.../v0-1/feedforward-run-3`` (README, testing/README)
and ``run-2.1``; float32 figures, so most are compared to 1e-4 relative.
"""

from __future__ import annotations

import numpy as np
import pytest

import vvalues as vv
from dmm import compile_machine, load_machine, text_streams
from dmm.zoo import duplicate_detector


def squared_errors(machine, text, ticks):
    """Squared differences to the handcrafted machine, (observed, ticks)."""
    streams = text_streams(text, ticks)
    detector = duplicate_detector()
    target = compile_machine(detector)(detector.trainable, streams)
    return (compile_machine(machine)(machine.trainable, streams) - target)[..., 0] ** 2


def test_the_handcrafted_machine_has_the_published_trace():
    detector = duplicate_detector()
    observed = compile_machine(detector)(detector.trainable, text_streams("test string.", 155))
    dict1, dict2 = observed[:, :, 0]
    starts = {1: [35, 65, 145, 155], 2: [114, 124, 134, 144]}
    for stream, changes in ((dict1, starts[1]), (dict2, starts[2])):
        ticks = 1 + np.flatnonzero(np.diff(stream, prepend=0.0))
        assert ticks.tolist() == changes
    assert np.sum(observed[:, :140] ** 2) == 447.0


def test_the_initial_matrix(julia_data):
    machine = load_machine(julia_data / "feedforward-initial-matrix.json")
    assert len(machine.trainable) == 1486
    assert squared_errors(machine, "test string.", 140).sum() == pytest.approx(434.98634, abs=2e-4)
    assert vv.l1_norm(machine.trainable) == pytest.approx(11.908083, abs=1e-6)
    assert vv.squared_norm(machine.trainable) == pytest.approx(0.150648, abs=1e-6)


def test_the_clamp_of_the_dot_product_matters_for_the_trained_matrix(julia_data):
    machine = load_machine(julia_data / "feedforward-2500-steps-matrix.json")
    assert squared_errors(machine, "test string.", 140).sum() == pytest.approx(0.05603, abs=5e-6)


def test_stage_sixteen(julia_data):
    machine = load_machine(julia_data / "sparse16-2500-steps-matrix.json")
    assert len(machine.trainable) == 109
    assert squared_errors(machine, "test string.", 140).sum() == pytest.approx(0.03182579, rel=1e-5)


GENERALISATION = [
    ("test string.", 140, 0.0016100588),
    ("test string.", 150, 0.6776272),
    ("teest string.", 140, 0.0013412877),
    ("teest string.", 150, 0.0014515945),
    ("tets string.", 140, 0.0014382894),
    ("tets. str.ingtb str.ingtb", 140, 1.6212574),
    ("tets. str.ingtb str.ingtb", 180, 8.995915),
    ("tets. str.ingtb str.ingtb", 250, 50.602097),
]


@pytest.mark.parametrize(("text", "ticks", "published"), GENERALISATION)
def test_generalisation_of_the_nineteen_link_machine(julia_data, text, ticks, published):
    machine = load_machine(julia_data / "sparse20-100-steps-matrix.json")
    assert len(machine.trainable) == 19
    assert squared_errors(machine, text, ticks).sum() == pytest.approx(published, rel=1e-4)


def test_the_largest_error_of_the_nineteen_link_machine_at_150_ticks(julia_data):
    machine = load_machine(julia_data / "sparse20-100-steps-matrix.json")
    assert squared_errors(machine, "test string.", 150).max() == pytest.approx(0.11265, rel=1e-4)


def test_the_fully_recurrent_start(julia_data):
    machine = load_machine(julia_data / "recurrent-932-initial-matrix.json")
    loss = squared_errors(machine, "test string.", 140).sum()
    assert loss == pytest.approx(577.4583, abs=2e-4)
