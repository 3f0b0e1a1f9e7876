"""What a corpus is, as immutable data: stories, findings, and the snapshot that holds them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import msgspec

BASELINE = "baseline"
"""File stem of a scenario's neutral telling; never a concept."""
NO_STORY = "There are no stories to train on; write stories/<concept>.txt or paired/<scenario>/<concept>.txt."
"""What is said of a corpus without any."""


@dataclass(frozen=True, slots=True)
class Story:
    """One text file that takes part in training."""

    path: str
    """Relative to the corpus root, with forward slashes: `paired/doorway/anger.txt`. Always printable text."""
    concept: str | None
    """The file stem, or None for a scenario's baseline."""
    scenario: str | None
    """The folder under `paired/`, or None for a file in `stories/`."""
    text: str
    """What the model reads: decoded UTF-8 without BOM, newlines as `\\n`, stripped."""
    text_sha256: str
    """SHA-256 of `text` in UTF-8, hex: equal texts, equal hashes. "Edited since a run" compares these."""
    file_sha256: str
    """SHA-256 of the bytes on disk, hex: the judge of a save conflict."""
    words: int

    @property
    def is_baseline(self) -> bool:
        return self.concept is None


class Severity(StrEnum):
    ERROR = "error"
    """Keeps something out of training or makes a vector wrong."""
    WARNING = "warning"
    """Weakens a vector; the run goes on."""
    NOTE = "note"
    """Worth knowing."""


class FindingKind(StrEnum):
    """Every problem that is seen without a model. The value is the stable name in `--json`."""

    EMPTY = "empty"
    NOT_UTF8 = "not-utf8"
    BOM = "bom"
    CONTROL_CHARACTERS = "control-characters"
    TOO_LARGE = "too-large"
    NOT_A_FILE = "not-a-file"
    UNREADABLE = "unreadable"
    BAD_NAME = "bad-name"
    STRAY_FILE = "stray-file"
    LEAVES_CORPUS = "leaves-corpus"
    CASE_COLLISION = "case-collision"
    IDENTICAL = "identical"
    NEAR_IDENTICAL = "near-identical"
    SHARED_LAST_SENTENCE = "shared-last-sentence"
    NAMED_CONCEPT = "named-concept"
    LENGTH_OFF_BASELINE = "length-off-baseline"
    NO_STORY = "no-story"
    WANTED_WITHOUT_STORY = "wanted-without-story"
    FEW_STORIES = "few-stories"
    FEW_SCENARIOS = "few-scenarios"
    NO_BASELINE = "no-baseline"
    BAD_SETTINGS = "bad-settings"
    BAD_ACCEPTED = "bad-accepted"


@dataclass(frozen=True, slots=True)
class Finding:
    """A corpus problem seen without a model."""

    kind: FindingKind
    severity: Severity
    message: str
    """One sentence for a person; names inside it are already safe to print."""
    paths: tuple[str, ...] = ()
    """Files it is about, relative to the root, safe to print; the first one is where to start editing."""
    concept: str | None = None
    scenario: str | None = None


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A flag that somebody looked at and decided to live with: one entry of caa-accepted.toml."""

    concept: str
    kind: str
    """The flag's (`vectors.flags.FlagKind`), or what a newer version knows."""
    reason: str
    date: datetime.date
    layer: int
    """Where the numbers were taken."""
    value: float
    """The number of the flag's rule at that time."""
    agreement: float | None = None
    """fragmented: the agreement of the stories at that time; unlike `value` it does not count stories."""
    neighbour: str | None = None
    """contaminated: the concept it was confused with. mislabelled: the one that the worst story looked like."""
    stories: dict[str, str] = {}
    """What it was judged on, of mislabelled the named stories: path -> SHA-256 of the text as the model read it."""

    @property
    def key(self) -> tuple[str, str]:
        """Which flag it is about; a corpus has one acceptance for each."""
        return self.concept, self.kind


@dataclass(frozen=True)
class Corpus:
    """A snapshot of everything under the root at one moment. Never changes; scan again for a new one."""

    root: Path
    stories: tuple[Story, ...]
    """Sorted by path. Baselines included; what a finding leaves out is not here."""
    scenarios: tuple[str, ...]
    """Every usable folder under `paired/`, sorted, with or without stories."""
    wanted: tuple[str, ...] = ()
    """The manifest of caa.toml: concepts that should have stories. Empty: whatever is on disk."""
    wanted_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Scenario -> concepts wanted there, from caa.toml."""
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    """The entries of caa-accepted.toml, by concept and kind; none while that file cannot be read."""

    @cached_property
    def by_path(self) -> dict[str, Story]:
        return {story.path: story for story in self.stories}

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """Concepts with at least one story, sorted."""
        return tuple(sorted({story.concept for story in self.stories if story.concept is not None}))

    @cached_property
    def by_concept(self) -> dict[str, tuple[Story, ...]]:
        """Concept -> its stories, `stories/` first, then scenarios in order."""
        groups: dict[str, list[Story]] = {concept: [] for concept in self.concepts}
        for story in sorted(self.stories, key=lambda s: (s.scenario is not None, s.path)):
            if story.concept is not None:
                groups[story.concept].append(story)
        return {concept: tuple(stories) for concept, stories in groups.items()}

    @cached_property
    def baselines(self) -> tuple[Story, ...]:
        return tuple(story for story in self.stories if story.is_baseline)

    @cached_property
    def findings_by_path(self) -> dict[str, tuple[Finding, ...]]:
        groups: dict[str, list[Finding]] = {}
        for finding in self.findings:
            for path in finding.paths:
                groups.setdefault(path, []).append(finding)
        return {path: tuple(found) for path, found in groups.items()}

    def baseline_of(self, scenario: str) -> Story | None:
        return self.by_path.get(story_path(BASELINE, scenario))


def story_path(stem: str, scenario: str | None) -> str:
    """Where the story of `stem` lives: `stories/<stem>.txt` or `paired/<scenario>/<stem>.txt`."""
    return f"stories/{stem}.txt" if scenario is None else f"paired/{scenario}/{stem}.txt"
