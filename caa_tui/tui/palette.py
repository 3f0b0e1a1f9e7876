"""The command palette: every command that works here, and every concept, scenario and story by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from caa_tui.text_safety import printable
from caa_tui.tui.commands import commands_of
from caa_tui.tui.widgets.hint_bar import key_name

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp
    from caa_tui.tui.screens.base import CaaScreen

MAX_STORIES = 40
"""Hits shown per search; a corpus can have ten thousand stories."""


class CaaCommands(Provider):
    """Commands first, then stories; a command that cannot be used now says why in its second line."""

    @property
    def caa(self) -> CaaApp:
        return cast("CaaApp", self.app)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        screen = cast("CaaScreen", self.screen)
        kind = getattr(screen, "KIND", "")
        for command in commands_of(kind):
            if command.id in {"palette", "quit_now", "open_story"}:
                continue
            reason = command.disabled_reason(self.caa.workspace)
            help_text = f"{key_name(command.keys)}  {reason or command.help}"
            yield command.title, help_text, partial(self.app.call_later, screen.action_command, command.id)

    async def discover(self) -> Hits:
        for title, help_text, run in self._commands():
            yield DiscoveryHit(title, run, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, help_text, run in self._commands():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), run, help=help_text)
        found = 0
        for story in self.caa.workspace.corpus.stories:
            name = printable(story.path.removesuffix(".txt").replace("/", " "))
            if (score := matcher.match(name)) > 0:
                # Below every command: a name that fits by chance must not push "Train" away.
                yield Hit(score * 0.5, matcher.highlight(name), partial(self.caa.open_story, story.path), help="story")
                found += 1
                if found >= MAX_STORIES:
                    return
