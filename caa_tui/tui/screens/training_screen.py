"""One training in detail: phases, choices, charts over its time, and the worker's log. The one in progress, the last
one of this session, or the newest run on disk."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.tui.screens.details_screen import DetailsScreen
from caa_tui.tui.training_events import replayed
from caa_tui.tui.training_history import TrainingHistory
from caa_tui.tui.training_lines import ModelChoices, run_lines
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.log_tail import LogTail
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.time_chart import TimeChart
from caa_tui.tui.workspace import TrainingState
from caa_tui.wording import memory

SHORTEST_REDRAW = 0.25
"""Seconds; charts cost more than a line."""


@dataclass(frozen=True)
class Shown:
    """The training on the screen."""

    state: TrainingState
    history: TrainingHistory
    choices: ModelChoices | None
    log: Path | None


class TrainingScreen(DetailsScreen):
    """Opened from anywhere; Escape goes back."""

    KIND = "training"
    TITLE_WORD = "Training"
    HELP = """\
The training in progress, or the last one: its phases with their times, what it was asked for, what it noticed; how fast
it read and what it took of the device over its whole time; and what the worker and its libraries said.
"""
    CSS = """
    TrainingScreen #training-panes { height: 1fr; layout: grid; grid-size: 2 2; grid-columns: 5fr 7fr; }
    TrainingScreen #run-pane { row-span: 2; padding: 0 1; border-right: solid $border-blurred; }
    TrainingScreen #run-lines { height: auto; }
    TrainingScreen #charts-pane { padding: 0 1; }
    TrainingScreen #no-charts { color: $foreground 65%; }
    TrainingScreen #log-pane { border-top: solid $border-blurred; }
    TrainingScreen #log-title { padding: 0 1; text-style: bold; height: 1; }
    TrainingScreen LogTail { height: 1fr; }
    TrainingScreen.-no-log #training-panes { grid-rows: 1fr 2; }
    TrainingScreen.-no-log TimeChart { max-height: 14; }
    TrainingScreen.-narrow #training-panes { layout: vertical; }
    TrainingScreen.-narrow .pane { height: 1fr; }
    TrainingScreen.-narrow #run-pane, TrainingScreen.-narrow #log-pane { border: none; }
    """
    BINDINGS = [
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._past: Shown | None = None
        self._past_id = ""
        self._drawn_at = float("-inf")
        self._log_title = ""

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs({"run-pane": "Progress", "charts-pane": "Charts", "log-pane": "Log"})
        with Container(id="training-panes"):
            with VerticalScroll(id="run-pane", classes="pane"):
                yield Static(id="run-lines")
            with Vertical(id="charts-pane", classes="pane"):
                yield TimeChart("Stories a second", lambda value: f"{value:.1f}", id="chart-stories")
                yield TimeChart("Tokens a second", lambda value: f"{value:,.0f}", id="chart-tokens")
                yield TimeChart("Memory", lambda value: memory(int(value)), id="chart-memory")
                yield TimeChart("Device busy", lambda value: f"{round(100 * value)} %", top=1.0, id="chart-busy")
                yield Static("Charts are drawn while stories are read by the model.", id="no-charts")
            with Vertical(id="log-pane", classes="pane"):
                yield Static("The worker's log", id="log-title")
                yield LogTail(id="log")
        yield from self.foot()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#run-pane").focus()
        self.set_interval(SHORTEST_REDRAW, self._follow_training)

    def show_workspace(self) -> None:
        super().show_workspace()
        self._show_past()

    def show_training(self) -> None:
        super().show_training()
        if not self.caa.workspace.training.active:
            self._draw()

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def cmd_close_training(self) -> None:
        self.dismiss()

    def cmd_follow_log(self) -> None:
        self.query_one(PaneTabs).select("log-pane")
        self.query_one(LogTail).scroll_end(animate=False)

    def _shown(self) -> Shown | None:
        """What there is to show; None before anything was trained."""
        controller = self.caa.training
        state = self.caa.workspace.training
        if state.status == "idle":
            return self._past
        return Shown(state, controller.history, controller.options, controller.log_path)

    def _show_past(self) -> None:
        """Without a training in this session: read the newest run."""
        newest = next(iter(self.caa.workspace.runs.history), None)
        if self.caa.workspace.training.status == "idle" and newest is not None and newest.id != self._past_id:
            self._past_id = newest.id
            self._read_past(newest)
        self._draw()

    @work(group="past", exclusive=True)
    async def _read_past(self, record: RunRecord) -> None:
        self._past = await asyncio.to_thread(_past, record)
        self._unless_away(self._draw)

    def _follow_training(self) -> None:
        """Its times go on between its events; one that has ended says nothing new."""
        if self.caa.workspace.training.active:
            self._draw()

    def _draw(self) -> None:
        shown = self._shown()
        active = self.caa.workspace.training.active
        if active and time.monotonic() - self._drawn_at < SHORTEST_REDRAW * 0.9:
            return
        self._drawn_at = time.monotonic()
        if shown is None:
            key = self.caa.workspace.keys.name("train")
            self.query_one("#run-lines", Static).update(
                f"Nothing was trained yet. Go back and press {key} to train this corpus."
            )
            return
        glyphs = self.caa.glyphs
        self.query_one("#run-lines", Static).update(run_lines(shown.state, shown.choices, glyphs))
        self._draw_charts(shown.history)
        self.query_one(LogTail).follow(shown.log)
        self.on_log_tail_read()

    def on_log_tail_read(self) -> None:
        """A log without a line leaves its room to the charts."""
        empty = self.query_one(LogTail).empty
        self.set_class(empty, "-no-log")
        nothing = ": nothing so far" if self.caa.workspace.training.active else ": the worker printed nothing"
        title = "The worker's log" + (nothing if empty else "")
        if title != self._log_title:
            self._log_title = title
            self.query_one("#log-title", Static).update(title)

    def _draw_charts(self, history: TrainingHistory) -> None:
        glyphs = self.caa.glyphs
        self.query_one("#chart-stories", TimeChart).show(history.points(lambda at: at.stories_per_second), glyphs)
        self.query_one("#chart-tokens", TimeChart).show(history.points(lambda at: at.tokens_per_second), glyphs)
        self.query_one("#chart-memory", TimeChart).show(history.points(lambda at: at.memory_bytes), glyphs)
        self.query_one("#chart-busy", TimeChart).show(history.points(lambda at: at.device_busy), glyphs)
        self.query_one("#no-charts").display = not history.samples


def _past(record: RunRecord) -> Shown:
    """A run from its folder; blocking. A damaged request costs its choices only."""
    state, history = replayed(record)
    choices: ModelChoices | None = None
    with suppress(UserError):
        choices = record.request
    return Shown(state, history, choices, record.log_path)
