"""Home: the files on the left; coverage, findings or what to write next in the middle; the story on the right."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher, Static

from caa_tui.corpus.model import story_path
from caa_tui.corpus.names import split_story_path
from caa_tui.text_safety import printable
from caa_tui.tui.messages import StoryChosen, StoryPointed
from caa_tui.tui.places import is_story_place, is_unwritten
from caa_tui.tui.probe_state import Subject
from caa_tui.tui.screens.corpus_files import CorpusFiles
from caa_tui.tui.screens.coverage_order import CoverageOrder
from caa_tui.tui.widgets.cell_line import CellLine
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.findings_list import FindingsList, without_file
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.next_line import NextLine
from caa_tui.tui.widgets.next_list import NextList
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_tree import StoryTree
from caa_tui.tui.widgets.story_view import StoryView
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.tui.workspace import Workspace

VIEWS = {"matrix": "Coverage", "findings": "Findings", "next": "Next"}
POINTS = "points: how much it would help; docs/method.md"


class CorpusScreen(CoverageOrder, CorpusFiles):
    """What is told, what is missing, what is wrong, and the text of the story under the cursor."""

    KIND = "corpus"
    TITLE_WORD = "Corpus"
    HELP = """\
The **tree** lists the files, the **coverage** shows which concept is told in which scenario, **findings** are problems
that need no model to be seen, **next** ranks the stories that are missing by how much they would help. Enter, or a
second click, opens what is under the cursor; where a wanted story is missing it begins it.
"""
    CSS = """
    CorpusScreen #corpus-panes, CorpusScreen #views { height: 1fr; }
    CorpusScreen #tree-pane { width: 29; }
    CorpusScreen #middle-pane { width: 1fr; }
    CorpusScreen #story-pane { width: 25%; min-width: 36; }
    CorpusScreen #points { height: 1; padding: 0 1; color: $foreground 50%; text-wrap: nowrap; }
    CorpusScreen NextLine.-away, CorpusScreen.-low NextLine { display: none; }
    CorpusScreen.-narrow #tree-pane.-current { width: 1fr; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
    BINDINGS = [
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._pointed: str | None = None
        """The path under the cursor, whether there is a story or not."""

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield PaneTabs(
            {"tree-pane": "Stories", "middle-pane": "Coverage", "story-pane": "Story"}, initial="middle-pane"
        )
        with Horizontal(id="corpus-panes"):
            with Vertical(id="tree-pane", classes="pane"):
                yield StoryTree(id="tree")
            yield self.divider("tree-pane")
            with Vertical(id="middle-pane", classes="pane"):
                yield ViewTabs(VIEWS, id="view-tabs")
                yield Static(POINTS, id="points")
                with ContentSwitcher(initial="matrix", id="views"):
                    yield CoverageMatrix(id="matrix")
                    yield FindingsList(id="findings")
                    yield NextList(id="next")
                yield CellLine(id="cell-line")
                yield NextLine(id="next-line")
            yield self.divider("story-pane", before=False)
            yield StoryView(id="story-pane", classes="pane")
        yield from self.foot()

    def on_mount(self) -> None:
        super().on_mount()
        self._show_lines_of_view()
        self.query_one(CoverageMatrix).focus()

    def show_workspace(self) -> None:
        super().show_workspace()
        workspace, glyphs, needle = self.caa.workspace, self.caa.glyphs, self._needle
        self.query_one(StoryTree).show(workspace, glyphs, needle)
        self._show_matrix()
        self.query_one(FindingsList).show(workspace, glyphs, needle)
        following = self.query_one(NextList)
        following.show(workspace, glyphs, needle)
        self.query_one(NextLine).show(following.stories, glyphs, read=workspace.loaded)
        self.query_one(ViewTabs).key = workspace.keys.name("other_view")
        self.query_one(ViewTabs).count({"findings": len(workspace.corpus.findings)})
        cell = self.query_one(CoverageMatrix).cell
        if self._pointed is None and cell is not None:
            self._pointed = story_path(*cell)
        if not self._show_finding():
            self.query_one(StoryView).show_path(workspace, self._pointed or "", glyphs)
        self._show_cell_line()

    def show_lines(self) -> None:
        super().show_lines()
        self._show_cell_line()
        stories = self.query_one(NextList).stories
        self.query_one(NextLine).show(stories, self.caa.glyphs, read=self.caa.workspace.loaded)

    @property
    def pointed(self) -> str | None:
        tree = self.query_one(StoryTree)
        on_folder = self.focused is tree and tree.path is None
        return None if on_folder else self._pointed or None

    @property
    def proposal(self) -> str:
        if isinstance(self.focused, FindingsList) and self.focused.finding is not None:
            return self.focused.finding.concept or ""
        return self.query_one(StoryTree).folder if isinstance(self.focused, StoryTree) else ""

    def go_to(self, concept: str | None, scenario: str | None) -> None:
        """Put the cursor of the coverage there; None: where it is. A filter could hide the place, so it goes."""
        if self._needle:
            self.query_one(FilterLine).action_clear_filter()
            self._needle = ""
            self.show_workspace()
        self.query_one(PaneTabs).select("middle-pane", focus=False)
        self.query_one(ViewTabs).select("matrix")
        matrix = self.query_one(CoverageMatrix)
        matrix.focus()
        if matrix.cell is not None:
            matrix.point(concept or matrix.cell[0], scenario or matrix.cell[1])

    def on_next_line_clicked(self) -> None:
        self.query_one(ViewTabs).select("next")

    def cmd_other_view(self) -> None:
        self.query_one(ViewTabs).step(1)

    def action_step_pane(self, by: int) -> None:
        self.query_one(PaneTabs).step(by)

    def on_view_tabs_changed(self, event: ViewTabs.Changed) -> None:
        self.query_one("#views", ContentSwitcher).current = event.view
        self.query_one(f"#{event.view}").focus()
        self._show_lines_of_view()

    def _show_lines_of_view(self) -> None:
        view = self.query_one(ViewTabs).current
        self.query_one(NextLine).set_class(view != "matrix", "-away")
        self.query_one("#points").display = view == "next"

    def cmd_open_story(self) -> None:
        """Enter: a story is opened, a wanted one that is missing is begun."""
        workspace, path = self.caa.workspace, self._pointed
        if not path:
            self._say(f"There is no story yet; press {workspace.keys.name('new_story')} to write the first one.")
        elif path in workspace.corpus.by_path:
            self.caa.open_story(path, _siblings(workspace, path))
        elif self.is_wanted(path):
            self.write_story(path)
        else:
            self._say(f"There is no story here; press {workspace.keys.name('new_story')} to write it.")

    async def cmd_edit_external(self) -> None:
        path = self._pointed
        if not path or not (self.caa.workspace.root / path).is_file():
            self._say("Put the cursor on a story first.")
            return
        await self.caa.edit_external(path)

    def cmd_probe_story(self) -> None:
        story = self.caa.workspace.corpus.by_path.get(self._pointed or "")
        if story is None:
            self._say("Put the cursor on a story first.")
        else:
            self.caa.open_probe(Subject(story.text, story.path))

    def cmd_filter(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text
        self.show_workspace()
        self._point_at_cell()

    def on_story_pointed(self, event: StoryPointed) -> None:
        self._follow(event.path)

    def on_story_chosen(self, event: StoryChosen) -> None:
        self._point_at(event.path)
        self.cmd_open_story()

    def on_findings_list_chosen(self, event: FindingsList.Chosen) -> None:
        """Open the file of a finding, or say how it is put right."""
        workspace, keys = self.caa.workspace, self.caa.workspace.keys
        path = next(iter(event.finding.paths), None)
        if path is None:
            about = event.finding.concept or "The corpus"
            self._say(f"{about} has no story yet; press {keys.name('new_story')} to write the first one.")
        elif is_unwritten(workspace.corpus, path) and not workspace.read_only:
            self.write_story(path)
        elif is_story_place(path):
            self.caa.open_story(path, _siblings(workspace, path))
        else:
            self._say(f"{path} is no story; press {keys.name('edit_external')} to open it in your editor.")

    def on_coverage_matrix_pointed(self, event: CoverageMatrix.Pointed) -> None:
        if self.focused is self.query_one(CoverageMatrix):
            self._point_at_cell()

    def on_coverage_matrix_chosen(self, event: CoverageMatrix.Chosen) -> None:
        self.cmd_open_story()

    def on_descendant_focus(self) -> None:
        """Enter acts on the list in use, so its cursor counts from the moment it is."""
        if self.focused is self.query_one(CoverageMatrix):
            self._point_at_cell()
        elif isinstance(self.focused, StoryTree | FindingsList | NextList) and self.focused.path is not None:
            self._follow(self.focused.path)

    def _follow(self, path: str) -> None:
        """Point at a row's story; the cursor of the matrix comes along, but not for each file of a finding."""
        if is_story_place(path) and not isinstance(self.focused, FindingsList):
            scenario, stem = split_story_path(path)
            self.query_one(CoverageMatrix).point(stem, scenario)
        self._point_at(path)

    def _point_at_cell(self) -> None:
        cell = self.query_one(CoverageMatrix).cell
        if cell is None:
            self._point_at("")
            self._pointed = None
        else:
            self._point_at(story_path(*cell))

    def _point_at(self, path: str) -> None:
        """`path` is empty when there is no file, as for some findings."""
        if path and path == self._pointed:
            return
        self._pointed = path
        self._show_cell_line()
        if not self._show_finding():
            self.query_one(StoryView).follow(self.caa.workspace, path, self.caa.glyphs)

    def _show_finding(self) -> bool:
        """Say what a finding without a file is about, where the cursor is on one."""
        finding, workspace = self.query_one(FindingsList).finding, self.caa.workspace
        if self._pointed or finding is None or finding.paths or self.query_one(ViewTabs).current != "findings":
            return False
        new_key = "" if workspace.read_only else workspace.keys.name("new_story")
        words = without_file(finding, self.query_one(NextList).stories, new_key, self.caa.glyphs)
        self.query_one(StoryView).say(*words)
        return True

    def _show_cell_line(self) -> None:
        line, path = self.query_one(CellLine), self._pointed
        if path and is_story_place(path):
            scenario, stem = split_story_path(path)
            line.show(self.caa.workspace, stem, scenario, self.caa.glyphs)
        else:
            line.say(path or "")

    def _say(self, words: str) -> None:
        self.notify(printable(words), markup=False)


def _siblings(workspace: Workspace, path: str) -> list[str]:
    """What next and previous go through in the editor: the flagged stories, those of confirmed flags first, or the
    concept's."""
    flagged = [story.path for story in workspace.corpus.stories if workspace.is_flagged(story.path)]
    flagged.sort(key=lambda other: not workspace.is_confirmed(other))
    if path in flagged:
        return flagged
    story = workspace.corpus.by_path.get(path)
    group = workspace.corpus.by_concept.get(story.concept, ()) if story and story.concept else ()
    return [other.path for other in group]
