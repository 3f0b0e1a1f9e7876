"""Runs that have ended, read from their folders, and what changed between two of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from caa_tui.corpus.model import Corpus
from caa_tui.corpus.storage import DataFolder
from caa_tui.errors import UserError
from caa_tui.runs.differences import settings_difference
from caa_tui.runs.protocol import Cancelled, Event, Failed, FinalEvent, Finished, decode_event
from caa_tui.runs.records import (
    EVENTS_FILE,
    LOG_FILE,
    REQUEST_FILE,
    STATUS_FILE,
    RunRequest,
    RunStatus,
    StatusFile,
)
from caa_tui.vectors.flags import ConceptSummary, FlagKind, FlagReport
from caa_tui.wording import count

if TYPE_CHECKING:
    from caa_tui.vectors.data import ConceptVectors

logger = logging.getLogger(__name__)

Content = TypeVar("Content")


@dataclass(frozen=True)
class RunRecord:
    """One run that has ended; the big files are read when they are asked for."""

    id: str
    folder: Path
    status: RunStatus
    started: float
    """Unix time, seconds; `ended` too."""
    ended: float
    summary: FinalEvent

    @property
    def result(self) -> Finished | None:
        """The numbers of a run that is done."""
        return self.summary if isinstance(self.summary, Finished) else None

    @property
    def message(self) -> str:
        """How it ended, one sentence."""
        match self.summary:
            case Finished(concepts=concepts, forwarded_texts=forwarded, cached_texts=cached):
                read = count(forwarded, "text")
                return f"{count(concepts, 'concept')} trained; {read} read, {cached:,} taken from the cache."
            case Cancelled(forwarded_texts=forwarded):
                return f"Cancelled; {count(forwarded, 'text was', 'texts were')} read and kept in the cache."
            case Failed(message=message):
                return message

    @property
    def log_path(self) -> Path:
        return self.folder / LOG_FILE

    @cached_property
    def request(self) -> RunRequest:
        """The choices and the story hashes.

        Raises:
            UserError: request.json is missing or damaged.
        """
        try:
            return msgspec.json.decode((self.folder / REQUEST_FILE).read_bytes(), type=RunRequest)
        except (OSError, ValueError) as error:
            raise UserError(
                f"Run {self.id} is damaged ({REQUEST_FILE}: {error}); delete it and train again."
            ) from error

    @cached_property
    def flags(self) -> FlagReport | None:
        """None when the run has none (no quality report, not done) or its file is damaged."""
        return self._decoded("flags.json", FlagReport)

    @cached_property
    def quality(self) -> dict[str, Any] | None:
        """Concept -> its report, as in quality.json; None like `flags`."""
        return self._decoded("quality.json", dict[str, Any])

    @cached_property
    def readout(self) -> ConceptVectors | None:
        """The vectors; None when the run has none.

        Raises:
            UserError: the files are damaged.
        """
        if not (self.folder / "readout.json").is_file():
            return None
        from caa_tui.export.load import read_readout

        return read_readout(self.folder)

    @cached_property
    def fingerprint(self) -> str | None:
        """Of the model's files, from provenance.json; None when the run has none."""
        found = self.activations.get("fingerprint")
        return found if isinstance(found, str) else None

    @cached_property
    def activations(self) -> dict[str, Any]:
        """What the vectors of a text depend on, from provenance.json; empty when the run has none."""
        found = (self._decoded("provenance.json", dict[str, Any]) or {}).get("activations")
        return found if isinstance(found, dict) else {}

    def events(self) -> tuple[Event, ...]:
        """What the worker told, in order; a torn or unknown line is skipped."""
        try:
            lines = (self.folder / EVENTS_FILE).read_bytes().splitlines()
        except OSError:
            return ()
        return tuple(event for line in lines if (event := _event(line)) is not None)

    def _decoded(self, name: str, kind: type[Content]) -> Content | None:
        try:
            return msgspec.json.decode((self.folder / name).read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logger.warning("run %s: %s cannot be read: %s", self.id, name, error)
            return None


def _event(line: bytes) -> Event | None:
    try:
        return decode_event(line)
    except ValueError:
        return None


def list_runs(data: DataFolder) -> tuple[RunRecord, ...]:
    """Every run that has ended, the newest first; damaged folders are left out (`damaged_runs` names them)."""
    records = (_read_record(folder) for folder in _folders(data.runs))
    return tuple(sorted((record for record in records if record), key=lambda record: int(record.id), reverse=True))


def damaged_runs(data: DataFolder) -> tuple[str, ...]:
    """Ids of run folders whose status cannot be read."""
    return tuple(sorted(folder.name for folder in _folders(data.runs) if _read_record(folder) is None))


def load_run(data: DataFolder, run_id: str | int) -> RunRecord:
    """The run with this number; `1` and `0001` are the same.

    Raises:
        UserError: there is none, or its status cannot be read.
    """
    folder = find_folder(data, run_id)
    record = _read_record(folder)
    if record is None:
        raise UserError(f"Run {folder.name} is damaged ({STATUS_FILE} cannot be read); delete it and train again.")
    return record


def find_folder(data: DataFolder, run_id: str | int) -> Path:
    """Where the run with this number is, damaged or not.

    Raises:
        UserError: there is none.
    """
    number = str(run_id).strip()
    for folder in _folders(data.runs):
        if number.isdecimal() and int(folder.name) == int(number):
            return folder
    raise UserError(f"There is no run {number!r}; `caa runs` lists them.")


def latest_done(data: DataFolder, before: str | None = None) -> RunRecord | None:
    """The newest run that is done, or the newest one before run `before`."""
    limit = None if before is None else int(before)
    for record in list_runs(data):
        if record.status is RunStatus.DONE and (limit is None or int(record.id) < limit):
            return record
    return None


def _folders(runs: Path) -> list[Path]:
    if not runs.is_dir():
        return []
    return [entry for entry in runs.iterdir() if entry.name.isdecimal() and entry.is_dir()]


def _read_record(folder: Path) -> RunRecord | None:
    try:
        status = msgspec.json.decode((folder / STATUS_FILE).read_bytes(), type=StatusFile)
    except (OSError, ValueError):
        return None
    if status.summary is None or status.ended is None or status.id != folder.name:
        return None
    return RunRecord(
        id=status.id,
        folder=folder,
        status=status.status,
        started=status.started,
        ended=status.ended,
        summary=status.summary,
    )


class CorpusChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Stories that differ between two moments, by path, sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted((*self.added, *self.changed, *self.removed)))


