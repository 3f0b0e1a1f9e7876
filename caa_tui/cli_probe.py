"""`caa probe`: what the vectors of a run read in a text, as tables for a person or as one document for a program."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caa_tui import cli_output
from caa_tui.cli_history import chosen_run
from caa_tui.cli_train import EventTeller
from caa_tui.cli_waiting import Waiting
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.corpus.text import decode, not_utf8_reason
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord
from caa_tui.runs.probing import MAX_TEXT_CHARACTERS, ProbeResult, checked_text, probe_text, shown_layer, vectors_of
from caa_tui.runs.session import worker_log
from caa_tui.text_safety import printable
from caa_tui.vectors.probe import Probe, sink_sentence
from caa_tui.wording import count, decimal

MAX_TEXT_BYTES = 4 * MAX_TEXT_CHARACTERS
TOKEN_CONCEPTS = 5
"""Columns of the table of tokens: as many as fit 80 columns."""
SHOWN_LAYERS = 6
"""Of a run with more the table has the layer it is sorted at only."""
SINK = "*"
PIECE_WIDTH = 24


@dataclass(frozen=True)
class Shown:
    """What of the answer is shown."""

    layer: int | None
    """None: the one that tells the run's stories apart best."""
    top: int
    by_token: bool
    as_json: bool


def given_text(text: str | None, file: Path | None) -> str:
    """The text of --text, of the file, or of stdin.

    Raises:
        UserError: both or neither, it cannot be read, or is not UTF-8.
    """
    if text is not None and file is not None:
        raise UserError("Give the text with --text or with --file, not with both.")
    if text is not None:
        return text
    if file is None and sys.stdin.isatty():
        raise UserError("There is no text; give it with --text or --file, or pipe it in.")
    name, data = ("stdin", sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)) if file is None else (str(file), _bytes(file))
    if len(data) > MAX_TEXT_BYTES:
        raise UserError(f"The text in {name} is longer than any model reads; give a part of it.")
    try:
        return decode(data).text
    except UnicodeDecodeError as error:
        raise UserError(f"The text in {name} {not_utf8_reason(data, error)}.") from error


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_TEXT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
        raise UserError(f"{file} cannot be read ({why}); give the path of a text file.") from error


def probe_in_terminal(root: Path, run_id: str | None, text: str, worker_command: str | None, shown: Shown) -> None:
    """Read `text` with a run's vectors and print what they say; `run_id` None: the newest run that is done.

    Raises:
        UserError: the run, the text, the layer or the worker cannot be used.
    """
    data = data_folder(scan(root).root)
    run = chosen_run(data, run_id)
    layers = vectors_of(run).layers
    layer = shown_layer(run, layers) if shown.layer is None else shown.layer
    if layer not in layers:
        raise UserError(f"Run {run.id} has no vectors at layer {layer}; choose one of {', '.join(map(str, layers))}.")
    client = WorkerClient(worker_log(data), worker_command)
    result = asyncio.run(_asked(checked_text(text), run, client, data))
    if shown.as_json:
        cli_output.write_json(_document(run, result, layer))
    else:
        cli_output.write_lines(probe_lines(run, result, layer, shown.top, shown.by_token))
    if result.note:
        cli_output.tell(f"note: {result.note}")


async def _asked(text: str, run: RunRecord, client: WorkerClient, data: DataFolder) -> ProbeResult:
    waiting = Waiting(EventTeller(as_json=False))
    try:
        async with waiting.ticking():
            return await probe_text(text, run, client=client, data=data, on_event=waiting)
    finally:
        await client.close()


