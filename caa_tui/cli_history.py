"""`caa runs` and `caa export`: what is read from the runs of a corpus."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from caa_tui import cli_output
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.export.readout import check_readout, write_files
from caa_tui.runs.comparison import ConceptChange, RunComparison, compare_runs
from caa_tui.runs.history import RunRecord, damaged_runs, latest_done, list_runs, load_run
from caa_tui.runs.housekeeping import trash_run
from caa_tui.runs.protocol import Finished
from caa_tui.runs.records import RunStatus
from caa_tui.wording import decimal, duration, layers_in_short, memory

LOWEST_UNMOVED = 0.9995
"""A cosine from here on is shown as 1.000."""
FLAG_KINDS = ("fragmented", "contaminated", "redundant")
READOUT_FILES = ("readout.safetensors", "readout.json")


def chosen_run(data: DataFolder, run_id: str | None) -> RunRecord:
    """The run with this number; None: the newest that is done.

    Raises:
        UserError: there is none.
    """
    if run_id is not None:
        return load_run(data, run_id)
    newest = latest_done(data)
    if newest is None:
        raise UserError("This corpus has no finished run yet; train first with `caa train`.")
    return newest


def compared(old: RunRecord, new: RunRecord) -> RunComparison | None:
    """None, and a line that says why, when a run is damaged: the other one is still worth showing."""
    try:
        return compare_runs(old, new)
    except UserError as error:
        cli_output.tell(f"note: runs {old.id} and {new.id} cannot be compared: {error}")
        return None


def comparison_document(changes: RunComparison) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(changes)
    return document | {"solved": changes.solved, "appeared": changes.appeared}


def show_runs(root: Path, as_json: bool) -> None:
    """Print every run, the newest first, with the drift from the done run before it."""
    data = data_folder(scan(root).root)
    runs = list_runs(data)
    drifts = _drifts(runs)
    damaged = damaged_runs(data)
    if as_json:
        documents = [_run_document(run, drifts.get(run.id)) for run in runs]
        cli_output.write_json({"runs": documents, "damaged": damaged})
        return
    if not runs:
        cli_output.write_lines(["No runs yet; train with `caa train`."])
        return
    cli_output.write_lines(cli_output.table([_RUN_HEAD, *(_run_row(run, drifts.get(run.id)) for run in runs)]))
    cli_output.write_lines(_ending(run) for run in runs if run.result is None)
    for name in damaged:
        cli_output.tell(f"run {name} is damaged and left out")


def _ending(run: RunRecord) -> str:
    """`run 0002 failed: No such model.`; the message of a cancelled run says so itself."""
    return (
        f"run {run.id}: {run.message}" if run.status is RunStatus.CANCELLED else f"run {run.id} failed: {run.message}"
    )


def delete_run(root: Path, run_id: str) -> None:
    """Move a run to the system's trash.

    Raises:
        UserError: no such run, or there is no trash for it.
    """
    data = data_folder(scan(root).root)
    size = trash_run(data, run_id)
    cli_output.write_lines([f"Run {int(run_id):04d} ({memory(size)}) is in the trash now."])


def _drifts(runs: tuple[RunRecord, ...]) -> dict[str, RunComparison]:
    done = [run for run in runs if run.status is RunStatus.DONE]
    found = {new.id: compared(old, new) for new, old in pairwise(done)}
    return {run_id: drift for run_id, drift in found.items() if drift is not None}


def _run_document(run: RunRecord, drift: RunComparison | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "status": run.status,
        "started": run.started,
        "ended": run.ended,
        "model": _model(run),
        "message": run.message,
        "summary": msgspec.to_builtins(run.summary),
        "drift": comparison_document(drift) if drift else None,
    }


def _model(run: RunRecord) -> str | None:
    """None when the run's request is damaged."""
    try:
        return run.request.model
    except UserError:
        return None


_RUN_HEAD = ("run", "ended", "status", "model", "layers", "concepts", "read", "cached", "time", "flags", "moved most")


def _run_row(run: RunRecord, drift: RunComparison | None) -> tuple[str, ...]:
    ended = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.ended))
    model = Path(_model(run) or "damaged").name
    result = run.result
    if result is None:
        return (run.id, ended, run.status, model, *[""] * 7)
    return (
        run.id,
        ended,
        run.status,
        model,
        layers_in_short(result.layers),
        str(result.concepts),
        str(result.forwarded_texts),
        str(result.cached_texts),
        duration(result.seconds.get("total", 0.0)),
        _flag_counts(result),
        _moved_most(drift),
    )


def _flag_counts(result: Finished) -> str:
    """`2 fragmented, 1 redundant`; empty without a quality report."""
    counts = {kind: len(result.buckets[kind]) for kind in FLAG_KINDS if kind in result.buckets}
    flagged = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
    return flagged or ("none" if counts else "")


def _moved_most(drift: RunComparison | None) -> str:
    if drift is None or drift.note or not drift.concepts:
        return ""
    change = drift.concepts[0]
    return f"{change.concept} {decimal(change.lowest, 3)}" if has_moved(change) else "none"


def has_moved(change: ConceptChange) -> bool:
    """By a number that three decimals show."""
    return change.lowest is not None and change.lowest < LOWEST_UNMOVED


def export_readout(root: Path, run_id: str | None, folder: Path) -> None:
    """Write the readout of a run to `folder`, both files or none.

    Raises:
        UserError: no such run, it has no vectors, they are damaged, or the folder cannot be written.
    """
    run = chosen_run(data_folder(scan(root).root), run_id)
    try:
        files = {name: (run.folder / name).read_bytes() for name in READOUT_FILES}
    except FileNotFoundError:
        raise UserError(f"Run {run.id} ({run.status}) has no vectors; choose another with --run.") from None
    check_readout(files)
    write_files(folder, files)
    cli_output.write_lines([f"Run {run.id}: {' and '.join(READOUT_FILES)} written to {folder}"])
