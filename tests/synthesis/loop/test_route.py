"""The route of the loop: every word of every phase has an end, and every phase is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthesis.loop import ROUTE, Settings, flat
from synthesis.loop.route import phases, route_chart, route_table
from synthesis.process import DONE

PHASES = phases(Settings())


@pytest.mark.parametrize("name", ROUTE)
def test_every_word_of_a_phase_leads_somewhere(name):
    assert set(ROUTE[name]) == set(PHASES[name].words)
    assert set(ROUTE[name].values()) <= {DONE, *ROUTE}


def test_every_phase_is_reached_and_every_way_has_an_end():
    reached, frontier = {"begin"}, ["begin"]
    while frontier:
        for following in ROUTE[frontier.pop()].values():
            if following != DONE and following not in reached:
                reached.add(following)
                frontier.append(following)
    assert reached == set(ROUTE)
    ends = {DONE}
    while True:
        more = {name for name, row in ROUTE.items() if ends & set(row.values())} - ends
        if not more:
            break
        ends |= more
    assert set(ROUTE) <= ends


def test_a_phase_with_a_memory_is_made_of_settings_that_can_be_kept():
    assert set(PHASES) == set(ROUTE)
    assert flat(Settings())["thin.least"] == 25
    with pytest.raises(ValueError, match=r"no setting dense\.step; there are steps, l1, unit"):
        Settings.of(dense={"step": 3})


def test_the_page_draws_the_route_from_the_table():
    page = Path(__file__).resolve().parents[3] / "docs" / "synthesis.md"
    text = page.read_text(encoding="utf-8")
    assert route_table() in text and route_chart() in text
