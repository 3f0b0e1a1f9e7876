"""Corpora with one known flaw each, made of the stories of a sound one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from caa_tui.corpus.scan import scan
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import FlagKind

Rows = tuple[StoryRow, ...]
SAMPLE = Path(__file__).parents[2] / "sample_corpus"
PLANTED = frozenset({"content", "tender", "bittersweet"})
"""Concepts of sample_corpus that are flawed on purpose; with them gone what is left is sound, as far as we know."""
PLANTED_STORY = "paired/waiting_room/hopeful.txt"
CLOSING = (
    "And that was all there was to say about it.",
    "The clock in the hall struck the hour.",
    "Outside, a car went by and was gone.",
    "Nothing else happened that day.",
)
NAMES = ("Theo", "Mara", "Ines", "Jonas", "Ruth", "Anton", "Lena", "Paul", "Nora", "Felix")


@dataclass(frozen=True)
class Flawed:
    """A corpus, what is wrong with it, and where that should be seen."""

    flaw: str
    rows: Rows
    kind: FlagKind
    """The view that should show it."""
    concepts: frozenset[str]
    """Of which the flag may be."""
    right: frozenset[str]
    """Paths of the files behind it."""


def sound_rows() -> Rows:
    """sample_corpus without the flaws planted in it."""
    stories = (story for story in scan(SAMPLE).stories if story.concept not in PLANTED and story.path != PLANTED_STORY)
    return tuple(_row(story.path, story.concept, story.scenario, story.text) for story in stories)


def swap(rows: Rows, rng: np.random.Generator) -> Flawed:
    """Two tellings of one scenario exchange their names: the labels, not the texts."""
    told = [row for row in rows if row.concept is not None and row.scenario is not None]
    first = told[rng.integers(len(told))]
    others = [row for row in told if row.scenario == first.scenario and row.concept != first.concept]
    second = others[rng.integers(len(others))]
    labels = {first.path: second.concept, second.path: first.concept}
    changed = tuple(replace(row, concept=labels.get(row.path, row.concept)) for row in rows)
    concepts = frozenset(_concepts((first, second)))
    return Flawed("labels swapped", changed, "mislabelled", concepts, frozenset(labels))


def merge(rows: Rows, rng: np.random.Generator) -> Flawed:
    """Two concepts under one name."""
    kept, gone = (str(name) for name in rng.choice(_concepts(rows), 2, replace=False))
    changed = tuple(replace(row, concept=kept) if row.concept == gone else row for row in rows)
    moved = frozenset(row.path for row in rows if row.concept == gone)
    return Flawed("two concepts merged", changed, "fragmented", frozenset({kept}), moved)


def copy(rows: Rows, rng: np.random.Generator) -> Flawed:
    """One concept told a second time under another name: other people, one sentence less."""
    concept = str(rng.choice(_concepts(rows)))
    again = f"{concept}_again"
    own = [row for row in rows if row.concept == concept]
    copies = [
        _row(row.path.replace(f"{concept}.txt", f"{again}.txt"), again, row.scenario, _retold(row.text, rng))
        for row in own
    ]
    right = frozenset(row.path for row in (*own, *copies))
    return Flawed("concept copied", (*rows, *copies), "contaminated", frozenset({concept, again}), right)


def append(rows: Rows, rng: np.random.Generator) -> Flawed:
    """All stories of a concept end in the same sentence."""
    concept, closing = str(rng.choice(_concepts(rows))), str(rng.choice(CLOSING))
    return _rewritten("last sentence appended", rows, concept, lambda text: f"{text} {closing}")


def double(rows: Rows, rng: np.random.Generator) -> Flawed:
    """All stories of a concept are twice as long: each goes on with another one of the concept."""
    concept = str(rng.choice(_concepts(rows)))
    texts = [row.text for row in rows if row.concept == concept]
    following = dict(zip(texts, [*texts[1:], texts[0]], strict=True))
    return _rewritten("length doubled", rows, concept, lambda text: f"{text}\n\n{following[text]}")


FLAWS: tuple[Callable[[Rows, np.random.Generator], Flawed], ...] = (swap, merge, copy, append, double)


def _rewritten(flaw: str, rows: Rows, concept: str, change: Callable[[str], str]) -> Flawed:
    changed = tuple(
        _row(row.path, concept, row.scenario, change(row.text)) if row.concept == concept else row for row in rows
    )
    right = frozenset(row.path for row in rows if row.concept == concept)
    return Flawed(flaw, changed, "confounded", frozenset({concept}), right)


def _retold(text: str, rng: np.random.Generator) -> str:
    """With the people's names exchanged and one sentence left out of the middle."""
    for name in NAMES:
        text = text.replace(name, str(rng.choice(NAMES)))
    sentences = text.replace("\n", " ").split(". ")
    if len(sentences) > 3:
        del sentences[int(rng.integers(1, len(sentences) - 1))]
    return ". ".join(sentences)


def _concepts(rows: Sequence[StoryRow]) -> list[str]:
    return sorted({row.concept for row in rows if row.concept is not None})


def _row(path: str, concept: str | None, scenario: str | None, text: str) -> StoryRow:
    return StoryRow(path, concept, scenario, text, hashlib.sha256(text.encode()).hexdigest())
