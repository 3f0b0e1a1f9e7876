"""A text read with the vectors of a run, in the worker: nothing that goes wrong here may end it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from caa_tui.errors import UserError
from caa_tui.export.load import vectors_in
from caa_tui.export.readout import MANIFEST_FILE, TENSORS_FILE
from caa_tui.runs.collecting import activation_cache, collect_options
from caa_tui.runs.progress import PhaseReporter
from caa_tui.runs.protocol import (
    CHECKING,
    COMPARING,
    Cancelled,
    Event,
    Failed,
    LayerRows,
    Probed,
    ProbedToken,
    ProbeRequest,
)
from caa_tui.runs.train import explain
from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.probe import CorpusScale, corpus_scale, norms_of, project_layers

if TYPE_CHECKING:
    from caa_tui.activations.holder import ModelHolder

logger = logging.getLogger(__name__)


class _Missing(Exception):
    """Texts of the run are not in the cache."""

    def __init__(self, texts: int) -> None:
        super().__init__(texts)
        self.texts = texts


def probed(
    request: ProbeRequest, emit: Callable[[Event], None], cancelled: Callable[[], bool], holder: ModelHolder
) -> Probed | Failed | Cancelled:
    """The answer to a request; every way to fail becomes a sentence."""
    # Imported here: a worker that is only asked for its devices needs none of it.
    from caa_tui.activations.data import CollectCancelled

    try:
        return _probed(request, emit, cancelled, holder)
    except CollectCancelled:
        return Cancelled(run_id=request.run_id, forwarded_texts=0)
    except UserError as error:
        return Failed(run_id=request.run_id, message=str(error), refused=True)
    except Exception as error:
        logger.exception("a text cannot be probed")
        message, device_unusable = explain(error, "Probing", "worker.log")
        trace = "".join(traceback.format_exception(error))
        return Failed(run_id=request.run_id, message=message, traceback=trace, worker_leaves=device_unusable)


def _probed(
    request: ProbeRequest, emit: Callable[[Event], None], cancelled: Callable[[], bool], holder: ModelHolder
) -> Probed:
    from caa_tui.activations.token_states import read_tokens

    reporter = PhaseReporter(request.run_id, emit)
    reporter.start(CHECKING, detail=request.model)
    vectors = vectors_in({TENSORS_FILE: request.tensors, MANIFEST_FILE: request.manifest})
    options = collect_options(request, vectors.layers, report=False)
    store = activation_cache(request)
    read = read_tokens(
        request.text,
        options,
        fingerprint=request.fingerprint,
        holder=holder,
        store=store,
        report=reporter.collecting,
        cancelled=cancelled,
    )
    reporter.start(COMPARING, detail=f"{len(request.stories):,} texts")
    scale, missing = _scale(store, request)
    by_token = project_layers(read.states, vectors)
    pooled = project_layers({layer: row[None] for layer, row in read.pooled.items()}, vectors)
    return Probed(
        run_id=request.run_id,
        tokens=tuple(ProbedToken(*token) for token in zip(read.ids, read.pieces, strict=True)),
        by_token=by_token.astype("<f4").tobytes(),
        pooled=_rows(pooled[:, 0]),
        mean=_rows(scale.mean) if scale else (),
        std=_rows(scale.std) if scale else (),
        missing=missing,
        norms=norms_of(read.states, vectors.layers).astype("<f4").tobytes(),
        device=read.device,
        dtype=read.dtype,
    )


def _rows(values: NDArray[np.float64]) -> LayerRows:
    """JSON has no nan: None."""
    return tuple(tuple(float(value) if np.isfinite(value) else None for value in row) for row in values)


def _scale(store: Path, request: ProbeRequest) -> tuple[CorpusScale | None, int]:
    """The scale, or how many of the run's texts it lacks."""
    provenance = msgspec.json.encode(request.activations, order="deterministic")
    try:
        return _kept_scale(store, provenance, request.stories, request.tensors, request.manifest), 0
    except _Missing as missing:
        return None, missing.texts


@lru_cache(maxsize=1)
def _kept_scale(
    store: Path, provenance: bytes, stories: tuple[str, ...], tensors: bytes, manifest: bytes
) -> CorpusScale:
    """Remembered for the next text: it reads a row of the cache for every text of the run.

    Raises:
        _Missing: not all rows are there.
    """
    from caa_tui.activations.kept import kept_residual

    vectors: ConceptVectors = vectors_in({TENSORS_FILE: tensors, MANIFEST_FILE: manifest})
    residual, missing = kept_residual(store, msgspec.json.decode(provenance), stories, vectors.layers)
    if missing or not residual:
        raise _Missing(missing)
    return corpus_scale(residual, vectors)
