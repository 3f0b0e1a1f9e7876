"""The app used with one hand only: keys alone, or a mouse that clicks on what is read on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from rich.cells import cell_len
from textual import events
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, TextArea
from triage_samples import load, make_app, shown_text, until

from caa_tui.tui.app import CaaApp
from caa_tui.tui.palette import CaaPalette
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.matrix_lines import CELL, FROZEN, HEADER

SIZES = [(80, 24), (140, 44)]
LINE_KEYS = "enter  esc"
"""Beside a line that is typed into."""
TYPED = {"layers": "1,2", "pooling_from": "3", "max_length": "512", "batch_tokens": "4096", "output": "out"}
"""What is typed into the fields of the training dialog where another value than the proposed one is given everywhere;
the model is `stub`, and cpu, fp32 and mean from token are picked."""


@asynccontextmanager
async def used(app: CaaApp, size: tuple[int, int]) -> AsyncIterator[Pilot[None]]:
    """The app with its corpus read."""
    async with app.run_test(size=size) as pilot:
        await load(app)
        await until(pilot, lambda: app.workspace.loaded)
        yield pilot


@asynccontextmanager
async def used_at(root: Path, size: tuple[int, int]) -> AsyncIterator[tuple[CaaApp, Pilot[None]]]:
    """The app on a corpus, without a worker."""
    app = make_app(root)
    async with used(app, size) as pilot:
        yield app, pilot


async def shows(pilot: Pilot[None], *texts: str) -> None:
    """Wait until all of this is on the screen."""
    app = app_of(pilot)
    await until(pilot, lambda: all(text in shown_text(app) for text in texts))


async def hides(pilot: Pilot[None], text: str) -> None:
    app = app_of(pilot)
    await until(pilot, lambda: text not in shown_text(app))


async def at(pilot: Pilot[None], screen: type[Widget]) -> None:
    """Wait until a screen or a dialog is the one in use."""
    app = app_of(pilot)
    await until(pilot, lambda: isinstance(app.screen, screen))


def app_of(pilot: Pilot[None]) -> CaaApp:
    app = pilot.app
    assert isinstance(app, CaaApp)
    return app


class Mouse:
    """Clicks on words, cells and lines; its only keys are those of text that goes into an input or the editor."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot
        self._app = app_of(pilot)

    def place(self, text: str, nth: int = 0, within: Widget | None = None) -> tuple[int, int] | None:
        """Column and row of a text on the screen, the `nth` from the top; negative counts from the bottom."""
        region = within.region if within is not None else self._app.screen.region
        found = []
        for row, line in enumerate(shown_text(self._app).split("\n")):
            start = line.find(text)
            while start >= 0:
                if region.contains(column := cell_len(line[:start]), row):
                    found.append((column, row))
                start = line.find(text, start + 1)
        return found[nth] if -len(found) <= nth < len(found) else None

    async def click(self, text: str, nth: int = 0, *, within: Widget | None = None) -> None:
        """Click on a text that is, or will be, on the screen."""
        await until(self._pilot, lambda: self.place(text, nth, within) is not None)
        await self._pilot.click(offset=self.place(text, nth, within) or (0, 0))
        await self._pilot.pause()

    async def hint(self, word: str) -> None:
        """Click on a word of the bottom line."""
        last = shown_text(self._app).split("\n")[-1]
        assert f" {word}" in last, f"{word!r} is not in {last!r}"
        await self._pilot.click(offset=(cell_len(last[: last.index(f" {word}") + 1]), self._app.size.height - 1))
        await self._pilot.pause()

    async def menu(self, title: str) -> None:
        """Choose a command from the menu, which the bottom line opens, by clicks and the wheel."""
        await self.hint("menu")
        await at(self._pilot, CaaPalette)
        rows = self._app.screen.query_one(CommandList)
        await until(self._pilot, lambda: rows.option_count > 0)
        for _ in range(200):
            if (place := self.place(f"command   {title}")) is not None:
                await self._pilot.click(offset=place)
                await until(self._pilot, lambda: not isinstance(self._app.screen, CaaPalette))
                return
            await self.wheel(rows, 1)
        raise AssertionError(f"{title!r} is not in the menu")

    async def either(self, word: str, title: str) -> None:
        """A command of the bottom line, or of the menu where the line has no room for its word."""
        last = shown_text(self._app).split("\n")[-1]
        await (self.hint(word) if f" {word} " in f"{last} " else self.menu(title))

    async def answer(self) -> None:
        """Click on `enter` beside the line that is typed into."""
        await self.click(LINE_KEYS)

    async def call_off(self) -> None:
        """Click on `esc` beside the line that is typed into."""
        await self.until(lambda: self.place(LINE_KEYS) is not None)
        x, y = self.place(LINE_KEYS) or (0, 0)
        await self._pilot.click(offset=(x + LINE_KEYS.index("esc"), y))
        await self._pilot.pause()

    async def button(self, selector: str) -> None:
        """Click on a button of a dialog."""
        assert await self._pilot.click(selector), f"{selector} is covered"
        await self._pilot.pause()

    async def into(self, selector: str) -> None:
        """Select what an input holds, by two clicks, so that it is replaced by what is written next."""
        field = self._app.screen.query_one(selector, Input)
        field.scroll_visible(animate=False)
        await self._pilot.pause()
        await self._pilot.click(selector, times=2)
        await self._pilot.pause()
        assert field.selected_text == field.value

    async def wheel(self, widget: Widget, by: int) -> None:
        """Turn the wheel over a widget, down or with a negative number up."""
        x, y = widget.region.center
        kind = events.MouseScrollDown if by > 0 else events.MouseScrollUp
        for _ in range(abs(by)):
            event = kind(widget, int(x), int(y), 0, by, 0, False, False, False, int(x), int(y))
            self._app.screen._forward_event(event)
        await self._pilot.pause()

    async def drag(self, start: tuple[int, int], columns: int) -> None:
        x, y = start
        await self._pilot.mouse_down(offset=start)
        await self._pilot.hover(offset=(x + columns, y))
        await self._pilot.mouse_up(offset=(x + columns, y))
        await self._pilot.pause()

    async def write(self, text: str) -> None:
        """Letters for the input or the editor in use."""
        assert isinstance(self._app.focused, Input | TextArea), "there is nothing to write into"
        assert text.isprintable()
        await self._pilot.press(*("space" if letter == " " else letter for letter in text))

    async def until(self, condition: Callable[[], object]) -> None:
        await until(self._pilot, condition)


