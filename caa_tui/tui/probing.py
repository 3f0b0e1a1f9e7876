"""Has texts read for the Probe screen, on the worker of the trainings: its model stays loaded, and they take turns."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from caa_tui.errors import UserError
from caa_tui.runs.protocol import Event, PhaseStarted, Progress
from caa_tui.tui.probe_state import ProbeDesk, ProbeState, Reading

if TYPE_CHECKING:
    from caa_tui.runs.history import RunRecord
    from caa_tui.tui.app_core import AppCore

logger = logging.getLogger(__name__)


class ProbeController:
    """One text at a time; the state says how far it is."""

    def __init__(self, app: AppCore) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self.desk = ProbeDesk()

    @property
    def run(self) -> RunRecord | None:
        """The run that reads: the chosen one while it is there, else the newest finished one."""
        runs = self._app.workspace.runs
        chosen = next((run for run in runs.history if run.id == self.desk.run_id and run.result is not None), None)
        return chosen or runs.run

    def read(self, text: str) -> None:
        """Have a text read; one that is still being read is given up for it."""
        run = self.run
        if run is None:
            return
        self.cancel()
        now = time.monotonic()
        reading = self._app.workspace.probe.reading
        self._app.set_probe(ProbeState(status="reading", began=now, phase_began=now, reading=reading))
        self._task = asyncio.create_task(self._read(text, run, now))

    def cancel(self) -> None:
        """Give up the text that is being read; the worker stays, with its model."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._app.set_probe(replace(self._state, status="cancelled"))
        self._task = None

    async def close(self) -> None:
        """Give up, and wait until nobody waits for the worker any more."""
        task = self._task
        self.cancel()
        if task is not None:
            await asyncio.wait([task])

    async def _read(self, text: str, run: RunRecord, began: float) -> None:
        """One text to its end; whatever happens, the state says how it ended."""
        # Imported here: numpy, which the first paint does not wait for.
        from caa_tui.runs.probing import probe_text

        workspace = self._app.workspace
        try:
            result = await probe_text(
                text, run, client=self._app.training.worker(), data=workspace.data, on_event=self._on_event
            )
        except UserError as error:
            self._app.set_probe(replace(self._state, status="failed", message=str(error)))
        except Exception as error:  # a defect: said here, or the text would seem to be read for ever
            logger.exception("a text cannot be probed")
            message = f"Reading stopped unexpectedly ({type(error).__name__}: {error})."
            self._app.set_probe(replace(self._state, status="failed", message=message))
        else:
            reading = Reading(text, run, result, time.monotonic() - began)
            self._app.set_probe(replace(self._state, status="done", reading=reading))

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PhaseStarted):
            now = time.monotonic()
            self._app.set_probe(replace(self._state, phase=event.phase, detail=event.detail, phase_began=now))
        elif isinstance(event, Progress) and event.detail:
            self._app.set_probe(replace(self._state, detail=event.detail))

    @property
    def _state(self) -> ProbeState:
        return self._app.workspace.probe
