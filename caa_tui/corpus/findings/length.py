"""Tellings whose length would tell the model which feeling it is."""

from __future__ import annotations

import math
from collections.abc import Iterator

from caa_tui.corpus.model import Corpus, Finding, FindingKind, Severity, Story

TOLERANCE = 0.20
"""Share of the baseline's words that a telling may be longer or shorter."""


def check_lengths(corpus: Corpus) -> Iterator[Finding]:
    """Tellings whose word count is off their baseline's by more than `TOLERANCE`."""
    baselines = {story.scenario: story for story in corpus.baselines}
    for story in corpus.stories:
        baseline = baselines.get(story.scenario)
        if baseline is None or story.is_baseline:
            continue
        if abs(story.words - baseline.words) > TOLERANCE * baseline.words:
            yield _finding(story, baseline)


def fitting_lengths(baseline: Story) -> tuple[int, int]:
    """The fewest and the most words a telling may have beside its baseline."""
    low = math.ceil(round((1 - TOLERANCE) * baseline.words, 9))
    return low, math.floor(round((1 + TOLERANCE) * baseline.words, 9))


def _finding(story: Story, baseline: Story) -> Finding:
    off = round(100 * (story.words / baseline.words - 1))
    low, high = fitting_lengths(baseline)
    message = (
        f"{story.path} has {story.words} words, {abs(off)} % {'more' if off > 0 else 'fewer'} than its baseline"
        f" ({baseline.words}); bring it to between {low} and {high}."
    )
    paths = (story.path, baseline.path)
    return Finding(FindingKind.LENGTH_OFF_BASELINE, Severity.WARNING, message, paths, story.concept, story.scenario)
