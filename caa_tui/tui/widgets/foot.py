"""The lines at the bottom of every screen, and the room that notifications leave for them."""

from __future__ import annotations

from textual import events
from textual.containers import Vertical


class Foot(Vertical):
    """As high as the lines that are shown; notifications stand above it, so none hides a question or the training."""

    DEFAULT_CSS = """
    Foot { height: auto; }
    """

    def on_resize(self, event: events.Resize) -> None:
        for rack in self.screen.query("ToastRack"):
            rack.styles.margin = (0, 0, event.size.height, 0)
