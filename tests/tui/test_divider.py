"""Dividers: dragged by the mouse, moved by keys, remembered for the corpus, out of the way while panes are tabs."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from triage_samples import load, make_app, messages, until, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace
from caa_tui.tui.widgets.divider import NARROWEST, STEP, Divider

OWN_WIDTH = 29
"""Of the tree, before anybody touched it."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def width(app: CaaApp, pane: str) -> int:
    return app.screen.query_one(f"#{pane}").outer_size.width


def divider(app: CaaApp, pane: str) -> Divider:
    return next(one for one in app.screen.query(Divider) if one.pane_id == pane)


def remembered(root: Path) -> dict[str, int]:
    return open_workspace(root).memory.pane_widths


async def drag(pilot: Pilot[None], line: Divider, columns: int) -> None:
    x, y = line.region.x, line.region.y + 5
    await pilot.mouse_down(offset=(x, y))
    await pilot.hover(offset=(x + columns, y))
    await pilot.mouse_up(offset=(x + columns, y))
    await pilot.pause()


async def test_dragging_widens_and_is_remembered(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        assert width(app, "tree-pane") == OWN_WIDTH
        middle = width(app, "middle-pane")
        await drag(pilot, divider(app, "tree-pane"), 9)
        assert width(app, "tree-pane") == OWN_WIDTH + 9
        assert width(app, "middle-pane") < middle
    assert remembered(root) == {"tree-pane": OWN_WIDTH + 9}
    again = make_app(root)
    async with again.run_test(size=(140, 40)) as pilot:
        await load(again)
        await until(pilot, lambda: width(again, "tree-pane") == OWN_WIDTH + 9)


async def test_the_line_after_a_pane_pulls_it_the_other_way(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        before = width(app, "story-pane")
        await drag(pilot, divider(app, "story-pane"), -5)
        assert width(app, "story-pane") == before + 5


async def test_no_pane_is_dragged_away(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        await drag(pilot, divider(app, "tree-pane"), -OWN_WIDTH)
        assert width(app, "tree-pane") == NARROWEST
        await drag(pilot, divider(app, "tree-pane"), 120)
        assert width(app, "tree-pane") == 140 * 40 // 100
        assert width(app, "middle-pane") >= NARROWEST


async def test_a_double_click_takes_it_back(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        await drag(pilot, divider(app, "tree-pane"), 9)
        await pilot.click(divider(app, "tree-pane"), times=2)
        await until(pilot, lambda: width(app, "tree-pane") == OWN_WIDTH)
    assert remembered(root) == {}


async def test_keys_size_the_pane_in_use(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        own = width(app, "middle-pane")
        app.screen.query_one("#tree").focus()
        await pilot.press("ctrl+right")
        assert width(app, "tree-pane") == OWN_WIDTH + STEP
        await pilot.press("ctrl+left", "ctrl+left")
        assert width(app, "tree-pane") == OWN_WIDTH - STEP
        app.screen.query_one("#matrix").focus()
        before = width(app, "middle-pane")
        await pilot.press("ctrl+right")
        assert width(app, "middle-pane") == before + STEP
        await app.screen.run_action("command('reset_panes')")
        await until(pilot, lambda: width(app, "tree-pane") == OWN_WIDTH and width(app, "middle-pane") == own)


async def test_keys_work_beside_a_text_that_is_edited(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        app.open_story("stories/grief.txt")
        await until(pilot, lambda: app.screen.query("#text-pane") and width(app, "text-pane"))
        before = width(app, "text-pane")
        await pilot.press("alt+right")
        await until(pilot, lambda: width(app, "text-pane") == before + STEP)


async def test_while_panes_are_tabs_the_one_shown_fills_the_screen(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        await drag(pilot, divider(app, "story-pane"), -5)
        chosen = width(app, "story-pane")
        await pilot.resize_terminal(80, 24)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: width(app, "story-pane") == 80)
        await pilot.press("ctrl+right")
        assert "120 columns" in messages(app)[-1]
        await pilot.resize_terminal(140, 40)
        await until(pilot, lambda: width(app, "story-pane") == chosen)
