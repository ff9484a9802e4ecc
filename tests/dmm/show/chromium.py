"""A headless Chromium, driven with the standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

__all__ = ["dump", "find_chromium", "measured", "screenshot"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
TIMEOUT = 60

# A window is at least 500 pixels wide, so the page sits in a frame of the width wanted.
FRAME = """<!DOCTYPE html>
<html><body style="margin:0">
<iframe src="page.html" style="border:0;display:block;width:{width}px;height:{height}px"></iframe>
<pre id="probe"></pre>
<script>
addEventListener("message", function (e) {{ probe.textContent = e.data; }});
</script></body></html>
"""

# Runs in a copy of the page and sends what it found to the frame, where --dump-dom shows it.
PROBE = """
<script>
window.addEventListener("load", function () {
  document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  var root = document.documentElement, wide = [];
  document.querySelectorAll("body *").forEach(function (e) {
    var inside = e.closest(".wide, pre, svg, style");
    if (!inside && e.getBoundingClientRect().right > root.clientWidth + 0.5) {
      wide.push(e.tagName + "." + e.className);
    }
  });
  var style = getComputedStyle(document.querySelector(".dmm"));
  parent.postMessage([
    "title=" + document.title,
    "viewport=" + root.clientWidth,
    "scroll=" + root.scrollWidth,
    "wide=" + wide.slice(0, 5).join(" "),
    "ink=" + style.color,
    "paper=" + style.backgroundColor,
    "scripts=" + document.scripts.length,
    "height=" + root.scrollHeight
  ].join("\\u2028"), "*");
});
</script>
"""


def find_chromium() -> str | None:
    """The program, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def dump(page: Path, is_dark: bool = False) -> str:
    """The document after the scripts that may run have run."""
    return _run(page, is_dark, "--virtual-time-budget=5000", "--dump-dom")


def _run(page: Path, is_dark: bool, *options: str) -> str:
    program = find_chromium()
    assert program is not None
    with tempfile.TemporaryDirectory() as profile:
        root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        scheme = [f"--blink-settings=preferredColorScheme={0 if is_dark else 1}"]
        place = [f"--user-data-dir={profile}", page.as_uri()]
        done = subprocess.run(
            [program, *OPTIONS, *root, *scheme, *options, *place],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=True,
        )
    return done.stdout


def measured(html: str, folder: Path, width: int, is_dark: bool = False) -> dict[str, str]:
    """What a page looks like to the browser, all folds open, its protection against scripts off.

    Returns
    -------
    dict with "title", "viewport", "scroll" (width of the content), "wide" (elements that stick
    out), "ink", "paper" (colours), "scripts" (number of script elements, the probe included)
    """
    unprotected, n_policies = POLICY.subn("", html)
    assert n_policies == 1
    page = folder / "page.html"
    page.write_text(unprotected.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, height=900), encoding="utf-8")
    shown = dump(frame, is_dark)
    probe = re.search(r'<pre id="probe">(.*?)</pre>', shown, re.DOTALL)
    assert probe is not None and probe.group(1), shown[-2000:]
    return dict(line.split("=", 1) for line in unescape(probe.group(1)).split("\u2028"))


def screenshot(
    html: str, folder: Path, width: int, is_dark: bool = False, height: int = 900
) -> Path:
    """A picture of the page as it is, in the upper left of the window."""
    picture = folder / "page.png"
    (folder / "page.html").write_text(html, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, height=height), encoding="utf-8")
    _run(frame, is_dark, f"--window-size={width},{height}", f"--screenshot={picture}")
    return picture
