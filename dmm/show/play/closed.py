"""Pages that do something, each in one closed file: no network, no script but their own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from typing import Any

from ..frames import filled, frame
from ..labels import plain
from ..style import PAGE_STYLE, STYLE

__all__ = ["closed_page", "time_bar"]

ROOM = __package__


def closed_page(
    page_class: str,
    title: str,
    head: str,
    body: str,
    *,
    style: str,
    data: Mapping[str, Any],
    scripts: Mapping[str, str],
) -> str:
    """A page with scripts, self-contained.

    Parameters
    ----------
    page_class : str
        For its style sheet.
    title, head : str
        Of the page, and a line below it.
    body : str
        HTML, put in as it is.
    style : str
        Further style sheet, beside that of all such pages.
    data : mapping, JSON-compatible
        What ``page.data()`` gives to the scripts.
    scripts : mapping of name to JavaScript
        They come behind ``page``, which they share (``common.js`` of this room), in elements with
        the id ``code-NAME``. The page allows these by their digests, and nothing else.

    Examples
    --------
    >>> page = closed_page(
    ...     "demo", "A demo", "One number", "<output></output>", style="", data={"answer": 42},
    ...     scripts={"demo": "document.querySelector('output').value = page.data().answer;"})
    >>> [line for line in page.splitlines() if '"answer"' in line]
    ['<script type="application/json" id="data">{"answer":42}</script>']
    """
    every = {"common": frame(ROOM, "common.js"), **scripts}
    pieces = {
        "CLASS": page_class,
        "TITLE": escape(plain(title)),
        "HEAD": escape(plain(head)),
        "STYLE": PAGE_STYLE + STYLE + frame(ROOM, "page.css") + style,
        "POLICY": " ".join(map(_digest, every.values())),
        "BODY": body,
        "DATA": _embedded(data),
        "SCRIPTS": "\n".join(f'<script id="code-{n}">{text}</script>' for n, text in every.items()),
    }
    return filled(ROOM, "closed.html", pieces)


def time_bar(whole: str, moment: str) -> str:
    r"""The bar of time that ``page.player`` works with; what it runs over, and what it counts.

    Examples
    --------
    >>> print("\n".join(time_bar("String", "Tick").splitlines()[:2]))
    <section class="bar-of-time row" aria-label="String">
    <button type="button" id="play" class="main" aria-pressed="false">Play</button>
    """
    return filled(ROOM, "bar.html", {"WHOLE": whole, "MOMENT": moment})


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _embedded(data: Mapping[str, Any]) -> str:
    """Data as JSON that cannot end the element it stands in."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
