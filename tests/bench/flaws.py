"""Does each flaw surface where it should? Corpora with one known flaw, read by a real model; a Markdown table.

    python tests/bench/flaws.py --model smollm2 [--seeds 20] [--cache FILE]

Each flaw of tests/vectors/flawed.py is made `--seeds` times of sample_corpus without its planted flaws. A flaw counts
as seen when one of the first three flags of its view is of its concept, with a right file among the first three of the
flag's evidence. `confirmed` counts those flags that tests are sure of; `false` the corpora in which a flag of that view
is confirmed for a concept that the flaw did not touch and that is not confirmed in the sound corpus either.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "vectors"))

from flawed import FLAWS, Flawed, Rows, sound_rows

from caa_tui.activations.collect import collect
from caa_tui.activations.data import CollectOptions
from caa_tui.activations.holder import ModelHolder
from caa_tui.runs.train import activations_of
from caa_tui.vectors.data import Activations
from caa_tui.vectors.flags import Flag, FlagKind, FlagReport
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.triage import flag_report

LOOKED_AT = 3
Read = Callable[[Rows], Activations]
ESTIMATORS: dict[str, Callable[[Activations], Activations]] = {
    "last token, difference of means (the reference's)": lambda acts: acts,
    "mean of the text, scenario-centred": lambda acts: replace(
        acts, residual=acts.means, mean_pooling=True, estimator="scenario-centred"
    ),
}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--cache", type=Path, help="keep the activations for another time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        read = reader(args.model, args.cache or Path(scratch) / "activations.sqlite")
        for name, estimate in ESTIMATORS.items():
            print(f"\n**{name}**\n\n| flaw | view | seen | confirmed | false |\n|---|---|---|---|---|")
            for line in table(read, estimate, args.seeds):
                print(line, flush=True)
    return 0


def reader(model: str, cache: Path) -> Read:
    """Rows to activations, each text read once."""
    holder = ModelHolder()

    def read(rows: Rows) -> Activations:
        texts = list(dict.fromkeys(row.text for row in rows))
        options = CollectOptions(model=model, heads=False, means=True)
        found = collect(texts, options, holder=holder, store=cache, report=lambda _: None, cancelled=lambda: False)
        places = {text: place for place, text in enumerate(texts)}
        return activations_of(found, rows, [places[row.text] for row in rows])

    return read


def table(read: Read, estimate: Callable[[Activations], Activations], seeds: int) -> Iterator[str]:
    """One line per flaw."""
    rows = sound_rows()
    known = confirmed(report_of(estimate(read(rows))).flags)
    for make in FLAWS:
        tally: Counter[str] = Counter()
        for seed in range(seeds):
            flawed = make(rows, np.random.default_rng([seed, FLAWS.index(make)]))
            report = report_of(estimate(read(flawed.rows)))
            tally.update(marks(flawed, report.flags, known))
        counts = " | ".join(f"{100 * tally[mark] / seeds:.0f} %" for mark in ("seen", "confirmed", "false"))
        yield f"| {flawed.flaw} | {flawed.kind} | {counts} |"


def report_of(acts: Activations) -> FlagReport:
    """All flags of a corpus."""
    vectors = train_vectors(acts)
    return flag_report(acts, vectors, quality_report(acts, vectors))


def confirmed(flags: Sequence[Flag]) -> set[tuple[FlagKind, str]]:
    """Kinds and concepts that tests are sure of."""
    return {(flag.kind, flag.concept) for flag in flags if flag.confirmed}


def marks(flawed: Flawed, flags: Sequence[Flag], known: set[tuple[FlagKind, str]]) -> Iterator[str]:
    """`seen`, `confirmed`, `false`: those that hold."""
    view = [flag for flag in flags if flag.kind == flawed.kind]
    hits = [
        flag
        for flag in view[:LOOKED_AT]
        if flag.concept in flawed.concepts
        and any(evidence.path in flawed.right for evidence in flag.evidence[:LOOKED_AT])
    ]
    if hits:
        yield "seen"
    if any(flag.confirmed for flag in hits):
        yield "confirmed"
    if any(concept not in flawed.concepts for _, concept in confirmed(view) - known):
        yield "false"


if __name__ == "__main__":
    sys.exit(main())
