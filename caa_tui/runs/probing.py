"""A text and a run to a request for the worker, and its answer to numbers: this side of the pipe, without torch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.storage import DataFolder
from caa_tui.corpus.text import normalise_newlines
from caa_tui.errors import UserError
from caa_tui.export.readout import MANIFEST_FILE, TENSORS_FILE
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord
from caa_tui.runs.protocol import Event, LayerRows, Probed, ProbeRequest
from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.probe import CorpusScale, Probe
from caa_tui.wording import count

MAX_TEXT_CHARACTERS = 4 << 20
"""More than any model reads; a tokenizer would take its time to find that out."""

Kind = TypeVar("Kind", str, int)


@dataclass(frozen=True)
class ProbeResult:
    """A text as a run reads it, and how it came about."""

    probe: Probe
    device: str
    dtype: str
    note: str
    """Why there is no z-score, one sentence; empty when there is one."""


async def probe_text(
    text: str,
    run: RunRecord,
    *,
    client: WorkerClient,
    data: DataFolder,
    on_event: Callable[[Event], None] | None = None,
) -> ProbeResult:
    """Read `text` with the vectors of `run` on the client's worker, which is started if need be.

    `on_event` sees the phases of the worker. Cancel by cancelling the task.

    Raises:
        UserError: the text or the run is not usable, the model is another one, or the worker cannot do it.
    """
    cache = data.activations if client.command is None else None
    # The vectors of a large run are many megabytes, which a screen must not wait for.
    request = await asyncio.to_thread(probe_request, text, run, cache)
    answer = await client.probe(request, on_event)
    probe = await asyncio.to_thread(lambda: probe_of(answer, vectors_of(run), texts=len(request.stories)))
    return ProbeResult(
        probe=probe,
        device=answer.device,
        dtype=answer.dtype,
        note="" if answer.mean else _no_scale(run, answer.missing, len(request.stories)),
    )


def vectors_of(run: RunRecord) -> ConceptVectors:
    """The vectors of a run that has some.

    Raises:
        UserError: it has none, or they are damaged.
    """
    if run.readout is None:
        raise UserError(f"Run {run.id} ({run.status}) has no vectors; choose another with --run.")
    return run.readout


def checked_text(text: str) -> str:
    """As the model reads a story: newlines as `\\n`, stripped.

    Raises:
        UserError: empty, far too long, or not text.
    """
    read = normalise_newlines(text).strip()
    if not read:
        raise UserError("The text is empty; give one with at least a word.")
    if len(read) > MAX_TEXT_CHARACTERS:
        raise UserError(f"The text has more than {MAX_TEXT_CHARACTERS:,} characters; no model reads that much.")
    try:
        read.encode()
    except UnicodeEncodeError:
        raise UserError("The text is not UTF-8; save it again as UTF-8.") from None
    return read


def probe_request(text: str, run: RunRecord, cache: Path | None) -> ProbeRequest:
    """The request for one text; `cache` None: the worker, perhaps on another machine, uses its own.

    Raises:
        UserError: as `probe_text`, for all that needs no worker.
    """
    vectors_of(run)
    made, asked = run.activations, run.request
    return ProbeRequest(
        run_id="",
        text=checked_text(text),
        model=asked.model,
        fingerprint=_known(run, "fingerprint", str),
        tensors=_file(run, TENSORS_FILE),
        manifest=_file(run, MANIFEST_FILE),
        dtype=_known(run, "dtype", str),
        max_length=_known(run, "max_length", int),
        pooling=_known(run, "pooling", str),
        device=asked.device,
        batch_tokens=asked.batch_tokens,
        activations=made,
        stories=tuple(dict.fromkeys(story.text_sha256 for story in asked.stories)),
        cache_path=str(cache) if cache else None,
    )


def _known(run: RunRecord, name: str, kind: type[Kind]) -> Kind:
    """What provenance.json says."""
    value = run.activations.get(name)
    if not isinstance(value, kind):
        raise UserError(f"Run {run.id} does not say which model made it (provenance.json); train again.")
    return value


def _file(run: RunRecord, name: str) -> bytes:
    try:
        return (run.folder / name).read_bytes()
    except OSError as error:
        raise UserError(f"{name} of run {run.id} cannot be read ({error.strerror}); train again.") from error


def probe_of(answer: Probed, vectors: ConceptVectors, texts: int) -> Probe:
    """The worker's answer as numbers; `texts`: how many the scale was made of.

    Raises:
        UserError: it does not fit the vectors.
    """
    layers, concepts, tokens = len(vectors.layers), len(vectors.concepts), len(answer.tokens)
    try:
        by_token = _floats(answer.by_token, (layers, tokens, concepts))
        scale = (
            CorpusScale(_array(answer.mean, (layers, concepts)), _array(answer.std, (layers, concepts)), texts)
            if answer.mean
            else None
        )
        pooled = _array(answer.pooled, (layers, concepts))
        norms = _floats(answer.norms, (layers, tokens)) if answer.norms else None
    except ValueError as error:
        raise UserError(
            "The worker's answer does not fit the vectors; install the same caa-tui version on both sides."
        ) from error
    return Probe(
        concepts=vectors.concepts,
        layers=vectors.layers,
        tokens=tuple(token.text for token in answer.tokens),
        token_ids=tuple(token.id for token in answer.tokens),
        by_token=by_token,
        pooled=pooled,
        scale=scale,
        norms=norms,
    )


def _floats(data: bytes, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.frombuffer(data, dtype="<f4").astype(np.float64).reshape(shape)


def _array(rows: LayerRows, shape: tuple[int, int]) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(shape)


def _no_scale(run: RunRecord, missing: int, texts: int) -> str:
    return (
        f"{missing:,} of the {count(texts, 'text')} of run {run.id} are not in the activation cache of the worker, "
        "so there are projections but no z-scores; train again with the same settings and probe that run."
    )


def shown_layer(run: RunRecord, layers: tuple[int, ...]) -> int:
    """The layer that tells the run's stories apart best, as far as flags.json knows; else the middle one."""
    best = run.flags.best_layer if run.flags else None
    return best if best in layers else layers[len(layers) // 2]
