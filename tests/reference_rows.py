"""What the tests of the reference rows share: one worker for all trainings, an oracle, reports on made-up numbers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from tiny_models import story_texts

from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import data_folder
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Event, Failed, Finished, Notice, PhaseStarted
from caa_tui.runs.session import train
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.flags import Flag, FlagReport
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.triage import flag_report

Array = NDArray[np.float64]
Texts = dict[str, str]


def write(root: Path, texts: Mapping[str, str | bytes]) -> Path:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def tellings(scenarios: int = 3, concepts: tuple[str, ...] = ("awe", "calm", "joy", "baseline")) -> Texts:
    """`paired/` with a different text in every file, of 5 to 60 words."""
    paths = [f"paired/s{number:02}/{concept}.txt" for number in range(scenarios) for concept in concepts]
    return dict(zip(paths, story_texts(len(paths)), strict=True))


@dataclass
class Desk:
    """Trains corpora one after the other with one worker, as the screens do."""

    client: WorkerClient
    loop: asyncio.AbstractEventLoop
    events: list[Event] = field(default_factory=list)

    def train(self, root: Path, model: Path, hear: Callable[[Event], None] | None = None, **options: Any) -> RunRecord:
        self.events = []

        def on_event(event: Event) -> None:
            self.events.append(event)
            if hear is not None:
                hear(event)

        settings: dict[str, Any] = {"device": "cpu", "dtype": "fp32"} | options
        run = train(
            scan(root),
            Settings(),
            TrainOptions(model=str(model), **settings),
            client=self.client,
            data=data_folder(root),
            on_event=on_event,
        )
        return self.loop.run_until_complete(run)

    @property
    def notes(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Notice)]

    @property
    def phases(self) -> list[str]:
        return [event.phase for event in self.events if isinstance(event, PhaseStarted)]


def done(run: RunRecord) -> Finished:
    assert isinstance(run.summary, Finished), run.message
    return run.summary


def refused(desk: Desk, root: Path, model: Path, **options: Any) -> str:
    """The sentence for a training that the user can put right; it leaves no run."""
    with pytest.raises(UserError) as problem:
        desk.train(root, model, **options)
    told = desk.events[-1]
    assert isinstance(told, Failed)
    assert (told.message, told.traceback) == (str(problem.value), "")
    assert list(data_folder(root).runs.iterdir()) == []
    return told.message


def strict_json(file: Path) -> Any:
    """JSON as its standard has it: NaN and Infinity are errors."""

    def no(name: str) -> NoReturn:
        pytest.fail(f"{file.name} holds {name}")

    return json.loads(file.read_bytes(), parse_constant=no)


class Oracle:
    """One text at a time, no batch, no padding, no cache: what a vector must be."""

    def __init__(self, model: Path) -> None:
        self._model = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(model)

    def last_token(self, text: str, layer: int) -> Array:
        ids = self._tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            states = self._model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
        values: Array = states[layer + 1][0, -1].numpy().astype(np.float64)
        return values

    def vector(self, positives: list[str], negatives: list[str], layer: int) -> Array:
        ours, others = ([self.last_token(text, layer) for text in texts] for texts in (positives, negatives))
        difference = np.mean(ours, axis=0) - np.mean(others, axis=0)
        unit: Array = difference / np.linalg.norm(difference)
        return unit


def cosine(run: RunRecord, concept: str, layer: int, expected: Array) -> float:
    assert run.readout is not None
    return float(run.readout.matrix[layer][run.readout.concepts.index(concept)] @ expected)


def split(texts: Texts, concept: str) -> tuple[list[str], list[str]]:
    own = [text for path, text in texts.items() if Path(path).stem == concept]
    return own, [text for path, text in texts.items() if Path(path).stem != concept]


def noise(stories: int, seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal((stories, 576))


def judged(groups: Mapping[str, Array], baselines: Array | None = None) -> FlagReport:
    """The report on activations that are given, one array of stories for each concept."""
    named = [(concept, values) for concept, values in groups.items()]
    everything: list[tuple[str | None, Array]] = [*named, *([] if baselines is None else [(None, baselines)])]
    rows = [
        StoryRow(f"paired/s{i}/{concept or 'baseline'}.txt", concept, f"s{i}", f"{concept} {i}", f"{concept} {i}")
        for concept, values in everything
        for i in range(len(values))
    ]
    values = np.concatenate([values for _, values in everything]).astype(np.float32)
    acts = Activations(rows=tuple(rows), layers=(5,), residual={5: values})
    vectors = train_vectors(acts)
    return flag_report(acts, vectors, quality_report(acts, vectors))


def flags_of(report: FlagReport, kind: str) -> dict[str, Flag]:
    return {flag.concept: flag for flag in report.flags if flag.kind == kind}
