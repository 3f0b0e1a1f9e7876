"""A line of words that chooses which view a pane shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from caa_tui.tui.jump import Spot, tab_spots


class ViewTabs(Static):
    """A click on a word, or a key of the screen, changes the view. Where the words do not fit, shorter ones stand."""

    DEFAULT_CSS = """
    ViewTabs { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; }
    """

    @dataclass
    class Changed(Message):
        """Another view was chosen."""

        view: str

    def __init__(
        self, views: Mapping[str, str], *, short: Mapping[str, str] | None = None, id: str | None = None
    ) -> None:
        """`views`: id -> word; `short`: id -> the word where there is not room for all."""
        super().__init__(id=id)
        self._views = dict(views)
        self._short = dict(short or views)
        self._counts: dict[str, int] = {}
        self.key = ""
        """Shown as the key that changes it; the screen says which, as a user can change keys at any time."""
        self.current = next(iter(views))

    def on_mount(self) -> None:
        self._draw()

    def count(self, counts: Mapping[str, int]) -> None:
        """Put numbers behind words: id -> how many; none behind the others."""
        self._counts = dict(counts)
        self._draw()

    def select(self, view: str) -> None:
        if view != self.current:
            self.current = view
            self._draw()
            self.post_message(self.Changed(view))

    def jump_spots(self) -> Iterator[Spot]:
        """The other views; the one in view has its own letter."""
        words = [(word, partial(self.select, name)) for name, word in self._words.items()]
        spots = tab_spots(self.content_region.offset, words, gap=self._gap)
        return (spot for spot, name in zip(spots, self._views, strict=True) if name != self.current)

    def step(self, by: int) -> None:
        names = list(self._views)
        self.select(names[(names.index(self.current) + by) % len(names)])

    def on_click(self, event: events.Click) -> None:
        x = event.x - 1
        for name, word in self._words.items():
            if 0 <= x < len(word):
                self.select(name)
                return
            x -= len(word) + self._gap

    def on_resize(self) -> None:
        self._draw()

    @property
    def _words(self) -> dict[str, str]:
        """What stands there now: the words with their numbers, as long as there is room for."""
        words = self._counted(self._views)
        room = self.content_size.width
        return words if not room or _width(words, 1) <= room else self._counted(self._short)

    def _counted(self, words: Mapping[str, str]) -> dict[str, str]:
        return {name: f"{word} {self._counts[name]}" if name in self._counts else word for name, word in words.items()}

    @property
    def _gap(self) -> int:
        """Blanks between two words: as many of three as there is room for."""
        words, room = self._words, self.content_size.width
        return next((gap for gap in (3, 2) if not room or _width(words, gap) <= room), 1)

    def _draw(self) -> None:
        words, gap = self._words, self._gap
        shown = Content(" " * gap).join(
            Content.styled(word, "bold $accent underline" if name == self.current else "$foreground 70%")
            for name, word in words.items()
        )
        hint = f"   {self.key}" if self.key else ""
        if _width(words, gap) + len(hint) <= (self.content_size.width or len(hint)):
            shown += Content.styled(hint, "$foreground 50%")
        self.update(shown)


def _width(words: Mapping[str, str], gap: int) -> int:
    return sum(map(len, words.values())) + gap * (len(words) - 1)
