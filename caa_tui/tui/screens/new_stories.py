"""Beginning a story: on the empty cell under the cursor, or on a concept and scenario that are asked for."""

from __future__ import annotations

from textual import work

from caa_tui.corpus.coverage import CellState
from caa_tui.corpus.names import split_story_path
from caa_tui.corpus.places import typed_path
from caa_tui.errors import UserError
from caa_tui.tui.commands import BY_ID
from caa_tui.tui.places import is_unwritten
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.story_places import NameSuggester
from caa_tui.tui.widgets.next_list import NextList

QUESTION = "New story:"
EXAMPLE = "concept, or scenario/concept, like: doorway/tender"


class NewStories(CaaScreen):
    """What a screen needs to offer new stories; it says what is under its cursor."""

    def __init__(self) -> None:
        super().__init__()
        self._asked_for: str | None = None
        """The place that was typed last, until the screen is back from it."""

    @property
    def pointed(self) -> str | None:
        """The path under the cursor, whether there is a story or not."""
        raise NotImplementedError

    @property
    def proposal(self) -> str:
        """What stands in the question at first."""
        return ""

    def cmd_new_story(self) -> None:
        """Write the missing story under the cursor; where there is one, ask which story is meant."""
        path = self.pointed
        if path is not None and is_unwritten(self.caa.workspace.corpus, path):
            self.write_story(path)
        else:
            self.ask_for_story(self.proposal)

    def is_wanted(self, path: str) -> bool:
        """Whether a missing story is asked for: by caa.toml, or by the list of what to write next."""
        if not is_unwritten(self.caa.workspace.corpus, path):
            return False
        scenario, stem = split_story_path(path)
        asked_for = self.caa.workspace.coverage.cell(stem, scenario) is CellState.MISSING
        return asked_for or any(story.path == path for story in self.query_one(NextList).stories)

    def write_story(self, path: str) -> None:
        """Open the editor on a story that is not there yet, or say why not."""
        reason = BY_ID["new_story"].disabled_reason(self.caa.workspace)
        if reason is not None:
            self.notify(reason, markup=False, timeout=4)
            return
        scenario, stem = split_story_path(path)
        self.caa.open_new_story(stem, scenario)

    @work(group="new-story", exclusive=True)
    async def ask_for_story(self, proposal: str) -> None:
        """Ask for a concept, and a scenario if the story belongs to one, then open the editor on it."""
        coverage = self.caa.workspace.coverage
        names = (*(row.concept for row in coverage.concepts), *(f"{place.scenario}/" for place in coverage.scenarios))
        answer = await self.prompt.ask(QUESTION, proposal, EXAMPLE, check=_problem, suggester=NameSuggester(names))
        if answer is None:
            return
        self._asked_for = path = typed_path(answer)
        if path in self.caa.workspace.corpus.by_path:
            self.caa.open_story(path)
        else:
            self.write_story(path)


def _problem(answer: str) -> str | None:
    """Why there can be no such story."""
    try:
        typed_path(answer)
    except UserError as error:
        return str(error)
    return None
