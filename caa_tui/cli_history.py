"""`caa triage`, `caa runs` and `caa export`: what is read from the runs of a corpus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from caa_tui import cli_output
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.export.readout import check_readout, write_files
from caa_tui.runs.history import (
    CorpusChanges,
    RunComparison,
    RunRecord,
    compare_runs,
    damaged_runs,
    edited_since,
    latest_done,
    list_runs,
    load_run,
)
from caa_tui.runs.protocol import Finished
from caa_tui.runs.records import RunStatus
from caa_tui.vectors.flags import ConceptSummary, Flag, FlagReport
from caa_tui.wording import count, duration

EVIDENCE_SHOWN = 5
FLAG_KINDS = ("fragmented", "contaminated", "redundant")
READOUT_FILES = ("readout.safetensors", "readout.json")


def show_triage(root: Path, run_id: str | None, as_json: bool) -> None:
    """Print the flags of a run; `run_id` None: the newest run that is done.

    Raises:
        UserError: no such run, or it has no flags.
    """
    corpus = scan(root)
    data = data_folder(corpus.root)
    run = _chosen(data, run_id)
    if run.flags is None:
        raise UserError(
            f"Run {run.id} has no flags; train again without --no-quality-report, or choose another run with --run."
        )
    previous = latest_done(data, before=run.id)
    changes = _compared(previous, run) if previous else None
    edited = edited_since(run, corpus)
    if as_json:
        cli_output.write_json(_triage_document(run, run.flags, changes, edited))
    else:
        cli_output.write_lines(triage_lines(run, run.flags, changes, edited))


def _chosen(data: DataFolder, run_id: str | None) -> RunRecord:
    if run_id is not None:
        return load_run(data, run_id)
    newest = latest_done(data)
    if newest is None:
        raise UserError("This corpus has no finished run yet; train first with `caa train`.")
    return newest


def _compared(old: RunRecord, new: RunRecord) -> RunComparison | None:
    """None, and a line that says why, when a run is damaged: the other one is still worth showing."""
    try:
        return compare_runs(old, new)
    except UserError as error:
        cli_output.tell(f"note: runs {old.id} and {new.id} cannot be compared: {error}")
        return None


def _triage_document(
    run: RunRecord, flags: FlagReport, changes: RunComparison | None, edited: CorpusChanges
) -> dict[str, Any]:
    """The fields of flags.json, and beside them the run, what was edited since, the changes from the run before."""
    document: dict[str, Any] = msgspec.to_builtins(flags)
    return document | {
        "run": run.id,
        "edited_since": msgspec.to_builtins(edited),
        "changes": _comparison_document(changes) if changes else None,
    }


def _comparison_document(changes: RunComparison) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(changes)
    return document | {"solved": changes.solved, "appeared": changes.appeared}


def triage_lines(
    run: RunRecord, flags: FlagReport, changes: RunComparison | None, edited: CorpusChanges
) -> Iterator[str]:
    """The views one after the other; evidence below its flag, the worst story first."""
    yield f"Run {run.id}, layer {flags.layer}: {count(len(flags.concepts), 'concept')}" + (
        f", {count(len(edited.paths), 'story', 'stories')} edited since" if edited.paths else ""
    )
    yield from _layer_line(flags)
    for kind in FLAG_KINDS:
        group = [flag for flag in flags.flags if flag.kind == kind]
        yield ""
        yield f"{kind.capitalize()} {len(group)}"
        for flag in group:
            yield from _flag_lines(flag)
    yield ""
    yield "All concepts"
    yield from _indented(cli_output.table(list(_concept_rows(flags)), right=(1, 2, 3, 4)))
    for concept, why in flags.left_out.items():
        yield f"  left out: {concept} ({why})"
    yield from _change_lines(changes)
    yield from (f"note: {note}" for note in flags.notes)


def _layer_line(flags: FlagReport) -> Iterator[str]:
    """Which layer tells the stories apart best; the rules look at the middle one, which may be another."""
    known = [(layer, score) for layer, score in flags.held_out.items() if score is not None]
    if flags.best_layer is not None and len(known) > 1:
        known.sort(key=lambda item: (-item[1], int(item[0])))
        scores = ", ".join(f"layer {layer} {score:.2f}" for layer, score in known)
        yield f"Held-out stories told apart, best layer first: {scores} (0.50 is chance)"


def _flag_lines(flag: Flag) -> Iterator[str]:
    weight = "confirmed" if flag.confirmed else "by the rule only"
    yield f"  {flag.concept}  {flag.value:.2f} (limit {flag.threshold:.2f}), {weight}: {flag.verdict}"
    if flag.contributors:
        yield "    made of " + ", ".join(f"{concept} {share:+.2f}" for concept, share in flag.contributors)
    shown = [[f"{evidence.score:+.2f}", evidence.path, evidence.reason] for evidence in flag.evidence[:EVIDENCE_SHOWN]]
    if shown:
        yield from _indented(_indented(cli_output.table(shown, right=(0,))))
    if len(flag.evidence) > EVIDENCE_SHOWN:
        yield f"    and {len(flag.evidence) - EVIDENCE_SHOWN} more"
    if flag.caveat:
        yield f"    but: {flag.caveat}"


def _concept_rows(flags: FlagReport) -> Iterator[list[str]]:
    key = str(flags.layer)
    yield ["concept", "stories", "first-PC", "agreement", "R²", "nearest", "buckets"]
    for summary in flags.concepts:
        nearest = summary.nearest.get(key)
        yield [
            summary.concept,
            str(summary.stories),
            _number(summary.first_pc, key),
            _number(summary.agreement, key),
            _number(summary.r_squared, key),
            "-" if nearest is None else f"{nearest[1]:5.2f} {nearest[0]}",
            _buckets(summary),
        ]


def _number(values: dict[str, float | None], key: str) -> str:
    value = values.get(key)
    return "-" if value is None else f"{value:.2f}"


def _buckets(summary: ConceptSummary) -> str:
    return ", ".join(bucket.replace("_", " ") for bucket in summary.buckets)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _change_lines(changes: RunComparison | None) -> Iterator[str]:
    if changes is None:
        return
    yield ""
    yield f"Since run {changes.old}: {_corpus_words(changes.corpus)}"
    for word, flags in (("solved", changes.solved), ("new", changes.appeared)):
        if flags:
            yield f"  {word}: " + ", ".join(f"{concept} ({kind})" for concept, kind in flags)
    if changes.note:
        yield f"  {changes.note}"
    elif moved := [change for change in changes.concepts if min(change.cosine.values(), default=1.0) < 0.9995]:
        named = ", ".join(f"{change.concept} {min(change.cosine.values()):.3f}" for change in moved[:8])
        yield f"  moved (cosine to the old vector): {named}"
    else:
        yield "  no vector moved"


def _corpus_words(changes: CorpusChanges) -> str:
    parts = [
        f"{count(len(paths), 'text')} {word}"
        for word, paths in (("changed", changes.changed), ("added", changes.added), ("removed", changes.removed))
        if paths
    ]
    return ", ".join(parts) or "the same texts"


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
    cli_output.write_lines(f"run {run.id} {run.status}: {run.message}" for run in runs if run.result is None)
    for name in damaged:
        cli_output.tell(f"run {name} is damaged and left out")


def _drifts(runs: tuple[RunRecord, ...]) -> dict[str, RunComparison]:
    done = [run for run in runs if run.status is RunStatus.DONE]
    compared = {new.id: _compared(old, new) for new, old in pairwise(done)}
    return {run_id: drift for run_id, drift in compared.items() if drift is not None}


def _run_document(run: RunRecord, drift: RunComparison | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "status": run.status,
        "started": run.started,
        "ended": run.ended,
        "model": _model(run),
        "message": run.message,
        "summary": msgspec.to_builtins(run.summary),
        "drift": _comparison_document(drift) if drift else None,
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
        " ".join(map(str, result.layers)),
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
    return f"{change.concept} {min(change.cosine.values(), default=1.0):.3f}"


def export_readout(root: Path, run_id: str | None, folder: Path) -> None:
    """Write the readout of a run to `folder`, both files or none.

    Raises:
        UserError: no such run, it has no vectors, they are damaged, or the folder cannot be written.
    """
    run = _chosen(data_folder(scan(root).root), run_id)
    try:
        files = {name: (run.folder / name).read_bytes() for name in READOUT_FILES}
    except FileNotFoundError:
        raise UserError(f"Run {run.id} ({run.status}) has no vectors; choose another with --run.") from None
    check_readout(files)
    write_files(folder, files)
    cli_output.write_lines([f"Run {run.id}: {' and '.join(READOUT_FILES)} written to {folder}"])
