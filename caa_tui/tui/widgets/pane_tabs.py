"""Below 120 columns the panes of a screen become tabs: this line names them and shows one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from caa_tui.tui.jump import Spot, tab_spots


class PaneTabs(Static):
    """One word per pane; `[` and `]` or a click change the one that is shown. Invisible on a wide screen."""

    SCOPED_CSS = False  # the rules below are about the screen and its panes
    DEFAULT_CSS = """
    PaneTabs { height: 1; padding: 0 1; background: $panel; display: none; }
    .-narrow PaneTabs { display: block; }
    .-narrow .pane { display: none; }
    .-narrow .pane.-current { display: block; width: 1fr; }
    """

    def __init__(
        self, panes: dict[str, str], *, initial: str | None = None, keys: str = "[ or ]", id: str | None = None
    ) -> None:
        """`panes`: id of the pane -> word on its tab, in order; `initial`: shown first; `keys`: for the hint."""
        super().__init__(id=id)
        self._keys = keys
        self._panes = panes
        self.current = initial or next(iter(panes))

    def on_mount(self) -> None:
        self.call_after_refresh(self.select, self.current, focus=False)

    def on_click(self, event: events.Click) -> None:
        pane = event.style.meta.get("pane")
        if pane in self._panes:
            self.select(pane)

    def select(self, pane_id: str, *, focus: bool = True) -> None:
        """Show a pane (on a narrow screen) and give it the focus."""
        self.current = pane_id
        self._draw()
        for name in self._panes:
            pane = self.screen.query_one(f"#{name}", Widget)
            pane.set_class(name == pane_id, "-current")
            if focus and name == pane_id:
                _focus_inside(pane)

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        """The words, and where there is room the keys."""
        parts: list[Content] = []
        for name, word in self._panes.items():
            style = "bold $accent underline" if name == self.current else "$foreground 70%"
            parts.append(Content.styled(word, style).stylize(Style.from_meta({"pane": name})))
        words, hint = Content("   ").join(parts), f"    {self._keys} other pane"
        if words.cell_length + len(hint) <= self.content_size.width:
            words += Content.styled(hint, "$foreground 50%")
        self.update(words)

    def jump_spots(self) -> Iterator[Spot]:
        """The other panes; the one in view has its own letter."""
        words = [(word, partial(self.select, name)) for name, word in self._panes.items()]
        spots = tab_spots(self.content_region.offset, words, gap=3)
        return (spot for spot, name in zip(spots, self._panes, strict=True) if name != self.current)

    def step(self, by: int) -> None:
        """Go to the next (+1) or previous (-1) pane."""
        names = list(self._panes)
        self.select(names[(names.index(self.current) + by) % len(names)])


def _focus_inside(pane: Widget) -> None:
    target = pane if pane.focusable else next((child for child in pane.query("*") if child.focusable), None)
    if target is not None:
        target.focus()
