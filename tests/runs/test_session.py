"""From the corpus to the run's folder, with a worker that only pretends."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from run_samples import write_corpus
from sweep_samples import PEAK, swept

from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings, Thresholds
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord, list_runs
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Event, Failed, Finished, Hello, Notice, Progress, StoryText
from caa_tui.runs.records import RunStatus
from caa_tui.runs.run_folder import training_lock
from caa_tui.runs.session import MAX_WORKER_LOG_BYTES, train, train_request, worker_log
from caa_tui.runs.sweeps import find_sweeps

FAKE = Path(__file__).with_name("fake_worker.py")
TEXTS = {"stories/joy.txt": "one", "stories/awe.txt": "two", "paired/door/baseline.txt": "three"}


@dataclass
class Bench:
    """A corpus with a fake worker."""

    root: Path
    client: WorkerClient
    data: DataFolder
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], None] | None = None

    async def train(self, options: TrainOptions | None = None) -> RunRecord:
        return await train(
            scan(self.root),
            Settings(),
            options or TrainOptions(model="m"),
            client=self.client,
            data=self.data,
            on_event=self.on_event or self.events.append,
        )


@asynccontextmanager
async def bench(mode: str, tmp_path: Path) -> AsyncIterator[Bench]:
    root = write_corpus(tmp_path / "corpus", TEXTS)
    data = data_folder(root)
    client = WorkerClient(worker_log(data), shlex.join([sys.executable, str(FAKE), mode]))
    try:
        yield Bench(root, client, data)
    finally:
        await client.close()


async def test_a_run_and_its_folder(tmp_path: Path) -> None:
    async with bench("good", tmp_path) as table:
        run = await table.train(TrainOptions(model="m", target_layers=(1,), pooling="mean"))
    assert isinstance(run.summary, Finished)
    assert table.events[-1] == run.summary
    assert run.events() == tuple(table.events)
    assert run.request.target_layers == (1,)
    assert run.request.pooling == "mean"
    assert run.request.worker_command is not None
    assert {story.path: story.concept for story in run.request.stories} == {
        "stories/joy.txt": "joy",
        "stories/awe.txt": "awe",
        "paired/door/baseline.txt": None,
    }
    assert sorted(entry.name for entry in table.data.runs.iterdir()) == ["0001"]
    names = sorted(entry.name for entry in run.folder.iterdir())
    assert names == ["events.jsonl", "request.json", "status.json", "worker.log"]


async def test_auto_layers_come_from_a_sweep_and_are_named(tmp_path: Path) -> None:
    async with bench("good", tmp_path) as table:
        swept(table.data)
        run = await table.train()
        assert run.request.target_layers == (PEAK,)
        first, *_ = table.events
        assert first == Notice(run_id="0002", message=find_sweeps(list_runs(table.data))[0].sentence)
        assert run.events()[0] == first
        asked = await table.train(TrainOptions(model="m", target_layers=(1,)))
        other = await table.train(TrainOptions(model="m", pooling="mean"))
    assert (asked.request.target_layers, other.request.target_layers) == ((1,), None)
    assert sum(isinstance(event, Notice) for event in table.events) == 1


async def test_the_folder_is_whole_before_the_last_event_is_told(tmp_path: Path) -> None:
    seen: list[list[str]] = []
    async with bench("good", tmp_path) as table:
        table.on_event = lambda event: seen.append([run.id for run in list_runs(table.data)])
        await table.train()
    assert seen == [[], [], ["0001"]]


async def test_runs_are_numbered_and_the_worker_is_kept(tmp_path: Path) -> None:
    async with bench("good", tmp_path) as table:
        first, second = await table.train(), await table.train()
    assert (first.id, second.id) == ("0001", "0002")
    assert sum(isinstance(event, Hello) for event in table.events) == 1


@pytest.mark.parametrize(("mode", "words"), [("killed", "memory"), ("exit", "exit code 3"), ("torn", "left before")])
async def test_a_dead_worker_leaves_a_whole_failed_run(mode: str, words: str, tmp_path: Path) -> None:
    async with bench(mode, tmp_path) as table:
        run = await table.train()
    assert run.status is RunStatus.FAILED
    assert words in run.message
    assert table.events[-1] == run.summary
    assert [record.id for record in list_runs(table.data)] == ["0001"]
    assert mode != "exit" or b"word" in (run.folder / "worker.log").read_bytes()


async def test_cancel(tmp_path: Path) -> None:
    async with bench("slow", tmp_path) as table:
        running = asyncio.create_task(table.train())
        while not any(isinstance(event, Progress) for event in table.events):
            await asyncio.sleep(0)
        await table.client.cancel()
        run = await running
    assert run.status is RunStatus.CANCELLED
    assert "5 texts" in run.message


async def test_a_cancelled_task_is_a_cancelled_run(tmp_path: Path) -> None:
    async with bench("slow", tmp_path) as table:
        running = asyncio.create_task(table.train())
        while not any(isinstance(event, Progress) for event in table.events):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        (run,) = list_runs(table.data)
        assert run.status is RunStatus.CANCELLED
        with training_lock(table.data):
            pass


async def test_a_second_training_is_refused_while_one_runs(tmp_path: Path) -> None:
    async with bench("slow", tmp_path) as table:
        running = asyncio.create_task(table.train())
        while not any(isinstance(event, Progress) for event in table.events):
            await asyncio.sleep(0)
        other = WorkerClient(worker_log(table.data), "/never/started")
        with pytest.raises(UserError, match="Another training of this corpus is running"):
            await Bench(table.root, other, table.data).train()
        await table.client.cancel()
        await running
    assert len(list_runs(table.data)) == 1


async def test_nothing_is_started_for_options_that_cannot_be(tmp_path: Path) -> None:
    async with bench("good", tmp_path) as table:
        for options, words in (
            (TrainOptions(), "--model"),
            (TrainOptions(model="m", target_layers=(2, 2)), "twice"),
            (TrainOptions(model="m", output_dir=tmp_path / "corpus/stories/joy.txt"), "cannot be written"),
        ):
            with pytest.raises(UserError, match=words):
                await table.train(options)
        assert table.client.pid is None
        assert list(table.data.runs.iterdir()) == []


async def test_a_request_that_the_worker_turns_down_leaves_no_run(tmp_path: Path) -> None:
    async with bench("refuses", tmp_path) as table:
        with pytest.raises(UserError, match="There is no such model"):
            await table.train()
        assert list(table.data.runs.iterdir()) == []
        assert isinstance(table.events[-1], Failed)
        with pytest.raises(UserError):
            await table.train()
    assert {event.run_id for event in table.events if isinstance(event, Failed)} == {"0001"}


async def test_an_empty_corpus(tmp_path: Path) -> None:
    async with bench("good", tmp_path) as table:
        for path in TEXTS:
            (table.root / path).unlink()
        with pytest.raises(UserError, match="no stories"):
            await table.train()


async def test_a_listener_that_breaks_does_not_leave_a_lock_or_a_run(tmp_path: Path) -> None:
    def broken(event: Event) -> None:
        raise ZeroDivisionError

    async with bench("good", tmp_path) as table:
        table.on_event = broken
        with pytest.raises(ZeroDivisionError):
            await table.train()
        table.on_event = None
        run = await table.train()
    assert run.id == "0002"
    assert [record.status for record in list_runs(table.data)] == [RunStatus.DONE, RunStatus.FAILED]


async def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with bench("huge", tmp_path) as table:

        def fill_up(event: Event) -> None:
            monkeypatch.setattr("caa_tui.runs.run_folder.write_whole", full)

        table.on_event = fill_up
        with pytest.raises(UserError, match="No space left on device"):
            await table.train()


async def test_a_long_worker_log_is_emptied(tmp_path: Path) -> None:
    async with bench("good", tmp_path) as table:
        worker_log(table.data).write_bytes(b"x" * (MAX_WORKER_LOG_BYTES + 1))
        await table.train()
        assert worker_log(table.data).stat().st_size == 0


def test_the_request_is_the_snapshot(tmp_path: Path) -> None:
    corpus = scan(write_corpus(tmp_path, TEXTS))
    settings = Settings(thresholds=Thresholds(fragmented_below=0.3))
    options = TrainOptions(model="m", batch_tokens=64, min_positives=2, quality_report=False)
    request = train_request(corpus, settings, options, "0009", tmp_path / "cache")
    assert request.stories[0] == StoryText(path="paired/door/baseline.txt", concept=None, scenario="door", text="three")
    assert (request.run_id, request.batch_tokens, request.min_positives) == ("0009", 64, 2)
    assert (request.quality_report, request.cache_path) == (False, str(tmp_path / "cache"))
    assert request.thresholds == settings.thresholds


async def test_status_says_who_runs_while_it_runs(tmp_path: Path) -> None:
    statuses: list[str] = []
    async with bench("good", tmp_path) as table:

        def look(event: Event) -> None:
            for file in table.data.runs.glob(".*.partial/status.json"):
                statuses.append(json.loads(file.read_text())["status"])

        table.on_event = look
        run = await table.train()
    assert statuses == ["running", "running"]
    assert not isinstance(run.summary, Failed)
