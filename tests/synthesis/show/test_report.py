"""The report of a run: what was asked, what the machine answers, what it cannot do without."""

from __future__ import annotations

import re
from html import unescape

import pytest

from dmm.zoo import duplicate_detector
from synthesis.loop import Result
from synthesis.process.records import Front, Record
from synthesis.show.report import report
from synthesis.tasks import get_task

TASK = get_task("duplicate-detector")


@pytest.fixture(scope="module")
def page():
    machine = duplicate_detector()
    one, other = ("/".join(path) for path in list(machine.trainable)[:2])
    records = [
        Record("train", "dense", 50, 3.0, 1486, 9.0),
        Record("back-out", "remove", 60, 0.0, 9, 9.0, {"link": one, "loss_without": 7.5}),
        Record("back-out", "remove", 70, 0.0, 8, 8.0, {"link": one, "loss_without": 19.5}),
        Record("back-out", "remove", 70, 0.0, 8, 8.0, {"link": other, "loss_without": 0.25}),
        Record("back-out", "remove", 70, 0.0, 8, 8.0, {"link": "not/there/any/more"}),
    ]
    figures = {"held_out_loss": 0.0}
    outcome = Result(machine.trainable, 0.0, figures, records, machine, Front())
    return unescape(report(outcome, TASK, 3)), one, other


def test_it_leads_with_the_task_and_ends_with_commands(page):
    text, _, _ = page
    assert f"Task: {TASK.summary}. Found unattended by duplicate-detector, seed 3." in text
    assert "python -m synthesis evaluate machine.json --task duplicate-detector" in text
    assert "run duplicate-detector --seed 4" in text
    assert "1,486 at the start, 8 now" in text
    assert "Exact on the training strings, and on strings held out" in text


def test_asked_and_answered_stand_side_by_side(page):
    text, _, _ = page
    lines = re.sub("<.*?>", "", text[text.index("tets. str.ingtb") :]).splitlines()
    rows = [line.split() for line in lines if re.fullmatch(r" *\d+( +\S+){4}", line)]
    assert rows[0] == ["1", "0", "0", "0", "0"]
    assert rows[-1] == ["235", "5", "5", "3", "3"]
    assert all(asked == said for _, *pairs in rows for asked, said in [pairs[:2], pairs[2:]])


def test_removals_are_the_last_ones_measured_least_first(page):
    text, one, other = page
    assert text.index(f"0.25  {other}") < text.index(f"19.5  {one}")
    assert "7.5  " not in text
    assert "not/there/any/more" not in text
