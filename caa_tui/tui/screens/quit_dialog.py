"""Leaving while a training runs: wait for it, cancel it, or stay."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class QuitDialog(ModalScreen[str]):
    """Answers `stay`, `wait` or `leave`."""

    BINDINGS = [
        Binding("escape,s", "answer('stay')", "Stay", show=False),
        Binding("w", "answer('wait')", "Wait", show=False),
        Binding("c", "answer('leave')", "Cancel and leave", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "A training is running"
            yield Static("What was read so far is kept: the next run continues from there.")
            with Horizontal(classes="buttons"):
                yield Button("Wait, then leave (w)", id="wait")
                yield Button("Cancel and leave (c)", id="leave")
                yield Button("Stay (esc)", id="stay", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#stay", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "stay")

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)
