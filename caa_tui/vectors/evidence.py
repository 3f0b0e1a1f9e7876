"""Which story files cause a flag: every story of the concept, scored and sorted, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import Evidence
from caa_tui.vectors.sentences import mix_words, number, strong_shares
from caa_tui.vectors.stories import LayerStories, row_cosines
from caa_tui.wording import count

Array = NDArray[np.float64]

CONTRIBUTOR_STORIES = 3
"""Stories shown of each contributing concept."""


@dataclass(frozen=True)
class Witnesses:
    """The stories of one layer, asked about one flag at a time."""

    rows: Sequence[StoryRow]
    layer: LayerStories
    vectors: Mapping[str, Array]
    """Concept -> unit vector."""

    def fragmented(self, concept: str) -> tuple[Evidence, ...]:
        """Each story's agreement with the direction of the concept's other texts, lowest first."""
        group = self.layer.groups[concept]
        leans = self.layer.lean(group.positives, concept)
        others = len(group.unique) - 1
        found = [
            self._evidence(
                int(row), 0.0, f"has the same text as every other story of {concept} (0 others to compare with)"
            )
            if np.isnan(lean)
            else self._evidence(int(row), lean, f"agrees {number(lean)} with {_others(others)} of {concept}")
            for row, lean in zip(group.positives, leans, strict=True)
        ]
        return tuple(sorted(found, key=lambda evidence: (evidence.score, evidence.path)))

    def contaminated(self, concept: str, neighbour: str) -> tuple[Evidence, ...]:
        """How much more each story reads like the neighbour than like the concept's other texts, most first."""
        found = []
        for row, own, other in self._pairs(concept, neighbour):
            score, reason = self._pull(row, concept, neighbour, own, other)
            found.append(self._evidence(row, score, reason, self._counterpart(row, neighbour)))
        return tuple(sorted(found, key=lambda evidence: (-evidence.score, evidence.path)))

    def _pull(self, row: int, concept: str, neighbour: str, own: float, other: float) -> tuple[float, str]:
        """Score and reason of one story; `own` or `other` is NaN where nothing is left to compare with."""
        text_ids = self.layer.grouping.text_ids
        if text_ids[row] in text_ids[self.layer.groups[neighbour].unique]:
            return 1.0 - np.nan_to_num(own), f"is word for word a story of {neighbour} too (1.00 alike)"
        if np.isnan(other):
            return 0.0, f"leaves 0 other texts to compare {neighbour} with"
        if np.isnan(own):
            return other, f"reads {number(other)} like {neighbour}; {concept} has no other text to compare with"
        return other - own, f"reads {number(other)} like {neighbour} and {number(own)} like the rest of {concept}"

    def redundant(self, concept: str, shares: Mapping[str, float]) -> tuple[Evidence, ...]:
        """Stories of the concept and of its contributors by how well the mix explains them, best explained first.

        Args:
            shares: contributing concept -> ridge coefficient, all of them.
        """
        mix = sum((share * self.vectors[name] for name, share in shares.items()), np.zeros_like(self.vectors[concept]))
        named = mix_words(shares)
        own = self.layer.groups[concept].positives
        scores = row_cosines(self.layer.differences(own, concept), mix)
        found = [
            self._evidence(int(row), score, f"lies {number(score)} along {named}")
            for row, score in zip(own, scores, strict=True)
        ]
        for helper, share in strong_shares(shares):
            if share > 0:
                found += self._explaining(concept, helper, share, mix)
        return tuple(sorted(found, key=lambda evidence: (-evidence.score, evidence.path)))

    def told_apart(self, concept: str, other: str) -> tuple[int, int]:
        """How many stories of both concepts read more like their own than like the other one, and how many can tell.

        Each story is left out of both directions: the held-out pairwise separability.
        """
        pairs = [*self._pairs(concept, other), *self._pairs(other, concept)]
        known = [(own, foreign) for _, own, foreign in pairs if not (np.isnan(own) or np.isnan(foreign))]
        return sum(own > foreign for own, foreign in known), len(known)

    def _explaining(self, concept: str, helper: str, share: float, mix: Array) -> Iterable[Evidence]:
        """A contributor's stories along the mix; each is taken out of its own concept's vector in the mix first."""
        group = self.layer.groups[helper]
        positive, negative, defined = self.layer.directions_without(group.positives, helper)
        without = positive - negative
        lengths = np.linalg.norm(without, axis=1, keepdims=True)
        units = np.divide(without, lengths, out=np.zeros_like(without), where=(lengths > 0) & defined[:, None])
        scores = row_cosines(
            self.layer.differences(group.positives, helper), mix + share * (units - self.vectors[helper])
        )
        best = np.argsort(-scores, kind="stable")[:CONTRIBUTOR_STORIES]
        return [
            self._evidence(
                int(group.positives[i]),
                scores[i],
                f"lies {number(scores[i])} along what {concept} shares with {helper}",
            )
            for i in best
        ]

    def _pairs(self, concept: str, other: str) -> list[tuple[int, float, float]]:
        """(row, how it reads like the rest of its concept, how it reads like the other) for each story."""
        rows = self.layer.groups[concept].positives
        own, foreign = self.layer.lean(rows, concept), self.layer.lean(rows, other)
        return [(int(r), float(o), float(f)) for r, o, f in zip(rows, own, foreign, strict=True)]

    def _counterpart(self, row: int, neighbour: str) -> str | None:
        """The neighbour's story of the same scenario."""
        scenario = self.rows[row].scenario
        if scenario is None:
            return None
        candidates = (self.rows[index] for index in self.layer.groups[neighbour].positives)
        return next((story.path for story in candidates if story.scenario == scenario), None)

    def _evidence(self, row: int, score: float, reason: str, counterpart: str | None = None) -> Evidence:
        story = self.rows[row]
        if story.concept is None:
            raise ValueError(f"a baseline cannot be evidence: {story.path}")
        return Evidence(
            path=story.path,
            concept=story.concept,
            scenario=story.scenario,
            score=float(score),
            reason=reason,
            counterpart=counterpart,
        )


def _others(others: int) -> str:
    return "the other story" if others == 1 else f"the other {count(others, 'story', 'stories')}"
