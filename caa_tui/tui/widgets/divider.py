"""The line between two panes: drag it to give one of them room, double-click it to take that back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from textual import events
from textual.message import Message
from textual.widget import Widget

NARROWEST = 16
"""Columns a pane keeps."""
SHARE_OF_TWO, SHARE_OF_THREE = 70, 40
"""Percent of the screen that one of two or of three panes may take: the others stay readable."""
STEP = 4
"""Columns a key moves a divider."""


class Divider(Widget):
    """Sizes one of its two panes, the other takes what is left. Invisible while panes are tabs."""

    SCOPED_CSS = False  # the first rule is about the screen
    DEFAULT_CSS = """
    .-narrow Divider { display: none; }
    Divider { width: 1; height: 1fr; border-left: solid $border-blurred; pointer: ew-resize; }
    Divider:hover, Divider.-dragged { border-left: heavy $accent; }
    """

    @dataclass
    class Moved(Message):
        """The user chose a width, or none to have the pane's own again."""

        pane: str
        width: int | None

    def __init__(self, pane: str, *, before: bool = True, width: int | None = None) -> None:
        """`pane`: id of the one it sizes, which stands `before` or after it; `width`: remembered, in columns."""
        super().__init__()
        self.pane_id = pane
        self.width = width
        """What the user chose, in columns; the pane shows less where the screen has less."""
        self._grows = 1 if before else -1
        """Columns the pane wins for each one the line moves to the right."""
        self._grip: tuple[int, int] | None = None
        """While it is dragged: the column of the mouse and the width of the pane at the start."""

    @property
    def pane(self) -> Widget:
        return self.screen.query_one(f"#{self.pane_id}", Widget)

    def on_show(self) -> None:
        self._apply()

    def on_hide(self) -> None:
        """Panes are tabs now; a width of its own would keep the one that is shown from filling the screen."""
        self._clear_rules()

    def resize_pane(self, width: int | None) -> None:
        """Give the pane a width that leaves the others theirs; None: the one it has by itself."""
        if width is not None:
            width = max(NARROWEST, min(width, self._room()))
        self.width = width
        self._apply()

    def step(self, columns: int) -> None:
        """Make the pane wider or, with a negative number, narrower, and remember it."""
        self.resize_pane(self.pane.outer_size.width + columns)
        self.post_message(self.Moved(self.pane_id, self.width))

    def reset(self) -> None:
        """The pane's own width again."""
        self.resize_pane(None)
        self.post_message(self.Moved(self.pane_id, None))

    def _room(self) -> int:
        """Columns up to which the pane can grow."""
        return int(self._row.size.width * self._share / 100)

    @property
    def _row(self) -> Widget:
        return cast("Widget", self.parent)

    @property
    def _share(self) -> int:
        """Percent of the row that the pane may take."""
        panes = len(self._row.children) - len(self._row.query_children(Divider))
        return SHARE_OF_TWO if panes < 3 else SHARE_OF_THREE

    def _apply(self) -> None:
        if self.width is None:
            self._clear_rules()
        elif self.display:
            self.pane.styles.width = self.width
            self.pane.styles.min_width = NARROWEST  # the pane's own minimum is for the width it has by itself
            # Remembered from a wider window, it must leave room for the others in this one.
            self.pane.styles.max_width = f"{self._share}%"
        self.pane.refresh(layout=True)

    def _clear_rules(self) -> None:
        for rule in ("width", "min_width", "max_width"):
            self.pane.styles.inline.clear_rule(rule)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self._grip = (event.screen_x, self.pane.outer_size.width)
        self.add_class("-dragged")
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grip is not None:
            start, width = self._grip
            self.resize_pane(width + self._grows * (event.screen_x - start))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._grip is None:
            return
        moved = event.screen_x != self._grip[0]
        self._grip = None
        self.remove_class("-dragged")
        self.release_mouse()
        if moved:
            self.post_message(self.Moved(self.pane_id, self.width))

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2:
            self.reset()
