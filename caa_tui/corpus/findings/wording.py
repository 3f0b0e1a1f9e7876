"""The parts that the sentences of several findings share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from caa_tui.corpus.model import Story

_SHOWN = 4
"""Names spelled out in a sentence; the rest is counted."""


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c, d and 7 more`."""
    shown = list(names[:_SHOWN])
    if len(names) > _SHOWN + 1:
        shown.append(f"{len(names) - _SHOWN} more")
    else:
        shown = list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def common_concept(stories: Iterable[Story]) -> str | None:
    """The concept of all of them, or None."""
    concepts = {story.concept for story in stories}
    return concepts.pop() if len(concepts) == 1 else None


def common_scenario(stories: Iterable[Story]) -> str | None:
    """The scenario of all of them, or None."""
    scenarios = {story.scenario for story in stories}
    return scenarios.pop() if len(scenarios) == 1 else None
