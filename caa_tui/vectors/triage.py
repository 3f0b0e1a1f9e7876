"""From numbers to verdicts: the concepts the reference's rules flag, how sure that is, and the files behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean, median

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.buckets import buckets_of, by_bucket
from caa_tui.vectors.chance import noise_first_pc
from caa_tui.vectors.data import Activations, ConceptVectors
from caa_tui.vectors.directions import ridge
from caa_tui.vectors.evidence import Witnesses
from caa_tui.vectors.flags import BucketName, ConceptSummary, Flag, FlagKind, FlagReport, Verdict
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.held_out import scenario_out_scores, split_half
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.judgement import judgements
from caa_tui.vectors.notes import corpus_notes
from caa_tui.vectors.quality_data import ConceptQuality, Named, read_quality
from caa_tui.vectors.remedies import Remedies
from caa_tui.vectors.sentences import agreement_words, number
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.train import left_out
from caa_tui.vectors.words import word_scores
from caa_tui.wording import count

_KIND_ORDER: tuple[FlagKind, ...] = ("contaminated", "redundant", "fragmented")


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
    return FlagReport(
        layer=acts.middle_layer,
        thresholds=triage.thresholds,
        buckets=by_bucket(triage.buckets),
        flags=tuple(sorted(triage.flags(), key=triage.urgency)),
        concepts=tuple(triage.summary(concept) for concept in vectors.concepts),
        verdicts=triage.verdicts(),
        held_out=held_out,
        best_layer=max(acts.layers, key=lambda layer: held_out[str(layer)] or 0.0) if any(held_out.values()) else None,
        left_out=left_out(acts, min_positives),
        notes=corpus_notes(acts, triage.quality, triage.thresholds, triage.words),
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
        self._concepts = vectors.concepts
        self._layer = acts.middle_layer
        self._key = str(self._layer)
        self._cosines = {str(layer): matrix @ matrix.T for layer, matrix in vectors.matrix.items()}
        self._shares = ridge(vectors.matrix[self._layer]).coefficients
        grouping = group_rows(acts.rows, concepts=vectors.concepts)
        self.words = word_scores(acts.rows, grouping)
        layer = LayerStories.at(acts, grouping, self._layer)
        self._groups = layer.groups
        self._scenario_out = scenario_out_scores(layer, acts.rows)
        by_name = dict(zip(vectors.concepts, vectors.matrix[self._layer], strict=True))
        self._witnesses = Witnesses(acts.rows, layer, by_name)
        self._remedies = Remedies(Influence(acts.rows, layer, min_positives))
        self.buckets = {concept: self._buckets(concept) for concept in vectors.concepts}

    def verdicts(self) -> tuple[Verdict, ...]:
        return judgements(self._witnesses.layer, self._acts.rows)

    def flags(self) -> Iterator[Flag]:
        for concept, buckets in self.buckets.items():
            if "fragmented" in buckets:
                yield self._remedies.completed(self._fragmented(concept))
            if "contaminated" in buckets:
                yield self._remedies.completed(self._contaminated(concept))
            if "redundant" in buckets:
                yield self._remedies.completed(self._redundant(concept))

    def urgency(self, flag: Flag) -> tuple[bool, int, float, str]:
        """Sort key: confirmed first; then by kind; within a kind the worst first (fragmented: the lowest agreement)."""
        worst = -flag.value
        if flag.kind == "fragmented":
            worst = self.quality[flag.concept].agreement[self._key] or 0.0
        return (not flag.confirmed, _KIND_ORDER.index(flag.kind), worst, flag.concept)

    def summary(self, concept: str) -> ConceptSummary:
        found = self.quality[concept]
        rows = [self._acts.rows[index] for index in self._groups[concept].positives]
        return ConceptSummary(
            concept=concept,
            stories=found.n_positive_stories,
            scenarios=len({row.scenario for row in rows if row.scenario is not None}),
            buckets=self.buckets[concept],
            first_pc=_first_pc(found),
            agreement=found.agreement,
            chance=found.agreement_chance,
            held_out=found.held_out,
            words=self.words[concept],
            scenario_out=self._scenario_out[concept],
            stability=halves.full if (halves := split_half(self._witnesses.layer, concept)) else None,
            nearest={layer: named[0] if named else None for layer, named in found.nearest_concepts_by_layer.items()},
            r_squared=_r_squared(found),
            neuron={layer: one.best_neuron_cosine for layer, one in found.per_layer.items()},
        )

    def _buckets(self, concept: str) -> tuple[BucketName, ...]:
        found = self.quality[concept]
        combination = found.linear_combination.get(self._key)
        return buckets_of(found.per_layer[self._key], found.nearest_concepts, combination, self.thresholds)

    def _fragmented(self, concept: str) -> Flag:
        found = self.quality[concept]
        value, chance = found.agreement[self._key], found.agreement_chance[self._key]
        confirmed = value is not None and value <= (0.0 if chance is None else chance)
        return Flag(
            kind="fragmented",
            concept=concept,
            layer=self._layer,
            value=found.per_layer[self._key].first_pc_variance_ratio,
            threshold=self.thresholds.fragmented_below,
            verdict=self._fragmented_verdict(concept, confirmed),
            by_layer=_first_pc(found),
            stories=found.n_positive_stories,
            confirmed=confirmed,
            caveat=self._noise_caveat(concept),
            evidence=self._witnesses.fragmented(concept),
        )

    def _fragmented_verdict(self, concept: str, confirmed: bool) -> str:
        known = {name: found.agreement[self._key] for name, found in self.quality.items()}
        value = known.pop(concept)
        if value is None:
            return f"All {_stories(self.quality[concept].n_positive_stories)} of {concept} are the same text."
        others = [one for one in known.values() if one is not None]
        words = agreement_words(value, self.quality[concept].agreement_chance[self._key], others)
        if confirmed:
            return f"The stories of {concept} agree no more than stories picked at random: {words}."
        if others and value < median(others):
            return f"The stories of {concept} agree, but less than most concepts' do: {words}."
        return f"The stories of {concept} agree as well as most concepts' do: {words}."

    def _noise_caveat(self, concept: str) -> str | None:
        """The first-PC ratio counts stories: from some number on, noise is under any limit."""
        limit, texts = self.thresholds.fragmented_below, len(self._groups[concept].unique)
        noise = noise_first_pc(texts, self._acts.hidden_size)
        if texts < 2 or noise >= limit:
            return None
        return (
            f"The rule looks at the share of the largest direction: pure noise at {_stories(texts)} gives "
            f"{number(noise)}, so being under {number(limit)} says little; read the agreement."
        )

    def _contaminated(self, concept: str) -> Flag:
        found = self.quality[concept]
        neighbour, value = found.nearest_concepts[0]
        evidence = self._witnesses.contaminated(concept, neighbour)
        pulled = sum(story.score > 0 for story in evidence)
        i, j = self._concepts.index(concept), self._concepts.index(neighbour)
        alone = len(self._groups[concept].unique) == 1
        return Flag(
            kind="contaminated",
            concept=concept,
            layer=self._layer,
            value=value,
            threshold=self.thresholds.contaminated_above,
            verdict=f"{concept} reads like {neighbour}: the two directions are {number(value)} alike, and {pulled} of "
            f"its {_stories(len(evidence))} {'leans' if pulled == 1 else 'lean'} to {neighbour}.",
            by_layer={layer: float(cosines[i, j]) for layer, cosines in self._cosines.items()},
            stories=found.n_positive_stories,
            confirmed=pulled > 0 and not alone,
            caveat=_ALONE.format(concept) if alone else None,
            neighbour=neighbour,
            evidence=evidence,
        )

    def _redundant(self, concept: str) -> Flag:
        found = self.quality[concept]
        value = found.linear_combination[self._key].r_squared
        contributors = found.linear_combination[self._key].top_contributors
        rival = next((name for name, amount in contributors if amount > 0), None)
        right, known = self._witnesses.told_apart(concept, rival) if rival else (0, 0)
        told_apart = f"{right} of {_stories(known)} of {concept} and {rival}" if known else None
        row = self._shares[self._concepts.index(concept)]
        shares = {name: float(row[j]) for j, name in enumerate(self._concepts) if name != concept}
        return Flag(
            kind="redundant",
            concept=concept,
            layer=self._layer,
            value=value,
            threshold=self.thresholds.redundant_above,
            verdict=_redundant_verdict(concept, value, contributors, told_apart),
            by_layer=_r_squared(found),
            stories=found.n_positive_stories,
            confirmed=known > 0 and right <= known / 2,
            caveat=self._dependence_caveat(),
            contributors=contributors,
            evidence=self._witnesses.redundant(concept, shares),
        )

    def _dependence_caveat(self) -> str | None:
        if any(row.concept is None for row in self._acts.rows):
            return None
        return (
            f"Without baselines each of the {count(len(self._concepts), 'vector')} is a mix of the others by "
            "construction, so this rule flags nearly every concept; read how many stories are told apart."
        )


_ALONE = "{} has 1 text, so its story cannot be compared with the rest of its own concept; write more."


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _first_pc(found: ConceptQuality) -> dict[str, float | None]:
    return {layer: one.first_pc_variance_ratio for layer, one in found.per_layer.items()}


def _r_squared(found: ConceptQuality) -> dict[str, float | None]:
    return {layer: one.r_squared for layer, one in found.linear_combination.items()}


def _redundant_verdict(concept: str, value: float, contributors: Named, told_apart: str | None) -> str:
    """`told_apart`: `7 of 9 stories of a and b`; None when no concept of positive share could be mistaken for it."""
    if not contributors:
        return f"There is no other concept to explain {concept}; {number(value)} is over the limit only as it is set."
    parts = ", ".join(f"{name} ({number(amount)})" for name, amount in contributors[:3])
    mix = f"{100 * value:.0f} % of {concept} is a mix of {parts}"
    return (
        f"{mix}; left out one by one, {told_apart} are told apart." if told_apart else f"{mix}, all of them opposites."
    )


def _stories(number_of: int) -> str:
    return count(number_of, "story", "stories")
