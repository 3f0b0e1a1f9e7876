"""The list of what to write next, and its first stories below the matrix."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.screen import Screen
from textual.widgets import ContentSwitcher
from triage_samples import contaminated, load, make_app, messages, report, shown_text, until, write_corpus, write_run

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.next_line import NextLine
from caa_tui.tui.widgets.next_list import NextList

MANIFEST = """\
[manifest]
concepts = ["wistful"]

[manifest.scenarios]
kitchen_at_3am = ["wistful"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`wistful` is wanted, first of all in the kitchen; the doorway has lost its baseline."""
    write_corpus(tmp_path)
    (tmp_path / "paired/doorway/baseline.txt").unlink()
    (tmp_path / "caa.toml").write_text(MANIFEST, encoding="utf-8")
    return tmp_path


def on_screen(app: CaaApp, kind: type[Screen[None]]) -> bool:
    """A function, so that a type checker does not take the first answer for the last."""
    return isinstance(app.screen, kind)


def opened(app: CaaApp) -> str:
    assert isinstance(app.screen, StoryScreen)
    return app.screen.path


def next_list(app: CaaApp) -> NextList:
    return app.screen.query_one(NextList)


async def test_f_comes_to_it_and_enter_begins_the_story(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f", "f")
        await pilot.pause()
        assert app.screen.query_one("#views", ContentSwitcher).current == "next"
        assert next_list(app).has_focus
        await until(pilot, lambda: "wistful × kitchen_at_3am  wanted, and has no story yet" in shown_text(app))
        assert app.screen.query_one(CoverageMatrix).cell == ("wistful", "kitchen_at_3am")
        await pilot.press("enter")
        await until(pilot, lambda: on_screen(app, StoryScreen))
        assert opened(app) == "paired/kitchen_at_3am/wistful.txt"


async def test_a_click_points_and_a_second_one_begins(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f", "f")
        await pilot.pause()
        following = next_list(app)
        place = [story.path for story in following.stories].index("paired/doorway/baseline.txt")
        line = following._index_to_line[place]
        await pilot.click(NextList, offset=(8, line))
        assert following.highlighted == place
        assert on_screen(app, CorpusScreen)
        await pilot.click(NextList, offset=(8, line))
        await until(pilot, lambda: on_screen(app, StoryScreen))
        assert opened(app) == "paired/doorway/baseline.txt"


@pytest.mark.parametrize(("size", "shown"), [((80, 24), False), ((140, 44), True)])
async def test_the_first_ones_stand_below_the_matrix_when_there_is_room(
    root: Path, size: tuple[int, int], shown: bool
) -> None:
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.pause()
        await pilot.pause()
        assert ("Next: wistful × kitchen_at_3am" in shown_text(app)) is shown
        if shown:
            await pilot.click(NextLine)
            await pilot.pause()
            assert next_list(app).has_focus


async def test_a_contaminated_pair_is_told_side_by_side_unless_its_flag_is_gone(root: Path) -> None:
    for path in ("paired/doorway/grief.txt", "paired/kitchen_at_3am/tender.txt"):
        (root / path).unlink()
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        before = [story.why for story in next_list(app).stories]
        assert before
        assert not any("reads like" in why for why in before)
        write_run(root, 1, report([contaminated()]))
        await app.reload_runs()
        await pilot.pause()
        found = {story.path for story in next_list(app).stories if "reads like" in story.why}
        assert found == {"paired/doorway/grief.txt", "paired/kitchen_at_3am/tender.txt"}


async def test_a_written_story_leaves_the_list(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        before = {story.path for story in next_list(app).stories}
        (root / "paired/doorway/baseline.txt").write_text("The door was opened and then it was closed again.\n")
        await app.rescan()
        await pilot.pause()
        assert "paired/doorway/baseline.txt" in before - {story.path for story in next_list(app).stories}


async def test_a_filter_shortens_the_list(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f", "f", "slash", *"basel")
        await pilot.pause()
        assert [next_list(app).get_option_at_index(0).disabled, next_list(app).option_count] == [False, 1]
        await pilot.press(*"xx")
        await pilot.pause()
        assert next_list(app).get_option_at_index(0).disabled


async def test_a_read_only_corpus_begins_nothing(root: Path) -> None:
    app = make_app(root, read_only=True)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f", "f", "enter")
        await pilot.pause()
        assert on_screen(app, CorpusScreen)
        assert messages(app) == ["The corpus was opened read-only."]


def says_next(app: CaaApp, whether: bool) -> bool:
    return ("Next: wistful" in shown_text(app)) is whether


async def test_the_points_are_explained_and_the_first_ones_not_repeated_in_the_list(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        for points, first_ones in ((False, True), (False, False), (True, False), (False, True)):
            await until(pilot, partial(says_next, app, first_ones))
            assert ("points: how much it would help" in shown_text(app)) is points
            await pilot.press("f")
        for _ in range(2):
            await pilot.press("f")
        await until(pilot, lambda: "Next: wistful × kitchen_at_3am, " in shown_text(app))
