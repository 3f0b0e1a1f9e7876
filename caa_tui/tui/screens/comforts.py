"""What makes a screen one's own: panes of a chosen width, compact lines, and the guide of the first run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.screen import Screen

from caa_tui.tui.guide_steps import Progress, Step, farewell, follow
from caa_tui.tui.widgets.divider import STEP, Divider
from caa_tui.tui.widgets.guide import Guide

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp


class Comforts(Screen[None]):
    """The base of `CaaScreen`; everything here is kept for the next session."""

    @property
    def caa(self) -> CaaApp:
        """The app, with its real type."""
        return cast("CaaApp", self.app)

    def show_comforts(self) -> None:
        """Draw the guide's step and the density at hand."""
        self.app.set_class(self.caa.workspace.memory.compact, "-compact")
        self._follow_guide()
        self.query_one(Guide).show(self.caa.workspace, self.caa.glyphs)

    def _follow_guide(self) -> None:
        workspace = self.caa.workspace
        if workspace.guide is None or not workspace.loaded:
            return
        workspace.guide = follow(workspace.guide, workspace, getattr(self.app.screen, "KIND", ""))
        if workspace.guide.step is Step.END:
            workspace.guide = None
            self.notify(farewell(workspace), markup=False)

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        """Something was opened over this screen, which may be what the guide waits for."""
        if self.query(Guide):
            self.show_comforts()

    def cmd_guide(self) -> None:
        self.caa.workspace.guide = Progress()
        self.show_comforts()

    def cmd_close_guide(self) -> None:
        self.caa.workspace.guide = None
        self.show_comforts()

    def cmd_compact(self) -> None:
        workspace = self.caa.workspace
        workspace.memory.compact = not workspace.memory.compact
        workspace.keep_memory()
        self.show_comforts()
        self.call_after_refresh(self.show_workspace)

    def divider(self, pane: str, *, before: bool = True) -> Divider:
        """The line beside a pane that sizes it, which stands `before` or after it."""
        width = self.caa.workspace.memory.pane_widths.get(pane)
        return Divider(pane, before=before, width=width)

    def on_divider_moved(self, event: Divider.Moved) -> None:
        widths = self.caa.workspace.memory.pane_widths
        if event.width is None:
            widths.pop(event.pane, None)
        else:
            widths[event.pane] = event.width
        self.caa.workspace.keep_memory()
        self.call_after_refresh(self.show_workspace)

    def show_workspace(self) -> None:
        """Draw the corpus and the runs again, for the width at hand."""
        raise NotImplementedError

    def cmd_wider(self) -> None:
        self._step_pane(STEP)

    def cmd_narrower(self) -> None:
        self._step_pane(-STEP)

    def cmd_story_wider(self) -> None:
        self._step_pane(STEP)

    def cmd_story_narrower(self) -> None:
        self._step_pane(-STEP)

    def cmd_reset_panes(self) -> None:
        for divider in self.query(Divider):
            divider.reset()

    def _step_pane(self, columns: int) -> None:
        """Widen the pane that is in use; where no divider sizes it, its neighbour gives way."""
        inside = {node.id for node in self.focused.ancestors_with_self} if self.focused else set()
        dividers = [divider for divider in self.query(Divider) if divider.display]
        own = [divider for divider in dividers if divider.pane_id in inside]
        if own:
            own[0].step(columns)
        elif dividers:
            dividers[-1].step(-columns)
        else:
            self.notify("Panes stand side by side from 120 columns on; widen the window first.", markup=False)
