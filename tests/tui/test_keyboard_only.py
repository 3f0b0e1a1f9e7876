"""Everything by keyboard alone: each screen and dialog is reached, used and left by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_hand import SIZES, at, hides, shows, used_at
from story_samples import flagged_corpus
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widget import Widget
from triage_samples import messages, until

from caa_tui.tui.app import CaaApp
from caa_tui.tui.palette import CaaPalette
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.help_screen import HelpScreen
from caa_tui.tui.screens.jump_screen import JumpLabel, JumpScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.findings_list import FindingsList
from caa_tui.tui.widgets.next_list import NextList
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_tree import StoryTree
from caa_tui.tui.widgets.story_view import StoryView
from caa_tui.tui.widgets.triage_rows import VIEWS
from caa_tui.tui.widgets.view_tabs import ViewTabs

Size = tuple[int, int]
FLAGGED = "paired/kitchen_at_3am/tender.txt"

pytestmark = pytest.mark.parametrize("size", SIZES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three concepts with flags; `wistful` is wanted and has no story."""
    return flagged_corpus(tmp_path, "wistful")


async def test_every_letter_of_jump_mode(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        reached: set[type[Widget]] = set()
        letters = await jump_letters(pilot, app)
        await pilot.press("escape")
        for letter in letters:
            await at(pilot, CorpusScreen)
            app.screen.query_one(PaneTabs).select("middle-pane")
            app.screen.query_one(ViewTabs).select("matrix")
            await pilot.pause()
            assert await jump_letters(pilot, app) == letters
            await pilot.press(letter)
            await at(pilot, CorpusScreen)
            await pilot.pause()
            assert app.focused is not None
            reached.add(type(app.focused))
        assert reached == {StoryTree, CoverageMatrix, FindingsList, NextList, StoryView}


async def jump_letters(pilot: Pilot[None], app: CaaApp) -> list[str]:
    await pilot.press("ctrl+o")
    await at(pilot, JumpScreen)
    await until(pilot, lambda: app.screen.query(JumpLabel))
    return [label.target.letter for label in app.screen.query(JumpLabel)]


async def test_the_corpus_screen(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        matrix = app.screen.query_one(CoverageMatrix)
        await pilot.press("j", "l", "l", "h", "k", "down", "right")
        assert matrix.cell == ("grief", "kitchen_at_3am")
        await pilot.press("s", "S")
        assert app.workspace.memory.corpus_sort == "-coverage"
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.focused, FindingsList))
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.focused, NextList))
        await pilot.press("enter")
        await at(pilot, StoryScreen)
        await pilot.press("escape")
        await at(pilot, CorpusScreen)
        await pilot.press("f", "left_square_bracket")
        await until(pilot, lambda: isinstance(app.focused, StoryTree))
        await pilot.press("g", "j", "j", "enter")
        await at(pilot, StoryScreen)
        assert isinstance(app.screen, StoryScreen)
        assert app.screen.path == "stories/grief.txt"
        await pilot.press("escape")
        await at(pilot, CorpusScreen)

        await pilot.press("right_square_bracket", "slash", *"gri")
        await until(pilot, lambda: matrix.matrix and len(matrix.matrix.rows) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is matrix)
        await pilot.press("slash", "escape")
        await until(pilot, lambda: matrix.matrix and len(matrix.matrix.rows) == 4)


