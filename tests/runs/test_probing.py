"""A text probed with the vectors of a real run of tiny models, in a real worker, against plain transformers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pytest
import torch
import transformers
from here_worker import HereWorker
from numpy.typing import NDArray
from run_samples import report_of, write_corpus, write_run
from safetensors.numpy import load_file
from tiny_models import story_texts, tiny_model

from caa_tui.activations.holder import ModelHolder
from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import data_folder
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord, load_run
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.probe import probed
from caa_tui.runs.probing import ProbeResult, checked_text, probe_of, probe_request, probe_text, shown_layer
from caa_tui.runs.protocol import Cancelled, Event, Failed, PhaseStarted, Probed, ProbedToken
from caa_tui.runs.session import train, worker_log
from caa_tui.vectors.data import ConceptVectors

LAYERS = (2, 0)
CONCEPTS = ("awe", "baseline", "calm", "joy")
PATHS = [f"paired/s{number}/{concept}.txt" for number in range(3) for concept in CONCEPTS]
TEXTS = dict(zip(PATHS, story_texts(len(PATHS)), strict=True)) | {"stories/joy.txt": story_texts(1)[0]}
"""The last one repeats the first text under another name."""
UNSEEN = "Nobody had told her — the ferry\u2019s \x1b[31mdog[/b] slept \U0001f642."

READING = ["check", "read text", "compare"]
"""The phases of one text when the model is there."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several threads on a tiny model only wait for each other when tests run side by side."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@dataclass
class Desk:
    """One corpus with a run, and a worker."""

    root: Path
    client: WorkerClient | HereWorker
    run: RunRecord

    async def probe(self, text: str, run: RunRecord | None = None, told: list[Event] | None = None) -> ProbeResult:
        return await probe_text(
            text,
            run or self.run,
            client=cast(WorkerClient, self.client),
            data=data_folder(self.root),
            on_event=None if told is None else told.append,
        )

    def forget_model(self) -> None:
        assert isinstance(self.client, HereWorker)
        self.client.holder.release()


@asynccontextmanager
async def desk(root: Path, model: Path, process: bool = False, **options: Any) -> AsyncIterator[Desk]:
    write_corpus(root, TEXTS)
    log = worker_log(data_folder(root))
    client = WorkerClient(log) if process else HereWorker(log)
    chosen: dict[str, Any] = {"device": "cpu", "dtype": "fp32", "target_layers": LAYERS} | options
    try:
        run = await train(
            scan(root),
            Settings(),
            TrainOptions(model=str(model), **chosen),
            client=cast(WorkerClient, client),
            data=data_folder(root),
            on_event=lambda _: None,
        )
        assert run.result is not None, run.message
        yield Desk(root, client, run)
    finally:
        await client.close()


class Plain:
    """Projections by nothing but transformers, numpy and the exported files."""

    def __init__(self, model: Path, run: RunRecord) -> None:
        self._model = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        tensors = load_file(run.folder / "readout.safetensors")
        self._vectors = [tensors[f"layer_{layer}.vectors"].astype(np.float64) for layer in LAYERS]

    def __call__(self, text: str) -> NDArray[np.float64]:
        """(layers, tokens, concepts)."""
        with torch.inference_mode():
            ids = self._tokenizer(text, return_tensors="pt")["input_ids"]
            states = self._model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
        rows = []
        for layer, vectors in zip(LAYERS, self._vectors, strict=True):
            lengths = np.linalg.norm(vectors, axis=1)
            rows.append(states[layer + 1][0].numpy().astype(np.float64) @ vectors.T / lengths)
        return np.stack(rows)


