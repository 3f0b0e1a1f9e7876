"""The first stories of what to write next, below the matrix; a click shows the whole list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.next_list import place_words
from caa_tui.vectors.next_stories import NextStory

NAMED = 3
"""Stories that are named, as far as they fit."""


class NextLine(Static):
    """`Next: tender × the_comment, awe × doorway`."""

    DEFAULT_CSS = """
    NextLine { height: 1; width: 1fr; padding: 0 1; color: $foreground 70%; text-wrap: nowrap; }
    """

    @dataclass
    class Clicked(Message):
        """The whole list is wanted."""

    def show(self, stories: Sequence[NextStory], glyphs: Glyphs) -> None:
        places = [place_words(story.stem, story.scenario, glyphs) for story in stories[:NAMED]]
        while len(places) > 1 and len(_line(places)) > self.size.width - 2:
            places.pop()
        line = _line(places) if places else "Nothing is missing."
        self.update(Content(line), layout=False)

    def on_click(self) -> None:
        self.post_message(self.Clicked())


def _line(places: Sequence[str]) -> str:
    return "Next: " + ", ".join(places)
