"""The HTML report in a real browser: light and dark, narrow and wide, and no script runs."""

from __future__ import annotations

import pytest

from dmm.show import fragment, report
from tests.dmm.show.chromium import POLICY, dump, find_chromium, measured, screenshot
from tests.dmm.show.rendered import HOSTILE_NAMES, MACHINES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="chromium is not installed"),
]

FIGURES = {"loss": 0.0016, HOSTILE_NAMES[0]: HOSTILE_NAMES[1], "x" * 300: "y" * 300}
WIDTHS = (375, 1440)
LIGHT, DARK = ("rgb(29, 36, 46)", "rgb(251, 250, 247)"), ("rgb(228, 231, 236)", "rgb(20, 23, 28)")


def page(name: str) -> str:
    return report(MACHINES[name](), FIGURES)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", MACHINES)
def test_nothing_overflows_and_no_script_runs(name, width, tmp_path):
    found = measured(page(name), tmp_path, width)
    assert int(found["viewport"]) == width
    assert int(found["scroll"]) <= width
    assert found["wide"] == ""
    assert found["title"] not in ("pwned", "1")
    assert found["scripts"] == "1"  # the probe


def test_the_probe_would_notice_a_script_and_an_overflow(tmp_path):
    """The check itself is checked: a page with both faults is found out."""
    broken = page("published").replace(
        "<h1>", "<script>document.title='pwned'</script><div style='width:2000px'>x</div><h1>", 1
    )
    found = measured(broken, tmp_path, 375)
    assert found["title"] == "pwned"
    assert int(found["scroll"]) >= 2000
    assert "DIV." in found["wide"]
    assert found["scripts"] == "2"


@pytest.mark.parametrize(("is_dark", "colours"), [(False, LIGHT), (True, DARK)])
def test_light_and_dark_follow_the_reader(is_dark, colours, tmp_path):
    found = measured(page("hostile"), tmp_path, 1440, is_dark)
    assert (found["ink"], found["paper"]) == colours


def test_the_policy_stops_scripts_even_if_one_got_in(tmp_path):
    html = page("published").replace(
        "</main>", "<p id='p'>before</p><script>p.textContent='after'</script></main>"
    )
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    assert '<p id="p">before</p>' in dump(file)
    file.write_text(POLICY.sub("", html), encoding="utf-8")
    assert '<p id="p">after</p>' in dump(file)


@pytest.mark.parametrize("is_dark", [False, True])
def test_the_page_is_painted_in_its_colours(is_dark, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    # Tall enough to hold the whole table and graph, however wide the fonts of this machine run.
    picture = screenshot(page("published"), tmp_path, 1440, is_dark, height=2400)
    pixels = image.imread(picture)[..., :3]
    corner = tuple(round(255 * float(c)) for c in pixels[0, 0])
    assert corner == ((20, 23, 28) if is_dark else (251, 250, 247))
    blue, orange = (
        ((0x74, 0xB4, 0xFF), (0xFF, 0xA5, 0x66))
        if is_dark
        else (
            (0x1A, 0x5F, 0xA8),
            (0xB0, 0x45, 0x08),
        )
    )
    for colour in (blue, orange):
        assert (abs(255 * pixels - colour).max(axis=-1) < 3).sum() > 200


@pytest.mark.parametrize("width", WIDTHS)
def test_a_notebook_fragment_fits_its_cell(width, tmp_path):
    html = (
        "<!DOCTYPE html><html><head><meta charset='utf-8'>"
        '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'
        "<meta name='viewport' content='width=device-width'></head>"
        f"<body style='margin:0'>{fragment(MACHINES['hostile']())}</body></html>"
    )
    found = measured(html, tmp_path, width)
    assert int(found["scroll"]) <= width
    assert found["title"] == ""