@pytest.mark.parametrize(
    ("family", "tokenizer", "pooling", "start"),
    [
        ("llama", {}, "last", -1),
        ("llama", {"padding_side": "left", "bos": True}, "mean:2", 2),
        ("gpt2", {"padding_side": "left", "pad": False}, "last", -1),
        ("gpt2", {}, "mean", 0),
    ],
)
async def test_numbers_are_those_of_plain_transformers(
    family: str, tokenizer: dict[str, Any], pooling: str, start: int, tmp_path: Path
) -> None:
    model = tiny_model(family, tmp_path / "model", **tokenizer)
    async with desk(tmp_path / "corpus", model, pooling=pooling) as one:
        plain = Plain(model, one.run)
        pooled = {text: plain(text)[:, start:].mean(axis=1) for text in dict.fromkeys(TEXTS.values())}
        known = np.stack(list(pooled.values()))
        mean, std = known.mean(axis=0), known.std(axis=0, ddof=1)
        for text in (UNSEEN, story_texts(1, seed=4)[0], next(iter(TEXTS.values()))):
            result = await one.probe(text)
            probe, expected = result.probe, plain(text)
            assert (probe.concepts, probe.layers) == (("awe", "calm", "joy"), LAYERS)
            assert probe.by_token.shape == expected.shape
            np.testing.assert_allclose(probe.by_token, expected, rtol=0, atol=1e-4)
            whole = expected[:, start:].mean(axis=1)
            np.testing.assert_allclose(probe.pooled, whole, rtol=0, atol=1e-4)
            assert probe.scale is not None
            assert probe.scale.texts == 12
            assert probe.pooled_z is not None
            assert probe.token_z is not None
            np.testing.assert_allclose(probe.pooled_z, (whole - mean) / std, rtol=0, atol=1e-4)
            np.testing.assert_allclose(probe.token_z, (expected - mean[:, None]) / std[:, None], rtol=0, atol=1e-4)
            assert (result.device, result.dtype, result.note) == ("cpu", "fp32", "")


async def test_a_story_of_the_corpus_is_where_the_run_put_it(tmp_path: Path) -> None:
    """Its pooled numbers are what the report says of its concept's stories, but for the readout's float16."""
    async with desk(tmp_path / "corpus", tiny_model("llama", tmp_path / "model"), pooling="mean:3") as one:
        assert one.run.quality is not None
        stories = [TEXTS[path] for path in TEXTS if path.endswith("/joy.txt")]
        values = np.stack([(await one.probe(f"\ufeff\n{text}\r\n"[1:])).probe.pooled[:, 2] for text in stories])
        for at, layer in enumerate(LAYERS):
            report = one.run.quality["joy"]["per_layer"][str(layer)]
            found = [values[:, at].mean(), values[:, at].std(ddof=1), values[:, at].min(), values[:, at].max()]
            names = ("mean", "std", "min", "max")
            np.testing.assert_allclose(found, [report[f"story_projection_{name}"] for name in names], atol=5e-3)


async def test_the_model_stays_loaded_between_trainings_and_texts(tmp_path: Path) -> None:
    async with desk(tmp_path / "corpus", tiny_model("gpt2", tmp_path / "model"), process=True) as one:
        assert isinstance(one.client, WorkerClient)
        pid, told = one.client.pid, list[Event]()
        await one.probe("Nobody spoke.", told=told)
        assert [event.phase for event in told if isinstance(event, PhaseStarted)] == READING
        assert one.client.pid == pid
        assert (await one.probe(next(iter(TEXTS.values())))).probe.scale is not None


async def test_a_text_loads_the_model_when_there_is_none(tmp_path: Path) -> None:
    async with desk(tmp_path / "corpus", tiny_model("llama", tmp_path / "model")) as one:
        one.forget_model()
        told = list[Event]()
        for text in ("Nobody spoke.", "Nobody slept."):
            await one.probe(text, told=told)
        phases = [event.phase for event in told if isinstance(event, PhaseStarted)]
        assert phases == ["check", "load model", *READING[1:], *READING]


async def test_another_model_is_refused(tmp_path: Path) -> None:
    model = tiny_model("llama", tmp_path / "model")
    async with desk(tmp_path / "corpus", model) as one:
        tiny_model("gpt2", model)
        with pytest.raises(UserError, match=r"^The files of .* are not those the run was trained with; .*\.$"):
            await one.probe("a text")


async def test_without_the_cache_there_are_projections_and_a_sentence(tmp_path: Path) -> None:
    async with desk(tmp_path / "corpus", tiny_model("llama", tmp_path / "model")) as one:
        for file in data_folder(one.root).path.glob("activations.sqlite*"):
            file.unlink()
        after = await one.probe("a text")
        assert after.probe.scale is None
        assert after.note == (
            "12 of the 12 texts of run 0001 are not in the activation cache of the worker, so there are projections "
            "but no z-scores; train again with the same settings and probe that run."
        )
        assert after.probe.by_token.shape == (2, len(after.probe.tokens), 3)
        again = await train(
            scan(one.root),
            Settings(),
            TrainOptions(model=one.run.request.model, device="cpu", dtype="fp32", target_layers=LAYERS),
            client=cast(WorkerClient, one.client),
            data=data_folder(one.root),
            on_event=lambda _: None,
        )
        whole = await one.probe("a text", again)
        assert (whole.note, whole.probe.scale is None) == ("", False)
        np.testing.assert_array_equal(whole.probe.by_token, after.probe.by_token)


