"""Activations of a corpus whose truth is known: what each concept is, which story is mislabelled, who copies whom.

A story is its concept's direction, its scenario's effect and noise. Noise and scenario effects have a 1/k spectrum, so
their few large directions make texts alike by chance, as in a language model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import Activations, StoryRow

Array = NDArray[np.float64]
Truth = Literal["coherent", "camps", "noise", "mislabelled", "duplicate", "blend", "length"]

LAYER = 3
SCENARIO_SHARE = 0.25
"""Of the variance that is not signal."""
COUNTS: dict[Truth, int] = {"camps": 2, "noise": 2, "mislabelled": 2, "duplicate": 2, "blend": 1, "length": 1}


@dataclass(frozen=True)
class Generated:
    """A corpus and what is true of it."""

    acts: Activations
    truths: dict[str, Truth]
    """Concept -> what it is; both members of a duplicated pair are `duplicate`."""
    odd: dict[str, tuple[str, str]]
    """Mislabelled concept -> (path of the odd story, concept it really tells)."""
    camps: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    """Concept -> the paths of its two camps."""
    maker: Maker | None = None


@dataclass
class Maker:
    """What the stories are made with, to make more of them."""

    rng: np.random.Generator
    stories: int
    hidden: int
    rows: list[StoryRow] = field(default_factory=list)
    points: list[Array] = field(default_factory=list)
    told: list[Array] = field(default_factory=list)
    """Each story's signal."""

    def __post_init__(self) -> None:
        spectrum = 1.0 / np.arange(1, self.hidden + 1)
        self.spectrum = spectrum / spectrum.sum()
        scenarios = max(self.stories, 4)
        self.scenarios = np.sqrt(SCENARIO_SHARE) * np.array([self.draw() for _ in range(scenarios)])
        self.offset = 3 * self.rng.standard_normal(self.hidden) / np.sqrt(self.hidden)

    def draw(self) -> Array:
        """Noise of mean squared length 1."""
        return np.asarray(self.rng.standard_normal(self.hidden) * np.sqrt(self.spectrum))

    def direction(self) -> Array:
        """A unit direction, somewhat more often along the large directions of the noise."""
        found = self.rng.standard_normal(self.hidden) * self.spectrum**0.25
        return np.asarray(found / np.linalg.norm(found))

    def signal(self, low: float, high: float) -> Array:
        """A direction as long as makes two stories agree by a number between `low` and `high`."""
        strength = self.rng.uniform(low, high)
        return np.asarray(self.direction() * np.sqrt(strength / (1 - strength)))

    def add(self, name: str, story: int, signal: Array, words: int = 100) -> str:
        """Append one story of the concept (`baseline`: of no concept) in its scenario."""
        scenario = story % len(self.scenarios)
        path = f"paired/s{scenario:02}/{name}.txt"
        concept = None if name == "baseline" else name
        text = f"{name} {story}" + " word" * (words - 2)
        self.rows.append(StoryRow(path, concept, f"s{scenario:02}", text, ""))
        self.told.append(signal)
        self.points.append(self.point(scenario, signal))
        return path

    def point(self, scenario: int, signal: Array) -> Array:
        """A new telling."""
        own = np.sqrt(1 - SCENARIO_SHARE) * self.draw()
        return np.asarray(self.offset + signal + self.scenarios[scenario] + own)


def generate(
    seed: int,
    stories: int,
    *,
    baselines: bool = True,
    hidden: int = 256,
    ordinary: int = 12,
    low: float = 0.2,
    high: float = 0.5,
) -> Generated:
    """A corpus of `ordinary` coherent concepts and `COUNTS` flawed ones, each with as many stories.

    Args:
        low, high: the agreement that coherent stories have, drawn evenly for each concept.
    """
    maker = Maker(np.random.default_rng([seed, stories, baselines]), stories, hidden)
    signals = {f"joy{i:02}": maker.signal(low, high) for i in range(ordinary)}
    truths: dict[str, Truth] = dict.fromkeys(signals, "coherent")
    for name, signal in signals.items():
        for story in range(stories):
            maker.add(name, story, signal)
    odd: dict[str, tuple[str, str]] = {}
    camps: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for name, truth in _flawed():
        truths[name] = truth
        if truth == "mislabelled":
            odd[name] = _mislabelled(maker, name, signals, (low, high))
            continue
        told = list(_signals(maker, truth, signals, name, (low, high)))
        words = 100 if truth != "length" else 200
        paths = [maker.add(name, story, signal, words) for story, signal in enumerate(told)]
        if truth == "camps":
            camps[name] = (frozenset(paths[::2]), frozenset(paths[1::2]))
    if baselines:
        for scenario in range(len(maker.scenarios)):
            maker.add("baseline", scenario, np.zeros(hidden))
    values = np.array(maker.points, dtype=np.float32)
    return Generated(Activations(tuple(maker.rows), (LAYER,), {LAYER: values}), truths, odd, camps, maker)


def _flawed() -> Iterator[tuple[str, Truth]]:
    for truth, count in COUNTS.items():
        for number in range(count):
            yield f"{truth}{number}", truth


def _signals(
    maker: Maker, truth: Truth, signals: dict[str, Array], name: str, limits: tuple[float, float]
) -> Iterator[Array]:
    """The part of each story that its flaw makes."""
    first, second = maker.signal(*limits), maker.signal(*limits)
    if truth == "duplicate":
        first = signals.setdefault("duplicate", first)
    if truth == "blend":
        parts = [signals[part] / np.linalg.norm(signals[part]) for part in ("joy00", "joy01")]
        first = (parts[0] + parts[1]) / np.sqrt(2) * np.linalg.norm(first)
    for story in range(maker.stories):
        if truth == "noise":
            yield np.zeros(maker.hidden)
        elif truth == "camps":
            yield second if story % 2 else first
        elif truth == "length":
            yield first * maker.rng.uniform(0.7, 1.3)
        else:
            yield first


def _mislabelled(maker: Maker, name: str, signals: dict[str, Array], limits: tuple[float, float]) -> tuple[str, str]:
    """All but one story tell the concept; the last tells an ordinary one."""
    signal = maker.signal(*limits)
    other = f"joy{2 + int(name[-1]):02}"
    for story in range(maker.stories - 1):
        maker.add(name, story, signal)
    return maker.add(name, maker.stories - 1, signals[other]), other