def edited_since(run: RunRecord, corpus: Corpus) -> CorpusChanges:
    """What is different in `corpus` from what the run was made with."""
    return _changes(_hashes(run.request.stories), _hashes(corpus.stories))


def _hashes(stories: Iterable[Any]) -> dict[str, str]:
    return {story.path: story.text_sha256 for story in stories}


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> CorpusChanges:
    return CorpusChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(path for path in new.keys() & old.keys() if new[path] != old[path])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


Pair: TypeAlias = tuple[float | None, float | None]
"""A number in the old and in the new run; None where a run has none."""


class ConceptChange(msgspec.Struct, frozen=True, kw_only=True):
    """One concept in two runs. Metrics are (old, new) at the new run's flag layer; None where a run has no number."""

    concept: str
    cosine: dict[str, float] = {}
    """str(layer) -> cosine of the old with the new vector; empty when they cannot be compared."""
    first_pc: Pair = (None, None)
    agreement: Pair = (None, None)
    held_out: Pair = (None, None)
    nearest: Pair = (None, None)
    nearest_concept: tuple[str | None, str | None] = (None, None)
    r_squared: Pair = (None, None)
    stories: tuple[int | None, int | None] = (None, None)
    solved: tuple[FlagKind, ...] = ()
    new: tuple[FlagKind, ...] = ()

    @property
    def lowest(self) -> float | None:
        """The cosine at the layer where the vector moved most; None without one."""
        return min(self.cosine.values(), default=None)


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What moved from run `old` to run `new`."""

    old: str
    new: str
    layer: int | None
    """Where the metrics were taken; None without flags in the new run."""
    concepts: tuple[ConceptChange, ...]
    """Concepts of both runs, the one that moved most (lowest cosine) first."""
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    corpus: CorpusChanges = CorpusChanges()
    note: str = ""
    """Why the vectors cannot be compared; empty when they were."""
    settings: tuple[str, ...] = ()
    """What was set up differently, like `pooling last, was mean`."""
    held_out: Pair = (None, None)
    """Mean over the concepts, at `layer`."""
    flags: tuple[int | None, int | None] = (None, None)
    """How many; None without a quality report."""
    stories: tuple[int, int] = (0, 0)
    """Texts of the two corpora, baselines included."""
    solved: tuple[tuple[str, FlagKind], ...] = ()
    """(concept, flag) that the old run had and the new one has not."""
    appeared: tuple[tuple[str, FlagKind], ...] = ()
    """(concept, flag) that only the new run has."""


def compare_runs(old: RunRecord, new: RunRecord) -> RunComparison:
    """Vectors, metrics, flags and stories of two runs side by side; reads both runs' files.

    Raises:
        UserError: the request of either run is damaged.
    """
    cosine, note = _cosines(old, new)
    before, after = _summaries(old), _summaries(new)
    layer = new.flags.layer if new.flags else None
    concepts = sorted(before.keys() & after.keys() | cosine.keys())
    changes = [
        _concept_change(concept, cosine.get(concept, {}), before.get(concept), after.get(concept), layer, old, new)
        for concept in concepts
    ]
    changes.sort(key=lambda change: (min(change.cosine.values(), default=1.0), change.concept))
    was, now = _flagged(old), _flagged(new)
    return RunComparison(
        old=old.id,
        new=new.id,
        layer=layer,
        concepts=tuple(changes),
        only_old=tuple(sorted(before.keys() - after.keys())),
        only_new=tuple(sorted(after.keys() - before.keys())),
        corpus=_changes(_hashes(old.request.stories), _hashes(new.request.stories)),
        note=note,
        settings=settings_difference(old, new),
        held_out=(_held_out(old, layer), _held_out(new, layer)),
        flags=(_flag_count(old), _flag_count(new)),
        stories=(len(old.request.stories), len(new.request.stories)),
        # A concept that is not trained any more is not solved.
        solved=tuple(sorted(flag for flag in was - now if flag[0] in after)),
        appeared=tuple(sorted(now - was)),
    )


def _cosines(old: RunRecord, new: RunRecord) -> tuple[Mapping[str, dict[str, float]], str]:
    """Concept -> layer -> cosine, or why there are none."""
    from caa_tui.vectors.compare import matched_cosine

    try:
        if old.readout is None or new.readout is None:
            return {}, f"Run {int((old if old.readout is None else new).id)} has no vectors."
        if not _same_model(old, new):
            return {}, f"The runs used different models ({old.request.model}, {new.request.model})."
        return matched_cosine(old.readout, new.readout).cosine, ""
    except UserError as error:
        return {}, str(error)


def _same_model(old: RunRecord, new: RunRecord) -> bool:
    """By what the model's files are, where that is known: its folder may have moved."""
    if old.fingerprint and new.fingerprint:
        return old.fingerprint == new.fingerprint
    return old.request.model == new.request.model


