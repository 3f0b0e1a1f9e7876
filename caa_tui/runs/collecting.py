"""How a request says its texts are read: the same for a training and for a text that is probed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caa_tui.activations.data import CollectOptions
    from caa_tui.choices import Layers
    from caa_tui.runs.protocol import ProbeRequest, TrainRequest


def collect_options(request: TrainRequest | ProbeRequest, layers: Layers, *, report: bool) -> CollectOptions:
    """What the activations room is asked for; `report`: also for what only the quality report and the verdicts need."""
    # Imported here: a worker that is only asked for its devices needs none of it.
    from caa_tui.activations.data import CollectOptions

    return CollectOptions(
        model=request.model,
        target_layers=layers,
        dtype=request.dtype,
        device=request.device,
        batch_tokens=request.batch_tokens,
        max_length=request.max_length,
        pooling=request.pooling,
        heads=report,
        means=report,
    )


def activation_cache(request: TrainRequest | ProbeRequest) -> Path:
    """The cache of the corpus, or the worker's own where it has no access to the corpus folder."""
    if request.cache_path:
        return Path(request.cache_path)
    from platformdirs import user_cache_path

    return user_cache_path("caa-tui", ensure_exists=True) / "activations.sqlite"
