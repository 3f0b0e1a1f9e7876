"""Runs that have ended, read from their folders."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from caa_tui.corpus.storage import DataFolder
from caa_tui.errors import UserError
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
from caa_tui.vectors.flags import FlagReport
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
