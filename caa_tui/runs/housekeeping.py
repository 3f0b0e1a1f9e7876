"""What runs and the activation cache take on the disk, and how to get it back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from caa_tui.corpus.storage import DataFolder
from caa_tui.corpus.trash import to_trash
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord, find_folder
from caa_tui.runs.run_folder import training_lock

_DELETED = ".deleted"
"""How a run's folder ends while its files are being deleted."""


class NoTrash(UserError):
    """The system's trash does not take the folder; it is still where it was."""


def trash_run(data: DataFolder, run_id: str | int) -> int:
    """Move a run's folder to the system's trash, damaged or not; returns its bytes. The running one has no folder yet.

    Raises:
        NoTrash: there is none for this place.
        UserError: there is no such run.
    """
    folder = find_folder(data, run_id)
    size = tree_size(folder)
    try:
        to_trash(folder)
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise NoTrash(
            f"Run {folder.name} cannot be moved to the trash ({reason}); delete the folder {folder} by hand."
        ) from error
    return size


def delete_run(data: DataFolder, run_id: str | int) -> int:
    """Remove a run's folder for good; a reader sees it whole or not at all. Returns its bytes.

    Raises:
        UserError: there is no such run, or the disk refuses.
    """
    folder = find_folder(data, run_id)
    size = tree_size(folder)
    doomed = folder.with_name(f".{folder.name}{_DELETED}")
    try:
        for left in data.runs.glob(f".*{_DELETED}"):  # by programs that were killed here
            shutil.rmtree(left, ignore_errors=True)
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise UserError(
            f"Run {folder.name} cannot be deleted ({error.strerror or error}); check the permissions of {data.runs}."
        ) from error
    return size


def old_runs(history: Sequence[RunRecord], keep: int) -> tuple[RunRecord, ...]:
    """Every run before the newest `keep` (1 or more) finished ones; none when there are no more than that."""
    finished = sorted((int(run.id) for run in history if run.result is not None), reverse=True)
    if keep < 1 or len(finished) < keep:
        return ()
    return tuple(run for run in history if int(run.id) < finished[keep - 1])


def tree_size(folder: Path) -> int:
    """Bytes of the files in it; what disappears meanwhile counts nothing."""
    return _sizes(Path(place, name) for place, _, names in os.walk(folder) for name in names)


def cache_size(data: DataFolder) -> int:
    """Bytes of the activation cache of this corpus, with what was set aside of it."""
    return _sizes(_cache_files(data))


def clear_cache(data: DataFolder) -> int:
    """Delete the activation cache; the next run reads every story again. Returns the bytes freed.

    Raises:
        UserError: a training of this corpus runs, or the disk refuses.
    """
    with training_lock(data):  # a worker opens the file for the length of a training only
        size = cache_size(data)
        try:
            for file in _cache_files(data):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"The activation cache cannot be deleted ({error.strerror or error}); check the permissions of "
                f"{data.path}."
            ) from error
    return size


def _sizes(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        with suppress(OSError):
            total += file.lstat().st_size
    return total


def _cache_files(data: DataFolder) -> list[Path]:
    """The database before its journal: SQLite drops a journal whose database is gone."""
    return sorted(data.path.glob(f"{data.activations.name}*"))
