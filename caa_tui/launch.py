"""`caa-tui`: parse the command line, then open the screen."""

from __future__ import annotations


def main() -> None:
    raise SystemExit("not yet")
