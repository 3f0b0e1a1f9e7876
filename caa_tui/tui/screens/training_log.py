"""The training in detail: its phases with their times, its notices, and the end of the worker's log."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Log, Static

from caa_tui.text_safety import printable
from caa_tui.tui.workspace import PHASES, TrainingState
from caa_tui.wording import duration

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp

TAIL_LINES = 500
TAIL_BYTES = 200_000


class TrainingLog(ModalScreen[None]):
    """Follows a running training; opens on the last one otherwise."""

    CSS = """
    TrainingLog .dialog { width: 90%; height: 90%; }
    TrainingLog #phases { height: auto; margin-bottom: 1; }
    TrainingLog Log { height: 1fr; background: $background; padding: 0 1; }
    """
    BINDINGS = [
        Binding("escape,q,L", "dismiss", "Close", show=False),
        Binding("x", "cancel", "Cancel the training", show=False),
    ]

    @property
    def caa(self) -> CaaApp:
        return cast("CaaApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Training details"
            box.border_subtitle = "esc closes   x cancels"
            yield Static(id="phases")
            yield Log(max_lines=TAIL_LINES)

    def on_mount(self) -> None:
        self.caa.training_changed.subscribe(self, lambda state: self._show(state))
        self._show(self.caa.workspace.training)
        self.call_later(self._read_log)
        self.set_interval(0.5, self._read_log)

    async def action_cancel(self) -> None:
        await self.caa.training.cancel()

    def _show(self, state: TrainingState) -> None:
        self.query_one("#phases", Static).update(_phases(state))

    async def _read_log(self) -> None:
        path = self.caa.training.log_path
        lines = await asyncio.to_thread(_tail, path) if path is not None else []
        if not self.is_attached:
            return
        log = self.query_one(Log)
        if lines != list(log.lines):
            log.clear()
            log.write_lines(lines)


def _phases(state: TrainingState) -> Content:
    if state.status == "idle":
        return Content("Nothing was trained in this session.")
    lines = [Content.styled(f"run {int(state.run_id or 0)}: {state.status}", "bold")]
    for phase in PHASES:
        if phase in state.seconds:
            lines.append(Content(f"  {phase:<14}{duration(state.seconds[phase]):>12}"))
        elif phase == state.phase and state.active:
            lines.append(Content.styled(f"  {phase:<14}{state.done}/{state.total or '?'}", "$accent"))
    if state.message:
        lines.append(Content(printable(state.message)))
    lines += [Content(f"! {printable(notice)}") for notice in state.notices]
    return Content("\n").join(lines)


def _tail(path: Path) -> list[str]:
    """The last lines of the worker's log, safe to show; a log that is not there yet is empty. Blocking."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        return [printable(f"The log cannot be read: {error}")]
    return [printable(line) for line in deque(text.splitlines(), maxlen=TAIL_LINES)]
