"""Runs and corpora made without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from caa_tui.corpus.settings import Thresholds
from caa_tui.corpus.storage import DataFolder
from caa_tui.export.readout import readout_files
from caa_tui.runs.history import RunRecord, load_run
from caa_tui.runs.protocol import Artefact, FinalEvent, Finished, Hello, StoryText, TrainRequest
from caa_tui.runs.records import RunRequest, StoryStamp
from caa_tui.runs.run_folder import RunFolder, next_run_id
from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.flags import ConceptSummary, Evidence, Flag, FlagKind, FlagReport

LAYER = 3


def write_corpus(root: Path, texts: Mapping[str, str]) -> Path:
    """`texts`: path -> text."""
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def finished(run_id: str) -> Finished:
    return Finished(
        run_id=run_id,
        concepts=2,
        stories=3,
        layers=(LAYER,),
        hidden_size=4,
        device="cpu",
        dtype="fp32",
        forwarded_texts=1,
        cached_texts=2,
        tokens=10,
        padded_tokens=16,
        seconds={"read stories": 1.0, "total": 2.0},
        peak_memory_bytes=1000,
        buckets={"fragmented": ("joy",)},
    )


def vectors(rows: Mapping[str, Sequence[float]]) -> ConceptVectors:
    matrix = np.array([rows[concept] for concept in sorted(rows)], dtype=np.float64)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return ConceptVectors(concepts=tuple(sorted(rows)), layers=(LAYER,), matrix={LAYER: unit})


def summary_of(concept: str, first_pc: float) -> ConceptSummary:
    key = str(LAYER)
    return ConceptSummary(
        concept=concept,
        stories=3,
        scenarios=1,
        buckets=("fragmented",) if first_pc < 0.4 else (),
        first_pc={key: first_pc},
        agreement={key: None},
        nearest={key: ("awe", 0.25)},
        r_squared={key: 0.5},
        neuron={key: None},
    )


def flag_of(kind: FlagKind, concept: str) -> Flag:
    path = f"stories/{concept}.txt"
    return Flag(
        kind=kind,
        concept=concept,
        layer=LAYER,
        value=0.25,
        threshold=0.4,
        verdict=f"{concept}: the stories tell different feelings.",
        by_layer={str(LAYER): 0.25},
        stories=3,
        evidence=(Evidence(path=path, concept=concept, scenario=None, score=-0.125, reason="pulls away"),),
    )


def report_of(flags: Sequence[Flag], **first_pc: float) -> FlagReport:
    return FlagReport(
        layer=LAYER,
        thresholds=Thresholds(),
        buckets={},
        flags=tuple(flags),
        concepts=tuple(summary_of(concept, value) for concept, value in sorted(first_pc.items())),
    )


def request_of(run_id: str, texts: Mapping[str, str], model: str = "m") -> RunRequest:
    stories = tuple(
        StoryText(path=path, concept=Path(path).stem, scenario=None, text=text) for path, text in texts.items()
    )
    stamps = tuple(
        StoryStamp(
            path=story.path,
            concept=story.concept,
            scenario=None,
            text_sha256=hashlib.sha256(story.text.encode()).hexdigest(),
        )
        for story in stories
    )
    return RunRequest.of(TrainRequest(run_id=run_id, model=model, stories=stories), stamps, None)


def write_run(
    data: DataFolder,
    texts: Mapping[str, str],
    rows: Mapping[str, Sequence[float]] | None = None,
    report: FlagReport | None = None,
    summary: FinalEvent | None = None,
    model: str = "m",
) -> RunRecord:
    """A run as the session would have left it; `summary` None: it is done."""
    run_id = next_run_id(data.runs)
    folder = RunFolder(data, request_of(run_id, texts, model), data.path / "worker.log")
    folder.add(Hello(pid=1, host="here"))
    files = readout_files(vectors(rows), 4) if rows else {}
    if report is not None:
        files |= {"flags.json": msgspec.json.encode(report), "quality.json": b'{"joy": {"n": 3}}'}
    for name, content in files.items():
        folder.add(Artefact(run_id=run_id, name=name, data=content))
    ending = summary or finished(run_id)
    folder.add(ending)
    place = folder.close(ending)
    return load_run(data, place.name)
