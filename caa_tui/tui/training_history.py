"""How fast a training was and what it took, over its whole length, in a fixed number of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_SAMPLES = 512
SHORTEST_STEP = 0.25
"""Seconds between two samples of a young run."""

Point = tuple[float, float | None]
"""Seconds since the run began, and the value there."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment."""

    at: float
    """Seconds since the run began."""
    stories_per_second: float | None = None
    tokens_per_second: float | None = None
    memory_bytes: int | None = None
    device_busy: float | None = None


class TrainingHistory:
    """When it is full, every second sample goes and the step doubles: a run of a night keeps its beginning."""

    def __init__(self, most: int = MOST_SAMPLES) -> None:
        self._most = most
        self._step = SHORTEST_STEP
        self._samples: list[Sample] = []

    @property
    def samples(self) -> Sequence[Sample]:
        return self._samples

    def add(self, sample: Sample) -> None:
        """Keep it, unless the last one is younger than the step."""
        if self._samples and sample.at - self._samples[-1].at < self._step:
            return
        self._samples.append(sample)
        if len(self._samples) >= self._most:
            self._samples = self._samples[::2]
            self._step *= 2

    def points(self, value: Callable[[Sample], float | None]) -> list[Point]:
        """One number of every sample."""
        return [(sample.at, value(sample)) for sample in self._samples]


def columns(points: Sequence[Point], width: int) -> list[float | None]:
    """`points` spread evenly over `width` columns of time: the mean of a column, the last value where none fell in."""
    if not points or width < 1:
        return []
    begin, end = points[0][0], points[-1][0]
    span = (end - begin) or 1.0
    groups: list[list[float | None]] = [[] for _ in range(width)]
    for at, value in points:
        groups[min(width - 1, int((at - begin) / span * width))].append(value)
    shown: list[float | None] = []
    last: float | None = None
    for group in groups:
        if group:
            known = [value for value in group if value is not None]
            last = sum(known) / len(known) if known else None
        shown.append(last)
    return shown
