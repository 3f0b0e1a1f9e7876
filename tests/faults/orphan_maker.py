"""Starts a worker, tells its process id, and waits to be killed: `python orphan_maker.py LOG MODE`."""

from __future__ import annotations

import asyncio
import shlex
import sys
from contextlib import aclosing
from pathlib import Path

from caa_tui.runs.client import WorkerClient
from caa_tui.runs.protocol import Progress, StoryText, TrainRequest
from caa_tui.runs.worker_process import worker_command

STUB = Path(__file__).parents[1] / "runs" / "stub_worker.py"
STORIES = tuple(StoryText(path=f"stories/{c}.txt", concept=c, scenario=None, text=c) for c in ("joy", "awe"))


def command(mode: str) -> str | None:
    """idle: the default command; others: the stub, with the default's --parent unless only the pipe shall end it."""
    if mode == "idle":
        return None
    words = [sys.executable, str(STUB)]
    return shlex.join(words if mode == "piped" else [*words, *(worker_command(None) or ())[-2:]])


async def main(log: str, mode: str) -> None:
    client = WorkerClient(Path(log), command(mode))
    model = {"idle": "none", "piped": "endless"}.get(mode, mode)
    async with aclosing(client.run(TrainRequest(run_id="0001", model=model, stories=STORIES))) as events:
        async for event in events:
            if isinstance(event, Progress) or mode == "idle":
                sys.stdout.write(f"{client.pid}\n")
                sys.stdout.flush()
                await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
