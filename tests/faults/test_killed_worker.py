"""SIGKILL to the worker in the middle of a run: what was committed is not read again, and runs stay whole."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tiny_models import story_texts, tiny_model

from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import data_folder
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord, list_runs
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Event, Failed, Progress
from caa_tui.runs.records import RunStatus
from caa_tui.runs.session import train, worker_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

TEXTS = 120


async def train_once(root: Path, model: Path, kill_at: int | None) -> tuple[RunRecord, int]:
    """One training in a fresh worker, killed once `kill_at` texts were read; with the last count it told."""
    data = data_folder(root)
    client = WorkerClient(worker_log(data))
    told = 0

    def watch(event: Event) -> None:
        nonlocal told
        if isinstance(event, Progress) and event.phase == "read stories":
            told = event.done
            if kill_at is not None and told >= kill_at and client.pid is not None:
                os.kill(client.pid, signal.SIGKILL)

    options = TrainOptions(model=str(model), batch_tokens=32, device="cpu", quality_report=False)
    try:
        run = await train(scan(root), Settings(), options, client=client, data=data, on_event=watch)
    finally:
        await client.close()
    return run, told


def test_only_what_was_not_committed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    model = tiny_model("llama", tmp_path / "model")
    root = tmp_path / "corpus"
    for number, text in enumerate(story_texts(TEXTS)):
        story = root / "paired" / f"s{number // 4:03}" / f"{('awe', 'baseline', 'calm', 'joy')[number % 4]}.txt"
        story.parent.mkdir(parents=True, exist_ok=True)
        story.write_text(text)

    kept = 0
    for kill_at in (1, 10):
        run, told = asyncio.run(train_once(root, model, kill_at))
        assert isinstance(run.summary, Failed)
        assert "was killed" in run.message
        assert not list(run.folder.glob("readout.*"))
        kept += told

    run, _ = asyncio.run(train_once(root, model, None))
    assert run.result is not None, run.message
    assert run.result.forwarded_texts + run.result.cached_texts == TEXTS
    # Everything the dead workers told about was committed, and perhaps a few batches nobody heard of.
    assert kept <= run.result.cached_texts < TEXTS
    assert [record.status for record in list_runs(data_folder(root))] == [
        RunStatus.DONE,
        RunStatus.FAILED,
        RunStatus.FAILED,
    ]
