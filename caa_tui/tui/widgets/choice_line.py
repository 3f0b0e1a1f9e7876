"""A few words to choose one from, all in view: left and right, or a click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static

from caa_tui.text_safety import printable


class ChoiceLine(Static, can_focus=True):
    """The chosen word is underlined and marked, so it is seen without colour."""

    DEFAULT_CSS = """
    ChoiceLine { height: auto; width: 1fr; background: $boost; padding: 0 1; }
    """
    HELP = "Left and right choose; so does a click on a word."
    BINDINGS = [
        Binding("left,h", "step(-1)", "Previous", show=False),
        Binding("right,l,space", "step(1)", "Next", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another word was chosen by the user."""

        line: ChoiceLine
        value: str

        @property
        def control(self) -> ChoiceLine:
            return self.line

    def __init__(self, choices: Sequence[str], value: str, *, id: str | None = None) -> None:
        """`value`: the chosen word; one that is not among the choices chooses none."""
        super().__init__(id=id)
        self._choices = tuple(choices)
        self._value = value

    @property
    def value(self) -> str:
        return self._value

    def on_mount(self) -> None:
        self._draw()

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def offer(self, choices: Sequence[str], value: str) -> None:
        """Change the words and the chosen one, without a message."""
        self._choices, self._value = tuple(choices), value
        self._draw()

    def on_click(self, event: events.Click) -> None:
        place = event.style.meta.get("choice")
        if isinstance(place, int) and place < len(self._choices):
            self._choose(self._choices[place])

    def action_step(self, by: int) -> None:
        if not self._choices:
            return
        if self._value not in self._choices:
            self._choose(self._choices[0 if by > 0 else -1])
            return
        self._choose(self._choices[(self._choices.index(self._value) + by) % len(self._choices)])

    def _choose(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self._draw()
            self.post_message(self.Changed(self, value))

    def _draw(self) -> None:
        words = [self._word(place, choice) for place, choice in enumerate(self._choices)]
        self.update(Content(" ").join(words))

    def _word(self, place: int, choice: str) -> Content:
        click = Style.from_meta({"choice": place})
        word = printable(choice).replace(" ", "\u00a0")
        if choice != self._value:
            return Content.styled(f" {word} ", "$foreground 70%").stylize(click)
        style = "bold reverse $accent" if self.has_focus else "bold underline $accent"
        return Content.styled(f"[{word}]", style).stylize(click)
