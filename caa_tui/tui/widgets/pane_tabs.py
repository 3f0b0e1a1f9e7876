"""Below 100 columns the panes of a screen become tabs: this line names them and shows one."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static


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
        self, panes: dict[str, str], *, initial: str | None = None, keys: str = "[ ]", id: str | None = None
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
        parts: list[Content] = []
        for name, word in self._panes.items():
            style = "bold $accent underline" if name == pane_id else "$foreground 70%"
            click = Style.from_meta({"pane": name})
            parts.append(Content.styled(word, style).stylize(click))
        self.update(Content("   ").join(parts) + Content.styled(f"    {self._keys} other pane", "$foreground 50%"))
        for name in self._panes:
            pane = self.screen.query_one(f"#{name}", Widget)
            pane.set_class(name == pane_id, "-current")
            if focus and name == pane_id:
                _focus_inside(pane)

    def step(self, by: int) -> None:
        """Go to the next (+1) or previous (-1) pane."""
        names = list(self._panes)
        self.select(names[(names.index(self.current) + by) % len(names)])


def _focus_inside(pane: Widget) -> None:
    target = pane if pane.focusable else next((child for child in pane.query("*") if child.focusable), None)
    if target is not None:
        target.focus()
