"""The whole way with a real (tiny, random) model in a real worker process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from run_samples import write_corpus
from tiny_models import story_texts, tiny_model

from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import data_folder
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.comparison import compare_runs
from caa_tui.runs.edits import edited_since
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Cancelled, Event, Failed, Finished, Progress
from caa_tui.runs.session import train, worker_log

RESULTS = ("readout.safetensors", "readout.json", "quality.json", "flags.json", "provenance.json")
CONCEPTS = ("awe", "baseline", "calm", "joy")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model("llama", tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several threads on a tiny model only wait for each other when tests run side by side."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def paths(scenarios: int) -> list[str]:
    return [f"paired/s{number:03}/{concept}.txt" for number in range(scenarios) for concept in CONCEPTS]


@dataclass
class Trainer:
    """Trains one corpus again and again with one worker."""

    root: Path
    model: Path
    client: WorkerClient
    events: list[Event] = field(default_factory=list)

    async def train(self, **options: object) -> RunRecord:
        self.events.clear()
        return await train(
            scan(self.root),
            Settings(),
            TrainOptions(model=str(self.model), **({"device": "cpu", "dtype": "fp32"} | options)),  # type: ignore[arg-type]
            client=self.client,
            data=data_folder(self.root),
            on_event=self.events.append,
        )

    async def is_refused(self, **options: object) -> str:
        """The sentence for a training that the user can put right; it leaves no run."""
        with pytest.raises(UserError) as problem:
            await self.train(**options)
        told = self.events[-1]
        assert isinstance(told, Failed)
        assert (told.message, told.traceback) == (str(problem.value), "")
        assert list(data_folder(self.root).runs.iterdir()) == []
        return told.message

    async def reads(self, **options: object) -> tuple[int, int]:
        """(forwarded, cached) of one training."""
        result = (await self.train(**options)).result
        assert result is not None
        return result.forwarded_texts, result.cached_texts


@asynccontextmanager
async def trainer(root: Path, model: Path, scenarios: int) -> AsyncIterator[Trainer]:
    names = paths(scenarios)
    write_corpus(root, dict(zip(names, story_texts(len(names)), strict=True)))
    client = WorkerClient(worker_log(data_folder(root)))
    try:
        yield Trainer(root, model, client)
    finally:
        await client.close()


def results(run: RunRecord) -> dict[str, bytes]:
    return {name: (run.folder / name).read_bytes() for name in RESULTS}


async def test_the_daily_loop(tmp_path: Path, model: Path) -> None:
    """Train, again, edit k, add one, take one away: exactly what is new is read, by a worker that stays."""
    async with trainer(tmp_path / "corpus", model, scenarios=4) as desk:
        output = tmp_path / "out"
        first = await desk.train(output_dir=output)
        assert isinstance(first.summary, Finished), first.message
        assert (first.summary.forwarded_texts, first.summary.cached_texts) == (16, 0)
        assert first.summary.concepts == 3
        assert first.readout is not None
        assert first.flags is not None
        written = {file.name: file.read_bytes() for file in output.iterdir()}
        assert written == {name: data for name, data in results(first).items() if name != "flags.json"}

        again = await desk.train()
        assert again.result is not None
        assert (again.result.forwarded_texts, again.result.cached_texts) == (0, 16)
        assert results(again) == results(first)

        edited = ["paired/s001/awe.txt", "paired/s002/baseline.txt", "paired/s003/joy.txt"]
        for path in edited:
            (desk.root / path).write_text(f"A new telling of {path}, quite different from the one before.")
        assert edited_since(again, scan(desk.root)).changed == tuple(edited)
        pid = desk.client.pid
        assert await desk.reads() == (3, 13)
        (desk.root / "paired/s000/hope.txt").write_text("Somebody had left the light on in the hall.")
        assert await desk.reads() == (1, 16)
        (desk.root / "paired/s000/hope.txt").unlink()
        last = await desk.train()
        assert last.result is not None
        assert last.result.forwarded_texts == 0
        assert desk.client.pid == pid

        changes = compare_runs(first, last)
        assert changes.corpus.changed == tuple(edited)
        assert {change.concept for change in changes.concepts} == {"awe", "calm", "joy"}
        assert 0 < min(changes.concepts[0].cosine.values()) < 0.9999


async def test_a_fresh_worker_writes_the_same_bytes(tmp_path: Path, model: Path) -> None:
    """Cold in one process; in another from the cache, and cold again with the files made in another order."""
    async with trainer(tmp_path / "corpus", model, scenarios=2) as desk:
        cold = await desk.train()
    async with trainer(tmp_path / "corpus", model, scenarios=2) as desk:
        cached = await desk.train()
        texts = dict(zip(paths(2), story_texts(8), strict=True))
        desk.root = write_corpus(tmp_path / "copy", dict(reversed(texts.items())))
        cold_again = await desk.train()
    assert [run.result.forwarded_texts for run in (cold, cached, cold_again) if run.result] == [8, 0, 8]
    assert results(cold) == results(cached) == results(cold_again)


async def test_cancel_keeps_what_was_read(tmp_path: Path, model: Path) -> None:
    async with trainer(tmp_path / "corpus", model, scenarios=30) as desk:
        running = asyncio.create_task(desk.train(batch_tokens=32))
        while not any(isinstance(event, Progress) and event.phase == "read stories" for event in desk.events):
            await asyncio.sleep(0.001)
        await desk.client.cancel()
        run = await running
        assert isinstance(run.summary, Cancelled), run.message
        kept = run.summary.forwarded_texts
        assert 0 < kept < 120
        assert not (run.folder / "readout.json").exists()
        assert await desk.reads(batch_tokens=32) == (120 - kept, kept)


async def test_what_only_the_model_can_tell(tmp_path: Path, model: Path) -> None:
    async with trainer(tmp_path / "corpus", model, scenarios=2) as desk:
        for change, words in (
            ({"target_layers": (99,)}, "layer 99 is out of range"),
            ({"device": "cuda:99"}, "is not there"),
        ):
            assert words in await desk.is_refused(**change)
        desk.model = tmp_path / "nothing here"
        assert "\n" not in await desk.is_refused()
        assert len(desk.events) < 10
