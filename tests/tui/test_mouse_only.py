"""Everything by mouse alone: each screen and dialog is reached, used and left by clicks; only text is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_hand import SIZES, Mouse, at, click_cell, click_into, hides, open_flagged, shows, used_at
from story_samples import flagged_corpus
from textual.widgets import Input
from triage_samples import messages

from caa_tui.tui.palette import CaaPalette
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.help_screen import HelpScreen
from caa_tui.tui.screens.jump_screen import JumpLabel, JumpScreen
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.training_screen import TrainingScreen
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.divider import Divider
from caa_tui.tui.widgets.evidence_pane import EvidenceList
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.story_tree import StoryTree
from caa_tui.tui.widgets.triage_rows import SHORT, VIEWS
from caa_tui.tui.widgets.view_tabs import ViewTabs

Size = tuple[int, int]

pytestmark = pytest.mark.parametrize("size", SIZES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three concepts with flags; `wistful` is wanted and has no story."""
    return flagged_corpus(tmp_path, "wistful")


def is_wide(size: Size) -> bool:
    return size == SIZES[1]


async def test_every_screen_and_the_way_back(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        await mouse.either("triage", "Triage")
        await at(pilot, TriageScreen)
        await mouse.either("runs", "Runs")
        await at(pilot, RunsScreen)
        await mouse.either("corpus", "Corpus")
        await at(pilot, CorpusScreen)
        await mouse.either("log", "Training details")
        await at(pilot, TrainingScreen)
        for pane in () if is_wide(size) else ("Charts", "Log", "Progress"):
            await mouse.click(pane)
        await mouse.hint("back")
        await at(pilot, CorpusScreen)
        await mouse.hint("quit")
        assert app._exit


async def test_help_menu_and_jump_open_and_close(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        await mouse.hint("help")
        await at(pilot, HelpScreen)
        await mouse.wheel(app.screen.query_one("#help-scroll"), 3)
        assert app.screen.query_one("#help-scroll").scroll_y > 0
        await mouse.click("/ find a word")
        await mouse.until(lambda: isinstance(app.focused, Input))
        await mouse.write("undo")
        await hides(pilot, "Mouse")
        await mouse.click("esc close")
        await shows(pilot, "Coverage")
        await mouse.click("esc close")
        await at(pilot, CorpusScreen)

        await mouse.hint("menu")
        await at(pilot, CaaPalette)
        await pilot.click(offset=(0, 0))
        await at(pilot, CorpusScreen)

        await mouse.either("jump", "Jump to a part")
        await at(pilot, JumpScreen)
        await mouse.until(lambda: app.screen.query(JumpLabel))
        await mouse.click("[a]")
        await at(pilot, CorpusScreen)
        await mouse.either("jump", "Jump to a part")
        await at(pilot, JumpScreen)
        await mouse.click("to stay here")
        await at(pilot, CorpusScreen)


async def test_a_name_in_the_menu_leads_to_its_place(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        await mouse.hint("menu")
        await at(pilot, CaaPalette)
        await mouse.until(lambda: isinstance(app.focused, Input))
        await mouse.write("grief")
        await mouse.click("concept   grief")
        await at(pilot, CorpusScreen)
        await mouse.until(lambda: (app.screen.query_one(CoverageMatrix).cell or ("",))[0] == "grief")


async def test_cells_titles_tabs_and_tree(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse, matrix = Mouse(pilot), app.screen.query_one(CoverageMatrix)
        await click_cell(pilot, app, 1, 2)
        assert matrix.cell == ("grief", "kitchen_at_3am")
        await click_cell(pilot, app, 1, 2)
        await at(pilot, StoryScreen)
        await mouse.hint("back")
        await at(pilot, CorpusScreen)

        await mouse.click("flags")
        assert app.workspace.memory.corpus_sort.startswith("flags")
        for word, view in (("Findings", "findings"), ("Next", "next"), ("Coverage", "matrix")):
            await mouse.click(word, nth=0 if word != "Coverage" or is_wide(size) else 1)
            assert app.screen.query_one(ViewTabs).current == view

        if not is_wide(size):
            await mouse.click("Stories")
        assert app.screen.query_one(StoryTree).is_on_screen
        tree = app.screen.query_one(StoryTree)
        await mouse.click("doorway", within=tree)
        await mouse.click("tender", 1, within=tree)
        assert tree.path == "paired/doorway/tender.txt"
        await mouse.click("tender", 1, within=tree)
        await at(pilot, StoryScreen)


async def test_the_filter_is_kept_and_cleared(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse, matrix = Mouse(pilot), app.screen.query_one(CoverageMatrix)
        await mouse.either("filter", "Filter the list")
        await mouse.until(lambda: isinstance(app.focused, Input))
        await mouse.write("grief")
        await mouse.until(lambda: matrix.matrix and len(matrix.matrix.rows) == 1)
        await mouse.answer()
        await mouse.until(lambda: app.focused is matrix)
        assert matrix.matrix is not None
        assert len(matrix.matrix.rows) == 1, "what was typed holds on"
        await mouse.call_off()
        await mouse.until(lambda: matrix.matrix and len(matrix.matrix.rows) == 4)
        await hides(pilot, "enter  esc")


async def test_stories_begin_move_go_and_come_back(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        await click_cell(pilot, app, 3, 1)
        await mouse.either("new", "New story")
        await at(pilot, StoryScreen)
        await mouse.until(lambda: app.screen.query_one("#editor").has_focus)
        await mouse.write("The rain had stopped.")
        await mouse.hint("save")
        new = root / "paired/doorway/wistful.txt"
        await mouse.until(new.exists)
        await mouse.hint("back")
        await at(pilot, CorpusScreen)

        await mouse.either("new", "New story")
        await shows(pilot, "New story:")
        await mouse.call_off()
        await hides(pilot, "New story:")
        await mouse.either("new", "New story")
        await shows(pilot, "New story:")
        await mouse.write("doorway/hope")
        await mouse.answer()
        await at(pilot, StoryScreen)
        await mouse.hint("back")
        await at(pilot, CorpusScreen)

        await mouse.either("move", "Move or rename the story")
        await shows(pilot, "Move doorway/wistful to:")
        await mouse.into("#prompt-answer")
        await mouse.write("doorway/longing")
        await mouse.answer()
        moved = root / "paired/doorway/longing.txt"
        await mouse.until(lambda: moved.exists() and not new.exists())
        await mouse.until(lambda: app.screen.query_one(CoverageMatrix).cell == ("longing", "doorway"))
        await mouse.either("delete", "Delete the story")
        await mouse.until(lambda: not moved.exists())
        await mouse.either("undo", "Undo what was done to the files")
        await mouse.until(moved.exists)
        await mouse.menu("Redo what was undone")
        await mouse.until(lambda: not moved.exists())


async def test_triage(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        await mouse.either("triage", "Triage")
        await at(pilot, TriageScreen)
        screen = app.screen
        assert isinstance(screen, TriageScreen)
        words, tabs = VIEWS if is_wide(size) else SHORT, screen.query_one(ViewTabs)
        for view in reversed(VIEWS):
            await mouse.click(words[view], within=tabs)
            assert screen.view == view

        await mouse.click("agree")
        await mouse.until(lambda: screen.sort.title == "agree")
        await mouse.click("All", within=tabs)
        await mouse.click("y layer 20")
        await mouse.until(lambda: screen.shown_layer == 12)
        await mouse.click(words["fragmented"], within=tabs)

        await mouse.click("accept with a reason")
        await shows(pilot, "because")
        await mouse.call_off()
        await hides(pilot, "because")
        await mouse.click("accept with a reason")
        await shows(pilot, "because")
        await mouse.answer()
        await shows(pilot, "Say in a few words why it is fine")
        await mouse.write("two tellings, on purpose")
        await mouse.answer()
        await mouse.until(lambda: app.workspace.corpus.accepted)
        await mouse.click(words["accepted"], within=tabs)
        await mouse.click("take it back")
        await mouse.until(lambda: not app.workspace.corpus.accepted)
        await mouse.click(words["fragmented"], within=tabs)
        await mouse.until(lambda: screen.table.rows)

        await mouse.either("next", "Next flagged story")
        stories = screen.query_one(EvidenceList)
        await mouse.until(lambda: stories.is_on_screen)
        await mouse.click("kitchen_at_3am/tender")
        assert screen.evidence.path == "paired/kitchen_at_3am/tender.txt"
        await mouse.click("kitchen_at_3am/tender")
        await at(pilot, StoryScreen)
        await mouse.hint("back")
        await at(pilot, TriageScreen)
        if not is_wide(size):
            await mouse.click("Flags")
        await mouse.click("tender  ")
        await mouse.until(lambda: screen.query_one(RowTable).has_focus)


async def test_a_story_is_read_written_and_left(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        screen = await open_flagged(mouse, pilot, app)
        first = screen.path
        await mouse.either("next", "Next flagged story")
        await mouse.until(lambda: screen.path != first)
        await mouse.either("previous", "Previous flagged story")
        await mouse.until(lambda: screen.path == first and screen.session.file)
        await mouse.either("beside", "What stands beside the story")
        if not is_wide(size):
            for pane in ("Why", "Beside", "Text"):
                await mouse.click(pane)
        await mouse.menu("Mark common and differing words")
        await mouse.until(lambda: "Common and differing words are marked beside the text only." in messages(app))

        await mouse.menu("Find in the story")
        await shows(pilot, "Find")
        await mouse.write(screen.editor.story.split()[3])
        await mouse.answer()
        await mouse.until(lambda: screen.editor.selected_text == screen.editor.story.split()[3])

        await click_into(pilot, screen)
        await mouse.write("X")
        await mouse.hint("back")
        await at(pilot, UnsavedDialog)
        await mouse.click("Stay (esc)")
        await at(pilot, StoryScreen)
        await mouse.hint("save")
        await mouse.until(lambda: (root / first).read_text(encoding="utf-8").startswith("X"))
        await mouse.write("Y")
        await mouse.hint("back")
        await at(pilot, UnsavedDialog)
        await mouse.click("Discard (d)")
        await at(pilot, CorpusScreen)
        assert "Y" not in (root / first).read_text(encoding="utf-8")

        screen = await open_flagged(mouse, pilot, app)
        await click_into(pilot, screen)
        await mouse.write("Z")
        await mouse.hint("back")
        await at(pilot, UnsavedDialog)
        await mouse.click("Save (s)")
        await at(pilot, CorpusScreen)
        assert (root / first).read_text(encoding="utf-8").startswith("ZX")


async def test_a_conflict_is_decided(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse = Mouse(pilot)
        screen = await open_flagged(mouse, pilot, app)
        file = root / screen.path

        async def conflict(theirs: str) -> None:
            await click_into(pilot, screen)
            await mouse.write("M")
            file.write_text(theirs, encoding="utf-8")
            await mouse.hint("save")
            await at(pilot, ConflictDialog)

        await conflict("theirs one.\n")
        await mouse.wheel(app.screen.query_one("#diff-scroll"), 1)
        await mouse.click("Cancel (esc)")
        await at(pilot, StoryScreen)
        assert screen.unsaved
        await mouse.hint("save")
        await at(pilot, ConflictDialog)
        await mouse.click("Take theirs (t)")
        await mouse.until(lambda: screen.editor.story.startswith("theirs one."))
        await at(pilot, StoryScreen)
        await conflict("theirs two.\n")
        await mouse.click("Keep mine (k)")
        await mouse.until(lambda: file.read_text(encoding="utf-8").startswith("Mtheirs one."))


async def test_a_divider_is_dragged_and_given_back(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse, line = Mouse(pilot), app.screen.query(Divider).first()
        assert line.display is is_wide(size), "panes that are tabs have the whole screen"
        if not is_wide(size):
            return
        pane = line.pane.outer_size.width
        await mouse.drag((line.region.x, line.region.y + 4), 7)
        await mouse.until(lambda: line.pane.outer_size.width == pane + 7)
        await pilot.click(offset=(line.region.x, line.region.y + 4), times=2)
        await mouse.until(lambda: line.pane.outer_size.width == pane)


async def test_the_guide_and_the_look(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        mouse, look = Mouse(pilot), app.theme
        await mouse.menu("Show the guide again")
        await mouse.click("close the guide")
        await hides(pilot, "Guide")
        await mouse.menu("Light or dark theme")
        await mouse.until(lambda: app.theme != look)
        await mouse.menu("Compact or airy")
        await mouse.until(lambda: app.workspace.memory.compact)
