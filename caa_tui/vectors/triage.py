"""From numbers to verdicts: the concepts the reference's rules flag, how sure that is, and the files behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.buckets import buckets_of, by_bucket
from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.confounds import confounded_flags
from caa_tui.vectors.data import Activations, ConceptVectors
from caa_tui.vectors.edit_noise import ConceptNoise, EditNoise
from caa_tui.vectors.estimator_choice import compare_estimators, estimator_notes
from caa_tui.vectors.estimators import STORIES_ARE_MEANS
from caa_tui.vectors.evidence import Witnesses
from caa_tui.vectors.flags import BucketName, ConceptSummary, Flag, FlagKind, FlagReport
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.held_out import scenario_out_scores
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.notes import corpus_notes
from caa_tui.vectors.quality_data import ConceptQuality, read_quality
from caa_tui.vectors.reliability import unreliable_flags
from caa_tui.vectors.remedies import Remedies
from caa_tui.vectors.rule_flags import RuleFlags, first_pcs, r_squares
from caa_tui.vectors.scenario_bound import scenario_bound_flags
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.tellings import Tellings
from caa_tui.vectors.train import left_out
from caa_tui.vectors.words import word_stories

_KIND_ORDER: tuple[FlagKind, ...] = (
    "mislabelled",
    "contaminated",
    "confounded",
    "redundant",
    "fragmented",
    "scenario-bound",
    "unreliable",
)
"""What one edit repairs first."""
_NO_ODDS = -1e9
"""Too few texts to ask."""


def flag_report(
    acts: Activations,
    vectors: ConceptVectors,
    quality: Mapping[str, object],
    thresholds: Thresholds | None = None,
    min_positives: int = 1,
) -> FlagReport:
    """Flags with their files, a summary of every concept, and what the rules cannot say about this corpus.

    Args:
        quality: what `quality_report` returned for the same activations and vectors, or our parsed quality.json.
        min_positives: what the vectors were trained with.
    """
    triage = _Triage(acts, vectors, read_quality(quality), thresholds or Thresholds(), min_positives)
    held_out = {str(layer): _mean(one.held_out[str(layer)] for one in triage.quality.values()) for layer in acts.layers}
    estimators = compare_estimators(acts, triage.grouping, acts.middle_layer)
    return FlagReport(
        layer=acts.middle_layer,
        thresholds=triage.thresholds,
        buckets=by_bucket(triage.buckets),
        flags=tuple(sorted(triage.flags(), key=triage.urgency)),
        concepts=tuple(triage.summary(concept) for concept in vectors.concepts),
        verdicts=triage.tellings.verdicts,
        held_out=held_out,
        best_layer=max(acts.layers, key=lambda layer: held_out[str(layer)] or 0.0) if any(held_out.values()) else None,
        left_out=left_out(acts, min_positives),
        estimator=acts.estimator,
        estimators=estimators,
        notes=(
            *corpus_notes(acts, triage.quality, triage.thresholds, triage.words),
            *estimator_notes(estimators, acts.estimator, acts.middle_layer),
        ),
    )


class _Triage:
    """One report in the making."""

    def __init__(
        self,
        acts: Activations,
        vectors: ConceptVectors,
        quality: dict[str, ConceptQuality],
        thresholds: Thresholds,
        min_positives: int,
    ) -> None:
        self.thresholds = thresholds
        self.quality = quality
        self._acts = acts
        self._layer = acts.middle_layer
        self._key = str(self._layer)
        self.grouping = group_rows(acts.rows, concepts=vectors.concepts)
        self._words = word_stories(acts.rows, self.grouping)
        self.words = held_out_scores(self._words)
        layer = LayerStories.at(acts, self.grouping, self._layer)
        self._groups = layer.groups
        self._by_means = acts.estimator in STORIES_ARE_MEANS
        self._scenario_out = scenario_out_scores(layer, acts.rows) if self._by_means else {}
        by_name = dict(zip(vectors.concepts, vectors.matrix[self._layer], strict=True))
        self._witnesses = Witnesses(acts.rows, layer, by_name)
        influence = Influence(acts.rows, layer, min_positives)
        self._noise = EditNoise(influence)
        self.tellings = Tellings.of(acts, self.grouping)
        self.buckets = {concept: self._buckets(concept) for concept in vectors.concepts}
        self._rules = RuleFlags(
            acts,
            vectors,
            quality,
            thresholds,
            self.buckets,
            self._witnesses,
            self.tellings,
            Remedies(influence) if self._by_means else None,
        )

    def flags(self) -> Iterator[Flag]:
        """What the reference's rules say, what tests say besides, and what there is no rule for."""
        rows, layer = self._acts.rows, self._witnesses.layer
        yield from self._rules.all()
        yield from self.tellings.mislabelled()
        yield from confounded_flags(
            rows, layer, self._words, flag_layer=self._layer, mean_pooling=self._acts.mean_pooling
        )
        yield from scenario_bound_flags(rows, layer, flag_layer=self._layer)
        stabilities = {concept: found.stability for concept, found in self.quality.items()}
        yield from unreliable_flags(rows, layer, stabilities, flag_layer=self._layer)

    def urgency(self, flag: Flag) -> tuple[bool, int, float, str]:
        """Sort key: confirmed first; then by kind; within a kind the worst first (fragmented: what looks most like two
        concepts)."""
        worst = -flag.value
        if flag.kind == "fragmented":
            worst = -self.tellings.camp_odds.get(flag.concept, _NO_ODDS)
        if flag.kind == "mislabelled":
            worst = self.tellings.place(flag.concept)
        return (not flag.confirmed, _KIND_ORDER.index(flag.kind), worst, flag.concept)

    def summary(self, concept: str) -> ConceptSummary:
        found = self.quality[concept]
        rows = [self._acts.rows[index] for index in self._groups[concept].positives]
        nearest = found.nearest_concepts
        edits = self._noise.of(concept, nearest[0][0] if nearest else None) if self._by_means else ConceptNoise({}, {})
        return ConceptSummary(
            concept=concept,
            stories=found.n_positive_stories,
            scenarios=len({row.scenario for row in rows if row.scenario is not None}),
            buckets=self.buckets[concept],
            first_pc=first_pcs(found),
            agreement=found.agreement,
            chance=found.agreement_chance,
            held_out=found.held_out,
            words=self.words[concept],
            taken_for=self.tellings.taken_for[concept],
            scenario_out=self._scenario_out.get(concept),
            stability=found.stability[self._key],
            nearest={layer: named[0] if named else None for layer, named in found.nearest_concepts_by_layer.items()},
            r_squared=r_squares(found),
            neuron={layer: one.best_neuron_cosine for layer, one in found.per_layer.items()},
            noise=edits.noise,
            gains=edits.gains,
        )

    def _buckets(self, concept: str) -> tuple[BucketName, ...]:
        found = self.quality[concept]
        combination = found.linear_combination.get(self._key)
        return buckets_of(found.per_layer[self._key], found.nearest_concepts, combination, self.thresholds)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