def _document(run: RunRecord, result: ProbeResult, layer: int) -> dict[str, Any]:
    """Numbers as a readout server gives them: for each token a list of layers, each a list of concepts.

    Texts are safe for a terminal; the ids of the tokens are exact.
    """
    probe, scale = result.probe, result.probe.scale
    token_z, sinks = probe.token_z, [probe.sinks(number) for number in probe.layers]
    return {
        "run": run.id,
        "model": run.request.model,
        "device": result.device,
        "dtype": result.dtype,
        "pooling": run.activations.get("pooling"),
        "concepts": probe.concepts,
        "layers": probe.layers,
        "layer": layer,
        "ranked": [probe.concepts[index] for index in probe.ranked(layer)],
        "pooled": {"readout": _plain(probe.pooled), "z": _plain(probe.pooled_z)},
        "tokens": [
            {
                "id": probe.token_ids[at],
                "text": printable(piece),
                "readout": _plain(probe.by_token[:, at]),
                "z": _plain(None if token_z is None else token_z[:, at]),
                "norm": _plain(None if probe.norms is None else probe.norms[:, at]),
                "sink": [at in found for found in sinks],
            }
            for at, piece in enumerate(probe.tokens)
        ],
        "corpus": scale and {"texts": scale.texts, "mean": _plain(scale.mean), "std": _plain(scale.std)},
        "note": result.note or None,
    }


def _plain(values: NDArray[np.float64] | None) -> Any:
    """As lists; None for what is not defined."""
    return None if values is None else np.where(np.isfinite(values), values, None).tolist()  # type: ignore[call-overload]


def probe_lines(run: RunRecord, result: ProbeResult, layer: int, top: int, by_token: bool) -> Iterator[str]:
    """The concepts by the whole text, then on request the tokens one by one for the first of them."""
    probe = result.probe
    ranked = probe.ranked(layer)[:top]
    kind = "Projections" if probe.scale is None else "z-scores"
    against = "" if probe.scale is None else f", against the {count(probe.scale.texts, 'text')} of the run"
    yield (
        f"Run {run.id} reads {count(len(probe.tokens), 'token')}: {Path(run.request.model).name}, {result.dtype} on "
        f"{result.device}, pooled {run.activations.get('pooling')}"
    )
    yield ""
    yield f"{kind} of the whole text{against}; sorted at layer {layer}"
    yield from _concept_table(probe, layer, ranked)
    if len(ranked) < len(probe.concepts):
        yield f"  {len(ranked)} of {count(len(probe.concepts), 'concept')}; --top shows more"
    if by_token:
        yield ""
        yield f"{kind} of every token at layer {layer}"
        yield from _token_table(probe, layer, ranked[:TOKEN_CONCEPTS])
        if note := sink_sentence(probe, layer):
            yield f"  {SINK} {note}"


def _concept_table(probe: Probe, layer: int, ranked: tuple[int, ...]) -> Iterator[str]:
    values = probe.pooled if probe.pooled_z is None else probe.pooled_z
    at = probe.layers.index(layer)
    shown = list(range(len(probe.layers))) if len(probe.layers) <= SHOWN_LAYERS else [at]
    rows = [["concept", *(f"layer {probe.layers[one]}" for one in shown), f"projection at {layer}"]]
    for index in ranked:
        by_layer = (_number(value) for value in values[shown, index])
        rows.append([printable(probe.concepts[index]), *by_layer, _number(probe.pooled[at, index])])
    yield from _indented(cli_output.table(rows, right=range(1, len(rows[0]))))


def _token_table(probe: Probe, layer: int, ranked: tuple[int, ...]) -> Iterator[str]:
    values, sinks = probe.of_tokens(layer), probe.sinks(layer)
    rows = [["", "token", *(printable(probe.concepts[index]) for index in ranked)]]
    for at, piece in enumerate(probe.tokens):
        numbers = (_number(values[at, index]) for index in ranked)
        rows.append([f"{at}{SINK if at in sinks else ' '}", _piece(piece), *numbers])
    yield from _indented(cli_output.table(rows, right=(0, *range(2, len(rows[0])))))


def _piece(text: str) -> str:
    """A token on one short line; blanks alone are shown as their sign."""
    seen = printable(text) if text.strip(" ") else "␠" * len(text)
    return seen if len(seen) <= PIECE_WIDTH else f"{seen[: PIECE_WIDTH - 1]}…"


def _number(value: float) -> str:
    return decimal(float(value) if np.isfinite(value) else None)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
