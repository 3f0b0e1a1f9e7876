"""`caa`: the functions of the core without a screen."""

from __future__ import annotations


def main() -> None:
    raise SystemExit("not yet")
