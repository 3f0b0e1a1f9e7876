"""How long the report takes once the activations are there, part by part, and how much memory at most.

    python tests/bench/evidence.py            100 concepts, 1,000 stories, 4 layers of width 5,120
    python tests/bench/evidence.py --large    200 concepts, 10,000 stories, 1 layer of width 576

What is timed is what a worker does after its last forward pass (`runs/train.py`): the vectors, the readout's bytes, the
quality report and the flags, for a corpus of generated activations in 20 scenarios with baselines. The first time is of
a fresh process; before each of the others one story gets another text and another activation, as an edit does.

Every configuration of story counts and threads is a process of its own. "Nulls" is what draws random groups, made
groups or resampled stories, whatever asks for it; each part is without the parts it calls. Prints a table for each
configuration and, last, one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.settings import Thresholds
from caa_tui.export.readout import readout_files
from caa_tui.vectors import agreement, pairs, quality, remedies, tellings, triage
from caa_tui.vectors.data import Activations, HeadInputs, StoryRow
from caa_tui.vectors.edit_noise import EditNoise
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.story_scores import StoryScores
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.triage import flag_report

SCENARIOS = 20
WORDS, VOCABULARY = 120, 8_000
"""Of a story, and of all of them; words are as rare as Zipf says."""
WITHOUT_NULLS, WITH_NULLS = 1.0, 10.0
"""Seconds that are promised for the small size."""
NULLS = "nulls"
PARTS: tuple[tuple[Any, str, str], ...] = (
    (LayerStories, "_products", "Gram matrices"),
    (quality, "chance_agreement", NULLS),
    (quality, "held_out_scores", "held out"),
    (quality, "nearest_neurons", "nearest neurons"),
    (quality, "head_rankings", "heads"),
    (triage, "word_stories", "words"),
    (triage, "scenario_out_scores", "scenario out"),
    (quality, "stability", "split halves"),
    (triage, "confounded_flags", "confounds"),
    (triage, "scenario_bound_flags", "scenario-bound"),
    (triage, "unreliable_flags", "unreliable"),
    (tellings, "story_stories", "story space"),
    (tellings, "camp_odds", "camp odds"),
    (StoryScores, "suspicions", "mislabelled"),
    (triage, "compare_estimators", "estimators"),
    (EditNoise, "of", "edit noise"),
    (remedies, "chosen_chance", NULLS),
    (remedies.Remedies, "completed", "influence"),
    (tellings, "judgements", "verdicts"),
    (agreement, "resampled_interval", NULLS),
    (agreement.AgreementTests, "_random_nulls", NULLS),
    (agreement.AgreementTests, "made_nulls", NULLS),
    (pairs.PairTests, "_noise_products", NULLS),
)
"""Owner, name and part of every function that is timed beside the four steps."""


@dataclass(frozen=True)
class Size:
    """A corpus to make."""

    concepts: int
    stories: int
    layers: int
    hidden: int
    even: bool
    """Every concept has as many stories; else from 2 to nearly twice the mean."""
    model_parts: bool = False
    """Attention inputs (40 heads) and an MLP of 2.7 times the width as well, as a full report has them."""


SMALL, LARGE = Size(100, 1_000, 4, 5_120, even=False), Size(200, 10_000, 1, 576, even=False)


def make(size: Size) -> Activations:
    """Stories with a direction of their concept, an effect of their scenario and noise, all of one length."""
    rng = np.random.default_rng(20261124)
    counts = story_counts(size)
    owners = np.concatenate([np.repeat(np.arange(size.concepts), counts), np.full(SCENARIOS, -1)])
    places = np.concatenate([*(rng.permutation(count) % SCENARIOS for count in counts), np.arange(SCENARIOS)])
    down = size.hidden, 27 * size.hidden // 10
    both = enumerate(zip(owners, places, strict=True))
    rows = tuple(story(rng, number, int(owner), int(place)) for number, (owner, place) in both)
    return Activations(
        rows=rows,
        layers=tuple(range(size.layers)),
        residual={layer: points(rng, owners, places, size.hidden) for layer in range(size.layers)},
        means={layer: points(rng, owners, places, size.hidden) for layer in range(size.layers)},
        attention={n: HeadInputs(points(rng, owners, places, size.hidden), 40) for n in range(size.layers)}
        if size.model_parts
        else {},
        down={n: rng.standard_normal(down, dtype=np.float32) for n in range(size.layers)} if size.model_parts else {},
    )


def story_counts(size: Size) -> NDArray[np.intp]:
    """(concepts,) numbers that add up to all stories."""
    mean = size.stories // size.concepts
    if size.even:
        return np.full(size.concepts, mean)
    half = 2 + np.arange(size.concepts // 2) % (mean - 2)
    return np.concatenate([half, 2 * mean - half])


def story(rng: np.random.Generator, number: int, owner: int, place: int) -> StoryRow:
    """A text of random words that no other story has."""
    words = (VOCABULARY ** rng.random(WORDS)).astype(int)
    concept = None if owner < 0 else f"feeling_{owner:03}"
    path = f"paired/setting_{place:02}/{concept or 'baseline'}_{number}.txt"
    return StoryRow(path, concept, f"setting_{place:02}", " ".join(["number", str(number), *map(_word, words)]), "")


def _word(number: int) -> str:
    """Letters only, as words are."""
    return "w" + "".join(chr(97 + int(digit)) for digit in str(number))


def points(
    rng: np.random.Generator, owners: NDArray[np.intp], places: NDArray[np.intp], hidden: int
) -> NDArray[np.float32]:
    """(rows, hidden): stories of a concept agree by about .25, those of a scenario too; baselines have no concept."""
    concepts = rng.standard_normal((owners.max() + 2, hidden), dtype=np.float32)
    concepts[-1] = 0.0
    scenarios = rng.standard_normal((SCENARIOS, hidden), dtype=np.float32)
    noise = rng.standard_normal((len(owners), hidden), dtype=np.float32)
    made: NDArray[np.float32] = concepts[owners] + scenarios[places] + np.float32(2**0.5) * noise + np.float32(3.0)
    return made


def edited(acts: Activations, time_: int) -> Activations:
    """Another text and other activations in one place."""
    row = 7 * time_
    rows = list(acts.rows)
    rows[row] = replace(rows[row], text=f"{rows[row].text} again {time_}")
    residual = {layer: values.copy() for layer, values in acts.residual.items()}
    means = {layer: values.copy() for layer, values in acts.means.items()}
    for values in (*residual.values(), *means.values()):
        values[row] = values[row] + np.roll(values[row], 1) / 2
    return replace(acts, rows=tuple(rows), residual=residual, means=means)


@dataclass
class Watch:
    """Seconds by part, each without the parts inside it."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _inside: list[float] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        self._inside.append(0.0)
        try:
            yield
        finally:
            spent = time.perf_counter() - began
            self.seconds[name] += spent - self._inside.pop()
            if self._inside:
                self._inside[-1] += spent

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with its time taken."""

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return function(*args, **kwargs)

        return run

    def attach(self) -> None:
        """Take the time of all `PARTS` from now on."""
        for owner, name, part in PARTS:
            found = vars(owner)[name]
            if isinstance(found, cached_property):
                timed = cached_property(self.timed(part, found.func))
                timed.__set_name__(owner, name)
                setattr(owner, name, timed)
            else:
                setattr(owner, name, self.timed(part, found))


def report(acts: Activations, watch: Watch) -> None:
    """What `runs/train.py` does after `collect`."""
    with watch.part("vectors"):
        vectors = train_vectors(acts)
    with watch.part("readout bytes"):
        readout_files(vectors, acts.hidden_size)
    with watch.part("quality, the rest"):
        measured = quality_report(acts, vectors, Thresholds())
    with watch.part("flags, the rest"):
        flag_report(acts, vectors, measured, Thresholds())


def measure(size: Size, times: int) -> dict[str, Any]:
    """One configuration in this process: seconds by part, the first time and medians of the others; peak memory."""
    acts = make(size)
    before = peak_bytes()
    watch = Watch()
    watch.attach()
    runs, computed = [], []
    for time_ in range(times + 1):
        changed = edited(acts, time_) if time_ else acts
        watch.seconds.clear()
        began = time.process_time()
        report(changed, watch)
        computed.append(time.process_time() - began)
        runs.append(dict(watch.seconds))
    later = runs[1:] or runs
    return {
        "first": sum(runs[0].values()),
        "computed": statistics.median(computed[1:] or computed),
        "all": statistics.median(sum(run.values()) for run in later),
        "without_nulls": statistics.median(sum(run.values()) - run.get(NULLS, 0.0) for run in later),
        "parts": {name: statistics.median(run.get(name, 0.0) for run in later) for name in runs[0]},
        "memory_before": before,
        "memory_peak": peak_bytes(),
    }


def peak_bytes() -> int:
    """The most memory this process ever had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured_apart(arguments: Sequence[str], threads: int) -> dict[str, Any]:
    """`measure` in a process of its own that computes with so many threads."""
    env = os.environ | {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    command = [sys.executable, __file__, "--one", *arguments]
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(title: str, found: dict[str, Any], promised: bool) -> None:
    """Print one configuration."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{title}  (load {load})\n{'part':<24}{'s':>8}")
    for name, seconds in sorted(found["parts"].items(), key=lambda one: -one[1]):
        print(f"{name:<24}{seconds:>8.3f}")
    kept = {True: "kept", False: "BROKEN"}
    for name, limit in (("without_nulls", WITHOUT_NULLS), ("all", WITH_NULLS)):
        verdict = f"   promised: under {limit:.0f} s, {kept[found[name] < limit]}" if promised else ""
        print(f"{name.replace('_', ' '):<24}{found[name]:>8.3f}{verdict}")
    print(f"{'CPU time of all':<24}{found['computed']:>8.3f}")
    print(f"{'the first time':<24}{found['first']:>8.3f}")
    print(f"peak memory {found['memory_peak'] / 1e6:,.0f} MB, of it {found['memory_before'] / 1e6:,.0f} MB before")


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="10,000 stories")
    parser.add_argument("--even", action="store_true", help="as many stories for every concept")
    parser.add_argument("--model-parts", action="store_true", help="with attention heads and MLP neurons")
    parser.add_argument("--times", type=int, default=5, help="edits of which medians are taken")
    parser.add_argument("--threads", type=int, nargs="*", default=[2, 1])
    parser.add_argument("--one", action="store_true", help="measure here and print JSON only")
    args = parser.parse_args()
    base = LARGE if args.large else SMALL
    size = replace(base, even=args.even, model_parts=args.model_parts)
    if args.one:
        print(json.dumps(measure(size, args.times)))
        return
    flags = [f"--{name.replace('_', '-')}" for name in ("large", "even", "model_parts") if getattr(args, name)]
    results = {}
    for threads in args.threads:
        found = measured_apart([*flags, "--times", str(args.times)], threads)
        spread = "as many each" if size.even else f"{min(story_counts(size))} to {max(story_counts(size))} each"
        title = (
            f"{size.concepts} concepts, {size.stories:,} stories ({spread}), {size.layers} x {size.hidden:,}, "
            f"{threads} threads"
        )
        table(title, found, promised=not args.large)
        results[str(threads)] = found
    print(json.dumps(results))


if __name__ == "__main__":
    main()
