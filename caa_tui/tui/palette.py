"""The command palette: every command that works here, and every concept, scenario and story by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.style import Style
from textual.types import IgnoreReturnCallbackType
from textual.widgets import LoadingIndicator

from caa_tui.tui.commands import Command, commands_of
from caa_tui.tui.content import plain
from caa_tui.tui.fuzzy import Fit, Match, Query
from caa_tui.tui.palette_names import Name, names_of, rank_command, rank_name

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp
    from caa_tui.tui.screens.base import CaaScreen

MAX_NAMES = 30
"""Names shown per search; a corpus can have ten thousand stories."""
CHUNK = 500
"""Names looked at before keys and clicks get their turn again."""
KIND_COLUMN = 10
UNLISTED = frozenset({"palette", "quit_now", "open_story"})
"""Commands that make no sense from here."""


class CaaCommands(Provider):
    """Commands first, then names; a command that cannot be used now says why in its second line."""

    @property
    def caa(self) -> CaaApp:
        return cast("CaaApp", self.app)

    async def startup(self) -> None:
        """The list of names costs a hundredth of a second in a large corpus, so it is made beside the screen."""
        self._names = await asyncio.to_thread(names_of, self.caa.workspace.state)

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(self._command_row(command, None), self._command_action(command), command.title)

    async def search(self, query: str) -> Hits:
        typed = Query(query)
        for command in self._commands():
            if match := typed.match(command.title.lower()):
                row, run = self._command_row(command, match), self._command_action(command)
                yield Hit(rank_command(match), row, run, command.title)
        for score, name in await self._find(typed):
            if match := typed.match(name.lowered):
                yield Hit(score, self._name_row(name, match), self._name_action(name), name.text)

    async def _find(self, typed: Query) -> Sequence[tuple[float, Name]]:
        """The names that fit best; those whose letters are scattered only where nothing fits in one piece."""
        found: dict[bool, list[tuple[float, Name]]] = {True: [], False: []}
        for start in range(0, len(self._names), CHUNK):
            for name in self._names[start : start + CHUNK]:
                fit = typed.fit(name.lowered)
                if fit is not None:
                    rank = rank_name(name, fit, typed.closeness(name.lowered))
                    found[fit > Fit.SCATTERED].append((rank, name))
            await asyncio.sleep(0)
        return nlargest(MAX_NAMES, found[True] or found[False], key=lambda one: one[0])

    def _commands(self) -> Iterator[Command]:
        kind = getattr(self.screen, "KIND", "")
        return (command for command in commands_of(kind) if command.id not in UNLISTED)

    def _command_action(self, command: Command) -> IgnoreReturnCallbackType:
        screen = cast("CaaScreen", self.screen)
        return partial(self.app.call_later, screen.action_command, command.id)

    def _name_action(self, name: Name) -> IgnoreReturnCallbackType:
        if name.kind == "concept":
            return partial(self.caa.go_to_concept, name.target)
        if name.kind == "scenario":
            return partial(self.caa.go_to_scenario, name.target)
        return partial(self.caa.open_story, name.target)

    def _command_row(self, command: Command, match: Match | None) -> Content:
        workspace = self.caa.workspace
        reason = command.disabled_reason(workspace)
        key = Content.styled(f"  {workspace.keys.name(command.id)}", "$accent")
        below = f"Not now. {reason}" if reason else command.help
        return Content.assemble(
            _kind("command"),
            self._marked(command.title, match) + key,
            "\n" + " " * KIND_COLUMN,
            (below, "dim not bold"),
        )

    def _name_row(self, name: Name, match: Match) -> Content:
        return _kind(name.kind) + self._marked(name.text, match) + plain(f"  {name.detail}", "dim not bold")

    def _marked(self, text: str, match: Match | None) -> Content:
        """The text with what was typed marked in it; single letters of a chance match would only flicker."""
        content = plain(text)
        for start, end in match.spans if match and match.fit > Fit.SCATTERED else ():
            content = content.stylize(self.match_style or Style(underline=True), start, end)
        return content


class CaaPalette(CommandPalette):
    """Textual's palette in the house's look: no picture characters, one line a name."""

    DEFAULT_CSS = """
    CaaPalette > Vertical { margin-top: 1; background: $panel; }
    CaaPalette #--input { border: none; border-bottom: solid $border; padding: 0 1; }
    CaaPalette #--input CommandInput { border: none; padding: 0 1; }
    CaaPalette CommandList { border: none; text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1; }
    CaaPalette CommandList > .option-list--option { padding: 0 1; text-style: none; }
    """

    def __init__(self) -> None:
        super().__init__([CaaCommands], placeholder="a command, a concept, a scenario or a story")

    def compose(self) -> ComposeResult:
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield CommandList()
                yield LoadingIndicator()


def _kind(word: str) -> Content:
    return Content.styled(f"{word:<{KIND_COLUMN}}", "dim not bold")