async def test_stories_begin_move_go_and_come_back(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        await pilot.press("n")
        await shows(pilot, "New story:")
        await pilot.press("escape")
        await hides(pilot, "New story:")
        await pilot.press("n")
        await shows(pilot, "New story:")
        await pilot.press(*"doorway/joy", "enter")
        await at(pilot, StoryScreen)
        await until(pilot, lambda: app.screen.query_one("#editor").has_focus)
        await pilot.press(*"Rain.", "ctrl+s")
        new, moved = root / "paired/doorway/joy.txt", root / "paired/doorway/hope.txt"
        await until(pilot, new.exists)
        await pilot.press("escape")
        await at(pilot, CorpusScreen)
        await until(pilot, lambda: app.screen.query_one(CoverageMatrix).cell == ("joy", "doorway"))
        await pilot.press("m")
        await shows(pilot, "Move doorway/joy to:")
        await pilot.press(*["backspace"] * 3, *"hope", "enter")
        await until(pilot, lambda: moved.exists() and not new.exists())
        await until(pilot, lambda: app.screen.query_one(CoverageMatrix).cell == ("hope", "doorway"))
        await pilot.press("d")
        await until(pilot, lambda: not moved.exists())
        await pilot.press("u")
        await until(pilot, moved.exists)
        await pilot.press("U")
        await until(pilot, lambda: not moved.exists())


async def test_triage(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        await pilot.press("2")
        await at(pilot, TriageScreen)
        screen = app.screen
        assert isinstance(screen, TriageScreen)
        for view in (*list(VIEWS)[1:], "fragmented"):
            await pilot.press("f")
            assert screen.view == view
        await pilot.press("s", "S")
        assert screen.sort.title
        await pilot.press("F", "F", "y")
        assert screen.shown_layer == 12
        await pilot.press("slash", *"tender", "enter")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        await pilot.press("slash", "escape", "f", "f")
        await until(pilot, lambda: screen.view == "fragmented")
        await pilot.press("a")
        await shows(pilot, "because")
        await pilot.press("escape")
        await hides(pilot, "because")
        await pilot.press("a", "enter")
        await shows(pilot, "Say in a few words why it is fine")
        await pilot.press(*"so", "enter")
        await until(pilot, lambda: app.workspace.corpus.accepted)
        await pilot.press("A")
        await until(pilot, lambda: screen.view == "accepted")
        await pilot.press("a")
        await until(pilot, lambda: not app.workspace.corpus.accepted)
        await pilot.press("A")
        await until(pilot, lambda: screen.view == "fragmented" and screen.flag is not None)
        await pilot.press("right", "j", "enter")
        await at(pilot, StoryScreen)
        await pilot.press("escape")
        await at(pilot, TriageScreen)
        await pilot.press("left", "n", "n", "p")
        assert screen.evidence.path == FLAGGED


async def story(pilot: Pilot[None], app: CaaApp) -> StoryScreen:
    """A flagged story in the editor."""
    await pilot.press("2")
    await at(pilot, TriageScreen)
    await pilot.press("enter")
    await at(pilot, StoryScreen)
    screen = app.screen
    assert isinstance(screen, StoryScreen)
    await until(pilot, lambda: screen.session.file)
    return screen


async def test_a_story_is_read_written_and_left(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        screen = await story(pilot, app)
        panes = []
        for key in ("tab", "tab", "tab", "shift+tab", "shift+tab", "shift+tab"):
            await pilot.press(key)
            panes.append(str(getattr(app.focused, "id", "")))
        assert panes == ["beside-pane", "why-pane", "editor", "why-pane", "beside-pane", "editor"]

        await pilot.press("ctrl+n")
        await until(pilot, lambda: screen.path != FLAGGED)
        await pilot.press("ctrl+b")
        await until(pilot, lambda: screen.path == FLAGGED and screen.session.file)
        await pilot.press("ctrl+t", "f4", "ctrl+f")
        await shows(pilot, "Find")
        await pilot.press(*screen.editor.story.split()[3], "enter")
        await until(pilot, lambda: screen.editor.selected_text == screen.editor.story.split()[3])

        file = root / FLAGGED
        await pilot.press("ctrl+home", "X", "escape")
        await at(pilot, UnsavedDialog)
        await pilot.press("escape")
        await at(pilot, StoryScreen)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: file.read_text(encoding="utf-8").startswith("X"))
        await pilot.press("Y", "escape")
        await at(pilot, UnsavedDialog)
        await pilot.press("right", "enter")
        await at(pilot, TriageScreen)
        assert "Y" not in file.read_text(encoding="utf-8")
        screen = await story(pilot, app)
        await pilot.press("Z", "escape")
        await at(pilot, UnsavedDialog)
        await pilot.press("s")
        await at(pilot, TriageScreen)
        assert file.read_text(encoding="utf-8").startswith("ZX")


async def test_a_conflict_is_decided(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        screen, file = await story(pilot, app), root / FLAGGED

        async def conflict(theirs: str) -> None:
            await pilot.press("ctrl+home", "M")
            file.write_text(theirs, encoding="utf-8")
            await pilot.press("ctrl+s")
            await at(pilot, ConflictDialog)

        await conflict("theirs one.\n")
        await pilot.press("down", "escape")
        await at(pilot, StoryScreen)
        assert screen.unsaved
        await pilot.press("ctrl+s")
        await at(pilot, ConflictDialog)
        await pilot.press("t")
        await until(pilot, lambda: screen.editor.story.startswith("theirs one."))
        await at(pilot, StoryScreen)
        await conflict("theirs two.\n")
        await pilot.press("k")
        await until(pilot, lambda: file.read_text(encoding="utf-8").startswith("Mtheirs one."))


async def test_help_the_menu_the_guide_and_the_settings(
    root: Path, size: Size, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.toml"
    monkeypatch.setenv("CAA_SETTINGS", str(settings))
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    async with used_at(root, size) as (app, pilot):
        await pilot.press("question_mark")
        await at(pilot, HelpScreen)
        await pilot.press("j", "G", "g", "slash", *"undo", "enter")
        await hides(pilot, "Mouse")
        await pilot.press("escape", "escape")
        await at(pilot, CorpusScreen)

        await pilot.press("ctrl+p")
        await at(pilot, CaaPalette)
        await choose(pilot, app, "show the guide")
        await shows(pilot, "close the guide")
        await pilot.press("ctrl+g")
        await hides(pilot, "close the guide")
        await pilot.press("ctrl+p")
        await at(pilot, CaaPalette)
        await choose(pilot, app, "grief")
        await until(pilot, lambda: (app.screen.query_one(CoverageMatrix).cell or ("",))[0] == "grief")

        await pilot.press("comma")
        await until(pilot, lambda: messages(app))
        assert "Edit" in messages(app)[0], "without an editor it says where the file is"
        assert settings.is_file()


async def choose(pilot: Pilot[None], app: CaaApp, words: str) -> None:
    """Type into the menu and take the first row."""
    rows = app.screen.query_one(CommandList)
    await pilot.press(*("space" if letter == " " else letter for letter in words))
    await until(pilot, lambda: rows.option_count and words.split()[-1] in str(rows.get_option_at_index(0).prompt))
    await pilot.press("enter")
    await at(pilot, CorpusScreen)
