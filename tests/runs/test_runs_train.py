"""A request becomes events: the order, what is sent, and what happens when something fails."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import numpy as np
import pytest
from stub_collector import HIDDEN, LAYERS, StubCollector, numbers_of

import caa_tui.runs.train as train_module
from caa_tui.export.readout import parse_readout
from caa_tui.runs.protocol import (
    Artefact,
    Cancelled,
    Event,
    Failed,
    FinalEvent,
    Finished,
    Notice,
    PhaseStarted,
    StoryText,
    TrainRequest,
)
from caa_tui.runs.train import explain, run_training

TEXTS = {
    "stories/joy.txt": "the door was open",
    "stories/awe.txt": "the door was high",
    "stories/calm.txt": "the door was quiet",
    "paired/a/joy.txt": "bread on the table",
    "paired/a/awe.txt": "the table had no end",
    "paired/a/calm.txt": "the table stood",
    "paired/a/baseline.txt": "a table",
}


def request_of(texts: dict[str, str] | None = None, model: str = "stub", **options: object) -> TrainRequest:
    stories = []
    for path, text in (TEXTS if texts is None else texts).items():
        *folders, name = path.split("/")
        concept = name.removesuffix(".txt")
        scenario = folders[1] if len(folders) > 1 else None
        stories.append(
            StoryText(path=path, concept=None if concept == "baseline" else concept, scenario=scenario, text=text)
        )
    return TrainRequest(run_id="0001", model=model, stories=tuple(stories), **options)  # type: ignore[arg-type]


def run(
    request: TrainRequest, collector: StubCollector | None = None, cancelled: Callable[[], bool] = lambda: False
) -> tuple[list[Event], FinalEvent]:
    events: list[Event] = []
    final = run_training(request, events.append, cancelled, collector or StubCollector())
    return events, final


def files_of(events: list[Event]) -> dict[str, bytes]:
    return {event.name: event.data for event in events if isinstance(event, Artefact)}


def test_a_whole_run() -> None:
    events, final = run(request_of())
    assert isinstance(final, Finished)
    assert [event.phase for event in events if isinstance(event, PhaseStarted)] == [
        "check",
        "load model",
        "read stories",
        "vectors",
        "quality",
        "write",
    ]
    assert list(files_of(events)) == [
        "readout.safetensors",
        "readout.json",
        "quality.json",
        "flags.json",
        "provenance.json",
    ]
    assert (final.concepts, final.stories, final.layers, final.hidden_size) == (3, 7, LAYERS, HIDDEN)
    assert (final.forwarded_texts, final.cached_texts, final.tokens, final.padded_tokens) == (7, 0, 70, 112)
    assert set(final.seconds) == {"check", "load model", "read stories", "vectors", "quality", "write", "total"}
    assert final.peak_memory_bytes > 10_000_000
    assert "This model has no MLP." in [event.message for event in events if isinstance(event, Notice)]


def test_the_vectors_are_the_unit_differences_of_means() -> None:
    events, _ = run(request_of())
    manifest, tensors = parse_readout(files_of(events))
    assert (manifest.concepts, manifest.layers) == (("awe", "calm", "joy"), LAYERS)
    for layer in LAYERS:
        for row, concept in enumerate(manifest.concepts):
            own = [numbers_of(text, layer) for path, text in TEXTS.items() if path.endswith(f"{concept}.txt")]
            others = [numbers_of(text, layer) for path, text in TEXTS.items() if not path.endswith(f"{concept}.txt")]
            expected = np.mean(own, axis=0, dtype=np.float64) - np.mean(others, axis=0, dtype=np.float64)
            np.testing.assert_allclose(tensors[layer][row], expected / np.linalg.norm(expected), atol=1e-3)


def test_equal_texts_are_read_once_and_have_equal_rows() -> None:
    collector = StubCollector()
    twice = TEXTS | {"paired/b/joy.txt": TEXTS["stories/joy.txt"]}
    _, final = run(request_of(twice), collector)
    assert isinstance(final, Finished)
    assert (final.stories, final.forwarded_texts) == (8, 7)
    assert collector.asked == [tuple(TEXTS.values())]


def test_the_same_request_gives_the_same_bytes() -> None:
    first, second = files_of(run(request_of())[0]), files_of(run(request_of())[0])
    assert first == second


def test_provenance_names_what_made_the_files() -> None:
    events, _ = run(request_of(pooling="mean", target_layers=(1, 2)))
    files = files_of(events)
    content = json.loads(files["provenance.json"])
    assert content["stories"]["stories/joy.txt"] == hashlib.sha256(TEXTS["stories/joy.txt"].encode()).hexdigest()
    assert content["options"]["pooling"] == "mean"
    assert content["activations"] == {"model": "stub"}
    assert content["files_sha256"]["readout.json"] == hashlib.sha256(files["readout.json"]).hexdigest()
    assert "run_id" not in content["options"]
    assert TEXTS["stories/joy.txt"] not in files["provenance.json"].decode()


def test_every_file_is_json_without_nan() -> None:
    events, _ = run(request_of({path: text for path, text in TEXTS.items() if not path.startswith("paired")}))
    for name, data in files_of(events).items():
        if name.endswith(".json"):
            json.loads(data, parse_constant=pytest.fail)
            assert data.endswith(b"\n")


def test_without_a_quality_report() -> None:
    events, final = run(request_of(quality_report=False))
    assert isinstance(final, Finished)
    assert list(files_of(events)) == ["readout.safetensors", "readout.json", "provenance.json"]
    assert final.buckets == {}


def test_too_few_stories_leave_a_concept_out() -> None:
    rare = TEXTS | {"stories/rare.txt": "once"}
    events, final = run(request_of(rare, min_positives=2))
    assert isinstance(final, Finished)
    assert list(final.left_out) == ["rare"]
    assert parse_readout(files_of(events))[0].concepts == ("awe", "calm", "joy")


def test_truncated_stories_are_named() -> None:
    both = {"stories/joy.txt": "long", "paired/a/joy.txt": "long"} | TEXTS | {"stories/joy.txt": "long"}
    both["paired/a/joy.txt"] = "long"
    events, final = run(request_of(both, model="truncating"))
    assert isinstance(final, Finished)
    assert final.truncated == ("stories/joy.txt", "paired/a/joy.txt")
    (notice,) = [event for event in events if isinstance(event, Notice) and event.paths]
    assert notice.paths == final.truncated
    assert "2 stories" in notice.message


@pytest.mark.parametrize(
    "texts", [{}, {"stories/joy.txt": "one"}, {"stories/joy.txt": "same", "stories/awe.txt": "same"}]
)
def test_a_corpus_that_cannot_be_trained_never_reaches_the_model(texts: dict[str, str]) -> None:
    collector = StubCollector()
    events, final = run(request_of(texts), collector)
    assert isinstance(final, Failed)
    assert final.traceback == ""
    assert collector.asked == []
    assert files_of(events) == {}


@pytest.mark.parametrize(
    ("model", "words", "user", "leaves"),
    [
        ("user", "choose another one", True, False),
        ("memory", "memory of the machine", False, False),
        ("defect", "unexpectedly (KeyError: 'no such key')", False, False),
        ("gpu", "CUDA error: device-side assert triggered", False, True),
        ("disk", "disk is full", False, False),
    ],
)
def test_failures_are_sentences(model: str, words: str, user: bool, leaves: bool) -> None:
    _, final = run(request_of(model=model))
    assert isinstance(final, Failed)
    assert words in final.message
    assert "\n" not in final.message
    assert (final.traceback == "") is user
    assert final.worker_leaves is leaves


def test_out_of_memory_of_a_device() -> None:
    kind = type("OutOfMemoryError", (RuntimeError,), {"__module__": "torch"})
    message, unusable = explain(kind("CUDA out of memory. Tried to allocate 2 GiB"))
    assert "memory of the GPU" in message
    assert not unusable


def test_a_failing_report_does_not_lose_the_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no report")

    monkeypatch.setattr(train_module, "quality_report", broken)
    events, final = run(request_of())
    assert isinstance(final, Failed)
    assert list(files_of(events)) == ["readout.safetensors", "readout.json"]
    assert "no report" in final.traceback


def test_cancel_while_reading() -> None:
    answers = iter([False, False, True])
    events, final = run(request_of(), cancelled=lambda: next(answers))
    assert final == Cancelled(run_id="0001", forwarded_texts=2)
    assert files_of(events) == {}


def test_cancel_before_the_report_keeps_the_vectors() -> None:
    seen: list[Event] = []
    sent = lambda: any(isinstance(event, Artefact) for event in seen)  # noqa: E731
    final = run_training(request_of(), seen.append, sent, StubCollector())
    assert isinstance(final, Cancelled)
    assert list(files_of(seen)) == ["readout.safetensors", "readout.json"]
