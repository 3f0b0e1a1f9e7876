"""The home screen: coverage, files, findings and the story, by keyboard and by mouse, wide and narrow."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static
from triage_samples import HOSTILE, fragmented, load, make_app, report, until, write_corpus, write_run

from caa_tui.corpus.coverage import CellState
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.user_settings import UserSettings
from caa_tui.tui.widgets import findings_list, story_tree
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.findings_list import FindingsList
from caa_tui.tui.widgets.matrix_lines import FROZEN, HEADER
from caa_tui.tui.widgets.story_tree import StoryTree
from caa_tui.tui.widgets.story_view import StoryView
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.tui.workspace import CorpusState, read_corpus

SIZES = [(80, 24), (140, 44)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three concepts in two scenarios; `wistful` is wanted and has no story."""
    write_corpus(tmp_path)
    (tmp_path / "caa.toml").write_text('[manifest]\nconcepts = ["anger", "wistful"]\n', encoding="utf-8")
    return tmp_path


def cell(app: CaaApp) -> tuple[str, str | None] | None:
    return app.screen.query_one(CoverageMatrix).cell


def cell_state(app: CaaApp) -> CellState | None:
    place = cell(app)
    return None if place is None else app.workspace.coverage.cell(*place)


def on_screen(app: CaaApp, kind: type[Screen[None]]) -> bool:
    """A function, so that a type checker does not take the first answer for the last."""
    return isinstance(app.screen, kind)


