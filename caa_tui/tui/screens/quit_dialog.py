"""Leaving while a training runs: wait for it, cancel it, or stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from caa_tui.tui.training_lines import PHASE_WORDS
from caa_tui.tui.workspace import TrainingState
from caa_tui.wording import duration

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp


class QuitDialog(ModalScreen[str]):
    """Answers `stay`, `wait` or `leave`."""

    ASKS_WHETHER_TO_LEAVE = True
    BINDINGS = [
        Binding("escape,s", "answer('stay')", "Stay", show=False),
        Binding("w", "answer('wait')", "Wait", show=False),
        Binding("c", "answer('leave')", "Cancel and leave", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "A training is running"
            yield Static(id="quit-progress")
            yield Static("What was read so far is kept: the next run continues from there.")
            with Horizontal(classes="buttons"):
                yield Button("Wait, then leave (w)", id="wait")
                yield Button("Cancel and leave (c)", id="leave")
                yield Button("Stay (esc)", id="stay", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#stay", Button).focus()
        app = cast("CaaApp", self.app)
        app.training_changed.subscribe(self, self._show)
        self._show(app.workspace.training)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "stay")

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)

    def _show(self, state: TrainingState) -> None:
        self.query_one("#quit-progress", Static).update(_progress(state))


def _progress(state: TrainingState) -> str:
    """How long waiting would take, as far as that is known."""
    if not state.active:
        return "The training is over now."
    done = f" {state.done:,} of {state.total:,}" if state.total else ""
    left = f", {duration(state.eta_seconds)} left" if state.eta_seconds is not None else ""
    return f"It is {PHASE_WORDS.get(state.phase, 'working')}{done}{left}."
