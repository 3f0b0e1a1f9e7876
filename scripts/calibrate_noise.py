"""How often an edit that tells nothing new stays within the printed noise, on generated corpora; a Markdown table.

Stories are replaced by new tellings of the same kind, added or removed, some by chance and some because they are the
worst; then everything is trained again.

OPENBLAS_NUM_THREADS=1 python scripts/calibrate_noise.py [--corpora 40] [--stories 3 4 6 ...] [--seed 0]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "vectors"))

from generated import LAYER, Generated, Maker, Truth, generate

from caa_tui.runs.change_noise import SCORES, Score, ScoreNoise, change_noise
from caa_tui.runs.edits import ConceptEdit
from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.data import Activations
from caa_tui.vectors.directions import nearest_concepts, ridge
from caa_tui.vectors.edit_noise import EditNoise
from caa_tui.vectors.flags import ConceptSummary
from caa_tui.vectors.groups import Group, Indexes, group_rows
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.stories import LayerStories, variance_ratios
from caa_tui.vectors.train import train_vectors

STORIES = (2, 3, 4, 5, 6, 8, 12, 20)
KEY = str(LAYER)
TRUTHS: tuple[Truth, ...] = ("coherent", "camps", "noise", "duplicate")
EDITED_AT_ONCE = 4
Kind = Literal["1 replaced", "3 replaced", "2 added", "2 removed", "the worst replaced", "the 3 worst replaced"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Cell = tuple[Kind, Score, Truth, int]
"""The edit, the number, what the concept is, stories a concept."""
Tally = dict[Cell, Counter[str]]
"""Verdicts, and `inside` for those within the noise as printed."""


@dataclass(frozen=True)
class Measured:
    """The numbers of one corpus as a report has them."""

    acts: Activations
    layer: LayerStories
    concepts: dict[str, ConceptSummary]

    @classmethod
    def of(cls, acts: Activations) -> Measured:
        layer = LayerStories.at(acts, group_rows(acts.rows), LAYER)
        matrix = train_vectors(acts).matrix[LAYER]
        names = tuple(layer.groups)
        shares, held_out = ridge(matrix).r_squared, held_out_scores(layer)
        noise = EditNoise(Influence(acts.rows, layer))
        concepts = {}
        for number, nearest in enumerate(nearest_concepts(names, matrix)):
            name = names[number]
            group = layer.groups[name]
            found = noise.of(name, nearest[0][0])
            concepts[name] = ConceptSummary(
                concept=name,
                stories=len(group.positives),
                scenarios=0,
                buckets=(),
                first_pc={KEY: float(variance_ratios(layer.values[group.positives])[0])},
                agreement={KEY: layer.agreement(name)},
                held_out={KEY: held_out[name]},
                nearest={KEY: nearest[0]},
                r_squared={KEY: float(shares[number])},
                neuron={},
                noise=found.noise,
                gains=found.gains,
            )
        return cls(acts, layer, concepts)


def retold(acts: Activations, maker: Maker, rows: Indexes, rng: np.random.Generator) -> Activations:
    """Each of these stories replaced by a new one of its concept in its scenario; of two camps, either."""
    values = np.array(acts.residual[LAYER])
    for row in rows:
        story = acts.rows[row]
        siblings = [index for index, other in enumerate(acts.rows) if other.concept == story.concept]
        scenario = int((story.scenario or "s0").removeprefix("s"))
        values[row] = maker.point(scenario, maker.told[int(rng.choice(siblings))])
    return replace(acts, residual={LAYER: values})


def without(acts: Activations, rows: Indexes) -> Activations:
    """The corpus without these rows."""
    kept = np.setdiff1d(np.arange(len(acts.rows)), rows)
    return replace(acts, rows=tuple(acts.rows[row] for row in kept), residual={LAYER: acts.residual[LAYER][kept]})


def chosen(kind: Kind, group: Group, measured: Measured, rng: np.random.Generator) -> Indexes | None:
    """The stories of a concept that an edit is about; None where it has too few."""
    count = 1 if kind in ("1 replaced", "the worst replaced") else 2 if kind in ("2 added", "2 removed") else 3
    own = group.positives
    if count > len(own) or (kind in ("2 added", "2 removed") and len(own) < count + 2):
        return None
    if "worst" not in kind:
        return np.asarray(rng.choice(own, count, replace=False))
    gains = measured.concepts[group.concept].gains
    order = sorted(own, key=lambda row: -gains[measured.acts.rows[row].path].get("agreement", 0.0))
    return np.array(order[:count])


def measure(corpus: Generated, stories: int, seed: int) -> Iterator[tuple[Cell, ScoreNoise, float]]:
    """The noise of every number of edited concepts, with how far it really moved."""
    rng, before, maker = np.random.default_rng([seed, stories]), Measured.of(corpus.acts), corpus.maker
    if maker is None:
        return
    usable = [name for name, truth in corpus.truths.items() if truth in TRUTHS]
    for kind in KINDS:
        names = rng.choice(usable, EDITED_AT_ONCE, replace=False).tolist()
        picked = [chosen(kind, before.layer.groups[name], before, rng) for name in names]
        rows = np.concatenate([one for one in picked if one is not None] or [np.zeros(0, dtype=np.intp)])
        if not len(rows):
            continue
        after = Measured.of(retold(corpus.acts, maker, rows, rng) if "replaced" in kind else without(corpus.acts, rows))
        old, new = (after, before) if kind == "2 added" else (before, after)
        paths = {corpus.acts.rows[row].path for row in rows}
        edits = {
            name: _edit(kind, [path for path in old.concepts[name].gains if path in paths], stories) for name in names
        }
        for name in names:
            was, now = old.concepts[name], new.concepts[name]
            found = change_noise(was, now, KEY, edits)
            for score, noise in found.items():
                yield (kind, score, corpus.truths[name], stories), noise, _moved(was, now, score)


def _edit(kind: Kind, paths: list[str], stories: int) -> ConceptEdit:
    gone = len(paths)
    if kind == "2 added":
        return ConceptEdit(old=stories - 2, new=stories, kept=stories - 2)
    new = stories - gone if kind == "2 removed" else stories
    return ConceptEdit(old=stories, new=new, kept=stories - gone, gone=tuple(paths))


def _moved(was: ConceptSummary, now: ConceptSummary, score: Score) -> float:
    if score == "nearest":
        old, new = was.nearest[KEY], now.nearest[KEY]
        return abs(new[1] - old[1]) if old and new else 0.0
    return abs((getattr(now, score)[KEY] or 0.0) - (getattr(was, score)[KEY] or 0.0))


def tally(stories: tuple[int, ...], corpora: int, seed: int) -> Tally:
    counts: Tally = {}
    for size in stories:
        for number in range(corpora):
            corpus = generate(seed + number, size)
            for cell, noise, moved in measure(corpus, size, seed + number):
                found = counts.setdefault(cell, Counter())
                found["all"] += 1
                found[noise.verdict] += 1
                found["inside"] += noise.half is not None and moved <= noise.half
    return counts


def share(counts: Tally, kind: Kind, score: Score, stories: int, truth: Truth | None, word: str) -> float | None:
    """Of the changes whose noise is known; None where none is."""
    cells = [
        found
        for (a, b, c, d), found in counts.items()
        if (a, b, d) == (kind, score, stories) and (truth is None or c == truth)
    ]
    known = sum(one["all"] - one["too few stories"] for one in cells)
    return sum(one[word] for one in cells) / known if known else None


def table(counts: Tally, stories: tuple[int, ...]) -> Iterator[str]:
    """Percent of changes within the printed noise, and percent called more than noise."""
    yield "| edit | number | " + " | ".join(str(size) for size in stories) + " |"
    yield "|---|---|" + "---|" * len(stories)
    for kind in KINDS:
        for score, name in SCORES.items():
            cells = [_cell(counts, kind, score, size) for size in stories]
            if any(cells):
                yield f"| {kind} | {name} | " + " | ".join(cells) + " |"


def _cell(counts: Tally, kind: Kind, score: Score, stories: int) -> str:
    shares = (share(counts, kind, score, stories, None, word) for word in ("inside", "more than noise"))
    return ", ".join(f"{100 * one:.0f}" for one in shares if one is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=int, default=100)
    parser.add_argument("--stories", type=int, nargs="+", default=STORIES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start, stories = time.perf_counter(), tuple(options.stories)
    counts = tally(stories, options.corpora, options.seed)
    sys.stdout.write("\n".join(table(counts, stories)) + "\n")
    for truth in TRUTHS:
        shares = (share(counts, "1 replaced", "agreement", size, truth, "inside") for size in stories)
        sys.stdout.write(f"{truth}: {' '.join('-' if one is None else f'{100 * one:.0f}' for one in shares)}\n")
    sys.stdout.write(f"\n{time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
