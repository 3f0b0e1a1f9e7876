"""What every full screen shares: the registry's keys, the header, the strip, the hints, narrow panes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap

from caa_tui.tui.commands import BY_ID, commands_of
from caa_tui.tui.screens.comforts import Comforts
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.foot import Foot
from caa_tui.tui.widgets.guide import Guide
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.hint_bar import HintBar
from caa_tui.tui.widgets.prompt_line import PromptLine
from caa_tui.tui.widgets.training_strip import TrainingStrip

WIDE = 120
"""Columns from which panes stand side by side; below, one is shown at a time."""


class CaaScreen(Comforts):
    """A screen named in the registry. Subclasses yield `HeaderBar`, their body, then `foot()`."""

    KIND: ClassVar[str] = ""
    """Its name in the registry of commands."""
    TITLE_WORD: ClassVar[str] = ""
    """First word of the header line."""
    BINDINGS = [Binding("escape", "show_all_rows", "Show all rows", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        bindings = (command.binding() for command in commands_of(self.KIND))
        own = BindingsMap(binding for binding in bindings if binding is not None)
        self._bindings = BindingsMap.merge([self._bindings, own])

    def foot(self) -> ComposeResult:
        """The lines at the bottom of every screen."""
        with Foot():
            yield Guide()
            yield FilterLine()
            yield PromptLine()
            yield TrainingStrip()
            yield HintBar()

    @property
    def prompt(self) -> PromptLine:
        """Asks for a word in the bottom line."""
        return self.query_one(PromptLine)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape shows all rows only while a filter hides some; else it is whatever the screen makes of it."""
        if action == "show_all_rows":
            return any(line.in_force for line in self.query(FilterLine))
        return super().check_action(action, parameters)

    def action_show_all_rows(self) -> None:
        self.query_one(FilterLine).action_clear_filter()

    async def _message_loop_exit(self) -> None:
        """The parts of a screen go before the screen does: its workers end first, so none of them looks for a part."""
        self.workers.cancel_node(self)
        await super()._message_loop_exit()

    async def action_command(self, command_id: str) -> None:
        """Carry out a command here or in the app, or say why it cannot be used now."""
        command = BY_ID[command_id]
        reason = command.disabled_reason(self.caa.workspace)
        if reason is not None:
            self.notify(reason, markup=False, timeout=4)
            return
        target = getattr(self, f"cmd_{command_id}", None) or getattr(self.caa, f"cmd_{command_id}")
        result = target()
        if inspect.isawaitable(result):
            await result

    def on_mount(self) -> None:
        self.caa.workspace_changed.subscribe(self, lambda _: self._unless_away(self.show_workspace))
        self.caa.training_changed.subscribe(self, lambda _: self._unless_away(self.show_training))
        self.show_workspace()
        self.show_training()

    def on_unmount(self) -> None:
        # A subscription keeps its screen alive until the signal is next given.
        self.caa.workspace_changed.unsubscribe(self)
        self.caa.training_changed.unsubscribe(self)

    def _unless_away(self, show: Callable[[], None]) -> None:
        """Screens of another mode are drawn when they come back."""
        if self in self.app.screen_stack:
            show()

    def on_screen_resume(self) -> None:
        self.show_workspace()
        self.show_training()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.show_lines)

    def show_workspace(self) -> None:
        """Draw the corpus and the runs; called when either changed. Subclasses extend it."""
        self.show_lines()

    def show_training(self) -> None:
        """Draw the training; called up to ten times a second."""
        self.show_comforts()
        self.query_one(TrainingStrip).show(self.caa.workspace, self.caa.glyphs)
        self.query_one(HintBar).show(self.caa.workspace, self.KIND)

    def show_lines(self) -> None:
        """Draw the header and the hints for the width at hand."""
        self.show_comforts()
        self.query_one(HeaderBar).show(self.caa.workspace, self.TITLE_WORD, self.caa.glyphs, self.caa.clock())
        self.query_one(HintBar).show(self.caa.workspace, self.KIND)
        self.query_one(TrainingStrip).show(self.caa.workspace, self.caa.glyphs)
