"""What `auto` layers become once a finished run of this corpus has looked at many layers of the same model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions, model_location
from caa_tui.runs.protocol import RunChoices
from caa_tui.runs.records import RunRequest
from caa_tui.vectors.flags import FlagReport
from caa_tui.vectors.layer_choice import LayerChoice, LayerScores, choose_layers

FEWEST_LAYERS = 8
"""A run at so many layers, or at all of its model, is a sweep; the four of `auto` would only recommend themselves."""
_MOVES_NO_SCORE = frozenset(
    {"run_id", "model", "target_layers", "device", "batch_tokens", "quality_report", "thresholds"}
)
"""Choices two runs may differ in and still have the same held-out scores at a layer; the model has two names."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A finished run that looked at many layers."""

    run_id: str
    request: RunRequest
    choice: LayerChoice

    def fits(self, options: TrainOptions) -> bool:
        """Whether it was made with the same model and everything else that moves a held-out score."""
        if options.model is None or self.request.model not in {options.model, model_location(options.model)}:
            return False
        names = (name for name in RunChoices.__struct_fields__ if name not in _MOVES_NO_SCORE)
        return all(getattr(self.request, name) == getattr(options, name) for name in names)

    @property
    def sentence(self) -> str:
        """`auto: layers 12, 16 and 20, as the sweep of run 3 recommends.`"""
        names = ", ".join(map(str, self.choice.layers))
        word = "layer" if len(self.choice.layers) == 1 else "layers"
        return f"auto: {word} {names}, as the sweep of run {int(self.run_id)} recommends. {self.choice.reason}"


def find_sweeps(history: Iterable[RunRecord]) -> tuple[Sweep, ...]:
    """The sweeps that recommend layers, in the order of the history; blocking. Damaged runs are none."""
    return tuple(sweep for record in history if (sweep := _sweep(record)) is not None)


def is_sweep(record: RunRecord) -> bool:
    """Whether a finished run has scores of many layers, or of all there are; reads its flags."""
    result, report = record.result, record.flags
    if result is None or report is None or not LayerScores.of(report).layers:
        return False
    return len(result.layers) >= FEWEST_LAYERS or len(result.layers) == model_depth(record)


def model_depth(record: RunRecord) -> int | None:
    """Decoder blocks of the model, from provenance.json; None when the run has none."""
    found = record.activations.get("model_layers")
    return found if isinstance(found, int) else None


def layer_choice(record: RunRecord, report: FlagReport) -> LayerChoice:
    """What the scores of a run, `report`, recommend of the layers it looked at."""
    return choose_layers(LayerScores.of(report), model_depth(record))


def shown_run(history: Iterable[RunRecord]) -> RunRecord | None:
    """The run whose layers are worth a look: the newest sweep, else the newest with held-out scores; blocking."""
    scored = [run for run in history if run.flags is not None and LayerScores.of(run.flags).layers]
    return next((run for run in scored if is_sweep(run)), scored[0] if scored else None)


def resolved(options: TrainOptions, sweeps: Iterable[Sweep]) -> tuple[TrainOptions, Sweep | None]:
    """The options with the layers of the first sweep that fits in place of `auto`, and that sweep.

    Layers that were asked for stay what they are.
    """
    if options.target_layers is not None:
        return options, None
    found = next((sweep for sweep in sweeps if sweep.fits(options)), None)
    return (replace(options, target_layers=found.choice.layers), found) if found else (options, None)


def _sweep(record: RunRecord) -> Sweep | None:
    try:
        if not is_sweep(record):
            return None
        report, request = record.flags, record.request
    except UserError:
        return None
    if report is None:
        return None
    choice = layer_choice(record, report)
    return Sweep(record.id, request, choice) if choice.layers else None
