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

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._places: list[str] = []
        self._nothing = ""

    def show(self, stories: Sequence[NextStory], glyphs: Glyphs, *, read: bool) -> None:
        """`read`: whether the corpus is known yet; before that, nothing is said to be complete."""
        self._nothing = "Nothing is missing." if read else ""
        self._places = [place_words(story.stem, story.scenario, glyphs) for story in stories[:NAMED]]
        self._draw()

    def on_resize(self) -> None:
        """Also when it comes into view: until then it has no width."""
        self._draw()

    def _draw(self) -> None:
        places = list(self._places)
        while len(places) > 1 and len(_line(places)) > self.size.width - 2:
            places.pop()
        line = _line(places) if places else self._nothing
        self.update(Content(line), layout=False)

    def on_click(self) -> None:
        self.post_message(self.Clicked())


def _line(places: Sequence[str]) -> str:
    return "Next: " + ", ".join(places)
