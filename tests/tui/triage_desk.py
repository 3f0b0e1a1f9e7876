"""Runs with flags on disk, and the app on its triage screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.message import Message
from textual.pilot import Pilot
from triage_samples import load, make_app, until, write_run

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.vectors.flags import FlagReport

WIDE, NARROW = (140, 44), (80, 24)


@asynccontextmanager
async def triage(
    root: Path,
    *reports: FlagReport,
    size: tuple[int, int] = WIDE,
    read_only: bool = False,
    seen: list[Message] | None = None,
) -> AsyncIterator[tuple[CaaApp, TriageScreen, Pilot[None]]]:
    """The app on its triage screen, after runs with these reports; its messages are added to `seen`."""
    for number, one in enumerate(reports, start=7):
        write_run(root, number, one)
    app = make_app(root, read_only=read_only)
    async with app.run_test(size=size, message_hook=seen.append if seen is not None else None) as pilot:
        await load(app)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, TriageScreen))
        assert isinstance(app.screen, TriageScreen)
        yield app, app.screen, pilot
