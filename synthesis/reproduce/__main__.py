"""``python -m synthesis.reproduce NAME [--full] [--out DIR]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import get, names


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m synthesis.reproduce", description=__doc__)
    parser.add_argument("name", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--full", action="store_true", help="all seeds and variants")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        get(options.name)(options.full, options.out)
    except (ValueError, OSError) as error:
        print(f"synthesis: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
