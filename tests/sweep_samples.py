"""Finished runs at many layers, with held-out scores and no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from caa_tui.corpus.settings import Thresholds
from caa_tui.corpus.storage import DataFolder
from caa_tui.runs.history import RunRecord, load_run
from caa_tui.runs.protocol import FinalEvent, Finished
from caa_tui.runs.records import REQUEST_FILE, STATUS_FILE, RunRequest, StatusFile, StoryStamp, status_of
from caa_tui.runs.run_folder import next_run_id
from caa_tui.vectors.flags import ConceptSummary, FlagReport

Scores = Mapping[str, Mapping[str, float | None]]
"""Concept -> layer -> held-out score."""
DEPTH = 12
PEAK = 7
"""The layer that is clearly the best of a `swept` run."""
STORIES = (StoryStamp(path="stories/joy.txt", concept="joy", scenario=None, text_sha256="0"),)


def peaked(layers: Sequence[int], concepts: Sequence[str] = ("c0", "c1", "c2", "c3", "c4")) -> Scores:
    """.60 and a little more for each concept, .80 and a little more at `PEAK`."""
    return {
        concept: {str(layer): (0.8 if layer == PEAK else 0.6) + 0.01 * number for layer in layers}
        for number, concept in enumerate(concepts)
    }


def report_with(scores: Scores) -> FlagReport:
    concepts = tuple(summary_with(concept, held_out) for concept, held_out in scores.items())
    return FlagReport(layer=PEAK, thresholds=Thresholds(), buckets={}, flags=(), concepts=concepts)


def summary_with(concept: str, held_out: Mapping[str, float | None]) -> ConceptSummary:
    nothing: dict[str, float | None] = dict.fromkeys(held_out)
    return ConceptSummary(
        concept=concept,
        stories=3,
        scenarios=1,
        buckets=(),
        first_pc=nothing,
        agreement=nothing,
        held_out=dict(held_out),
        nearest=dict.fromkeys(held_out),
        r_squared=nothing,
        neuron=nothing,
    )


def swept(
    data: DataFolder,
    layers: Sequence[int] = range(DEPTH),
    *,
    depth: int | None = DEPTH,
    report: FlagReport | None = None,
    summary: FinalEvent | None = None,
    **choices: object,
) -> RunRecord:
    """A run at these layers as the session would have left it; `choices` of its request."""
    folder = data.runs / next_run_id(data.runs)
    folder.mkdir(parents=True)
    ending = summary or finished(folder.name, tuple(layers))
    plain = RunRequest(run_id=folder.name, model="m", stories=STORIES, target_layers="all")
    status = StatusFile(id=folder.name, status=status_of(ending), started=1.0, ended=2.0, summary=ending)
    files = {
        REQUEST_FILE: msgspec.structs.replace(plain, **choices),
        STATUS_FILE: status,
        "flags.json": report or report_with(peaked(layers)),
        "provenance.json": {"activations": {} if depth is None else {"model_layers": depth}},
    }
    for name, content in files.items():
        (folder / name).write_bytes(msgspec.json.encode(content))
    return load_run(data, folder.name)


def finished(run_id: str, layers: tuple[int, ...]) -> Finished:
    return Finished(
        run_id=run_id,
        concepts=5,
        stories=1,
        layers=layers,
        hidden_size=8,
        device="cpu",
        dtype="fp32",
        forwarded_texts=1,
        cached_texts=0,
        tokens=9,
        padded_tokens=16,
        seconds={"total": 1.0},
        peak_memory_bytes=1,
    )
