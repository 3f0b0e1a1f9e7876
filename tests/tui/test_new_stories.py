"""Beginning a story from every place of the corpus screen, and what an empty corpus says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static
from triage_samples import load, make_app, messages, shown_text, until, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.findings_list import FindingsList
from caa_tui.tui.widgets.matrix_lines import CELL, FROZEN, HEADER
from caa_tui.tui.widgets.story_tree import StoryTree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three concepts in two scenarios; `wistful` is wanted and has no story."""
    write_corpus(tmp_path)
    (tmp_path / "caa.toml").write_text('[manifest]\nconcepts = ["anger", "wistful"]\n', encoding="utf-8")
    return tmp_path


def on_screen(app: CaaApp, kind: type[Screen[None]]) -> bool:
    """A function, so that a type checker does not take the first answer for the last."""
    return isinstance(app.screen, kind)


async def opened(pilot: Pilot[None], app: CaaApp) -> str:
    """The path in the editor, once it is there."""
    await until(pilot, lambda: on_screen(app, StoryScreen))
    assert isinstance(app.screen, StoryScreen)
    return app.screen.path


def asked(app: CaaApp) -> bool:
    assert isinstance(app.screen, CorpusScreen)
    return app.screen.prompt.has_class("-open")


async def test_enter_on_a_wanted_cell_begins_its_story(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("G", "right", "enter")
        assert await opened(pilot, app) == "paired/doorway/wistful.txt"


async def test_two_clicks_on_a_wanted_cell_begin_its_story(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        for _ in range(2):
            await pilot.click(CoverageMatrix, offset=(FROZEN + CELL + 1, HEADER + 3))
        assert await opened(pilot, app) == "paired/doorway/wistful.txt"


async def test_enter_on_a_cell_nobody_asked_for_says_how_to_write_it(root: Path) -> None:
    (root / "stories/zeal.txt").write_text("Her sleeves were up before the kettle had begun to sing.\n")
    for scenario in ("doorway", "kitchen_at_3am"):
        (root / f"paired/{scenario}/zeal.txt").write_text(f"He had mended both before the {scenario} was lit.\n")
    (root / "paired/doorway/anger.txt").unlink()
    (root / "stories/extra.txt").write_text("One more of them stood at the gate.\n")
    (root / "paired/third").mkdir()
    (root / "paired/third/baseline.txt").write_text("There was a third room, and it was quiet.\n")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        matrix = app.screen.query_one(CoverageMatrix)
        matrix.point("zeal", "third")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert on_screen(app, CorpusScreen)
        assert messages(app)[-1] == "There is no story here; press n to write it."
        await pilot.press("n")
        assert await opened(pilot, app) == "paired/third/zeal.txt"


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("joy", "stories/joy.txt"),
        ("joy in doorway", "paired/doorway/joy.txt"),
        ("new_room/joy", "paired/new_room/joy.txt"),
        ("anger", "stories/anger.txt"),
    ],
)
async def test_n_on_a_told_cell_asks_which_story_is_meant(root: Path, typed: str, path: str) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        await pilot.press(*(" " if char == " " else char for char in typed), "enter")
        assert await opened(pilot, app) == path


