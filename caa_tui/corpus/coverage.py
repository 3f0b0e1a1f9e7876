"""Which concept is told in which scenario, and what is still missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from caa_tui.corpus.model import BASELINE, Corpus, Finding
from caa_tui.corpus.natural import natural_key


class CellState(StrEnum):
    """A cell of the coverage matrix."""

    PRESENT = "present"
    MISSING = "missing"
    """Wanted, but not there."""
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class ConceptCoverage:
    """A row of the matrix."""

    concept: str
    stories: int
    scenarios: int
    """Under `paired/`; `stories/` does not count."""
    wanted: bool
    """caa.toml names it."""
    findings: int


@dataclass(frozen=True, slots=True)
class ScenarioCoverage:
    """A column of the matrix."""

    scenario: str
    stories: int
    """Without the baseline."""
    has_baseline: bool
    findings: int


@dataclass(frozen=True)
class Coverage:
    """The matrix; look a cell up in constant time with `cell`."""

    concepts: tuple[ConceptCoverage, ...]
    """Those on disk and those caa.toml wants, in natural order: anger_2 before anger_10."""
    scenarios: tuple[ScenarioCoverage, ...]
    """In natural order."""
    present: frozenset[tuple[str, str | None]] = field(repr=False)
    missing: frozenset[tuple[str, str | None]] = field(repr=False)
    """(concept, scenario) of cells that are wanted and empty; scenario None is `stories/`."""
    listed: frozenset[tuple[str, str | None]] = field(repr=False)
    """Cells that caa.toml asks for one by one, told or not."""

    def cell(self, concept: str, scenario: str | None) -> CellState:
        """The state of a cell; scenario None is `stories/`."""
        if (concept, scenario) in self.present:
            return CellState.PRESENT
        return CellState.MISSING if (concept, scenario) in self.missing else CellState.UNWANTED


def coverage(corpus: Corpus) -> Coverage:
    """Count the corpus.

    A missing cell is wanted when caa.toml lists the concept for that scenario, or when caa.toml wants the concept and
    it has no story at all.
    """
    present = frozenset((story.concept, story.scenario) for story in corpus.stories if story.concept is not None)
    listed: set[tuple[str, str | None]] = {
        (concept, scenario) for scenario, wanted in corpus.wanted_in.items() for concept in wanted
    }
    wanted = set(corpus.wanted) | {concept for concept, _ in listed}
    untold = set(corpus.wanted) - set(corpus.concepts)
    everywhere = {(concept, scenario) for concept in untold for scenario in (None, *corpus.scenarios)}
    in_concept, in_scenario = _count_findings(corpus.findings)
    stories = Counter(concept for concept, _ in present)
    told_in = Counter(concept for concept, scenario in present if scenario is not None)
    tellings = Counter(scenario for _, scenario in present if scenario is not None)
    return Coverage(
        concepts=tuple(
            ConceptCoverage(concept, stories[concept], told_in[concept], concept in wanted, in_concept[concept])
            for concept in sorted(wanted.union(corpus.concepts), key=natural_key)
        ),
        scenarios=tuple(
            ScenarioCoverage(
                scenario, tellings[scenario], corpus.baseline_of(scenario) is not None, in_scenario[scenario]
            )
            for scenario in sorted(corpus.scenarios, key=natural_key)
        ),
        present=present,
        missing=frozenset((listed | everywhere) - present),
        listed=frozenset(listed),
    )


def _count_findings(findings: tuple[Finding, ...]) -> tuple[Counter[str], Counter[str]]:
    """Findings that concern each concept and each scenario; one that names several files of it counts once."""
    concepts: Counter[str] = Counter()
    scenarios: Counter[str] = Counter()
    for finding in findings:
        places = [_place(path) for path in finding.paths]
        about = {finding.concept, *(concept for concept, _ in places)} - {BASELINE}
        concepts.update(concept for concept in about if concept is not None)
        where = {finding.scenario, *(scenario for _, scenario in places)}
        scenarios.update(scenario for scenario in where if scenario is not None)
    return concepts, scenarios


def _place(path: str) -> tuple[str | None, str | None]:
    """(concept, scenario) of a path in a finding, as far as it has them."""
    match path.removesuffix(".txt").split("/"):
        case ["stories", stem]:
            return stem, None
        case ["paired", scenario, stem]:
            return stem, scenario
        case ["paired", scenario]:
            return None, scenario
        case _:
            return None, None