def cell_at(app: CaaApp, row: int, column: int) -> tuple[int, int]:
    """Where a cell of the matrix is on the screen."""
    place = app.screen.query_one(CoverageMatrix).region
    return place.x + FROZEN + CELL * column + 1, place.y + HEADER + row


async def click_cell(pilot: Pilot[None], app: CaaApp, row: int, column: int) -> None:
    await pilot.click(offset=cell_at(app, row, column))
    await pilot.pause()


def is_reading(app: CaaApp) -> bool:
    """Whether a training is in its middle; one that is over has also read some texts."""
    training = app.workspace.training
    return training.status == "running" and training.done > 0


def check_everything_was_chosen(app: CaaApp, working_folder: Path) -> None:
    """The training had each of the values of `TYPED` and those that were picked."""
    options = app.training.options
    assert options is not None
    assert (options.model, options.device, options.dtype, options.pooling) == ("stub", "cpu", "fp32", "mean:3")
    assert (options.target_layers, options.max_length, options.batch_tokens) == ((1, 2), 512, 4096)
    assert (working_folder / "out" / "readout.json").is_file()


async def open_flagged(mouse: Mouse, pilot: Pilot[None], app: CaaApp) -> StoryScreen:
    """tender at the kitchen table, by its cell."""
    if app.screen.query_one(CoverageMatrix).cell != ("tender", "kitchen_at_3am"):
        await click_cell(pilot, app, 2, 2)
    await click_cell(pilot, app, 2, 2)
    await at(pilot, StoryScreen)
    screen = app.screen
    assert isinstance(screen, StoryScreen)
    await mouse.until(lambda: screen.session.file)
    return screen


async def click_into(pilot: Pilot[None], screen: StoryScreen) -> None:
    """Put the text cursor at the start of the story."""
    place = screen.editor.content_region
    await pilot.click(offset=(place.x, place.y))
    await pilot.pause()
    assert screen.editor.cursor_location == (0, 0)
