"""A client of the fake worker, and what is sent to workers in tests."""

from __future__ import annotations

import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from caa_tui.runs.client import WorkerClient
from caa_tui.runs.protocol import Event, ProbeRequest, Progress, StoryText, TrainRequest

FAKE = Path(__file__).with_name("fake_worker.py")
STORIES = (
    StoryText(path="stories/joy.txt", concept="joy", scenario=None, text="one"),
    StoryText(path="stories/awe.txt", concept="awe", scenario=None, text="two"),
)


def request(run_id: str = "0001") -> TrainRequest:
    return TrainRequest(run_id=run_id, model="m", stories=STORIES)


@asynccontextmanager
async def fake(mode: str, tmp_path: Path, greeting_seconds: float = 20.0) -> AsyncIterator[WorkerClient]:
    command = shlex.join([sys.executable, str(FAKE), mode])
    client = WorkerClient(tmp_path / "logs" / "worker.log", command, greeting_seconds)
    try:
        yield client
    finally:
        await client.close()
        assert client.pid is None


async def events_of(client: WorkerClient, run_id: str = "0001") -> list[Event]:
    async with aclosing(client.run(request(run_id))) as stream:
        return [event async for event in stream]


async def cancel_at_progress(client: WorkerClient, times: int) -> list[Event]:
    seen: list[Event] = []
    async with aclosing(client.run(request())) as stream:
        async for event in stream:
            seen.append(event)
            if isinstance(event, Progress):
                for _ in range(times):
                    await client.cancel()
    return seen


def probe_request(run_id: str = "", *, model: str = "m", tensors: bytes = b"", manifest: bytes = b"") -> ProbeRequest:
    return ProbeRequest(
        run_id=run_id,
        text="one",
        model=model,
        fingerprint="f",
        tensors=tensors,
        manifest=manifest,
        dtype="fp32",
        max_length=9,
        pooling="last",
    )
