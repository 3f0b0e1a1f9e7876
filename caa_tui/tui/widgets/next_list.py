"""What to write next: the missing stories that would help most, each with its reasons."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList

from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.messages import StoryChosen, StoryPointed
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.choice_list import SHOWN_ROWS, ChoiceList
from caa_tui.tui.workspace import CorpusState, RunState, Workspace
from caa_tui.vectors.next_stories import NextStory, next_stories

NOTHING = "Nothing is missing: every concept has stories and scenarios enough, and every wanted telling is there."


class NextList(ChoiceList):
    """One missing story a row: its points, its place, why."""

    HELP_TITLE = "What to write next"
    HELP = (
        "The stories that would help most, the best first, each with its reason. {new_story} writes the one "
        "under the cursor."
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.stories: tuple[NextStory, ...] = ()
        """All of them, the most helpful first, whether shown or not."""
        self._ranked: tuple[CorpusState, RunState] | None = None
        """What they were worked out from."""
        self._needle: str | None = None
        self._shown: list[NextStory] = []

    def show(self, workspace: Workspace, glyphs: Glyphs, needle: str = "") -> None:
        """List the missing stories whose place contains the filter; ranked anew only when something changed."""
        needle = needle.lower()
        ranked = self._ranked
        known = ranked is not None and ranked[0] is workspace.state and ranked[1] is workspace.runs
        if known and needle == self._needle:
            return
        if not known:
            self._ranked = (workspace.state, workspace.runs)
            self.stories = next_stories(workspace.coverage, workspace.runs.flags)
        self._needle = needle
        found = [story for story in self.stories if needle in story.path.lower()] if needle else self.stories
        self._shown = list(found[:SHOWN_ROWS])
        empty = "No missing story contains this text." if needle and self.stories else NOTHING
        self.fill([_row(story, glyphs) for story in self._shown], len(found), empty)

    @property
    def story(self) -> NextStory | None:
        """The one under the cursor."""
        row = self.highlighted
        return self._shown[row] if row is not None and row < len(self._shown) else None

    @property
    def path(self) -> str | None:
        """Where the story under the cursor would be."""
        return self.story.path if self.story else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self.has_focus and self.path:
            self.post_message(StoryPointed(self.path))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.path:
            self.post_message(StoryChosen(self.path))


def place_words(stem: str, scenario: str | None, glyphs: Glyphs) -> str:
    """`tender × doorway`, or `stories/tender`."""
    return printable(f"stories/{stem}" if scenario is None else f"{stem} {glyphs.times} {scenario}")


def _row(story: NextStory, glyphs: Glyphs) -> Content:
    """Without colours: a coloured word could not be read under the cursor."""
    place = Content.styled(place_words(story.stem, story.scenario, glyphs), "bold")
    return Content(f"{story.score:>3}  ") + place + plain(f"  {story.why}")
