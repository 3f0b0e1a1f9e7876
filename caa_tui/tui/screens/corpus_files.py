"""Moving, renaming and deleting stories on the corpus screen. Nothing asks whether you are sure: undo takes it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.notifications import SeverityLevel

from caa_tui.corpus.model import story_path
from caa_tui.corpus.names import split_story_path
from caa_tui.corpus.places import short_name, typed_path
from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.screens.new_stories import NewStories
from caa_tui.tui.story_places import NameSuggester, PlaceSuggester, name_problem, place_problem
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.story_tree import StoryTree, TreeItem

if TYPE_CHECKING:
    from caa_tui.corpus.operations import Done

PLACE_EXAMPLE = "scenario/concept, or a concept alone for stories/"
NO_STORY = "Put the cursor on a story first."
NO_CONCEPT = "Put the cursor on a story of the concept first."
NO_SCENARIO = "Put the cursor on a scenario, or on a story of one, first."


class CorpusFiles(NewStories):
    """What the corpus screen does to files; a story that is open in the editor is never touched from here."""

    def __init__(self) -> None:
        super().__init__()
        self._one_at_a_time = asyncio.Lock()
        self._refused: tuple[str, int] | None = None
        """The undo or redo, with its operation, that needs the user's word: asking for it again gives it."""

    def _point_at(self, path: str) -> None:
        """Show what is at a path."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """Back from a story whose place was typed: the cursor goes there."""
        path, self._asked_for = self._asked_for, None
        if path in self.caa.workspace.corpus.by_path:
            self.call_next(self._go_after, path)  # behind the redraw, which gives a new concept its row

    def cmd_move_story(self) -> None:
        """Where the cursor is on a scenario's folder, that is what is renamed."""
        item = self._tree_item
        if item is not None and item.kind == "scenario":
            self.cmd_rename_scenario()
        elif (path := self._file) is None:
            self._say_first(NO_STORY)
        else:
            self._ask_where(path)

    def cmd_delete_story(self) -> None:
        path = self._file
        if path is None:
            self._say_first(NO_STORY)
        else:
            self._delete(path)

    def cmd_rename_concept(self) -> None:
        """The concept of the cell or story under the cursor."""
        path = self._pointed_place
        concept = split_story_path(path)[1] if path else None
        if concept not in self.caa.workspace.corpus.concepts:
            self._say_first(NO_CONCEPT)
        else:
            self._ask_concept(concept)

    def cmd_rename_scenario(self) -> None:
        """The scenario of the folder, the cell or the story under the cursor."""
        item, path = self._tree_item, self._pointed_place
        scenario = item.name if item is not None and item.kind == "scenario" else None
        if scenario is None and path:
            scenario = split_story_path(path)[0]
        if scenario is None:
            self._say_first(NO_SCENARIO)
        else:
            self._ask_scenario(scenario)

    def cmd_undo(self) -> None:
        self._turn("undo")

    def cmd_redo(self) -> None:
        self._turn("redo")

    @property
    def _tree_item(self) -> TreeItem | None:
        """What the tree's cursor is on, while the tree is in use."""
        tree = self.query_one(StoryTree)
        return tree.cursor_node.data if self.focused is tree and tree.cursor_node is not None else None

    @property
    def _pointed_place(self) -> str | None:
        """Of a folder in the tree, nothing: what was pointed at before is no longer meant."""
        item, path = self._tree_item, self.pointed
        if item is not None and item.kind != "story":
            return None
        try:
            split_story_path(path or "")
        except UserError:
            return None
        return path

    @property
    def _file(self) -> str | None:
        """The story under the cursor, also one that the scan left out (empty, not UTF-8): its finding points at it."""
        path = self._pointed_place
        return path if path is not None and (self.caa.workspace.root / path).is_file() else None

    @work(group="story-files")
    async def _ask_where(self, path: str) -> None:
        corpus = self.caa.workspace.corpus
        answer = await self.prompt.ask(
            f"Move {short_name(path)} to:",
            short_name(path),
            PLACE_EXAMPLE,
            check=partial(place_problem, corpus, path),
            suggester=PlaceSuggester(corpus, path),
        )
        if answer is not None and typed_path(answer) != path:
            await self._carry_out(partial(self.caa.workspace.files.move, path, typed_path(answer)))

    @work(group="story-files")
    async def _ask_concept(self, old: str) -> None:
        concepts = self.caa.workspace.coverage.concepts
        wanted = [row.concept for row in concepts if not row.stories]
        answer = await self.prompt.ask(
            f"Rename {old} everywhere to:",
            old,
            check=partial(name_problem, self.caa.workspace.corpus.concepts, old),
            suggester=NameSuggester(wanted),
        )
        if answer is not None and answer != old:
            await self._carry_out(partial(self.caa.workspace.files.rename_concept, old, answer))

    @work(group="story-files")
    async def _ask_scenario(self, old: str) -> None:
        taken = self.caa.workspace.corpus.scenarios
        answer = await self.prompt.ask(f"Rename the scenario {old} to:", old, check=partial(name_problem, taken, old))
        if answer is not None and answer != old:
            await self._carry_out(partial(self.caa.workspace.files.rename_scenario, old, answer))

    @work(group="story-files")
    async def _delete(self, path: str) -> None:
        """Only as it was shown: what another program wrote meanwhile is looked at first."""
        story = self.caa.workspace.corpus.by_path.get(path)
        delete = partial(self.caa.workspace.files.delete, path, story.file_sha256 if story else None)
        await self._carry_out(delete, then="brings it back")

    @work(group="story-files")
    async def _turn(self, command: str) -> None:
        """Undo or redo; where files are no longer as they were left, once more is the user's word to go on."""
        from caa_tui.corpus.moves import NotAsLeft

        files = self.caa.workspace.files
        operation = files.undoable if command == "undo" else files.redoable
        asked = (command, operation.id) if operation else None
        anyway, self._refused = asked is not None and asked == self._refused, None
        try:
            await self._do(partial(files.undo if command == "undo" else files.redo, anyway=anyway))
        except NotAsLeft as problem:
            self._refused = asked
            key = self.caa.workspace.keys.name(command)
            go_on = f"to {command} it all the same" if problem.only_edited else "to leave it and reach the one before"
            self._tell(f"{problem.reason}; press {key} again {go_on}.", severity="warning")
        except UserError as error:
            self._tell(str(error), severity="error")

    async def _carry_out(self, action: Callable[[], Done], then: str = "takes it back") -> None:
        """Something new; afterwards undo can take it back."""
        self._refused = None
        try:
            await self._do(action, f"; {self.caa.workspace.keys.name('undo')} {then}")
        except UserError as error:
            self._tell(str(error), severity="error")

    async def _do(self, action: Callable[[], Done], end: str = "") -> None:
        """Touch the files in a thread, say what happened, and go where the story went."""
        async with self._one_at_a_time:
            path = self.pointed
            beside = self._neighbour(path)
            done = await asyncio.to_thread(action)
            self.caa.clear_notifications()  # what was said about the operation before: undoing many would pile up
            self._tell(f"{done.sentence}{end}." + (f" {done.note}" if done.note else ""))
            await self.caa.rescan()
            now = done.now_at(path) if path else None
            if now == path and done.path is not None:
                now = done.path
            self.call_next(self._go_after, now or beside or path)  # behind the redraw that the rescan asked for

    def _neighbour(self, path: str | None) -> str | None:
        """Where the tree's cursor goes when its story is gone: the next in the folder, or the one before."""
        if path is None or self.focused is not self.query_one(StoryTree):
            return None
        folder = path.rpartition("/")[0]
        others = [one.path for one in self.caa.workspace.corpus.stories if one.path.rpartition("/")[0] == folder]
        later = [other for other in others if other > path]
        earlier = [other for other in others if other < path]
        return later[0] if later else (earlier[-1] if earlier else None)

    def _go_after(self, path: str | None) -> None:
        if path is None:
            return
        matrix, tree = self.query_one(CoverageMatrix), self.query_one(StoryTree)
        scenario, stem = split_story_path(path)
        matrix.point(stem, scenario)
        if self.focused is matrix and matrix.cell is not None:
            path = story_path(*matrix.cell)  # a concept that has no story left has no row either
        elif self.focused is tree:
            tree.reveal(path)
        self._point_at(path)

    def _say_first(self, text: str) -> None:
        self.notify(text, markup=False, timeout=4)

    def _tell(self, text: str, severity: SeverityLevel = "information") -> None:
        self.notify(printable(text), severity=severity, markup=False)
