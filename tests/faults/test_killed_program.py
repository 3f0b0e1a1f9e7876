"""SIGKILL to `caa train` itself: no torn run is ever listed, and the next training puts things in order."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import data_folder
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord, list_runs
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.run_folder import INTERRUPTED
from caa_tui.runs.session import train, worker_log

STUB = shlex.join([sys.executable, str(Path(__file__).parents[1] / "runs" / "stub_worker.py")])

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


async def train_here(root: Path) -> RunRecord:
    data = data_folder(root)
    client = WorkerClient(worker_log(data), STUB)
    try:
        options = TrainOptions(model="stub")
        return await train(scan(root), Settings(), options, client=client, data=data, on_event=lambda event: None)
    finally:
        await client.close()


@pytest.mark.parametrize("kind", ["hello", "phase", "progress"])
def test_the_next_training_settles_what_a_killed_one_left(kind: str, tmp_path: Path) -> None:
    for concept in ("joy", "awe", "calm"):
        (tmp_path / "stories").mkdir(exist_ok=True)
        (tmp_path / "stories" / f"{concept}.txt").write_text(f"a text on {concept}")
    command = [sys.executable, "-P", "-m", "caa_tui.cli", "train", str(tmp_path), "--model", "endless", "--json"]
    with subprocess.Popen([*command, "--worker-command", STUB], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        for line in program.stdout:
            if f'"type":"{kind}"'.encode() in line:
                break
        program.kill()
    assert list_runs(data_folder(tmp_path)) == ()

    done = asyncio.run(train_here(tmp_path))
    assert done.id == "0002"
    assert done.result is not None
    newest, killed = list_runs(data_folder(tmp_path))
    assert newest == done
    assert (killed.id, killed.message) == ("0001", INTERRUPTED)
    assert sorted(entry.name for entry in data_folder(tmp_path).runs.iterdir()) == ["0001", "0002"]
