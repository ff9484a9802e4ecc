"""Curves of a synthesis as inline SVG: complete, escaped, inside their frame."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from dmm.show import report
from dmm.zoo import duplicate_detector
from synthesis.show.curves_svg import svg_curves
from tests.dmm.show.chromium import find_chromium, measured

RECORDS = [
    {"step": 0, "loss": 430.0, "links": 1486, "l1": 11.9, "phase": "dense"},
    {"step": 100, "loss": 12.0, "links": 1486, "l1": 80.0, "phase": "dense"},
    {"step": 100, "loss": 44.0, "links": 983, "l1": 79.0, "phase": "judge"},
    {"step": 200, "loss": float("nan"), "links": 983, "l1": None, "phase": "remove"},
    {"step": 250, "loss": 0.5, "links": 983, "l1": 75.0, "phase": "<b>odd</b>"},
    {"step": 300, "loss": 0.0, "links": 983, "l1": 75.0, "phase": "dense"},
]


def test_curves_stand_on_bands_of_the_phases_and_skip_what_is_not_finite():
    svg = svg_curves(RECORDS)
    assert svg.count('class="curve') == 3
    assert "dense: 150 steps" in svg and "remove: 100 steps" in svg
    assert "&lt;b&gt;odd&lt;/b&gt;: 50 steps" in svg
    assert "judge" not in svg  # it took no steps
    assert "nan" not in svg.lower()


def test_bands_follow_each_other_without_gaps():
    places = re.findall(
        r'<rect class="phase\d" x="([\d.]+)" y="4.0" width="([\d.]+)"', svg_curves(RECORDS)
    )
    ends = [float(x) + float(width) for x, width in places]
    begins = [float(x) for x, _ in places]
    assert len(places) == 4
    assert begins[1:] == pytest.approx(ends[:-1], abs=0.11)


def test_many_phases_share_five_tints():
    records = [{"step": 10 * i * i, "loss": 1.0, "phase": f"phase-{i}"} for i in range(1, 9)]
    legend = re.findall(r"phase-(\d): ", svg_curves(records))
    assert legend == ["4", "5", "6", "7", "8"]  # those that took most, in their order


def test_a_loss_of_zero_is_said_to_be_below_what_is_drawn():
    assert "≤ 1e-16" in svg_curves(RECORDS)
    assert "≤" not in svg_curves(RECORDS[:2])


def test_without_numbers_there_are_no_curves():
    assert svg_curves([]) == ""
    assert svg_curves([{"step": 1, "loss": None}, {"loss": 2.0}]) == ""


def test_one_record_is_enough():
    assert 'class="last"' in svg_curves([{"step": 0, "loss": 1.0, "links": 0}])


def test_long_curves_keep_their_spikes():
    records = [{"step": i, "loss": 1.0 + 1e6 * (i == 17_001)} for i in range(25_000)]
    svg = svg_curves(records)
    assert len(svg) < 50_000
    assert "1e+06" in svg or "1,000,000" in svg


def test_curves_stay_inside_their_frame():
    svg = svg_curves(RECORDS)
    width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    for path in re.findall(r'class="curve \w+" d="([^"]+)"', svg):
        numbers = [float(x) for x in re.findall(r"-?\d+\.\d+", path)]
        assert min(numbers) >= 0 and max(numbers) <= max(width, height)


def test_loss_runs_over_decades():
    svg = svg_curves([{"step": i, "loss": 10.0**-i} for i in range(5)])
    ticks = re.findall(r'class="tick end">([^<]*)<', svg)
    assert ticks[:5] == ["0.0001", "0.001", "0.01", "0.1", "1"]


def test_they_are_well_formed_and_bring_their_style():
    picture = ElementTree.fromstring(svg_curves(RECORDS))
    assert picture[0].tag.endswith("style") and ".dmm-curves .curve" in picture[0].text
    used = set(re.findall(r"\.dmm-curves \.(\w+)", picture[0].text))
    assert used <= {name for e in picture.iter() for name in e.get("class", "").split()}


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [375, 1440])
def test_in_a_report_nothing_overflows_and_no_script_runs(width, tmp_path):
    phases = ["dense", "bite", "remove", "<script>document.title=1</script>"] * 9
    records = [
        {"step": i, "loss": 400.0 / (1 + i), "links": 1486 - 10 * i, "l1": 100.0, "phase": phase}
        for i, phase in enumerate(phases)
    ]
    page = report(duplicate_detector(), sections={"Synthesis": svg_curves(records)})
    found = measured(page, tmp_path, width)
    assert int(found["scroll"]) <= width and found["wide"] == ""
    assert found["title"] == "duplicate-detector"
    assert found["scripts"] == "1"  # the probe
