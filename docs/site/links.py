"""Checks that every link inside a built site leads somewhere, down to the heading it names.

    python -m docs.site.links .site/html

Links to other hosts are counted, not followed: ``sphinx-build -b linkcheck`` does that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["dead_links", "main"]


class _Page(HTMLParser):
    """What a page points to, and what in it can be pointed to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and name in ("href", "src"):
                self.links.append(value)
            elif value and name in ("id", "name"):
                self.places.add(value)


@cache
def _page(file: Path) -> _Page:
    return _Page(file.read_text(encoding="utf-8"))


def dead_links(site: Path) -> Iterator[tuple[Path, str]]:
    """Pages and their links that lead to no file, or to no place in one.

    Parameters
    ----------
    site : Path
        Folder of HTML files, searched with all folders in it.
    """
    for file in sorted(site.rglob("*.html")):
        for link in _page(file).links:
            if not _leads_somewhere(file, link):
                yield file.relative_to(site), link


def _leads_somewhere(file: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return False
    place = unquote(parts.fragment)
    return not place or target.suffix != ".html" or place in _page(target).places


def main(arguments: list[str] | None = None) -> int:
    """Report dead links; the exit status is 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("site", type=Path)
    site = parser.parse_args(arguments).site
    dead = list(dead_links(site))
    for file, link in dead:
        print(f"{file}: {link} leads nowhere")
    files = sorted(site.rglob("*.html"))
    n_links = sum(len(_page(file).links) for file in files)
    print(f"{n_links:,} links on {len(files)} pages, {len(dead)} dead")
    return 1 if dead or not files else 0


if __name__ == "__main__":
    sys.exit(main())