async def test_a_text_that_is_too_long_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    async with desk(tmp_path / "corpus", tiny_model("llama", tmp_path / "model"), max_length=100) as one:
        one.forget_model()
        told = list[Event]()
        with pytest.raises(UserError, match=r"The text has \d+ tokens, and the run reads at most 100; shorten it."):
            await one.probe("word " * 300, told=told)
        assert [event.phase for event in told if isinstance(event, PhaseStarted)] == ["check"]


def test_a_text_is_read_as_a_story_is() -> None:
    assert checked_text(" one\r\ntwo\rthree \n") == "one\ntwo\nthree"
    for text, words in ((" \n\t", "is empty"), ("\udce9", "not UTF-8"), ("x" * (2**22 + 1), "no model reads")):
        with pytest.raises(UserError, match=words):
            checked_text(text)


def test_a_run_that_cannot_be_probed_says_why(tmp_path: Path) -> None:
    data = data_folder(write_corpus(tmp_path, {"stories/joy.txt": "one"}))
    bare = write_run(data, {"stories/joy.txt": "one"}, {"joy": (1, 0, 0, 0), "awe": (0, 1, 0, 0)})
    failed = write_run(data, {}, summary=Failed(run_id="0002", message="No."))
    for run, words in ((bare, "does not say which model made it"), (failed, r"Run 0002 \(failed\) has no vectors")):
        with pytest.raises(UserError, match=words):
            probe_request("a text", run, None)
    (bare.folder / "provenance.json").write_text(
        '{"activations": {"fingerprint": "f", "dtype": "fp32", "max_length": 9, "pooling": "last"}}'
    )
    fresh = load_run(data, bare.id)
    request = probe_request("a text", fresh, tmp_path / "x.sqlite")
    assert (request.model, request.max_length, request.cache_path) == ("m", 9, str(tmp_path / "x.sqlite"))
    assert request.stories == (fresh.request.stories[0].text_sha256,)
    assert shown_layer(fresh, (3,)) == 3


def test_the_best_layer_is_shown_and_else_the_middle_one(tmp_path: Path) -> None:
    data = data_folder(write_corpus(tmp_path, {"stories/joy.txt": "one"}))
    report = msgspec.structs.replace(report_of((), joy=0.3), best_layer=9)
    run = write_run(data, {"stories/joy.txt": "one"}, report=report)
    assert shown_layer(run, (3, 6, 9, 12)) == 9
    assert shown_layer(run, (3, 6, 12)) == 6


def test_an_answer_of_another_shape_is_refused() -> None:
    vectors = ConceptVectors(("awe", "joy"), (1,), {1: np.eye(2)})
    answer = Probed(
        run_id="", tokens=(ProbedToken(1, "a"),), by_token=np.ones(2, "<f4").tobytes(), pooled=((1.0, None),)
    )
    probe = probe_of(answer, vectors, 0)
    assert probe.by_token.tolist() == [[[1.0, 1.0]]]
    assert np.isnan(probe.pooled[0, 1])
    for change in (
        {"by_token": b"abc"},
        {"by_token": b"\0" * 4},
        {"pooled": ((1.0,),)},
        {"mean": ((1.0,), (1.0, 2.0))},
    ):
        with pytest.raises(UserError, match="does not fit the vectors"):
            probe_of(msgspec.structs.replace(answer, **change), vectors, 3)


async def test_whatever_goes_wrong_in_the_worker_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path / "corpus", tiny_model("llama", tmp_path / "model")) as one:
        asked = probe_request("a text", one.run, data_folder(one.root).activations)
    told: list[Event] = []
    assert probed(asked, told.append, lambda: True, ModelHolder()) == Cancelled(run_id="", forwarded_texts=0)
    for error, words, leaves in (
        (
            KeyError("no such key"),
            "Probing stopped unexpectedly (KeyError: 'no such key'); worker.log says more.",
            False,
        ),
        (RuntimeError("CUDA error: device-side assert triggered\nmore"), "The GPU reported an error", True),
        (MemoryError(), "The memory of the machine is used up", False),
    ):

        def broken(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("caa_tui.activations.token_states.load_and_probe", broken)
        answer = probed(asked, told.append, lambda: False, ModelHolder())
        assert isinstance(answer, Failed)
        assert words in answer.message
        assert (answer.worker_leaves, answer.refused) == (leaves, False)
        assert "Traceback" in answer.traceback
