"""The tree of files: `stories/`, and every scenario of `paired/` with its tellings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from caa_tui.corpus.model import BASELINE, Story
from caa_tui.corpus.natural import natural_key
from caa_tui.text_safety import printable
from caa_tui.tui.messages import StoryChosen, StoryPointed
from caa_tui.tui.theme import UNICODE, Glyphs
from caa_tui.tui.widgets.steady_scroll import Layout, layout_of
from caa_tui.tui.workspace import Workspace

OPEN_STORIES = 300
"""Filtered stories up to which their folders open by themselves: each node costs the screen some time."""


@dataclass(frozen=True, slots=True)
class TreeItem:
    """What a node stands for."""

    kind: Literal["stories", "paired", "scenario", "story"]
    name: str
    path: str = ""
    """Of a story."""
    count: int | None = None
    """Tellings in a folder."""
    marks: str = ""
    """Glyphs behind the name."""


class StoryTree(Tree[TreeItem]):
    """Scenario folders are filled when they are opened, so ten thousand stories cost nothing at the start."""

    DEFAULT_CSS = """
    StoryTree { background: $surface; padding: 0 0 0 1; scrollbar-size-vertical: 1; height: 1fr; }
    StoryTree:focus { background-tint: $surface 0%; }
    StoryTree > .tree--quiet { text-style: dim; }
    StoryTree > .tree--mark { color: $accent; }
    """
    HELP_TITLE = "Files"
    HELP = (
        "The files of the corpus: `stories/`, and each scenario of `paired/` with its tellings. Folders open "
        "and close; marks behind a name are explained below."
    )
    COMPONENT_CLASSES = {"tree--quiet", "tree--mark"}
    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("l,right", "open_node", "Open the folder", show=False),
        Binding("h,left", "close_node", "Close the folder", show=False),
        Binding("g", "scroll_home", "First", show=False),
        Binding("G", "scroll_end", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("corpus", id=id)
        self.show_root = False
        self.guide_depth = 2
        self._workspace: Workspace | None = None
        self._glyphs: Glyphs = UNICODE
        self._needle = ""
        self._opened_by_hand: set[str] = set()
        """Scenarios that are open when no filter is in force."""
        self._stories: dict[str | None, list[Story]] = {}
        self._troubled: set[str | None] = set()
        """Scenarios with a finding."""
        self._layout_before: Layout | None = None

    def show(self, workspace: Workspace, glyphs: Glyphs, needle: str = "") -> None:
        """Draw the corpus; what was open and where the cursor was stays."""
        opened, same_filter = self._opened(), needle.lower() == self._needle
        if not self._needle:
            self._opened_by_hand = opened
        if not same_filter:
            opened = self._opened_by_hand
        self._workspace, self._glyphs, self._needle = workspace, glyphs, needle.lower()
        cursor = self.cursor_node.data if self.cursor_node else None
        self._stories = _by_folder(workspace, self._needle)
        self._troubled = {finding.scenario for finding in workspace.corpus.findings}
        self.clear()
        own = self._add_folder(self.root, TreeItem("stories", "stories"), self._stories.get(None, []))
        self._fill(own, None)
        own.expand()
        scenarios = [column.scenario for column in workspace.coverage.scenarios]
        scenarios = [name for name in scenarios if not self._needle or self._stories.get(name)]
        paired = self.root.add("paired", TreeItem("paired", "paired", count=len(scenarios)), expand=True)
        few = sum(len(self._stories.get(name, [])) for name in scenarios) <= OPEN_STORIES
        for name in scenarios:
            node = self._add_folder(paired, TreeItem("scenario", name), self._stories.get(name, []))
            if name in opened or (self._needle and few):
                self._fill(node, name)
                node.expand()
        self._restore(cursor)

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        if self._layout_before == (now := layout_of(self, size)):
            return False
        self._layout_before = now
        return super()._size_updated(size, virtual_size, container_size, layout)

    def render_label(self, node: TreeNode[TreeItem], base_style: Style, style: Style) -> Text:
        """Name, count, marks; the cursor's own style wins over the colours."""
        item = node.data
        if item is None:
            return Text("")
        quiet = item.kind != "story" or item.name == BASELINE
        text = Text(printable(item.name), style + (self._part("tree--quiet") if quiet else Style()))
        if item.count is not None:
            text.append(f"  {item.count}", self._part("tree--quiet"))
        if item.marks:
            text.append(f" {item.marks}", self._part("tree--mark"))
        if node.allow_expand:
            pointer = self._glyphs.opened if node.is_expanded else self._glyphs.pointer
            text = Text(f"{pointer} ", self._part("tree--quiet")) + text
        if node is self.cursor_node:
            text.stylize(style)
        return text

    @property
    def path(self) -> str | None:
        """The story under the cursor; None on a folder."""
        item = self.cursor_node.data if self.cursor_node else None
        return item.path if item is not None and item.kind == "story" else None

    @property
    def folder(self) -> str:
        """`doorway/` on a scenario's folder, else nothing."""
        item = self.cursor_node.data if self.cursor_node else None
        return f"{item.name}/" if item is not None and item.kind == "scenario" else ""

    def reveal(self, path: str) -> None:
        """Move the cursor to a story, opening its folder."""
        folder = path.split("/")[1] if path.startswith("paired/") else None
        for node in self._folders():
            if node.data and (node.data.name == folder if folder else node.data.kind == "stories"):
                if not node.children:
                    self._fill(node, folder)
                node.expand()
                for leaf in node.children:
                    if leaf.data and leaf.data.path == path:
                        self.call_after_refresh(self.move_cursor, leaf)
                        return

    def action_open_node(self) -> None:
        node = self.cursor_node
        if node is not None and node.allow_expand and not node.is_expanded:
            node.expand()
        else:
            self.action_cursor_down()

    def action_close_node(self) -> None:
        node = self.cursor_node
        if node is None:
            return
        if node.allow_expand and node.is_expanded:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def on_click(self, event: events.Click) -> None:
        """The first click on a story points at it, the next one opens it; folders open and close at once."""
        line = event.style.meta.get("line")
        node = self.get_node_at_line(line) if line is not None else None
        if node is not None and not node.allow_expand and node is not self.cursor_node:
            event.prevent_default()
            self.move_cursor(node)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[TreeItem]) -> None:
        event.stop()
        item = event.node.data
        if item is not None and item.kind == "scenario" and not event.node.children:
            self._fill(event.node, item.name)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[TreeItem]) -> None:
        event.stop()
        if self.has_focus and event.node.data is not None and event.node.data.kind == "story":
            self.post_message(StoryPointed(event.node.data.path))

    def on_tree_node_selected(self, event: Tree.NodeSelected[TreeItem]) -> None:
        event.stop()
        if event.node.data is not None and event.node.data.kind == "story":
            self.post_message(StoryChosen(event.node.data.path))

    def _folders(self) -> list[TreeNode[TreeItem]]:
        own, paired = (self.root.children[0], self.root.children[1]) if len(self.root.children) == 2 else (None, None)
        return ([own] if own else []) + (list(paired.children) if paired else [])

    def _opened(self) -> set[str]:
        return {node.data.name for node in self._folders() if node.data and node.is_expanded}

    def _fill(self, node: TreeNode[TreeItem], scenario: str | None) -> None:
        stories = self._stories.get(scenario, [])
        for story in sorted(stories, key=lambda story: (not story.is_baseline, natural_key(story.concept or ""))):
            item = self._story_item(story)
            node.add_leaf(item.name, item)

    def _restore(self, item: TreeItem | None) -> None:
        if item is None:
            return
        if item.kind == "story":
            self.reveal(item.path)
            return
        for node in self._folders():
            if node.data and (node.data.kind, node.data.name) == (item.kind, item.name):
                self.call_after_refresh(self.move_cursor, node)

    def _add_folder(self, parent: TreeNode[TreeItem], item: TreeItem, stories: list[Story]) -> TreeNode[TreeItem]:
        assert self._workspace is not None
        marks = self._marks(
            edited=any(story.path in self._workspace.edited for story in stories),
            flagged=self._flagged(stories),
            finding=any(story.path in self._workspace.corpus.findings_by_path for story in stories)
            or (item.kind == "scenario" and item.name in self._troubled),
        )
        told = sum(1 for story in stories if not story.is_baseline)
        return parent.add(item.name, replace(item, count=told, marks=marks))

    def _story_item(self, story: Story) -> TreeItem:
        assert self._workspace is not None
        marks = self._marks(
            edited=story.path in self._workspace.edited,
            flagged=self._flagged([story]),
            finding=story.path in self._workspace.corpus.findings_by_path,
        )
        return TreeItem("story", story.concept or BASELINE, story.path, marks=marks)

    def _flagged(self, stories: Iterable[Story]) -> str:
        """The mark of the surest flag on one of the stories; empty where there is none."""
        assert self._workspace is not None
        paths = [story.path for story in stories if self._workspace.is_flagged(story.path)]
        if not paths:
            return ""
        return self._glyphs.flag(confirmed=any(map(self._workspace.is_confirmed, paths)))

    def _marks(self, *, edited: bool, flagged: str, finding: bool) -> str:
        glyphs = self._glyphs
        marks = ((edited, glyphs.edited), (bool(flagged), flagged), (finding, glyphs.finding))
        return " ".join(glyph for shown, glyph in marks if shown)

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)


def _by_folder(workspace: Workspace, needle: str) -> dict[str | None, list[Story]]:
    """Folder -> its stories; only those whose path contains the filter."""
    folders: dict[str | None, list[Story]] = {}
    for story in workspace.corpus.stories:
        if needle in story.path.lower():
            folders.setdefault(story.scenario, []).append(story)
    return folders
