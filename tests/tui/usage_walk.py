"""A page of instructions as steps, and someone who follows them to the letter.

Between `<!-- walk WIDTHxHEIGHT -->` and `<!-- end of walk -->` every `code` is a key to press, or a text to type where
the word "type" stands before it, and every **bold** text is on the screen at that moment.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from triage_samples import shown_text

from caa_tui.tui.app import CaaApp
from caa_tui.tui.commands import BY_ID
from caa_tui.tui.screens.jump_screen import JumpScreen

_WALK = re.compile(r"<!-- walk (\d+)x(\d+) -->\n(.*?)<!-- end of walk -->", re.DOTALL)
_TOKEN = re.compile(r"(?P<typed>\btype\s+)?`(?P<code>[^`]+)`|\*\*(?P<word>[^*]+)\*\*", re.IGNORECASE)
_COMMAND = re.compile(r"command\('(\w+)'\)")
_WORDS = {"esc": "escape", "page down": "pagedown", "page up": "pageup"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do or to see."""

    line: int
    kind: Literal["press", "type", "see"]
    text: str


@dataclass(frozen=True, slots=True)
class Walk:
    """Steps in a terminal of a size."""

    size: tuple[int, int]
    steps: tuple[Step, ...]


class WrongPageError(AssertionError):
    """What the page says is not so."""


def walks(page: str) -> tuple[Walk, ...]:
    """Every walk of a page."""
    return tuple(
        Walk((int(found[1]), int(found[2])), tuple(_steps(found[3], page.count("\n", 0, found.start(3)) + 1)))
        for found in _WALK.finditer(page)
    )


def _steps(text: str, first_line: int) -> Iterator[Step]:
    for token in _TOKEN.finditer(text):
        line = first_line + text.count("\n", 0, token.start())
        if token["word"] is not None:
            yield Step(line, "see", _joined(token["word"]))
        else:
            yield Step(line, "type" if token["typed"] else "press", token["code"])


def _joined(text: str) -> str:
    return " ".join(text.split())


@dataclass
class Walker:
    """Does and looks; the first thing that is not as the page says raises `WrongPageError`."""

    app: CaaApp
    pilot: Pilot[None]
    seconds: float = 30.0
    """How long a word may take to appear."""
    about_to_see: Callable[[str], None] = lambda word: None

    async def follow(self, steps: Sequence[Step]) -> None:
        """Each run of keys must bring something to the screen that was not there, and the last one ends the program."""
        place = 0
        while place < len(steps):
            doing = list(takewhile(lambda step: step.kind != "see", steps[place:]))
            place += len(doing)
            seeing = list(takewhile(lambda step: step.kind == "see", steps[place:]))
            place += len(seeing)
            before = self.screen
            for step in doing:
                await self._do(step)
            for step in seeing:
                await self._see(step)
            if not doing:
                continue
            if not seeing and not self.app._exit:
                raise WrongPageError(f"line {doing[-1].line}: nothing is said about what {doing[-1].text} does")
            if seeing and all(_has(before, step.text) for step in seeing):
                raise WrongPageError(f"line {doing[0].line}: all of what it says was on the screen before")

    @property
    def screen(self) -> str:
        """What is shown, a blank for any number of them."""
        return _joined(shown_text(self.app))

    async def _do(self, step: Step) -> None:
        if step.kind == "type":
            if not isinstance(self.app.focused, Input | TextArea):
                raise WrongPageError(f"line {step.line}: there is nothing to type {step.text!r} into")
            self.app.post_message(events.Paste(step.text))  # pressing each key takes a tenth of a second
            await self.pilot.pause()
            return
        reason = refusal(self.app, _key(step.text))
        if reason:
            raise WrongPageError(f"line {step.line}: {step.text}: {reason}")
        await self.pilot.press(_key(step.text))

    async def _see(self, step: Step) -> None:
        self.about_to_see(step.text)
        give_up = time.monotonic() + self.seconds
        while not _has(self.screen, step.text):
            if time.monotonic() > give_up:
                raise WrongPageError(f"line {step.line}: {step.text!r} is not on the screen:\n{shown_text(self.app)}")
            await self.pilot.pause(0.01)


def refusal(app: CaaApp, key: str) -> str | None:
    """Why a key does nothing now, or None."""
    screen = app.screen
    if isinstance(screen, JumpScreen) and any(target.letter == key for target in screen._targets):
        return None
    if len(key) == 1 and isinstance(app.focused, Input | TextArea):
        return "it is typed into the text"
    active = screen.active_bindings.get(key)
    if active is None or not active.enabled:
        return "it is no key here"
    command = _COMMAND.fullmatch(active.binding.action)
    return BY_ID[command[1]].disabled_reason(app.workspace) if command else None


def _has(screen: str, word: str) -> bool:
    """Whether it stands there for itself, not as a part of another word."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", screen) is not None


def _key(word: str) -> str:
    """Textual's name of a key as the page writes it."""
    return _character_to_key(word) if len(word) == 1 else _WORDS.get(word, word)