async def test_a_name_that_cannot_be_is_refused_where_it_was_typed(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        await pilot.press(*"a/b/c/d", "enter")
        await until(pilot, lambda: "is no place for a story" in shown_text(app))
        assert asked(app)
        await pilot.press("escape")
        await until(pilot, lambda: not asked(app))
        assert on_screen(app, CorpusScreen)


async def test_n_on_a_scenario_of_the_tree_proposes_that_scenario(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        tree = app.screen.query_one(StoryTree)
        tree.focus()
        tree.move_cursor(tree.root.children[1].children[0])
        await pilot.pause()
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        assert isinstance(app.screen, CorpusScreen)
        assert app.screen.prompt.input.value == "doorway/"


async def test_a_finding_without_a_file_says_what_to_do_and_n_does_it(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f")
        findings = app.screen.query_one(FindingsList)
        await until(pilot, lambda: findings.has_focus)
        assert (findings.finding and findings.finding.concept, findings.path) == ("wistful", "")
        await pilot.press("enter")
        await pilot.pause()
        assert messages(app)[-1] == "wistful has no story yet; press n to write the first one."
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        await pilot.press("enter")
        assert await opened(pilot, app) == "stories/wistful.txt"


async def test_a_finding_about_a_missing_baseline_begins_it_and_one_about_settings_says_where(root: Path) -> None:
    (root / "paired/doorway/baseline.txt").unlink()
    (root / "caa.toml").write_text("nonsense = 1\n", encoding="utf-8")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f")
        findings = app.screen.query_one(FindingsList)
        await until(pilot, lambda: findings.path == "caa.toml")
        await pilot.press("enter")
        await pilot.pause()
        assert messages(app)[-1] == "caa.toml is no story; press e to open it in your editor."
        while findings.path != "paired/doorway/baseline.txt":
            await pilot.press("j")
        await pilot.press("enter")
        assert await opened(pilot, app) == "paired/doorway/baseline.txt"


@pytest.mark.parametrize("size", [(80, 24), (140, 44)])
async def test_an_empty_corpus_says_what_to_do_and_takes_the_first_story(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "stories").mkdir()
    app = make_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await until(pilot, lambda: "This corpus has no concept yet." in shown_text(app))
        assert "Press n to write its first story" in shown_text(app)
        await pilot.press("t", "enter")
        assert [message[-1] for message in messages(app)] == [".", "."]
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        await pilot.press(*"joy", "enter")
        assert await opened(pilot, app) == "stories/joy.txt"


async def test_a_filter_that_hides_every_concept_says_so(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("slash", *"qqq")
        await until(pilot, lambda: "No concept contains qqq." in shown_text(app))


async def test_a_story_of_the_tree_is_pointed_at_first_and_opened_then(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        tree = app.screen.query_one(StoryTree)
        await pilot.click(StoryTree, offset=(10, 2))
        await pilot.pause()
        assert (on_screen(app, CorpusScreen), tree.path) == (True, "stories/grief.txt")
        await until(pilot, lambda: "stories/grief.txt" in str(app.screen.query_one("#story-facts", Static).visual))
        await pilot.click(StoryTree, offset=(10, 2))
        assert await opened(pilot, app) == "stories/grief.txt"


async def test_enter_acts_on_the_list_that_was_come_to(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        tree, matrix = app.screen.query_one(StoryTree), app.screen.query_one(CoverageMatrix)
        tree.focus()
        tree.reveal("paired/kitchen_at_3am/baseline.txt")
        screen = app.screen
        assert isinstance(screen, CorpusScreen)
        await until(pilot, lambda: screen.pointed == "paired/kitchen_at_3am/baseline.txt")
        assert matrix.cell == ("anger", "kitchen_at_3am")
        matrix.focus()
        await until(pilot, lambda: screen.pointed == "paired/kitchen_at_3am/anger.txt")


@pytest.mark.parametrize("typed", ["kitchen_at_3am/wistful", "doorway/newly_felt"])
async def test_the_cursor_goes_to_a_story_whose_place_was_typed(root: Path, typed: str) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        assert isinstance(app.screen, CorpusScreen)
        app.screen.prompt.input.value = typed
        await pilot.press("enter")
        path = await opened(pilot, app)
        await pilot.press(*"Rain", "ctrl+s")
        await until(pilot, lambda: path in app.workspace.corpus.by_path)
        await pilot.press("escape")
        await until(pilot, lambda: on_screen(app, CorpusScreen))
        scenario, concept = typed.split("/")
        await until(pilot, lambda: app.screen.query_one(CoverageMatrix).cell == (concept, scenario))
        await until(pilot, lambda: path in str(app.screen.query_one("#story-facts", Static).visual))


async def test_the_cursor_stays_when_a_typed_story_was_not_written(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("n")
        await until(pilot, lambda: asked(app))
        await pilot.press(*"doorway/wistful", "enter")
        await opened(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: on_screen(app, CorpusScreen))
        await pilot.pause()
        assert app.screen.query_one(CoverageMatrix).cell == ("anger", None)


def beside(app: CaaApp, title: str) -> bool:
    return str(app.screen.query_one("#story-facts", Static).visual) == title


@pytest.mark.parametrize("read_only", [False, True])
async def test_beside_a_finding_without_a_file_stands_where_its_story_would_help(root: Path, read_only: bool) -> None:
    (root / "caa.toml").write_text('[manifest]\nconcepts = ["longing", "wistful"]\n', encoding="utf-8")
    app = make_app(root, read_only=read_only)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f")
        for concept in ("longing", "wistful"):
            await until(pilot, partial(beside, app, concept))
            text = str(app.screen.query_one("#story-text", Static).visual)
            assert f"{concept} × kitchen_at_3am" in text
            assert ("Press n" in text) is not read_only
            await pilot.press("j")
        await pilot.press("f", "f")
        await until(pilot, lambda: ".txt" in str(app.screen.query_one("#story-facts", Static).visual))
