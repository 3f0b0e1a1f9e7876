"""Small corpora with random activations for the tests of vectors/ and export/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from caa_tui.vectors.data import Activations, Floats, HeadInputs, StoryRow

HEADS = 4


def row(path: str, text: str) -> StoryRow:
    """`stories/joy.txt`, `paired/doorway/joy.txt` or `paired/doorway/baseline.txt`."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".txt")
    scenario = folder.removeprefix("paired/") if folder.startswith("paired/") else None
    return StoryRow(path, None if stem == "baseline" else stem, scenario, text, "")


def corpus_rows(stories: Mapping[str, Sequence[str]], baselines: Sequence[str] = ()) -> tuple[StoryRow, ...]:
    """Concept -> texts; the i-th text stands in scenario s<i>."""
    rows = [
        row(f"paired/s{i}/{concept}.txt", text) for concept, texts in stories.items() for i, text in enumerate(texts)
    ]
    rows += [row(f"paired/s{i}/baseline.txt", text) for i, text in enumerate(baselines)]
    return tuple(sorted(rows, key=lambda one: one.path))


def activations(
    rows: Sequence[StoryRow],
    residual: Mapping[str, Sequence[float]] | Mapping[str, NDArray[np.float64]],
    layers: tuple[int, ...] = (3,),
) -> Activations:
    """The same given activation of each text at every layer."""
    values = np.array([residual[one.text] for one in rows], dtype=np.float32)
    return Activations(tuple(rows), layers, dict.fromkeys(layers, values))


def random_activations(
    rows: Sequence[StoryRow], *, seed: int = 0, hidden: int = 24, layers: tuple[int, ...] = (2, 7, 5), neurons: int = 31
) -> Activations:
    """Every text gets a random point around its concept's, equal texts equal points; attention and MLP included."""
    rng = np.random.default_rng(seed)
    texts = {one.text: one.concept for one in rows}
    residual: dict[int, Floats] = {}
    attention: dict[int, HeadInputs] = {}
    down: dict[int, Floats] = {}
    for layer in layers:
        residual[layer] = _points(rows, texts, rng, hidden)
        attention[layer] = HeadInputs(_points(rows, texts, rng, 2 * hidden), HEADS)
        down[layer] = rng.standard_normal((hidden, neurons)).astype(np.float32)
    return Activations(tuple(rows), layers, residual, attention, down)


def _points(
    rows: Sequence[StoryRow], texts: Mapping[str, str | None], rng: np.random.Generator, width: int
) -> NDArray[np.float32]:
    shared = 3 * rng.standard_normal(width)
    centres = {concept: rng.standard_normal(width) for concept in sorted(map(str, set(texts.values())))}
    points = {text: shared + centres[str(concept)] + rng.standard_normal(width) for text, concept in texts.items()}
    return np.array([points[one.text] for one in rows], dtype=np.float32)


@st.composite
def corpora(draw: st.DrawFn, *, shared_texts: bool = False) -> tuple[StoryRow, ...]:
    """One to six concepts with one to six stories, some told twice, with or without baselines.

    `shared_texts`: a text may also stand under another concept or as a baseline.
    """
    concepts = draw(st.integers(1, 6))
    baselines = draw(st.integers(1 if concepts == 1 else 0, 4))
    stories: dict[str, list[str]] = {}
    for number in range(concepts):
        count = draw(st.integers(1, 6))
        texts = [f"text {number} {i}" for i in range(count)]
        stories[f"concept{number}"] = texts + ([texts[0]] if draw(st.booleans()) else [])
    neutral = [f"baseline {i}" for i in range(baselines)]
    if shared_texts and concepts > 1:
        stories["concept1"].append(stories["concept0"][0])
        neutral.append(stories["concept0"][-1])
        neutral.append("baseline of its own")
    return corpus_rows(stories, neutral)
