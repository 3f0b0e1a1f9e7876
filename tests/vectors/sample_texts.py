"""The texts of sample_corpus as rows, without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from vector_data import row

from caa_tui.vectors.data import StoryRow

ROOT = Path(__file__).parents[2] / "sample_corpus"


@cache
def sample_rows() -> tuple[StoryRow, ...]:
    """All 157 texts, by path."""
    files = sorted([*ROOT.glob("stories/*.txt"), *ROOT.glob("paired/*/*.txt")])
    return tuple(row(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8").strip()) for file in files)


def concepts(rows: Sequence[StoryRow]) -> tuple[str, ...]:
    return tuple(sorted({one.concept for one in rows if one.concept is not None}))


def edited(rows: Sequence[StoryRow], concept: str, edit: Callable[[StoryRow], str]) -> list[StoryRow]:
    """The same flaw in every story of one concept."""
    return [replace(one, text=edit(one)) if one.concept == concept else one for one in rows]


def relabelled(rows: Sequence[StoryRow], seed: int, *, within: bool = True) -> list[StoryRow]:
    """Names dealt anew to the stories, within each scenario or over all of them: no concept is left."""
    rng, dealt = np.random.default_rng(seed), list(rows)
    groups: dict[str | None, list[int]] = {}
    for index, one in enumerate(rows):
        if one.concept is not None:
            groups.setdefault(one.scenario if within else None, []).append(index)
    for own in groups.values():
        for place, source in zip(own, rng.permutation(own), strict=True):
            dealt[place] = replace(rows[place], concept=rows[source].concept)
    return dealt
