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
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Described, Event, Finished, Notice, PhaseStarted, Progress
from caa_tui.tui.training_events import ENDINGS, folded, sample_of
from caa_tui.tui.training_history import TrainingHistory
from caa_tui.tui.workspace import TrainingState, TrainingStatus
from caa_tui.wording import count, duration

if TYPE_CHECKING:
    from caa_tui.runs.client import WorkerClient
    from caa_tui.runs.history import RunRecord
    from caa_tui.tui.app_core import AppCore

logger = logging.getLogger(__name__)

MIN_INTERVAL = 0.1
"""Seconds between two redraws of the progress."""
CLOSE_SECONDS = 2.0
"""For a training to settle its folder after its worker was ended."""


class TrainingController:
    """One worker for the life of the app, its model kept loaded; one training at a time."""

    def __init__(self, app: AppCore, *, model: str | None, worker_command: str | None) -> None:
        self._app = app
        self._model = model
        self._worker_command = worker_command
        self._client: WorkerClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._questions: set[asyncio.Task[Described]] = set()
        self.options: TrainOptions | None = None
        """Of the training in progress, or the last one of this session."""
        self.history = TrainingHistory()
        """Its numbers over time."""
        self.facts: Described | None = None
        """The worker's last answer: what its machine has."""
        self._began = self._phase_since = 0.0
        self._shown_at = 0.0

    @property
    def log_path(self) -> Path | None:
        """Of the worker, once one was started."""
        return self._client.log_path if self._client else None

    @property
    def worker_pid(self) -> int | None:
        """Of the living worker, or None."""
        return self._client.pid if self._client else None

    @property
    def is_remote(self) -> bool:
        """Whether the worker, and so the model, is on another machine."""
        return self._worker_command is not None

    def choices(self) -> TrainOptions:
        """The last choices for this corpus; caa.toml's where there are none; the command line's model wins."""
        workspace = self._app.workspace
        memory = workspace.memory
        options = memory.training or TrainOptions.from_settings(workspace.state.settings, workspace.root)
        options = replace(options, output_dir=Path(memory.output_folder) if memory.output_folder else None)
        return replace(options, model=self._model) if self._model else options

    def start(self, options: TrainOptions | None) -> None:
        """Begin a training; None (the dialog was closed) does nothing."""
        if options is None or self._app.workspace.training.active:
            return
        self._model = None if options.model != self._model else self._model
        memory = self._app.workspace.memory
        memory.training = replace(options, output_dir=None)
        memory.output_folder = str(options.output_dir or "")
        self._app.workspace.keep_memory()
        self.options, self.history = options, TrainingHistory()
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

    def leave_when_done(self, leaving: bool) -> None:
        """Say on the strip that the program ends with the training, or no longer does."""
        if self._app.workspace.training.leaving != leaving:
            self._app.set_training(replace(self._app.workspace.training, leaving=leaving))

    async def describe(self, model: str | None) -> Described:
        """What the worker's machine has, and what `model` is; starts the worker, which warms it up.

        Raises:
            UserError: it cannot be asked.
        """
        question = asyncio.create_task(self.worker().describe(model))
        self._questions.add(question)
        question.add_done_callback(self._answered)
        # Shielded: a closed dialog must not leave half an answer in the pipe.
        self.facts = await asyncio.shield(question)
        return self.facts

    def _answered(self, question: asyncio.Task[Described]) -> None:
        """Also of a question nobody waits for any more: its failure is looked at, or asyncio would report it."""
        self._questions.discard(question)
        if not question.cancelled():
            question.exception()

    def worker(self) -> WorkerClient:
        """The one worker of the app; its process is started by the first request."""
        # Imported here: nothing the first paint needs.
        from caa_tui.runs.client import WorkerClient
        from caa_tui.runs.session import worker_log

        if self._client is None:
            log = worker_log(self._app.workspace.data)
            self._client = WorkerClient(log, self._worker_command, yields=True)
        return self._client

    async def wait(self) -> None:
        """Until the running training has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End the training and the worker; also one that is only just being started."""
        if self._client is not None:
            await self._client.close()
        tasks = [task for task in (self._task, *self._questions) if task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.wait(tasks)
        if self._client is not None:
            await self._client.close()

    async def _run(self, options: TrainOptions) -> None:
        """One training to its end; whatever happens, the state says how it ended."""
        from caa_tui.runs.session import train

        workspace = self._app.workspace
        self._began = self._phase_since = self._shown_at = time.monotonic()
        try:
            record = await train(
                workspace.corpus,
                workspace.state.settings,
                options,
                client=self.worker(),
                data=workspace.data,
                on_event=self._on_event,
            )
            await self._app.reload_runs()
            self._end(ENDINGS[record.status], self._ending(record))
        except UserError as error:
            self._end("failed", str(error))
            # The run may be there nevertheless, when only the output folder could not be written.
            await self._app.reload_runs()
        except Exception as error:  # a defect: said here with its traceback, or the training would seem to go on
            logger.exception("the training ended in a way nobody planned")
            self._keep_traceback(error)
            key = workspace.keys.name("training_log")
            self._end("failed", f"Training stopped unexpectedly ({type(error).__name__}); {key} shows its log.")

    def _keep_traceback(self, error: Exception) -> None:
        """Put a defect of this process where the training's details are read: the worker's log."""
        from caa_tui.runs.session import worker_log

        log = worker_log(self._app.workspace.data)
        with suppress(OSError), log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(traceback.format_exception(error))

    def _end(self, status: TrainingStatus, message: str) -> None:
        """The strip says it on every screen; who looks elsewhere hears the bell."""
        state = replace(self._app.workspace.training, status=status, message=message, eta_seconds=None)
        self._app.set_training(self._with_phase_time(state))
        self._app.attention.call(self._title(state))

    def _title(self, state: TrainingState) -> str:
        """For the terminal's title: `caa-tui: run 8 done, 2 flags solved`."""
        which = f"run {int(state.run_id)}" if state.run_id else "training"
        solved = self._app.workspace.runs.solved_by_edits if state.status == "done" else ()
        return f"caa-tui: {which} {state.status}" + (f", {count(len(solved), 'flag')} solved" if solved else "")

    def _ending(self, record: RunRecord) -> str:
        """One sentence: what was done, and what became better since the run before."""
        result = record.result
        if result is None:
            return record.message
        parts = [
            f"run {int(record.id)}: {count(result.concepts, 'concept')} in {duration(record.ended - record.started)}, "
            f"{count(result.forwarded_texts, 'story', 'stories')} read, {result.cached_texts} from the cache"
        ]
        runs = self._app.workspace.runs
        if runs.report is not None and runs.run is not None and runs.run.id == record.id:
            parts.append(count(len(runs.flags), "flag"))
            solved = runs.solved_by_edits
            if solved:
                parts.append("solved: " + ", ".join(f"{concept} {kind}" for concept, kind in solved[:3]))
            if runs.appeared and not runs.settings_changed:
                parts.append(count(len(runs.appeared), "new flag"))
        return "; ".join(parts)

    def _on_event(self, event: Event) -> None:
        """Fold one event of the worker into the state."""
        state, now = self._app.workspace.training, time.monotonic()
        if isinstance(event, PhaseStarted):
            state = self._with_phase_time(state)
            self._phase_since = now
        state = folded(state, event)
        if isinstance(event, Progress):
            self.history.add(sample_of(event, now - self._began))
            self._app.workspace.training = state
            if now - self._shown_at < MIN_INTERVAL and event.done != event.total:
                return
        elif not isinstance(event, PhaseStarted | Notice | Finished):
            return
        self._shown_at = now
        self._app.set_training(state)

    def _with_phase_time(self, state: TrainingState) -> TrainingState:
        if not state.phase:
            return state
        elapsed = time.monotonic() - self._phase_since
        return replace(state, seconds={**state.seconds, state.phase: elapsed})
