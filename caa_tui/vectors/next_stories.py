"""What to write next: the missing tellings that would help the vectors most, each with its reasons in plain words.

A score is the sum of the points of its reasons, so it can be checked by hand:

    FIRST    caa.toml wants the concept and it has no story: there is no vector without it
    SHORT    for every story the concept is short of `MIN_STORIES`
    SETTING  the concept is told in fewer than `MIN_SCENARIOS` scenarios, so its vector may mean the setting
    APART    a contaminated pair shares no scenario: telling both in one leaves only the feeling to differ
    LISTED   caa.toml asks for this very telling
    NEUTRAL  the scenario has tellings but no baseline to compare them with
    AWAY     tests confirm that the concept is scenario-bound: its vector means the settings it is told in
    STEADY   tests confirm that the concept's vector is unreliable: a further story makes it steadier

A concept that lacks several stories gets as many places, each with the points that are left once the ones before it are
written. Places are chosen, and equal scores ordered, by what makes a telling comparable: a scenario with a baseline
first, then the one with the most tellings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caa_tui.corpus.coverage import Coverage, ScenarioCoverage
from caa_tui.corpus.findings.counts import MIN_SCENARIOS, MIN_STORIES
from caa_tui.corpus.model import BASELINE, story_path
from caa_tui.corpus.natural import NaturalKey, natural_key
from caa_tui.vectors.flags import Flag, FlagKind
from caa_tui.wording import count

FIRST = 6
APART = 5
NEUTRAL = 4
LISTED = 3
SETTING = 3
AWAY = 3
SHORT = 2
STEADY = 2

Cell = tuple[str, str | None]
"""(concept, scenario); scenario None is `stories/`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a telling would help, and how much."""

    points: int
    words: str


@dataclass(frozen=True, slots=True)
class NextStory:
    """A story that is not there and would help."""

    stem: str
    """The concept, or `baseline`."""
    scenario: str | None
    reasons: tuple[Reason, ...]
    """The weightiest first."""

    @property
    def score(self) -> int:
        return sum(reason.points for reason in self.reasons)

    @property
    def why(self) -> str:
        """The reasons as one line."""
        return "; ".join(reason.words for reason in self.reasons)

    @property
    def path(self) -> str:
        return story_path(self.stem, self.scenario)

    @property
    def is_baseline(self) -> bool:
        return self.stem == BASELINE


def next_stories(coverage: Coverage, flags: Iterable[Flag] = ()) -> tuple[NextStory, ...]:
    """The missing stories, the most helpful first.

    Args:
        flags: of the newest run, without those the user accepted; what another story cannot cure does not matter.
    """
    plan, flags = _Plan(coverage), tuple(flags)
    plan.separate(flag for flag in flags if flag.kind == "contaminated")
    plan.follow_manifest()
    plan.widen(flag for flag in flags if flag.confirmed)
    plan.complete_concepts()
    plan.add_baselines()
    return plan.ranked()


class _Plan:
    """Reasons by cell, gathered one rule after the other."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._places = sorted(coverage.scenarios, key=_comparable)
        self._rank: dict[str | None, int] = {place.scenario: rank for rank, place in enumerate(self._places)}
        self._rank[None] = len(self._places)
        self._reasons: dict[Cell, list[Reason]] = {}

    def ranked(self) -> tuple[NextStory, ...]:
        names = {BASELINE: -1} | {row.concept: rank for rank, row in enumerate(self._coverage.concepts)}
        order = sorted((-self._points(cell), self._rank[cell[1]], names[cell[0]], cell) for cell in self._reasons)
        return tuple(NextStory(*cell, _weightiest_first(self._reasons[cell])) for *_, cell in order)

    def separate(self, contaminated: Iterable[Flag]) -> None:
        """Tell one of a confused pair where the other is told, unless a scenario has both already."""
        known = {row.concept for row in self._coverage.concepts}
        pairs = (tuple(sorted((flag.concept, flag.neighbour))) for flag in contaminated if flag.neighbour)
        for concept, neighbour in dict.fromkeys(pairs):
            if {concept, neighbour} <= known:
                self._separate(concept, neighbour)

    def _separate(self, concept: str, neighbour: str) -> None:
        told, beside = self._told_in(concept), self._told_in(neighbour)
        if told & beside:
            return
        alike = "reads like {}, and they share no scenario; {}"
        if not told and not beside:
            for place in self._places[:1]:
                for one, other in ((concept, neighbour), (neighbour, concept)):
                    self._add((one, place.scenario), APART, alike.format(other, "tell both here"))
            return
        for one, other, scenarios in ((concept, neighbour, beside), (neighbour, concept, told)):
            for scenario in sorted(scenarios, key=self._rank.__getitem__)[:1]:
                self._add((one, scenario), APART, alike.format(other, f"{other} is told here"))

    def widen(self, confirmed: Iterable[Flag]) -> None:
        """One more place for a concept that is told in too few settings, or too few times."""
        known = {row.concept for row in self._coverage.concepts}
        for flag in confirmed:
            if flag.concept not in known or flag.kind not in _WIDER:
                continue
            reason = _WIDER[flag.kind]
            for scenario in self._free_places(flag.concept, 1):
                if scenario is not None or flag.kind != "scenario-bound":
                    self._add((flag.concept, scenario), reason.points, reason.words)

    def follow_manifest(self) -> None:
        """Tellings that caa.toml asks for by scenario; an untold concept is wanted everywhere, which says nothing."""
        for cell in self._coverage.missing & self._coverage.listed:
            self._reasons.setdefault(cell, []).append(_ASKED_FOR)

    def complete_concepts(self) -> None:
        """As many places as a concept lacks, with what each of them still adds."""
        for row in self._coverage.concepts:
            stories, scenarios = row.stories, row.scenarios
            lacking = max(MIN_STORIES - stories, MIN_SCENARIOS - scenarios)
            for scenario in self._free_places(row.concept, lacking):
                self._complete((row.concept, scenario), stories, scenarios, wanted=row.wanted)
                stories, scenarios = stories + 1, scenarios + (scenario is not None)

    def _complete(self, cell: Cell, stories: int, scenarios: int, *, wanted: bool) -> None:
        """Reasons for one telling of a concept that will have so many `stories` in so many `scenarios` before it."""
        if not stories and wanted:
            self._add(cell, FIRST, "wanted, and has no story yet")
        if stories < MIN_STORIES:
            words = f"the {_NTH[stories]} of the {MIN_STORIES} stories it needs"
            self._add(cell, SHORT * (MIN_STORIES - stories), words)
        if stories and scenarios < MIN_SCENARIOS and cell[1] is not None:
            words = f"a {_NTH[scenarios]} scenario, lest its vector mean the setting"
            self._add(cell, SETTING, words)

    def add_baselines(self) -> None:
        for place in self._coverage.scenarios:
            if place.stories and not place.has_baseline:
                told = count(place.stories, "telling")
                self._add((BASELINE, place.scenario), NEUTRAL, f"{told} here without a baseline to compare with")

    def _free_places(self, concept: str, wanted: int) -> Sequence[str | None]:
        """The best cells of a concept without a story: those with a reason of their own first."""
        if wanted <= 0:
            return ()
        present = self._coverage.present
        free = [place.scenario for place in self._places if (concept, place.scenario) not in present]
        places: list[str | None] = sorted(free, key=lambda scenario: -self._points((concept, scenario)))
        if (concept, None) not in present:
            places.append(None)
        return places[:wanted]

    def _told_in(self, concept: str) -> set[str]:
        return {place.scenario for place in self._places if (concept, place.scenario) in self._coverage.present}

    def _points(self, cell: Cell) -> int:
        return sum(reason.points for reason in self._reasons.get(cell, ()))

    def _add(self, cell: Cell, points: int, words: str) -> None:
        self._reasons.setdefault(cell, []).append(Reason(points, words))


_NTH = ("first", "second", "third")
_ASKED_FOR = Reason(LISTED, "caa.toml asks for it here")
"""One for all: there can be thousands."""
_WIDER: dict[FlagKind, Reason] = {
    "scenario-bound": Reason(AWAY, "its vector means the scenarios it is told in; tell it in another one"),
    "unreliable": Reason(STEADY, "its vector is unreliable; another story makes it steadier"),
}


def _weightiest_first(reasons: list[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda reason: -reason.points))


def _comparable(place: ScenarioCoverage) -> tuple[bool, int, NaturalKey]:
    """Sort key of scenarios: what makes a new telling there worth most."""
    return not place.has_baseline, -place.stories, natural_key(place.scenario)
