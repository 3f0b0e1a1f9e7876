"""What the screens show, as plain data: the corpus, the runs, and the training in progress. No Textual here.

The app replaces whole values on its event loop; widgets only read. What answers later questions is imported where they
are asked, so that the first paint does not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from caa_tui.corpus.coverage import Coverage, coverage
from caa_tui.corpus.model import Acceptance, Corpus
from caa_tui.corpus.settings import Settings, load_settings
from caa_tui.corpus.storage import DataFolder, StateFile
from caa_tui.errors import UserError
from caa_tui.runs.options import TrainOptions
from caa_tui.tui.commands import Keymap
from caa_tui.tui.guide_steps import Progress
from caa_tui.tui.probe_state import ProbeState
from caa_tui.vectors.accepted import Judged, judge, open_flags
from caa_tui.vectors.flags import Evidence, Flag, FlagKind, FlagReport

if TYPE_CHECKING:
    from caa_tui.corpus.findings.typed import StoryIndex
    from caa_tui.corpus.operations import StoryFiles
    from caa_tui.runs.history import RunRecord

logger = logging.getLogger(__name__)

PHASES = ("check", "load model", "read stories", "vectors", "quality", "write")


TrainingStatus = Literal["idle", "running", "cancelling", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class TrainingState:
    """The training in progress, or the last one of this session."""

    status: TrainingStatus = "idle"
    run_id: str = ""
    phase: str = ""
    done: int = 0
    total: int | None = None
    stories_per_second: float | None = None
    tokens_per_second: float | None = None
    eta_seconds: float | None = None
    memory_bytes: int | None = None
    device: str = ""
    device_busy: float | None = None
    """Share of the time in which the GPU computed, 0 to 1, by whomever; None: not measured."""
    device_used_bytes: int | None = None
    device_total_bytes: int | None = None
    detail: str = ""
    message: str = ""
    """How it ended, one sentence."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Phase -> wall seconds of the phases that are over."""
    notices: tuple[str, ...] = ()
    forwarded: int = 0
    cached: int = 0
    leaving: bool = False
    """The program ends when the training does."""

    @property
    def active(self) -> bool:
        return self.status in {"running", "cancelling"}


@dataclass(frozen=True)
class CorpusState:
    """A snapshot of the corpus with everything that is derived from it."""

    corpus: Corpus
    coverage: Coverage
    settings: Settings


@dataclass(frozen=True)
class RunState:
    """The newest finished run, the one before it, and what their flags say about files."""

    run: RunRecord | None = None
    previous: RunRecord | None = None
    history: tuple[RunRecord, ...] = ()
    report: FlagReport | None = None
    previous_report: FlagReport | None = None
    accepted: tuple[Acceptance, ...] = ()
    """The corpus' own; `Workspace.compare_with_run` puts them here."""

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """What became of every accepted flag."""
        return judge(self.report, self.accepted)

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """The flags that ask for work: all but the accepted ones, in the report's order."""
        return open_flags(self.report, self.judged)

    @cached_property
    def came_back(self) -> dict[tuple[str, str], Judged]:
        """(concept, kind) of flags that got worse since they were accepted."""
        return {one.acceptance.key: one for one in self.judged if one.standing == "came back"}

    @cached_property
    def flags_by_concept(self) -> dict[str, tuple[Flag, ...]]:
        groups: dict[str, list[Flag]] = {}
        for flag in self.flags:
            groups.setdefault(flag.concept, []).append(flag)
        return {concept: tuple(flags) for concept, flags in groups.items()}

    @cached_property
    def evidence_by_path(self) -> dict[str, tuple[tuple[Flag, Evidence], ...]]:
        """Story path -> the flags it is evidence for; only a concept's own stories count as flagged."""
        groups: dict[str, list[tuple[Flag, Evidence]]] = {}
        for flag in self.flags:
            for evidence in flag.evidence:
                groups.setdefault(evidence.path, []).append((flag, evidence))
        return {path: tuple(found) for path, found in groups.items()}

    @cached_property
    def solved(self) -> tuple[tuple[str, FlagKind], ...]:
        """(concept, kind) of flags that the previous run had and the newest has not, where it still has the concept."""
        if self.report is None or self.previous_report is None:
            return ()
        before, now = self.previous_report.work(self.report), self.report.work(self.previous_report)
        trained = {summary.concept for summary in self.report.concepts}
        return tuple(sorted(key for key in before - now if key[0] in trained))

    @property
    def solved_by_edits(self) -> tuple[tuple[str, FlagKind], ...]:
        """What may be celebrated: `solved`, unless the settings moved the numbers too."""
        return () if self.settings_changed else self.solved

    @cached_property
    def appeared(self) -> tuple[tuple[str, FlagKind], ...]:
        """(concept, kind) of flags that only the newest run has."""
        if self.report is None or self.previous_report is None:
            return ()
        return tuple(sorted(self.report.work(self.previous_report) - self.previous_report.work(self.report)))

    @cached_property
    def settings_changed(self) -> tuple[str, ...]:
        """What the two runs were set up differently in, like `pooling last, was mean`."""
        if self.run is None or self.previous is None:
            return ()
        from caa_tui.runs.differences import settings_difference

        return settings_difference(self.previous, self.run)


