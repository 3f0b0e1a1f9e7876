"""The bottom line: the keys that work here, dim when they do not work now; each can be clicked."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from caa_tui.tui.commands import Command, Keymap, commands_of
from caa_tui.tui.workspace import Workspace

ALWAYS = frozenset(
    {"palette", "help", "story_help", "quit", "close_story", "close_training", "close_layers", "close_probe"}
)
"""Hints of the way out and of the ways to everything else."""


class HintBar(Static):
    """Hints in the order of the registry; what does not fit is left out, `ALWAYS` never."""

    DEFAULT_CSS = """
    HintBar { height: 1; padding: 0 1; background: $footer-background; text-wrap: nowrap; }
    """

    async def on_click(self, event: events.Click) -> None:
        command = event.style.meta.get("command")
        if command is not None:
            await self.screen.run_action(f"command('{command}')")

    def show(self, workspace: Workspace, screen: str) -> None:
        """Draw the hints of a screen for the width at hand."""
        commands = [command for command in commands_of(screen) if command.hint]
        last = [command for command in commands if command.id in ALWAYS]
        keys = workspace.keys
        room = max(20, (self.size.width or 80) - 2) - sum(_width(command, keys) for command in last)
        shown: list[Command] = []
        for command in commands:
            if command in last or command.id == f"show_{screen}":
                continue
            width = _width(command, keys)
            if width <= room:
                room -= width
                shown.append(command)
        self.update(Content("").join(_hint(command, workspace) for command in (*shown, *last)), layout=False)


def _width(command: Command, keys: Keymap) -> int:
    return len(keys.name(command.id)) + len(command.hint) + 3


def _hint(command: Command, workspace: Workspace) -> Content:
    usable = command.disabled_reason(workspace) is None
    click = Style.from_meta({"command": command.id})
    key = Content.styled(workspace.keys.name(command.id), "bold $accent" if usable else "dim")
    text = Content.styled(f" {command.hint}", "" if usable else "dim")
    return (key + text).stylize(click) + Content("  ")
