"""The app with the real worker process and a stub in the model's place."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from triage_samples import load, write_corpus

from caa_tui.runs.protocol import Described, DeviceFacts, ModelFacts
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace
from caa_tui.tui.screens.train_dialog import TrainDialog
from caa_tui.tui.workspace import TrainingState

FACTS = Described(
    run_id="",
    devices=(
        DeviceFacts(name="cuda:0", label="Imagined GPU", free_bytes=70 * 10**9, total_bytes=80 * 10**9),
        DeviceFacts(name="cpu", free_bytes=5 * 10**9, total_bytes=16 * 10**9),
    ),
    models=("smollm2", "owner/known"),
    model=ModelFacts(
        name="m", layers=30, hidden_size=576, context=2048, extendable=False, parameters=135 * 10**6, size_bytes=10**9
    ),
)
"""A machine with a GPU, and a model `m`."""
READING = TrainingState(
    status="running",
    run_id="0003",
    phase="read stories",
    done=112,
    total=151,
    stories_per_second=2.1,
    tokens_per_second=390,
    eta_seconds=18,
    memory_bytes=6_100_000_000,
    device="cuda:0",
)
"""A training in its middle, of which nothing runs; `ON_GPU` knows how busy the device is."""
ON_GPU = replace(READING, device_busy=0.97, device_used_bytes=71_200_000_000, device_total_bytes=141_000_000_000)
STUB = Path(__file__).parent.parent / "runs" / "stub_worker.py"


def stub_app(root: Path, model: str | None = "stub") -> CaaApp:
    return CaaApp(open_workspace(root), model=model, worker_command=f"{sys.executable} {STUB}", clock=lambda: 100.0)


async def until(app: CaaApp, condition: Callable[[TrainingState], bool]) -> TrainingState:
    """The first training state for which the condition holds; woken by the app's own signal."""
    changed = asyncio.Event()

    def wake(_: TrainingState) -> None:
        changed.set()

    app.training_changed.subscribe(app, wake)
    async with asyncio.timeout(60):
        while not condition(app.workspace.training):
            changed.clear()
            await changed.wait()
    app.training_changed.unsubscribe(app)
    return app.workspace.training


async def train(app: CaaApp, pilot: Pilot[None]) -> TrainingState:
    """`t` and Enter, then wait for the end."""
    await pilot.press("t")
    await pilot.pause()
    assert isinstance(app.screen, TrainDialog)
    await pilot.press("enter")
    state = await until(app, lambda state: state.status in {"done", "failed", "cancelled"})
    await pilot.pause()
    return state


@asynccontextmanager
async def endless_training(root: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[CaaApp, Pilot[None]]]:
    """The app on a sample corpus while it trains, which it does until it is told to stop."""
    app = stub_app(write_corpus(root), model="endless")
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("t", "enter")
        await until(app, lambda state: state.done > 2)
        yield app, pilot


def without_worker(app: CaaApp, monkeypatch: pytest.MonkeyPatch, facts: Described = FACTS) -> None:
    """Answer the dialog's questions with `facts`; no worker is started for them."""

    async def answer(_: str | None) -> Described:
        app.training.facts = facts
        return facts

    monkeypatch.setattr(app.training, "describe", answer)
