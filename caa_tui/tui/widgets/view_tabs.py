"""A line of words that chooses which view a pane shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from caa_tui.tui.jump import Spot, tab_spots


class ViewTabs(Static):
    """A click on a word, or a key of the screen, changes the view."""

    DEFAULT_CSS = """
    ViewTabs { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; }
    """

    @dataclass
    class Changed(Message):
        """Another view was chosen."""

        view: str

    def __init__(self, views: dict[str, str], *, id: str | None = None) -> None:
        """`views`: id -> word."""
        super().__init__(id=id)
        self._views = dict(views)
        self.key = ""
        """Shown as the key that changes it; the screen says which, as a user can change keys at any time."""
        self.current = next(iter(views))

    def on_mount(self) -> None:
        self._draw()

    def label(self, view: str, word: str) -> None:
        """Change the word of a view, for example to add a count."""
        self._views[view] = word
        self._draw()

    def select(self, view: str) -> None:
        if view != self.current:
            self.current = view
            self._draw()
            self.post_message(self.Changed(view))

    def jump_spots(self) -> Iterator[Spot]:
        """The other views; the one in view has its own letter."""
        words = [(word, partial(self.select, name)) for name, word in self._views.items()]
        spots = tab_spots(self.content_region.offset, words, gap=self._gap)
        return (spot for spot, name in zip(spots, self._views, strict=True) if name != self.current)

    def step(self, by: int) -> None:
        names = list(self._views)
        self.select(names[(names.index(self.current) + by) % len(names)])

    def on_click(self, event: events.Click) -> None:
        x = event.x - 1
        for name, word in self._views.items():
            if 0 <= x < len(word):
                self.select(name)
                return
            x -= len(word) + self._gap

    def on_resize(self) -> None:
        self._draw()

    @property
    def _gap(self) -> int:
        """Blanks between two words: as many of three as there is room for."""
        words, room = list(self._views.values()), self.content_size.width
        between = len(words) - 1
        return max(1, min(3, (room - sum(map(len, words))) // between)) if room and between else 3

    def _draw(self) -> None:
        words = [
            Content.styled(word, "bold $accent underline" if name == self.current else "$foreground 70%")
            for name, word in self._views.items()
        ]
        key = Content.styled(f"   {self.key}", "$foreground 50%") if self.key else Content("")
        self.update(Content(" " * self._gap).join(words) + key)