class Memory(msgspec.Struct):
    """Choices that are remembered per corpus."""

    theme: str = ""
    training: TrainOptions | None = None
    """Of the last training, without its output folder."""
    output_folder: str = ""
    """Where the last training's readout was written besides its run; empty: nowhere."""
    export_folder: str = ""
    corpus_sort: str = ""
    """Of the coverage: its column, with a minus when turned round; empty: by name."""
    layers_sort: str = ""
    """Of the concepts on the screen of the layers; empty: by name."""
    triage_sort: str = ""
    """Title of the column; empty: as judged."""
    triage_reverse: bool = False
    compact: bool = False
    pane_widths: dict[str, int] = {}
    """Id of a pane -> columns that the user gave it."""


@dataclass
class Workspace:
    """Everything a screen may read."""

    root: Path
    data: DataFolder
    read_only: bool
    state: CorpusState
    runs: RunState = field(default_factory=RunState)
    training: TrainingState = field(default_factory=TrainingState)
    probe: ProbeState = field(default_factory=ProbeState)
    keys: Keymap = field(default_factory=Keymap)
    """What is pressed for which command."""
    opening_note: str = ""
    """Sentences for the user as the screen opens."""
    guide: Progress | None = None
    """Where the guided first run is; None: it is not shown."""
    in_browser: bool = False
    """Drawn for a browser, so there is no terminal to hand to an editor."""
    loaded: bool = False
    """The corpus was read at least once."""
    edited: frozenset[str] = frozenset()
    """Paths whose text differs from the last run: changed or new."""
    removed: frozenset[str] = frozenset()
    """Paths of the last run that are gone."""
    story_index: StoryIndex | None = None
    """Of the present corpus or an earlier one; made when a story is first written on."""

    @property
    def corpus(self) -> Corpus:
        return self.state.corpus

    @property
    def coverage(self) -> Coverage:
        return self.state.coverage

    @property
    def run(self) -> RunRecord | None:
        return self.runs.run

    @property
    def report(self) -> FlagReport | None:
        return self.runs.report

    def is_flagged(self, path: str) -> bool:
        """Whether the story is among the worst three of a flag on its own concept."""
        return bool(self.flags_of_story(path))

    def flags_of_story(self, path: str) -> tuple[Flag, ...]:
        """The flags on the story's own concept of which it is among the worst three, in the order of the report.

        An unreliable vector is not the doing of any story, so it marks none.
        """
        found = self.runs.evidence_by_path.get(path, ())
        return tuple(
            flag
            for flag, one in found
            if one.concept == flag.concept and one in flag.evidence[:3] and flag.kind != "unreliable"
        )

    def is_confirmed(self, path: str) -> bool:
        """Whether tests confirm one of the flags that the story is among the worst of."""
        return any(flag.confirmed for flag in self.flags_of_story(path))

    @cached_property
    def files(self) -> StoryFiles:
        """Creating, moving, renaming and deleting stories, and undoing that; blocking, to be called in a thread."""
        # Imported here, as other things that the first paint does not need.
        from caa_tui.corpus.operations import StoryFiles

        return StoryFiles(self.root, self.data, read_only=self.read_only)

    @cached_property
    def _memory_file(self) -> StateFile[Memory]:
        return StateFile(self.data.state, Memory)

    @cached_property
    def memory(self) -> Memory:
        """What earlier sessions left for this corpus; change it, then call `keep_memory`."""
        return self._memory_file.load()

    def keep_memory(self) -> None:
        """Write `memory` for the next session; a full disk costs the choices, not the session."""
        try:
            self._memory_file.save(self.memory)
        except OSError as error:
            logger.warning("the choices of this session cannot be kept: %s", error)

    def compare_with_run(self) -> None:
        """Work out what was edited since the newest run, and which of its flags are accepted."""
        if self.runs.accepted != self.corpus.accepted:
            self.runs = replace(self.runs, accepted=self.corpus.accepted)
        if self.run is None:
            self.edited = self.removed = frozenset()
            return
        from caa_tui.runs.edits import edited_since

        difference = edited_since(self.run, self.corpus)
        self.edited = frozenset((*difference.changed, *difference.added))
        self.removed = frozenset(difference.removed)


def read_settings(root: Path) -> Settings:
    """caa.toml, or the defaults while it does not fit: the scan lists what is wrong with it as a finding."""
    try:
        return load_settings(root)
    except UserError:
        return Settings()


def read_corpus(root: Path) -> CorpusState:
    """Scan the corpus; blocking, to be called in a thread.

    Raises:
        UserError: the folder is gone or is no corpus any more.
    """
    # Imported here: it brings numpy along, which the first paint must not wait for.
    from caa_tui.corpus.scan import scan

    corpus = scan(root)
    return CorpusState(corpus=corpus, coverage=coverage(corpus), settings=read_settings(root))


def read_runs(data: DataFolder) -> RunState:
    """Load the history and the flags of the two newest finished runs; blocking."""
    from caa_tui.runs.history import list_runs

    history = list_runs(data)
    finished = [record for record in history if _is_whole(record)]
    run = finished[0] if finished else None
    previous = finished[1] if len(finished) > 1 else None
    return RunState(
        run=run,
        previous=previous,
        history=history,
        report=run.flags if run else None,
        previous_report=previous.flags if previous else None,
    )


def _is_whole(record: RunRecord) -> bool:
    """Whether a run is done and its files can be read; a damaged one is listed, not shown."""
    try:
        return record.result is not None and record.flags is not None and bool(record.request.stories)
    except UserError:
        return False
