"""What the stories of a corpus say when they are compared with each other and not with a vector (`story_space`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from caa_tui.vectors.agreement import Agreement, AgreementTests
from caa_tui.vectors.camp_odds import camp_odds
from caa_tui.vectors.data import Activations
from caa_tui.vectors.flags import About, Evidence, Flag, Verdict
from caa_tui.vectors.groups import Grouping
from caa_tui.vectors.judgement import judgements
from caa_tui.vectors.sentences import number
from caa_tui.vectors.story_scores import NAMED, StoryScores, Suspicion
from caa_tui.vectors.story_space import story_stories

TO_READ = 3
"""Stories to read although nothing is proven: as many as one reads before the first edit."""
Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Tellings:
    """All stories of a corpus, beside each other."""

    tests: AgreementTests
    scores: StoryScores
    layer: int
    """The layer that flags are listed at; nothing here depends on it."""

    @classmethod
    def of(cls, acts: Activations, grouping: Grouping) -> Tellings:
        stories = story_stories(acts, grouping)
        return cls(AgreementTests.of(stories, acts.rows), StoryScores(stories, acts.rows), acts.middle_layer)

    @cached_property
    def agreements(self) -> Mapping[str, Agreement]:
        return {concept: self.tests.concept(concept) for concept in self.tests.layer.groups}

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        return judgements(self.tests, self.agreements)

    def verdict(self, concept: str, about: About) -> Verdict | None:
        """None where the question cannot be asked."""
        return self._verdict_on.get((concept, about))

    @cached_property
    def _verdict_on(self) -> Mapping[tuple[str, About], Verdict]:
        return {(one.concept, one.about): one for one in self.verdicts}

    @cached_property
    def camp_odds(self) -> Mapping[str, float]:
        return camp_odds(self.tests, self.agreements)

    @cached_property
    def taken_for(self) -> Mapping[str, Counts]:
        """Concept -> the concepts its stories are closest to, itself included, with how many, most first."""
        names, table = self.scores.concepts, self.scores.confusion
        return {
            name: tuple((names[other], int(line[other])) for other in (-line).argsort(kind="stable") if line[other])
            for name, line in zip(names, table, strict=True)
        }

    def told_apart(self, concept: str, other: str) -> tuple[int, int]:
        """Of the stories of both, how many are closer to their own concept than to the other one, and how many can be
        asked; held out."""
        names, owners = self.scores.concepts, self.scores.members[1]
        right = known = 0
        for own, rival in ((concept, other), (other, concept)):
            stories = owners == names.index(own)
            margins = self.scores.closeness[stories, names.index(own)]
            margins = margins - self.scores.closeness[stories, names.index(rival)]
            right += int((margins > 0).sum())
            known += int(np.isfinite(margins).sum())
        return right, known

    def by_camp(self, concept: str, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        """The smaller camp of the best split first where two camps fit better than one; else as they are."""
        split = self.agreements[concept].split
        if split is None or self.camp_odds.get(concept, 0.0) <= 0:
            return evidence
        smaller = {self.scores.rows[row].path for row in split.camps[1]}
        apart = tuple(
            msgspec.structs.replace(one, reason=f"{one.reason}; in the smaller camp")
            for one in evidence
            if one.path in smaller
        )
        return (*apart, *(one for one in evidence if one.path not in smaller))

    @cached_property
    def suspicions(self) -> tuple[Suspicion, ...]:
        """Those that chance excludes, the surest first, then those to read all the same, `TO_READ` in all or more."""
        found = [one for one in self.scores.suspicions() if not self._is_twin(one)]
        sure = sorted((one for one in found if one.expected <= NAMED), key=lambda one: one.expected)
        others = [one for one in found if one.expected > NAMED]
        return (*sure, *others[: max(TO_READ - len(sure), 0)])

    def _is_twin(self, one: Suspicion) -> bool:
        """Of two concepts that are one, each story looks like the other's; that is said of the pair."""
        sides = (self._concept(one.row), one.looks_like)
        found = (self.verdict(sides[0], "neighbour"), self.verdict(sides[1], "neighbour"))
        return any(
            verdict is not None and verdict.answer == "one concept" and other in verdict.others
            for verdict, other in zip(found, sides[::-1], strict=True)
        )

    def place(self, concept: str) -> int:
        """Of the concept's first suspicion."""
        return next(place for place, one in enumerate(self.suspicions) if self._concept(one.row) == concept)

    def mislabelled(self) -> Iterator[Flag]:
        """One flag for each concept with such a story, in the order of `suspicions`."""
        by_concept: dict[str, list[Suspicion]] = {}
        for one in self.suspicions:
            by_concept.setdefault(self._concept(one.row), []).append(one)
        for concept, found in by_concept.items():
            worst = found[0]
            yield Flag(
                kind="mislabelled",
                concept=concept,
                layer=self.layer,
                value=worst.margin,
                threshold=0.0,
                verdict=self._verdict(concept, worst),
                by_layer={},
                stories=len(self.tests.layer.groups[concept].positives),
                by_rule=False,
                confirmed=worst.expected <= NAMED,
                caveat=None if worst.expected <= NAMED else self._doubt(),
                neighbour=worst.looks_like,
                evidence=tuple(self._evidence(concept, one) for one in found),
            )

    def _verdict(self, concept: str, worst: Suspicion) -> str:
        row = self.scores.rows[worst.row]
        if worst.partner is not None:
            other = self.scores.rows[worst.partner]
            return f"{row.path} and {other.path} look exchanged: each is closer to the other's concept than to its own."
        return f"{row.path} is closer to the stories of {worst.looks_like} than to the rest of {concept}."

    def _doubt(self) -> str:
        """What an unproven suspicion is worth."""
        return (
            f"Not proven: of {len(self.scores.members[0])} stories some look so although no label is wrong; read it "
            "before you believe it."
        )

    def _evidence(self, concept: str, one: Suspicion) -> Evidence:
        row = self.scores.rows[one.row]
        toward = f"{number(one.margin)} closer to {one.looks_like} than to the rest of {concept}"
        partner = None if one.partner is None else self.scores.rows[one.partner].path
        return Evidence(
            path=row.path,
            concept=concept,
            scenario=row.scenario,
            score=one.margin,
            reason=f"{toward}; seems exchanged with {partner}" if partner else toward,
            counterpart=partner or self._told_by(one.looks_like, row.scenario),
        )

    def _told_by(self, concept: str, scenario: str | None) -> str | None:
        """The concept's telling of a scenario."""
        rows = (self.scores.rows[index] for index in self.tests.layer.groups[concept].positives)
        return next((row.path for row in rows if scenario is not None and row.scenario == scenario), None)

    def _concept(self, row: int) -> str:
        concept = self.scores.rows[row].concept
        assert concept is not None
        return concept
