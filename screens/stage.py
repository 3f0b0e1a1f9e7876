"""The program on a stage: a copy of the corpus, a clock that stands still, a screen of a given size, and no model."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from unittest.mock import patch

from recording import RecordedCounter, corpus_after, looked_at, machine
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea
from textual.widgets._toast import Toast

from caa_tui.runs.protocol import Described
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace

LONGEST_WAIT = 20.0
"""Seconds for one screen to come to rest."""
LOOKS = ("NO_COLOR", "CAA_ASCII")
"""What in the environment changes how the screens look."""
NOT_AWAITED = frozenset({"watch", "story", "accept"})
"""Groups of workers that run as long as the app, or until somebody has answered."""


class Stage:
    """The running app and the pictures taken of it."""

    def __init__(self, app: CaaApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self.pictures: dict[str, str] = {}

    async def press(self, *keys: str) -> None:
        """Press keys, each when the one before has had its effect."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def type_in(self, text: str) -> None:
        """Answer the line that asks for something."""
        self.app.screen.query_one("PromptLine Input", Input).value = text
        await self.press("enter")

    async def until_shown(self, *texts: str) -> None:
        """Wait for texts that come from a thread or a file."""
        give_up = time.monotonic() + LONGEST_WAIT
        while missing := [one for one in texts if one not in self._text()]:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{missing} did not come; the screen shows\n{self._text()}")
            await self.rest()

    async def shoot(self, name: str, *shown: str) -> None:
        """Take a picture once these texts are on the screen and nothing moves any more."""
        await self.until_shown(*shown)
        give_up = time.monotonic() + LONGEST_WAIT
        before = ""
        while before != (before := self.app.export_screenshot(simplify=True)):
            if time.monotonic() > give_up:
                raise TimeoutError(f"{name} does not come to rest")
            await self.rest()
        self.pictures[name] = before

    async def rest(self) -> None:
        """Until no worker runs (files are read and numbers compared in threads) and no drawing is put off."""
        give_up = time.monotonic() + LONGEST_WAIT
        await self.pilot.pause()
        while (busy := self._busy()) or is_putting_off(self.app.screen):
            if time.monotonic() > give_up:
                raise TimeoutError(f"{', '.join(busy) or 'a timer'} did not end")
            await self.pilot.pause(0.005)
        await self.pilot.pause()

    def _busy(self) -> list[str]:
        return [one.name for one in self.app.workers if not one.is_finished and one.group not in NOT_AWAITED]

    def _text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def is_putting_off(screen: Screen[object]) -> bool:
    """Whether a timer that goes off once is running, as behind the text of a moving cursor; not those of toasts."""
    pumps = [node for node in (screen, *screen.walk_children()) if not isinstance(node, Toast)]
    timers = [timer for pump in pumps for timer in pump._timers if timer._repeat == 0 and timer._task is not None]
    return any(not timer._task.done() for timer in timers if timer._task is not None)


@asynccontextmanager
async def on_stage(size: tuple[int, int], runs: int, *, guide: bool = False) -> AsyncIterator[Stage]:
    """The program on the corpus as it was after so many trainings, loaded."""
    with tempfile.TemporaryDirectory() as scratch, as_recorded():
        root = Path(scratch) / "sample_corpus"
        corpus_after(runs, root)
        app = CaaApp(open_workspace(root), clock=looked_at, guide=guide)
        app.workspace.memory.export_folder = "~/readouts/sample"
        with patch.object(app.training, "describe", answering(app)):
            async with app.run_test(size=size, notifications=False) as pilot:
                stage = Stage(app, pilot)
                await stage.rest()
                yield stage


@contextmanager
def as_recorded() -> Iterator[None]:
    """The look, the time zone, the token counts and the cursors do not depend on the machine or the moment."""
    kept = {name: value for name, value in os.environ.items() if name not in LOOKS}
    counter = RecordedCounter()
    with (
        patch.dict(os.environ, kept | {"TZ": "UTC"}, clear=True),
        patch("caa_tui.tui.story_tokens.token_counter", lambda _: counter),
        patch.object(TextArea, "_toggle_cursor_blink_visible", lambda _: None),
        patch.object(Input, "_toggle_cursor", lambda _: None),
    ):
        time.tzset()
        yield
    time.tzset()


def answering(app: CaaApp) -> Callable[[str | None], Awaitable[Described]]:
    """The recorded answer in place of the worker's."""

    async def answer(_: str | None) -> Described:
        app.training.facts = machine()
        return machine()

    return answer
