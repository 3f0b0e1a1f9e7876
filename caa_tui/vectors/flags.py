"""The verdicts on trained concepts as data that goes to flags.json and to the screens."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from caa_tui.choices import DEFAULT_ESTIMATOR
from caa_tui.corpus.settings import Thresholds
from caa_tui.wording import decimal

FlagKind = Literal[
    "fragmented", "contaminated", "redundant", "mislabelled", "confounded", "scenario-bound", "unreliable"
]
RULED: tuple[FlagKind, ...] = ("fragmented", "contaminated", "redundant")
"""What the reference has a rule for; the others are about the stories and not about its buckets."""
About = Literal["stories", "neighbour", "mix"]
BucketName = Literal["clean_single_neuron", "clean_circuit", "fragmented", "contaminated", "redundant"]

MEASURED: dict[FlagKind, str] = {
    "contaminated": "cosine",
    "redundant": "R²",
    "fragmented": "agreement",
    "mislabelled": "margin",
    "confounded": "share told apart by it",
    "scenario-bound": "held-out share lost",
    "unreliable": "expected cosine",
}
"""What a flag's number is; of the first three also what `Evidence.without` and `Flag.remedy` speak of."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One story file that contributes to a flag; the list it is in is sorted, the worst first."""

    path: str
    concept: str
    """Whose story it is: the flagged concept, or for redundant a contributing one."""
    scenario: str | None
    score: float
    """fragmented: cosine of the story's difference with the direction of the concept's other stories (low is bad).
    contaminated: how much further the story leans to the neighbour's direction than to its own, both leave-one-out
    (high is bad). redundant: cosine of the story's difference with the flagged vector's explained part, without this
    story's share in it (high is bad). mislabelled: how much closer it is to another concept's stories than to its own
    siblings (high is bad). confounded: what the worst cause is in this story: its words by the median of what it is
    compared with (length), 1 where it has the shared words, or the share of the other texts that its words alone tell
    it from. scenario-bound: share of the negatives it is told from by the rest
    of its concept that it loses once its own scenario is left out. unreliable: cosine with the direction of the
    concept's other stories (low is bad).
    """
    reason: str
    """A short sentence: what this story does to the flag."""
    counterpart: str | None = None
    """Path of the neighbour's story of the same scenario, to read side by side."""
    without: float | None = None
    """What the number would be if this story were taken out and the rest trained again: the cosine (contaminated), R²
    (redundant), the agreement (fragmented: the rule's own ratio rises with every story less). None where there would be
    no such number, and in reports of older versions."""


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict with the files behind it."""

    kind: FlagKind
    concept: str
    layer: int
    """The layer the value was taken at (the reference's middle target layer); mislabelled and confounded do not depend
    on it."""
    value: float
    """The number the rule looks at (for fragmented the first-PC ratio), else that of `MEASURED`, of the worst story for
    mislabelled."""
    threshold: float
    verdict: str
    """One sentence for a person."""
    by_layer: dict[str, float | None]
    """The same number at every target layer, key = str(layer); contaminated: the cosine to this same neighbour. Empty
    where it does not depend on a layer."""
    stories: int
    by_rule: bool = True
    """The reference's rule says so too; False for what it has no rule for or does not see."""
    confirmed: bool = False
    """Tests that know how sure they are say so, whatever the number of stories (docs/method.md). What is not confirmed
    is worth reading, not proven."""
    caveat: str | None = None
    """What the rule cannot say at this story count or without baselines; None when it speaks."""
    remedy: str | None = None
    """One sentence: the stories without which the number comes right, or the two that count most, and the number
    without them. None where any other stories would do as much, where there is nothing to cure (a fragmented concept's
    agreement is above chance; R² is near 1 by construction), and in reports of older versions."""
    neighbour: str | None = None
    """contaminated: the concept it is confused with. mislabelled: the concept that its worst story looks like."""
    contributors: tuple[tuple[str, float], ...] = ()
    """redundant: the concepts that explain it and their ridge coefficients, largest |coefficient| first."""
    evidence: tuple[Evidence, ...] = ()

    def without_words(self, evidence: Evidence) -> str | None:
        """`cosine .78 without it`; None where the number is not known."""
        return None if evidence.without is None else f"{MEASURED[self.kind]} {decimal(evidence.without)} without it"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What tests say of a concept whatever the number of its stories, or that they cannot say it (docs/method.md)."""

    concept: str
    about: About
    answer: Literal[
        "coherent",
        "two camps",
        "no agreement",
        "one concept",
        "told apart",
        "a mix",
        "of its own",
        "cannot tell",
    ]
    """stories: coherent, two camps, no agreement. neighbour: one concept, told apart. mix: a mix, of its own. Of each:
    cannot tell."""
    reason: str
    """One sentence with the numbers."""
    others: tuple[str, ...] = ()
    """The concepts it is compared with."""
    camps: tuple[tuple[str, ...], ...] = ()
    """Story paths of the two camps, the larger first."""
    plan: str | None = None
    """cannot tell: what would settle it, one sentence."""
    more: int | None = None
    """About how many more stories of the concept that is (of each of the two, for a neighbour); None: not known, or
    more than anybody writes."""

    @property
    def is_trouble(self) -> bool:
        """Whether there is something to repair."""
        return self.answer in {"two camps", "no agreement", "one concept", "a mix"}


class ConceptSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the "all concepts" table; every mapping is keyed by str(layer)."""

    concept: str
    stories: int
    scenarios: int
    buckets: tuple[BucketName, ...]
    first_pc: dict[str, float | None]
    agreement: dict[str, float | None]
    """Mean pairwise cosine of the stories' differences; does not depend on how many stories there are."""
    chance: dict[str, float | None] = {}
    """95th percentile of the agreement of random groups of as many stories."""
    held_out: dict[str, float | None] = {}
    """Share of (story, other text) pairs told apart by the direction made without both; 0.5 is chance."""
    words: float | None = None
    """The same share by the words of the texts alone, without any model; None in reports of older versions."""
    scenario_out: float | None = None
    """The same at the flag layer with whole scenarios left out: far lower where the concept means a setting."""
    stability: float | None = None
    """Expected cosine with the vector of as many other stories, from random halves (Spearman-Brown); at that layer."""
    taken_for: tuple[tuple[str, int], ...] = ()
    """Concepts that its stories are closest to, held out, with how many, most first; itself is one of them where any
    story is recognised (docs/method.md, story space)."""
    nearest: dict[str, tuple[str, float] | None]
    r_squared: dict[str, float | None]
    neuron: dict[str, float | None]
    noise: dict[str, float | None] = {}
    """Not by layer but by number, at the flag layer: agreement, held_out, first_pc, r_squared, nearest, and
    nearest_neighbour (the same cosine for a story of the nearest concept) -> how far it moves, in 90 % of cases at
    most, when one story is replaced by another of the same kind. None: too few stories to know."""
    gains: dict[str, dict[str, float]] = {}
    """Path -> number (of the first five) -> how much higher it would be, at the flag layer, with
    an ordinary story of the concept in place of this one."""


class EstimatorScore(msgspec.Struct, frozen=True, kw_only=True):
    """How well one estimator's vectors tell held-out stories apart, beside those of the run's own estimator."""

    estimator: str
    held_out: float | None
    """Mean of the concepts' held-out scores at the flag layer; None where there is none."""
    same_scene: float | None = None
    """The same over pairs of one scenario only, whose setting cannot tell them apart."""
    difference: float | None = None
    """Mean over the concepts of `held_out` minus that of the run's own estimator."""
    error: float | None = None
    """Standard error of this mean over the concepts, which share their stories: a little too small."""
    clear: bool = False
    """The difference is more than chance, at 5 % over all estimators."""
    refused: str = ""
    """Why the corpus cannot have it."""


class FlagReport(msgspec.Struct, frozen=True, kw_only=True):
    """The content of flags.json."""

    version: int = 2
    """1: knew the reference's three kinds only."""
    layer: int
    thresholds: Thresholds
    buckets: dict[str, tuple[str, ...]]
    """Bucket name -> concepts, exactly the reference's rules; a concept can be redundant and something else."""
    flags: tuple[Flag, ...]
    """The most actionable first: confirmed ones, then by kind (contaminated, redundant, fragmented) and severity."""
    concepts: tuple[ConceptSummary, ...]
    verdicts: tuple[Verdict, ...] = ()
    """Of tests that know how sure they are, at `layer`; empty in reports of older versions."""
    held_out: dict[str, float | None] = {}
    """Mean of the concepts' held-out scores at every target layer: which layer tells stories apart best."""
    best_layer: int | None = None
    """The layer with the highest of these; None when no concept has two different stories."""
    left_out: dict[str, str] = {}
    """Concepts that were not trained -> why."""
    estimator: str = DEFAULT_ESTIMATOR
    """What made the vectors."""
    estimators: tuple[EstimatorScore, ...] = ()
    """All estimators, held out at `layer`; empty in reports of older versions."""
    notes: tuple[str, ...] = ()
    """What the rules cannot say for this corpus as a whole (no baselines, ...)."""

    @property
    def kinds(self) -> frozenset[FlagKind]:
        """What this report looked for."""
        return frozenset(get_args(FlagKind)) if self.version > 1 else frozenset(RULED)

    def work(self, other: FlagReport | None = None) -> frozenset[tuple[str, FlagKind]]:
        """(concept, kind) of the flags that ask for work, which is what can be solved: those of the reference's rules
        and those that tests confirm. With another report, only of what both looked for."""
        kinds = self.kinds & other.kinds if other is not None else self.kinds
        asked = (flag for flag in self.flags if flag.kind in kinds and (flag.by_rule or flag.confirmed))
        return frozenset((flag.concept, flag.kind) for flag in asked)
