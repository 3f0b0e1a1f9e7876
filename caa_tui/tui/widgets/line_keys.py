"""`enter` and `esc` beside a line that is typed into, for whoever has only the mouse at hand."""

from __future__ import annotations

from typing import cast

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static


class LineKeys(Static):
    """A click on a key does what the key does; it takes no focus, so typing goes on."""

    DEFAULT_CSS = """
    LineKeys { width: auto; height: 1; margin-left: 1; }
    """

    def __init__(self, actions: dict[str, str]) -> None:
        """`actions`: key -> action of the line, the widget these keys are composed by."""
        keys = (
            Content.styled(key, "bold $accent").stylize(Style.from_meta({"action": action}))
            for key, action in actions.items()
        )
        super().__init__(Content("  ").join(keys))

    async def on_click(self, event: events.Click) -> None:
        action = event.style.meta.get("action")
        if action is not None:
            line = next(node for node in self.ancestors if hasattr(node, f"action_{action}"))
            await cast("Widget", line).run_action(action)
