"""Writing a run's folder: built beside its final place, renamed when the run ends, so a run folder is always whole."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from caa_tui.corpus.atomic import write_whole
from caa_tui.corpus.storage import DataFolder
from caa_tui.errors import UserError
from caa_tui.runs.protocol import (
    ARTEFACT_NAMES,
    Artefact,
    Event,
    Failed,
    FinalEvent,
    encode_line,
    without_data,
)
from caa_tui.runs.records import (
    EVENTS_FILE,
    LOG_FILE,
    PARTIAL_SUFFIX,
    REQUEST_FILE,
    STATUS_FILE,
    RunRequest,
    RunStatus,
    StatusFile,
    pretty,
    status_of,
)

MAX_LOG_BYTES = 4 * 2**20
"""Of a run's worker.log; a longer one keeps its end."""
INTERRUPTED = "The program ended before the run did; finished batches are kept, so train again to go on from there."


@contextmanager
def _writing() -> Iterator[None]:
    """A disk that refuses is the user's to put right."""
    try:
        yield
    except OSError as error:
        message = f"The run's folder cannot be written ({error.strerror or error}); free space or check permissions."
        raise UserError(message) from error


@contextmanager
def training_lock(data: DataFolder) -> Iterator[None]:
    """Held for the length of a training; the kernel drops it when the process dies, however it dies.

    Raises:
        UserError: another training of this corpus holds it.
    """
    lock = FileLock(data.path / "training.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"Another training of this corpus is running{_holder(data)}; wait for it or cancel it."
        ) from None
    except OSError as error:
        raise UserError(f"The corpus cannot be locked for a training ({error.strerror or error}).") from error
    try:
        yield
    finally:
        lock.release()


def _holder(data: DataFolder) -> str:
    """` (run 0007, process 123 on host)`, as far as it is known."""
    for folder in _partials(data.runs):
        status = _read_status(folder)
        if status is not None and status.status is RunStatus.RUNNING:
            return f" (run {status.id}, process {status.pid} on {status.host})"
    return ""


class RunFolder:
    """The folder of the run in progress. Use it while holding `training_lock`.

    Every method raises UserError when the disk refuses.
    """

    @_writing()
    def __init__(self, data: DataFolder, request: RunRequest, worker_log: Path) -> None:
        """Make `.<id>.partial` with request.json and a status that says running; `worker_log` is read from here on."""
        self._partial = data.runs / partial_name(request.run_id)
        self._worker_log = worker_log
        self._log_start = _size(worker_log)
        self._partial.mkdir(parents=True)
        self._status = StatusFile(
            id=request.run_id,
            status=RunStatus.RUNNING,
            started=time.time(),
            pid=os.getpid(),
            host=socket.gethostname(),
        )
        write_whole(self._partial / REQUEST_FILE, pretty(request))
        write_whole(self._partial / STATUS_FILE, pretty(self._status))
        self._events = (self._partial / EVENTS_FILE).open("ab")

    @_writing()
    def add(self, event: Event) -> None:
        """Append to events.jsonl; an artefact is also written as its file."""
        if isinstance(event, Artefact):
            if event.name not in ARTEFACT_NAMES:
                raise ValueError(f"{event.name!r} is no artefact of a run")
            write_whole(self._partial / event.name, event.data)
        self._events.write(encode_line(without_data(event)))
        self._events.flush()

    def abandon(self) -> None:
        """Stop writing; the next training's `sweep_partials` settles what is there."""
        self._events.close()

    @_writing()
    def discard(self) -> None:
        """Remove what was written: there was no run."""
        self._events.close()
        shutil.rmtree(self._partial)

    @_writing()
    def close(self, summary: FinalEvent) -> Path:
        """Add the worker's log and the final status, then move the folder to its place and return that."""
        self._events.flush()
        os.fsync(self._events.fileno())
        self._events.close()
        write_whole(self._partial / LOG_FILE, _tail(self._worker_log, self._log_start))
        return _settle(self._partial, self._status, summary, time.time())


def partial_name(run_id: str) -> str:
    """The folder's name while the run is not over; hidden, and no number."""
    return f".{run_id}{PARTIAL_SUFFIX}"


def next_run_id(runs: Path) -> str:
    """One above the highest number there is, unfinished runs included: `0001`, `0002`, ..."""
    numbers = (entry.name.removeprefix(".").partition(".")[0] for entry in _entries(runs))
    return f"{max((int(number) for number in numbers if number.isdecimal()), default=0) + 1:04d}"


@_writing()
def sweep_partials(runs: Path) -> None:
    """Turn what a dead program left into failed runs; call it while holding `training_lock`: no live run is there."""
    for folder in _partials(runs):
        status = _read_status(folder)
        if status is None or folder.name != partial_name(status.id) or (runs / status.id).exists():
            shutil.rmtree(folder, ignore_errors=True)
            continue
        # A program that died between its last two steps had finished the run.
        summary = status.summary or Failed(run_id=status.id, message=INTERRUPTED)
        last_write = max(status.started, *(entry.stat().st_mtime for entry in folder.iterdir()))
        _settle(folder, status, summary, status.ended or last_write)


def _settle(partial: Path, status: StatusFile, summary: FinalEvent, ended: float) -> Path:
    final = partial.parent / status.id
    changed = msgspec.structs.replace(status, status=status_of(summary), ended=ended, summary=summary)
    write_whole(partial / STATUS_FILE, pretty(changed))
    _sync_folder(partial)
    partial.rename(final)
    _sync_folder(final.parent)
    return final


def _entries(runs: Path) -> list[Path]:
    return list(runs.iterdir()) if runs.is_dir() else []


def _partials(runs: Path) -> list[Path]:
    return sorted(entry for entry in _entries(runs) if entry.name.endswith(PARTIAL_SUFFIX) and entry.is_dir())


def _read_status(folder: Path) -> StatusFile | None:
    try:
        return msgspec.json.decode((folder / STATUS_FILE).read_bytes(), type=StatusFile)
    except (OSError, ValueError):
        return None


def _sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut (fsync(2)); Windows cannot open a folder and needs no sync."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _tail(path: Path, start: int) -> bytes:
    """What was appended since `start`, at most the last `MAX_LOG_BYTES`."""
    end = _size(path)
    if end <= start:
        return b""
    with path.open("rb") as log:
        log.seek(max(start, end - MAX_LOG_BYTES))
        return log.read()
