"""The order people expect of numbered names: scene_2 before scene_10."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d+)")

NaturalKey = tuple[tuple[tuple[int, str], ...], str]


def natural_key(name: str) -> NaturalKey:
    """Sort key of a name: numbers in it count as numbers; names that differ only in zeros or case keep one order."""
    parts = _NUMBER.split(name.casefold())
    return tuple((int(part), "") if place % 2 else (-1, part) for place, part in enumerate(parts)), name
