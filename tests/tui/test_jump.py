"""Jump mode: a letter for each part in view, never two on one place, by key and by click."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Offset, Region
from textual.pilot import Pilot
from triage_samples import fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.tui.app import CaaApp
from caa_tui.tui.jump import LABEL, LETTERS, Spot, assign, places, tab_spots
from caa_tui.tui.screens.jump_screen import JumpLabel, JumpScreen
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_tree import StoryTree
from caa_tui.tui.widgets.view_tabs import ViewTabs

SIZES = [(80, 24), (140, 44)]


def spot(x: int, y: int, width: int, height: int) -> Spot:
    return Spot(Region(x, y, width, height), lambda: None)


def test_letters_start_on_the_home_row_and_wishes_come_first() -> None:
    assert assign(["", "", ""]) == ["a", "s", "d"]
    assert assign(["", "a", "a", "%"]) == ["s", "a", "d", "f"]
    many = assign([""] * 30)
    assert many[:26] == list(LETTERS)
    assert many[26:] == [""] * 4


def test_no_label_covers_another() -> None:
    spots = [spot(0, 0, 20, 5), spot(0, 0, 20, 1), spot(1, 0, 4, 2), spot(0, 0, 3, 1)]
    found = places(spots)
    assert found == [Offset(0, 0), Offset(3, 0), Offset(1, 1), None]
    assert places([spot(0, 0, 2, 9)]) == [None], "too narrow for a label"


def test_the_labels_of_tabs_stand_before_their_words() -> None:
    words = [("Coverage", lambda: None), ("Findings", lambda: None), ("Next", lambda: None)]
    regions = [one.region for one in tab_spots(Offset(1, 7), words, gap=3)]
    assert [(region.x, region.y) for region in regions] == [(0, 7), (9, 7), (20, 7)]
    assert None not in places([spot(*region) for region in regions])


async def open_jump(pilot: Pilot[None], app: CaaApp) -> dict[str, JumpLabel]:
    """The labels by letter, once they are drawn."""
    await pilot.press("ctrl+o")
    await until(pilot, lambda: isinstance(app.screen, JumpScreen) and app.screen.query(JumpLabel))
    return {label.target.letter: label for label in app.screen.query(JumpLabel)}


def check_readable(app: CaaApp, labels: dict[str, JumpLabel]) -> None:
    """Each label is whole on the screen: none lies over another, none is cut."""
    lines = shown_text(app).split("\n")
    for letter, label in labels.items():
        x, y = label.region.offset
        assert label.region.size == (LABEL, 1)
        assert lines[y][x : x + LABEL] == f"[{letter}]"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [(), ("2",), ("3",), ("enter",), ("slash",)], ids=str)
async def test_every_part_in_view_has_a_letter(tmp_path: Path, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    root = write_corpus(tmp_path)
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press(*keys)
        await pilot.pause()
        below = app.screen
        parts = [part for part in below.focus_chain if part.region.width >= LABEL and part.region.height]
        labels = await open_jump(pilot, app)
        check_readable(app, labels)
        assert parts
        for part in parts:
            assert any(part.region.contains_region(label.region) for label in labels.values()), part


async def test_a_letter_goes_there_and_escape_stays(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        below = app.screen
        tree, matrix = below.query_one(StoryTree), below.query_one(CoverageMatrix)
        labels = await open_jump(pilot, app)
        letter = next(key for key, label in labels.items() if tree.region.contains_region(label.region))
        await pilot.press(letter)
        await until(pilot, lambda: app.screen is below and tree.has_focus)
        await open_jump(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is below)
        assert tree.has_focus
        labels = await open_jump(pilot, app)
        letter = next(key for key, label in labels.items() if matrix.region.contains_region(label.region))
        assert await pilot.click(labels[letter])
        await until(pilot, lambda: app.screen is below and matrix.has_focus)


async def test_a_key_without_a_label_and_a_click_beside_them(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        below = app.screen
        labels = await open_jump(pilot, app)
        assert "m" not in labels
        await pilot.press("m", "1")
        assert isinstance(app.screen, JumpScreen)
        await pilot.click(offset=(70, 30))
        await until(pilot, lambda: app.screen is below)


async def test_the_key_that_opened_it_closes_it_whatever_it_is(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    app.set_keymap({"jump": "f7"})
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        below = app.screen
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("f7")
        await until(pilot, lambda: app.screen is below)


async def test_tabs_have_letters_and_follow_them(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.pause()
        panes, views = app.screen.query_one(PaneTabs), app.screen.query_one(ViewTabs)
        labels = await open_jump(pilot, app)
        on_views = [key for key, label in labels.items() if label.region.y == views.region.y]
        await pilot.press(on_views[0])
        await until(pilot, lambda: views.current == "findings")
        labels = await open_jump(pilot, app)
        on_panes = [key for key, label in labels.items() if label.region.y == panes.region.y]
        assert len(on_panes) == 2, "the pane in view has no letter on its tab"
        await pilot.press(on_panes[0])
        await until(pilot, lambda: panes.current == "tree-pane")
        await until(pilot, lambda: app.screen.query_one(StoryTree).has_focus)


async def test_letters_follow_a_resize(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        tree = app.screen.query_one(StoryTree)
        wide = await open_jump(pilot, app)
        assert any(tree.region.contains_region(label.region) for label in wide.values())
        await pilot.resize_terminal(80, 24)
        panes = app.screen_stack[0].query_one(PaneTabs)
        await until(pilot, lambda: any(label.region.y == panes.region.y for label in app.screen.query(JumpLabel)))
        labels = {label.target.letter: label for label in app.screen.query(JumpLabel)}
        check_readable(app, labels)


@pytest.mark.parametrize("look", ["light", "no colour"])
async def test_letters_are_told_from_text_without_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    if look == "no colour":
        monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        if look == "light":
            await pilot.press("f2")
        labels = await open_jump(pilot, app)
        check_readable(app, labels)
        for label in labels.values():
            style = label.rich_style
            assert style.color != style.bgcolor
