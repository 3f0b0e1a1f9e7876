"""Flags of the three kinds that the reference has rules for: what the rules say, and what tests say of the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.chance import noise_first_pc
from caa_tui.vectors.data import Activations, ConceptVectors
from caa_tui.vectors.directions import ridge
from caa_tui.vectors.evidence import Witnesses
from caa_tui.vectors.flags import About, BucketName, Flag
from caa_tui.vectors.quality_data import ConceptQuality, Named
from caa_tui.vectors.remedies import Remedies
from caa_tui.vectors.sentences import agreement_words, number
from caa_tui.vectors.tellings import Tellings
from caa_tui.wording import count

_ALONE = "{} has 1 text, so its story cannot be compared with the rest of its own concept; write more."


@dataclass(frozen=True)
class RuleFlags:
    """Everything these flags are made of."""

    acts: Activations
    vectors: ConceptVectors
    quality: Mapping[str, ConceptQuality]
    thresholds: Thresholds
    buckets: Mapping[str, tuple[BucketName, ...]]
    witnesses: Witnesses
    tellings: Tellings
    remedies: Remedies | None
    """None where what a story does to a number is not known in closed form."""

    @property
    def layer(self) -> int:
        return self.acts.middle_layer

    @property
    def key(self) -> str:
        return str(self.layer)

    @property
    def concepts(self) -> tuple[str, ...]:
        return self.vectors.concepts

    @cached_property
    def _cosines(self) -> dict[str, NDArray[np.float64]]:
        return {str(layer): matrix @ matrix.T for layer, matrix in self.vectors.matrix.items()}

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        return ridge(self.vectors.matrix[self.layer]).coefficients

    def all(self) -> Iterator[Flag]:
        """Of every concept in one of the three buckets, or in trouble by a test."""
        for concept in self.buckets:
            if self._is_asked(concept, "fragmented", "stories"):
                yield self._completed(self._fragmented(concept))
            if self._is_asked(concept, "contaminated", "neighbour"):
                yield self._completed(self._contaminated(concept))
            if self._is_asked(concept, "redundant", "mix"):
                yield self._completed(self._redundant(concept))

    def _is_asked(self, concept: str, kind: BucketName, about: About) -> bool:
        return kind in self.buckets[concept] or self._in_trouble(concept, about)

    def _in_trouble(self, concept: str, about: About) -> bool:
        verdict = self.tellings.verdict(concept, about)
        return verdict is not None and verdict.is_trouble

    def _completed(self, flag: Flag) -> Flag:
        """With what the stories do to its number, where that is known exactly."""
        return flag if self.remedies is None else self.remedies.completed(flag)

    def _fragmented(self, concept: str) -> Flag:
        found = self.quality[concept]
        confirmed = self._in_trouble(concept, "stories")
        return Flag(
            kind="fragmented",
            concept=concept,
            layer=self.layer,
            value=found.per_layer[self.key].first_pc_variance_ratio,
            threshold=self.thresholds.fragmented_below,
            verdict=self._fragmented_verdict(concept, confirmed),
            by_layer=first_pcs(found),
            stories=found.n_positive_stories,
            by_rule="fragmented" in self.buckets[concept],
            confirmed=confirmed,
            caveat=self._noise_caveat(concept),
            evidence=self.tellings.by_camp(concept, self.witnesses.fragmented(concept)),
        )

    def _fragmented_verdict(self, concept: str, confirmed: bool) -> str:
        known = {name: found.agreement[self.key] for name, found in self.quality.items()}
        value = known.pop(concept)
        if value is None:
            return f"All {_stories(self.quality[concept].n_positive_stories)} of {concept} are the same text."
        others = [one for one in known.values() if one is not None]
        words = agreement_words(value, self.quality[concept].agreement_chance[self.key], others)
        verdict = self.tellings.verdict(concept, "stories")
        if verdict is not None and confirmed:
            return f"{verdict.reason} At layer {self.layer}, {words}."
        if verdict is not None and verdict.answer == "coherent":
            return f"{verdict.reason} Only the rule, which counts stories, flags it; at layer {self.layer}, {words}."
        if others and value < median(others):
            return f"The stories of {concept} agree, but less than most concepts' do: {words}."
        return f"The stories of {concept} agree as well as most concepts' do: {words}."

    def _noise_caveat(self, concept: str) -> str | None:
        """The first-PC ratio counts stories: from some number on, noise is under any limit."""
        limit, texts = self.thresholds.fragmented_below, len(self.witnesses.layer.groups[concept].unique)
        noise = noise_first_pc(texts, self.acts.hidden_size)
        if texts < 2 or noise >= limit:
            return None
        return (
            f"The rule looks at the share of the largest direction: pure noise at {_stories(texts)} gives "
            f"{number(noise)}, so being under {number(limit)} says little; read the agreement."
        )

    def _contaminated(self, concept: str) -> Flag:
        found = self.quality[concept]
        neighbour = self._neighbour(concept)
        value = float(self._cosines[self.key][self.concepts.index(concept), self.concepts.index(neighbour)])
        right, known = self.tellings.told_apart(concept, neighbour)
        evidence = self.witnesses.contaminated(concept, neighbour)
        pulled = sum(story.score > 0 for story in evidence)
        i, j = self.concepts.index(concept), self.concepts.index(neighbour)
        alone = len(self.witnesses.layer.groups[concept].unique) == 1
        return Flag(
            kind="contaminated",
            concept=concept,
            layer=self.layer,
            value=value,
            threshold=self.thresholds.contaminated_above,
            verdict=f"{concept} reads like {neighbour}: the two directions are {number(value)} alike, and {pulled} of "
            f"its {_stories(len(evidence))} {'leans' if pulled == 1 else 'lean'} to {neighbour}; by their whole texts "
            f"{right} of {_stories(known)} of both are told apart.",
            by_layer={layer: float(cosines[i, j]) for layer, cosines in self._cosines.items()},
            stories=found.n_positive_stories,
            by_rule="contaminated" in self.buckets[concept],
            confirmed=not alone and (self._in_trouble(concept, "neighbour") or self._mixes_up(concept, neighbour)),
            caveat=_ALONE.format(concept) if alone else None,
            neighbour=neighbour,
            evidence=evidence,
        )

    def _mixes_up(self, concept: str, other: str) -> bool:
        """Whether the vectors tell no more than half of the stories of both apart, held out."""
        right, known = self.witnesses.told_apart(concept, other)
        return known > 0 and right <= known / 2

    def _neighbour(self, concept: str) -> str:
        """The nearest vector where the rule says so, else the concept that tests cannot tell from this one."""
        if "contaminated" in self.buckets[concept]:
            return self.quality[concept].nearest_concepts[0][0]
        verdict = self.tellings.verdict(concept, "neighbour")
        assert verdict is not None
        return verdict.others[0]

    def _redundant(self, concept: str) -> Flag:
        found = self.quality[concept]
        value = found.linear_combination[self.key].r_squared
        contributors = found.linear_combination[self.key].top_contributors
        rival = next((name for name, amount in contributors if amount > 0), None)
        right, known = self.witnesses.told_apart(concept, rival) if rival else (0, 0)
        told_apart = f"{right} of {_stories(known)} of {concept} and {rival}" if known else None
        row = self._shares[self.concepts.index(concept)]
        shares = {name: float(row[j]) for j, name in enumerate(self.concepts) if name != concept}
        return Flag(
            kind="redundant",
            concept=concept,
            layer=self.layer,
            value=value,
            threshold=self.thresholds.redundant_above,
            verdict=_redundant_verdict(concept, value, contributors, told_apart),
            by_layer=r_squares(found),
            stories=found.n_positive_stories,
            by_rule="redundant" in self.buckets[concept],
            confirmed=self._in_trouble(concept, "mix") or (known > 0 and right <= known / 2),
            caveat=self._dependence_caveat(),
            contributors=contributors,
            evidence=self.witnesses.redundant(concept, shares),
        )

    def _dependence_caveat(self) -> str | None:
        if any(row.concept is None for row in self.acts.rows):
            return None
        return (
            f"Without baselines each of the {count(len(self.concepts), 'vector')} is a mix of the others by "
            "construction, so this rule flags nearly every concept; read how many stories are told apart."
        )


def first_pcs(found: ConceptQuality) -> dict[str, float | None]:
    return {layer: one.first_pc_variance_ratio for layer, one in found.per_layer.items()}


def r_squares(found: ConceptQuality) -> dict[str, float | None]:
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