def _summaries(run: RunRecord) -> dict[str, ConceptSummary]:
    return {summary.concept: summary for summary in run.flags.concepts} if run.flags else {}


def _flagged(run: RunRecord) -> set[tuple[str, FlagKind]]:
    return {(flag.concept, flag.kind) for flag in run.flags.flags} if run.flags else set()


def _flag_count(run: RunRecord) -> int | None:
    return len(run.flags.flags) if run.flags else None


def _held_out(run: RunRecord, layer: int | None) -> float | None:
    return run.flags.held_out.get(str(layer)) if run.flags else None


def _kinds(run: RunRecord, concept: str) -> set[FlagKind]:
    return {kind for flagged, kind in _flagged(run) if flagged == concept}


def _concept_change(
    concept: str,
    cosine: dict[str, float],
    before: ConceptSummary | None,
    after: ConceptSummary | None,
    layer: int | None,
    old: RunRecord,
    new: RunRecord,
) -> ConceptChange:
    if before is None or after is None:
        return ConceptChange(concept=concept, cosine=cosine)
    key = str(layer)
    was, now = _kinds(old, concept), _kinds(new, concept)
    nearest_before, nearest_after = before.nearest.get(key), after.nearest.get(key)
    return ConceptChange(
        concept=concept,
        cosine=cosine,
        first_pc=(before.first_pc.get(key), after.first_pc.get(key)),
        agreement=(before.agreement.get(key), after.agreement.get(key)),
        held_out=(before.held_out.get(key), after.held_out.get(key)),
        nearest=(nearest_before and nearest_before[1], nearest_after and nearest_after[1]),
        nearest_concept=(nearest_before and nearest_before[0], nearest_after and nearest_after[0]),
        r_squared=(before.r_squared.get(key), after.r_squared.get(key)),
        stories=(before.stories, after.stories),
        solved=tuple(sorted(was - now)),
        new=tuple(sorted(now - was)),
    )