def shown_text(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#story-text", Static).visual)


@pytest.mark.parametrize("size", SIZES)
async def test_coverage_is_on_screen_and_the_cursor_walks_it(root: Path, size: tuple[int, int]) -> None:
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.pause()
        matrix = app.screen.query_one(CoverageMatrix)
        assert matrix.has_focus
        assert matrix.size.width > 20
        assert cell(app) == ("anger", None)
        await pilot.press("right", "j")
        assert cell(app) == ("grief", "doorway")
        assert cell_state(app) is CellState.PRESENT
        await pilot.press("G", "end")
        assert cell(app) == ("wistful", "kitchen_at_3am")
        assert cell_state(app) is CellState.MISSING


async def test_the_story_follows_the_cursor(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right")
        text = (root / "paired/doorway/anger.txt").read_text(encoding="utf-8").strip()
        await until(pilot, lambda: text in shown_text(pilot))
        screen = app.screen
        assert isinstance(screen, CorpusScreen)
        assert screen.pointed == "paired/doorway/anger.txt"


async def test_enter_opens_the_editor_on_the_cell(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "enter")
        await pilot.pause()
        assert on_screen(app, StoryScreen)


async def test_an_empty_cell_offers_a_new_story(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("G", "right", "n")
        await pilot.pause()
        assert on_screen(app, StoryScreen)


async def test_a_click_moves_the_cursor_and_a_second_one_opens(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        place = (FROZEN + 4 * 1 + 1, HEADER + 1)
        await pilot.click(CoverageMatrix, offset=place)
        assert cell(app) == ("grief", "doorway")
        await pilot.click(CoverageMatrix, offset=place)
        await pilot.pause()
        assert on_screen(app, StoryScreen)


async def test_findings_are_listed_and_open_their_file(root: Path) -> None:
    (root / "paired/doorway/empty.txt").write_text("", encoding="utf-8")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f")
        await pilot.pause()
        assert app.screen.query_one("#views", ContentSwitcher).current == "findings"
        findings = app.screen.query_one(FindingsList)
        assert findings.has_focus
        assert findings.option_count == len(app.workspace.corpus.findings) > 0


async def test_filter_hides_rows_and_escape_shows_them_again(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("slash", *"tend")
        await pilot.pause()
        matrix = app.screen.query_one(CoverageMatrix)
        assert matrix.matrix is not None
        assert [row.concept for row in matrix.matrix.rows] == ["tender"]
        await pilot.press("escape")
        await pilot.pause()
        assert len(matrix.matrix.rows) == 4
        assert not app.screen.query_one(FilterLine).has_class("-open")


async def test_escape_in_the_list_gives_up_a_filter_that_was_kept(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("slash", *"tend", "enter")
        await pilot.pause()
        matrix, line = app.screen.query_one(CoverageMatrix), app.screen.query_one(FilterLine)
        assert matrix.has_focus
        assert line.in_force
        await pilot.press("escape")
        await pilot.pause()
        assert matrix.matrix is not None
        assert len(matrix.matrix.rows) == 4
        assert not app.screen.query_one(FilterLine).in_force
        assert matrix.has_focus


async def test_tree_folders_fill_when_opened_and_follow_into_the_matrix(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        tree = app.screen.query_one(StoryTree)
        doorway = tree.root.children[1].children[0]
        assert not doorway.children
        tree.focus()
        tree.reveal("paired/doorway/grief.txt")
        await pilot.pause()
        await pilot.pause()
        assert [node.data.name for node in doorway.children if node.data] == ["baseline", "anger", "grief", "tender"]
        assert cell(app) == ("grief", "doorway")


async def test_narrow_shows_one_pane_at_a_time(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.pause()
        visible = [pane.id for pane in app.screen.query(".pane") if pane.display]
        assert visible == ["middle-pane"]
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert [pane.id for pane in app.screen.query(".pane") if pane.display] == ["story-pane"]


async def test_changes_outside_show_up_and_are_marked_since_the_run(root: Path) -> None:
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        assert not app.workspace.edited
        (root / "paired/doorway/anger.txt").write_text("Another text altogether, told in a few words.\n")
        await app.rescan()
        await pilot.pause()
        assert app.workspace.edited == {"paired/doorway/anger.txt"}
        assert "Another text altogether" in app.workspace.corpus.by_path["paired/doorway/anger.txt"].text


async def test_flagged_stories_are_marked(root: Path) -> None:
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=(140, 44)):
        await load(app)
        assert app.workspace.is_flagged("paired/kitchen_at_3am/tender.txt")
        assert not app.workspace.is_flagged("stories/anger.txt")


async def test_hostile_text_is_shown_as_text(root: Path) -> None:
    (root / "stories/anger.txt").write_text(f"{HOSTILE} and nothing else happened.\n", encoding="utf-8")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        text = shown_text(pilot)
        assert "[/nope]" in text
        assert "\x1b" not in text
        assert "␛" in text
        await pilot.click(StoryView, offset=(12, 4))
        assert app.is_running, "a link in a story must not act"


def _open_folders(tree: StoryTree) -> list[str]:
    return [node.data.name for node in tree.root.children[1].children if node.data and node.is_expanded]


async def test_a_filter_opens_folders_only_while_it_lasts_and_only_for_few_stories(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        tree = app.screen.query_one(StoryTree)
        tree.show(app.workspace, app.glyphs, "tender")
        assert _open_folders(tree) == ["doorway", "kitchen_at_3am"]
        tree.show(app.workspace, app.glyphs)
        assert _open_folders(tree) == []
        monkeypatch.setattr(story_tree, "OPEN_STORIES", 1)
        tree.show(app.workspace, app.glyphs, "tender")
        assert _open_folders(tree) == []
        await pilot.pause()


async def test_a_long_list_of_findings_is_cut_and_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "stories/empty.txt").write_text("", encoding="utf-8")
    (root / "stories/latin.txt").write_bytes(b"caf\xe9")
    monkeypatch.setattr(findings_list, "SHOWN_ROWS", 1)
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        findings = app.screen.query_one(FindingsList)
        assert findings.option_count == 2
        rest = findings.get_option_at_index(1)
        assert rest.disabled
        assert str(rest.prompt).startswith(f"and {len(app.workspace.corpus.findings) - 1} more")


async def test_callers_that_wait_share_one_reading(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[Path] = []

    def counted(folder: Path) -> CorpusState:
        readings.append(folder)
        return read_corpus(folder)

    app = make_app(root)
    async with app.run_test(size=(140, 44)):
        await load(app)
        monkeypatch.setattr("caa_tui.tui.app_core.read_corpus", counted)
        await asyncio.gather(*(app.rescan() for _ in range(5)))
        # asyncio starts all five before the first one reads, so one reading can serve them all.
        assert len(readings) <= 2


async def test_a_corpus_that_cannot_be_watched_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no watches left")

    monkeypatch.setattr("caa_tui.corpus.watch.watch", refuse)
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        assert any("no watches left" in notice.message for notice in app._notifications)
        assert app.is_running


@pytest.mark.parametrize(("columns", "tree", "story"), [(120, 29, 36), (140, 29, 36), (200, 29, 50)])
async def test_the_matrix_has_what_tree_and_story_leave(root: Path, columns: int, tree: int, story: int) -> None:
    app = make_app(root)
    async with app.run_test(size=(columns, 44)) as pilot:
        await load(app)
        widths = [app.screen.query_one(f"#{pane}").outer_size.width for pane in ("tree-pane", "story-pane")]
        assert widths == [tree, story]
        await until(pilot, lambda: app.screen.query_one("#middle-pane").outer_size.width == columns - tree - story - 2)


async def test_a_chosen_key_is_shown_beside_the_views(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        for key in ("1", "2"):
            await pilot.press(key)
            app.use_settings(UserSettings(keys={"other_view": "v"}))
            app.workspace_changed.publish(app.workspace)
            await until(pilot, lambda: str(app.screen.query_one(ViewTabs).visual).endswith("   v"))
            app.use_settings(UserSettings())
            app.workspace_changed.publish(app.workspace)
            await until(pilot, lambda: str(app.screen.query_one(ViewTabs).visual).endswith("   f"))
