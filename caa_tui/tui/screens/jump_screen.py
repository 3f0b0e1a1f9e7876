"""Jump mode: a letter on each part of the screen; pressing or clicking it puts the focus there."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from caa_tui.tui.jump import Target, targets

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp


class JumpLabel(Static):
    """One letter; the brackets tell it from the text it stands on without any colour."""

    DEFAULT_CSS = """
    JumpLabel { position: absolute; width: 3; height: 1; }
    JumpLabel { background: $accent; color: $background; text-style: bold; }
    """

    def __init__(self, target: Target) -> None:
        super().__init__(Content(f"[{target.letter}]"))
        self.target = target
        self.styles.offset = target.offset


class JumpScreen(ModalScreen[None]):
    """Lies over a screen that stays in view; Escape, or a click beside the letters, leaves it as it was."""

    CSS = """
    JumpScreen { background: transparent; align: left top; }
    JumpScreen #jump-help { dock: bottom; height: 1; padding: 0 1; background: $panel; }
    """
    BINDINGS = [
        Binding("escape", "dismiss", "Stay here", show=False),
        # The id makes it the key the user has for the command.
        Binding("ctrl+o", "dismiss", "Stay here", show=False, id="jump"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._targets: tuple[Target, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(
            Content.assemble("Press a letter to go to that part, ", ("esc", "bold $accent"), " to stay here."),
            id="jump-help",
        )

    @property
    def below(self) -> Screen[object]:
        """The screen the letters are on."""
        stack = self.app.screen_stack
        return stack[stack.index(self) - 1]

    async def on_mount(self) -> None:
        # A resize moves the parts, and panes come and go with it.
        self.below.screen_layout_refresh_signal.subscribe(self, lambda _: self.call_later(self._place))
        await self._place()

    async def _place(self) -> None:
        if not self.is_current:
            return
        found = targets(self.below)
        if [(one.letter, one.offset) for one in found] == [(one.letter, one.offset) for one in self._targets]:
            return
        self._targets = found
        async with self.batch():
            await self.query(JumpLabel).remove()
            await self.mount_all(JumpLabel(target) for target in found)

    def on_key(self, event: events.Key) -> None:
        target = next((one for one in self._targets if one.letter == event.key), None)
        if target is not None:
            event.stop()
            self._go(target)

    def on_click(self, event: events.Click) -> None:
        widget = self.get_widget_at(event.screen_x, event.screen_y)[0]
        if isinstance(widget, JumpLabel):
            self._go(widget.target)
        else:
            self.dismiss()

    def _go(self, target: Target) -> None:
        self.dismiss()
        cast("CaaApp", self.app).call_later(target.go)
