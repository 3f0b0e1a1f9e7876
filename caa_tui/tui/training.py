"""Runs trainings for the screens: turns the worker's events into one `TrainingState`, at most ten times a second."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Event, Finished, Notice, PhaseStarted, Progress
from caa_tui.runs.records import RunStatus
from caa_tui.runs.session import train, worker_log
from caa_tui.text_safety import printable
from caa_tui.tui.workspace import TrainingState, TrainingStatus
from caa_tui.wording import count, duration

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from caa_tui.tui.app import CaaApp

logger = logging.getLogger(__name__)

MIN_INTERVAL = 0.1
"""Seconds between two redraws of the progress."""
CLOSE_SECONDS = 2.0
"""For a training to settle its folder after its worker was ended."""
ENDINGS: dict[RunStatus, TrainingStatus] = {
    RunStatus.DONE: "done",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "cancelled",
}


class TrainingController:
    """One worker for the life of the app, its model kept loaded; one training at a time."""

    def __init__(self, app: CaaApp, *, model: str | None, worker_command: str | None) -> None:
        self._app = app
        self._model = model
        self._worker_command = worker_command
        self._client: WorkerClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._phase_since = 0.0
        self._shown_at = 0.0

    @property
    def log_path(self) -> Path | None:
        """Of the worker, once one was started."""
        return self._client.log_path if self._client else None

    @property
    def worker_pid(self) -> int | None:
        """Of the living worker, or None."""
        return self._client.pid if self._client else None

    def choices(self) -> TrainOptions:
        """The last choices for this corpus; caa.toml's where there are none; the command line's model wins."""
        workspace = self._app.workspace
        options = workspace.memory.training or TrainOptions.from_settings(workspace.state.settings, workspace.root)
        return replace(options, model=self._model) if self._model else options

    def start(self, options: TrainOptions | None) -> None:
        """Begin a training; None (the dialog was closed) does nothing."""
        if options is None or self._app.workspace.training.active:
            return
        self._model = None if options.model != self._model else self._model
        self._app.workspace.memory.training = replace(options, output_dir=None)
        self._app.workspace.keep_memory()
        self._app.set_training(TrainingState(status="running", phase="check"))
        self._task = asyncio.create_task(self._run(options))

    def retrain(self) -> None:
        """Train again with the last choices."""
        self.start(self.choices())

    async def cancel(self) -> None:
        """Once: stop within a batch. Twice: end the worker."""
        if self._client is None or not self._app.workspace.training.active:
            return
        self._app.set_training(replace(self._app.workspace.training, status="cancelling"))
        await self._client.cancel()

    async def wait(self) -> None:
        """Until the running training has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End the training and the worker; also one that is only just being started."""
        if self._client is not None:
            await self._client.close()
        if self._task is not None:
            _, late = await asyncio.wait([self._task], timeout=CLOSE_SECONDS)
            if late:
                self._task.cancel()
                await self.wait()
        if self._client is not None:
            await self._client.close()

    async def _run(self, options: TrainOptions) -> None:
        """One training to its end; whatever happens, the state says how it ended."""
        workspace = self._app.workspace
        self._phase_since = self._shown_at = time.monotonic()
        try:
            if self._client is None:
                self._client = WorkerClient(worker_log(workspace.data), self._worker_command)
            record = await train(
                workspace.corpus,
                workspace.state.settings,
                options,
                client=self._client,
                data=workspace.data,
                on_event=self._on_event,
            )
            await self._app.reload_runs()
            self._end(ENDINGS[record.status], self._ending(record))
        except UserError as error:
            self._end("failed", str(error))
        except Exception as error:  # a defect: said here with its traceback, or the training would seem to go on
            logger.exception("the training ended in a way nobody planned")
            self._keep_traceback(error)
            self._end("failed", f"Training stopped unexpectedly ({type(error).__name__}); press L for its log.")

    def _keep_traceback(self, error: Exception) -> None:
        """Put a defect of this process where the training's details are read: the worker's log."""
        log = worker_log(self._app.workspace.data)
        with suppress(OSError), log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(traceback.format_exception(error))

    def _end(self, status: TrainingStatus, message: str) -> None:
        state = replace(self._app.workspace.training, status=status, message=message, eta_seconds=None)
        self._app.set_training(self._with_phase_time(state))
        severity: SeverityLevel = "error" if status == "failed" else "information"
        self._app.notify(printable(message), severity=severity, markup=False, timeout=8)

    def _ending(self, record: RunRecord) -> str:
        """One sentence: what was done, and what became better since the run before."""
        result = record.result
        if result is None:
            return record.message
        parts = [
            f"run {int(record.id)}: {count(result.concepts, 'concept')} in {duration(result.seconds['total'])}, "
            f"{count(result.forwarded_texts, 'story', 'stories')} read, {result.cached_texts} from the cache"
        ]
        runs = self._app.workspace.runs
        if runs.report is not None and runs.run is not None and runs.run.id == record.id:
            parts.append(count(len(runs.report.flags), "flag"))
            solved = runs.solved
            if solved:
                parts.append("solved: " + ", ".join(f"{concept} {kind}" for concept, kind in solved[:3]))
        return "; ".join(parts)

    def _on_event(self, event: Event) -> None:
        """Fold one event of the worker into the state."""
        state = self._app.workspace.training
        match event:
            case PhaseStarted(run_id=run_id, phase=phase, total=total, detail=detail):
                state = self._with_phase_time(state)
                state = replace(
                    state,
                    run_id=run_id,
                    phase=phase,
                    done=0,
                    total=total,
                    detail=detail,
                    eta_seconds=None,
                    stories_per_second=None,
                    tokens_per_second=None,
                )
                self._phase_since = time.monotonic()
            case Progress():
                state = replace(
                    state,
                    phase=event.phase,
                    done=event.done,
                    total=event.total,
                    stories_per_second=event.stories_per_second,
                    tokens_per_second=event.tokens_per_second,
                    eta_seconds=event.eta_seconds,
                    memory_bytes=event.memory_bytes,
                    detail=event.detail,
                )
                self._app.workspace.training = state
                if time.monotonic() - self._shown_at < MIN_INTERVAL and event.done != event.total:
                    return
            case Notice(message=message):
                state = replace(state, notices=(*state.notices, message))
            case Finished(forwarded_texts=forwarded, cached_texts=cached, device=device):
                state = replace(state, forwarded=forwarded, cached=cached, device=device)
            case _:
                return
        self._shown_at = time.monotonic()
        self._app.set_training(state)

    def _with_phase_time(self, state: TrainingState) -> TrainingState:
        if not state.phase:
            return state
        elapsed = time.monotonic() - self._phase_since
        return replace(state, seconds={**state.seconds, state.phase: elapsed})
