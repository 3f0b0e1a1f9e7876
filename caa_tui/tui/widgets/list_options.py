"""A line of words about how a list is shown, each with the key that changes it; a click does what the key does."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from caa_tui.tui.content import plain


class ListOptions(Static):
    """`s as judged   y layer 20`."""

    DEFAULT_CSS = """
    ListOptions { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def show(self, options: Sequence[tuple[str, str, str]]) -> None:
        """`options`: (key as shown, words, id of the command)."""
        self.update(Content("   ").join(_option(*option) for option in options))

    async def on_click(self, event: events.Click) -> None:
        command = event.style.meta.get("command")
        if command is not None:
            await self.screen.run_action(f"command('{command}')")


def _option(key: str, words: str, command: str) -> Content:
    text = plain(key, "$accent") + plain(f" {words}", "$foreground 60%")
    return text.stylize(Style.from_meta({"command": command}))
