"""Home: the files on the left, coverage or findings in the middle, the story on the right."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from caa_tui.corpus.coverage import CellState
from caa_tui.corpus.model import Story, story_path
from caa_tui.text_safety import printable
from caa_tui.tui.messages import StoryChosen, StoryPointed
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.findings_list import FindingsList
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.hint_bar import HintBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_tree import StoryTree
from caa_tui.tui.widgets.story_view import StoryView
from caa_tui.tui.widgets.training_strip import TrainingStrip
from caa_tui.tui.widgets.view_tabs import ViewTabs


class CorpusScreen(CaaScreen):
    """What is told, what is missing, what is wrong, and the text of the story under the cursor."""

    KIND = "corpus"
    TITLE_WORD = "Corpus"
    HELP = """\
The **tree** lists the files, the **coverage** shows which concept is told in which scenario, **findings** are problems
that need no model to be seen. Enter opens a story in the editor; on an empty cell `n` writes it.
"""
    CSS = """
    CorpusScreen #corpus-panes, CorpusScreen #views { height: 1fr; }
    CorpusScreen #tree-pane { width: 30; border-right: solid $border-blurred; }
    CorpusScreen #middle-pane { width: 3fr; border-right: solid $border-blurred; }
    CorpusScreen #story-pane { width: 2fr; min-width: 36; }
    CorpusScreen #cell-line { height: 1; padding: 0 1; color: $foreground 70%; text-wrap: nowrap; }
    CorpusScreen.-narrow #tree-pane.-current { width: 1fr; }
    CorpusScreen.-narrow #tree-pane, CorpusScreen.-narrow #middle-pane { border-right: none; }
    """
    BINDINGS = [
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""
        self._path: str | None = None
        """The story shown on the right, when it exists."""

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs(
            {"tree-pane": "Stories", "middle-pane": "Coverage", "story-pane": "Story"}, initial="middle-pane"
        )
        with Horizontal(id="corpus-panes"):
            with Vertical(id="tree-pane", classes="pane"):
                yield StoryTree(id="tree")
            with Vertical(id="middle-pane", classes="pane"):
                yield ViewTabs({"matrix": "Coverage", "findings": "Findings"}, key="f", id="view-tabs")
                with ContentSwitcher(initial="matrix", id="views"):
                    yield CoverageMatrix(id="matrix")
                    yield FindingsList(id="findings")
                yield Static(id="cell-line")
            yield StoryView(id="story-pane", classes="pane")
        yield FilterLine()
        yield TrainingStrip()
        yield HintBar()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(CoverageMatrix).focus()

    def show_workspace(self) -> None:
        super().show_workspace()
        workspace, glyphs = self.caa.workspace, self.caa.glyphs
        self.query_one(StoryTree).show(workspace, glyphs, self._needle)
        self.query_one(CoverageMatrix).show(workspace, glyphs, self._needle)
        self.query_one(FindingsList).show(workspace, glyphs, self._needle)
        self.query_one(ViewTabs).label("findings", f"Findings {len(workspace.corpus.findings)}")
        if self._path is not None:
            self._show_story(self._path)
        else:
            self._show_cell()

    def show_lines(self) -> None:
        super().show_lines()
        self._show_cell_line()

    @property
    def selected_path(self) -> str | None:
        """The existing story that Enter and `e` act on."""
        return self._path

    def cmd_other_view(self) -> None:
        self.query_one(ViewTabs).step(1)

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def on_view_tabs_changed(self, event: ViewTabs.Changed) -> None:
        self.query_one("#views", ContentSwitcher).current = event.view
        self.query_one(f"#{event.view}").focus()

    def cmd_open_story(self) -> None:
        """Enter: a missing cell is opened for writing, a story for editing."""
        matrix = self.query_one(CoverageMatrix)
        if self.focused is matrix and matrix.cell is not None and matrix.cell_state is not CellState.PRESENT:
            self.notify("There is no story in this cell; press n to write it.", markup=False)
        elif self._path is not None:
            self.caa.open_story(self._path, self._siblings())

    async def cmd_edit_external(self) -> None:
        if self._path is None:
            self.notify("Put the cursor on a story first.", markup=False)
            return
        await self.caa.edit_external(self._path)

    def cmd_new_story(self) -> None:
        matrix = self.query_one(CoverageMatrix)
        if matrix.cell is None:
            self.notify("Name wanted concepts in caa.toml, or create stories/<concept>.txt, to start.", markup=False)
        elif matrix.cell_state is CellState.PRESENT:
            self.notify("This story exists; put the cursor on an empty cell to write a new one.", markup=False)
        else:
            self.caa.open_new_story(*matrix.cell)

    def cmd_filter(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text
        self.show_workspace()
        matrix = self.query_one(CoverageMatrix)
        if matrix.cell is not None and self._path != story_path(*matrix.cell):
            self._show_cell()

    def on_story_pointed(self, event: StoryPointed) -> None:
        """Lists also move their cursors when they are redrawn; only the one in use decides what is shown."""
        tree = self.query_one(StoryTree)
        if self.focused not in {tree, self.query_one(FindingsList)}:
            return
        story = self.caa.workspace.corpus.by_path.get(event.path)
        if self.focused is tree and story is not None:
            self._follow(story)
        self._show_story(event.path)

    def on_story_chosen(self, event: StoryChosen) -> None:
        self._show_story(event.path)
        self.caa.open_story(event.path, self._siblings())

    def on_coverage_matrix_pointed(self, event: CoverageMatrix.Pointed) -> None:
        if self.focused is self.query_one(CoverageMatrix):
            self._show_cell()

    def on_coverage_matrix_chosen(self, event: CoverageMatrix.Chosen) -> None:
        self.cmd_open_story()

    def _follow(self, story: Story) -> None:
        """The matrix cursor goes where the tree's is."""
        if story.concept is not None:
            self.query_one(CoverageMatrix).point(story.concept, story.scenario)

    def _show_story(self, path: str) -> None:
        workspace = self.caa.workspace
        self._path = path if path in workspace.corpus.by_path else None
        self.query_one(StoryView).show_path(workspace, path, self.caa.glyphs)
        self._show_cell_line()

    def _show_cell(self) -> None:
        matrix = self.query_one(CoverageMatrix)
        if matrix.cell is None:
            self._path = None
            return
        self._path = story_path(*matrix.cell) if matrix.cell_state is CellState.PRESENT else None
        self.query_one(StoryView).show_cell(self.caa.workspace, *matrix.cell, self.caa.glyphs)
        self._show_cell_line()

    def _show_cell_line(self) -> None:
        matrix, glyphs = self.query_one(CoverageMatrix), self.caa.glyphs
        if matrix.cell is None:
            text = "No concept yet."
        else:
            concept, scenario = matrix.cell
            words = {CellState.PRESENT: "told", CellState.MISSING: "wanted", CellState.UNWANTED: "not asked for"}
            state = matrix.cell_state
            text = f"{concept} × {scenario or 'stories/'}: {words[state] if state else ''}"
        line = Content.styled(printable(text), "bold $foreground")
        bar = self.query_one("#cell-line", Static)
        for entry in _legend(glyphs, trained=self.caa.workspace.run is not None):
            if line.cell_length + len(entry) <= bar.size.width - 2:
                line += Content(entry)
        bar.update(line)

    def _siblings(self) -> list[str]:
        """What next and previous go through in the editor: the flagged stories, or the concept's."""
        workspace = self.caa.workspace
        flagged = [story.path for story in workspace.corpus.stories if workspace.is_flagged(story.path)]
        if self._path in flagged:
            return flagged
        story = workspace.corpus.by_path.get(self._path or "")
        group = workspace.corpus.by_concept.get(story.concept, ()) if story and story.concept else ()
        return [other.path for other in group]


def _legend(glyphs: Glyphs, *, trained: bool) -> Iterator[str]:
    """What the glyphs of the matrix mean, the most needed first; flags and edits exist once something is trained."""
    yield f"   {glyphs.missing} wanted"
    if trained:
        yield f"   {glyphs.flagged} flagged"
        yield f"   {glyphs.edited} edited"
    yield f"   {glyphs.story} told"
    yield f"   {glyphs.unwanted} not asked for"
