"""`caa layers`: the held-out score of every concept at every layer of a run, and the layers they recommend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caa_tui import cli_output
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord, list_runs, load_run
from caa_tui.runs.sweeps import is_sweep, layer_choice, model_depth, shown_run
from caa_tui.vectors.layer_choice import LayerChoice, LayerScores
from caa_tui.wording import count, decimal

HOW = "train with `--target-layers all` to see every layer"


def show_layers(root: Path, run_id: str | None, as_json: bool) -> None:
    """Print the table of a run; `run_id` None: of the newest sweep, or else of the newest run with scores.

    Raises:
        UserError: no such run, or it has no scores.
    """
    run = _chosen(data_folder(scan(root).root), run_id)
    report = run.flags
    scores = LayerScores.of(report) if report is not None else LayerScores(())
    if report is None or not scores.layers:
        raise UserError(f"Run {run.id} has no held-out scores, which are part of the quality report; {HOW}.")
    choice = layer_choice(run, report)
    if as_json:
        cli_output.write_json(_document(run, scores, choice))
    else:
        cli_output.write_lines(_lines(run, scores, choice))


def _chosen(data: DataFolder, run_id: str | None) -> RunRecord:
    """Raises UserError: there is none."""
    run = load_run(data, run_id) if run_id is not None else shown_run(list_runs(data))
    if run is None:
        raise UserError(f"This corpus has no run with held-out scores yet; {HOW}.")
    return run


def _document(run: RunRecord, scores: LayerScores, choice: LayerChoice) -> dict[str, Any]:
    layers = [str(layer) for layer in scores.layers]
    return {
        "run": run.id,
        "model": run.request.model,
        "model_layers": model_depth(run),
        "pooling": run.request.pooling,
        "estimator": run.request.estimator,
        "layers": scores.layers,
        "chance": 0.5,
        "mean": dict(zip(layers, scores.means, strict=True)),
        "concepts": {concept: dict(zip(layers, row, strict=True)) for concept, row in scores.rows.items()},
        "recommended": {"layers": choice.layers, "best": choice.best, "reason": choice.reason},
    }


def _lines(run: RunRecord, scores: LayerScores, choice: LayerChoice) -> Iterator[str]:
    yield f"Run {run.id}: share of held-out pairs told apart, by layer (.50 is chance; * recommended)"
    heads = [f"{layer}{'*' if layer in choice.layers else ''}" for layer in scores.layers]
    rows = [["concept", "best", *heads]]
    rows += [[concept, _best(scores, concept), *map(decimal, row)] for concept, row in sorted(scores.rows.items())]
    mean = "-" if choice.best is None else str(choice.best)
    rows.append([f"mean of {len(scores.known)}", mean, *map(decimal, scores.means)])
    yield from cli_output.table(rows, right=range(1, len(rows[0])))
    yield choice.reason
    if not is_sweep(run):
        depth = model_depth(run)
        of = f" of {depth}" if depth else ""
        yield f"This run looked at {count(len(scores.layers), 'layer')}{of}; {HOW}."


def _best(scores: LayerScores, concept: str) -> str:
    place = scores.best_of(concept)
    return "-" if place is None else str(scores.layers[place])
