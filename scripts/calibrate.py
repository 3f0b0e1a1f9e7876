"""How often the verdicts are right on generated corpora of known truth, ours beside the reference's; a Markdown table.

OPENBLAS_NUM_THREADS=1 python scripts/calibrate.py [--corpora 60] [--stories 2 3 4 ...] [--seed 0]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "vectors"))

from generated import LAYER, Generated, Truth, generate

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.agreement import Agreement
from caa_tui.vectors.directions import ridge
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.pairs import PairTests
from caa_tui.vectors.stories import LayerStories, variance_ratios
from caa_tui.vectors.story_scores import NAMED
from caa_tui.vectors.tellings import Tellings
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.verdicts import FRAGMENTED, cohesion, redundancy, twin

STORIES = (2, 3, 4, 5, 6, 8, 12, 20, 40)
Cell = tuple[str, str, int]
"""Question, truth, stories a concept."""
Outcome = tuple[str, str]
"""Who says it (`ours` or `reference`); `right`, `wrong` or `open`."""
Tally = dict[Cell, Counter[Outcome]]
QUESTIONS = ("coherent or fragmented", "which story is mislabelled", "one concept or two", "a mix or its own")


def measure(corpus: Generated, stories: int) -> Iterator[tuple[Cell, Outcome]]:
    """Every verdict on every concept of one corpus, marked."""
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    tellings = Tellings.of(corpus.acts, layer.grouping)
    found, tests = tellings.agreements, tellings.tests
    pairs = PairTests(tests.layer, corpus.acts.rows, tests.noise)
    reference = dict(_reference(corpus, layer))
    named = [corpus.acts.rows[one.row] for one in tellings.suspicions if one.expected <= NAMED]
    for concept, truth in corpus.truths.items():
        answer = cohesion(found[concept], corpus.acts.rows).answer
        fragmented, contaminated, redundant = reference[concept]
        cell = (QUESTIONS[0], truth, stories)
        yield cell, ("ours", _cohesion_mark(truth, answer, stories))
        yield cell, ("reference", _cohesion_mark(truth, fragmented, stories))
        paths = [one.path for one in named if one.concept == concept]
        yield (QUESTIONS[1], truth, stories), ("ours", _story_mark(corpus, concept, paths))
        yield from (
            ((QUESTIONS[2], truth, stories), mark) for mark in _pair_marks(pairs, found, concept, truth, contaminated)
        )
        yield from (
            ((QUESTIONS[3], truth, stories), mark) for mark in _mix_marks(pairs, found, concept, truth, redundant)
        )


def _reference(corpus: Generated, layer: LayerStories) -> Iterator[tuple[str, tuple[str, bool, bool]]]:
    limits, vectors = Thresholds(), train_vectors(corpus.acts)
    matrix = vectors.matrix[LAYER]
    combined, cosines = ridge(matrix), matrix @ matrix.T - 2 * np.eye(len(matrix))
    for index, concept in enumerate(vectors.concepts):
        first_pc = variance_ratios(layer.values[layer.groups[concept].positives])[0]
        clean = "coherent" if first_pc > limits.clean_above else "cannot tell"
        answer = "no agreement" if first_pc < limits.fragmented_below else clean
        r_squared = combined.combination(vectors.concepts, index).r_squared
        yield concept, (answer, cosines[index].max() > limits.contaminated_above, r_squared > limits.redundant_above)


def _cohesion_mark(truth: Truth, answer: str, stories: int) -> str:
    """Camps of one or two stories are the same as no agreement or an odd story; a mislabelled one of three is both."""
    if answer == "cannot tell":
        return "open"
    if truth == "noise":
        return "right" if answer in FRAGMENTED else "wrong"
    if truth == "camps" or (truth == "mislabelled" and stories < 4):
        return "right" if answer in FRAGMENTED else "wrong"
    return "right" if answer == "coherent" else "wrong"


def _story_mark(corpus: Generated, concept: str, named: list[str]) -> str:
    if not named:
        return "open"
    return "right" if concept in corpus.odd and corpus.odd[concept][0] in named and len(named) == 1 else "wrong"


def _pair_marks(
    pairs: PairTests, found: Mapping[str, Agreement], concept: str, truth: Truth, contaminated: bool
) -> Iterator[Outcome]:
    """A duplicate that is compared with another concept than its twin has not been found, whatever is said of that."""
    nearest = pairs.nearest(concept, 1)
    answer = twin(nearest[0], found[concept], found[nearest[0].other]).answer if nearest else "cannot tell"
    twins = bool(nearest) and truth == "duplicate" and nearest[0].other.startswith("duplicate")
    right = "one concept" if twins else "told apart"
    unfound = truth == "duplicate" and not twins and answer == "told apart"
    yield "ours", "open" if answer == "cannot tell" or unfound else "right" if answer == right else "wrong"
    yield "reference", "right" if contaminated == (truth == "duplicate") else "wrong"


def _mix_marks(
    pairs: PairTests, found: Mapping[str, Agreement], concept: str, truth: Truth, redundant: bool
) -> Iterator[Outcome]:
    mix = pairs.mix(concept)
    answer = redundancy(mix, found[concept]).answer if mix else "cannot tell"
    right = "a mix" if truth in ("blend", "duplicate") else "of its own"
    yield "ours", "open" if answer == "cannot tell" else "right" if answer == right else "wrong"
    yield "reference", "right" if redundant == (truth in ("blend", "duplicate")) else "wrong"


def corpora_of(stories: int, corpora: int) -> int:
    """Fewer of the large ones, which take longest."""
    return max(corpora if stories <= 12 else corpora // 2 if stories <= 20 else corpora // 4, 1)


def tally(stories: tuple[int, ...], corpora: int, seed: int) -> dict[bool, Tally]:
    """With baselines or without -> the counts of each cell."""
    tallies: dict[bool, Tally] = {True: {}, False: {}}
    for baselines, counts in tallies.items():
        for size in stories:
            for number in range(corpora_of(size, corpora)):
                corpus = generate(seed + number, size, baselines=baselines)
                for cell, outcome in measure(corpus, size):
                    counts.setdefault(cell, Counter())[outcome] += 1
    return tallies


def table(counts: Tally, stories: tuple[int, ...], every_truth: bool) -> Iterator[str]:
    """For each truth `right / wrong` in per cent of its concepts, the rest is "cannot tell"; at the end how many
    verdicts are given at all, and of these how many are right."""
    for question in QUESTIONS:
        yield f"\n*{question}*\n"
        yield "| truth | rule | " + " | ".join(str(size) for size in stories) + " |"
        yield "|---|---|" + "---|" * len(stories)
        truths = tuple(dict.fromkeys(truth for asked, truth, _ in counts if asked == question))
        for who in ("ours", "reference"):
            if who == "reference" and question == QUESTIONS[1]:
                continue
            for truth in truths if every_truth else ():
                cells = (_rates(counts[question, truth, size], who) for size in stories)
                yield f"| {truth} | {who} | " + " | ".join(cells) + " |"
            sums = (sum((counts[question, truth, size] for truth in truths), Counter()) for size in stories)
            yield f"| all: given, right of these | {who} | " + " | ".join(_given(cell, who) for cell in sums) + " |"


def _rates(cell: Counter[Outcome], who: str) -> str:
    total = sum(count for (name, _), count in cell.items() if name == who)
    return " / ".join(f"{100 * cell[who, mark] / total:.0f}" for mark in ("right", "wrong"))


def _given(cell: Counter[Outcome], who: str) -> str:
    right, wrong = cell[who, "right"], cell[who, "wrong"]
    given = right + wrong
    return f"{100 * given / (given + cell[who, 'open']):.0f}, {100 * right / given:.0f}" if given else "0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=int, default=100)
    parser.add_argument("--stories", type=int, nargs="+", default=STORIES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start, stories = time.perf_counter(), tuple(options.stories)
    for baselines, counts in tally(stories, options.corpora, options.seed).items():
        sys.stdout.write(f"\n**{'With' if baselines else 'Without'} baselines**\n")
        sys.stdout.write("\n".join(table(counts, stories, baselines)) + "\n")
    sys.stdout.write(f"\n{time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
