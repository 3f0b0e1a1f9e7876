"""A story in the editor, for the tests of the story screen: its corpus, the app on it, what its parts say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from triage_samples import contaminated, fragmented, load, make_app, report, until, write_corpus, write_run

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.widgets.beside_view import BesideView
from caa_tui.tui.widgets.story_title import StoryTitle
from caa_tui.tui.widgets.why_pane import WhyPane

WIDE, NARROW = (140, 44), (80, 24)
PATH = "paired/kitchen_at_3am/tender.txt"
OTHER = "stories/tender.txt"


def flagged_corpus(tmp_path: Path, *wanted: str) -> Path:
    """The sample corpus with one run, which flags tender and grief; `wanted`: the concepts of its manifest, if any."""
    folder = write_corpus(tmp_path / "corpus")
    write_run(folder, 7, report([fragmented(), contaminated()]))
    if wanted:
        (folder / "caa.toml").write_text(f"[manifest]\nconcepts = {json.dumps(wanted)}\n", encoding="utf-8")
    return folder


@asynccontextmanager
async def opened(
    root: Path,
    path: str = PATH,
    siblings: tuple[str, ...] = (PATH, OTHER),
    *,
    size: tuple[int, int] = WIDE,
    read_only: bool = False,
) -> AsyncIterator[tuple[CaaApp, StoryScreen, Pilot[None]]]:
    """The app with a story in the editor, its file read."""
    app = make_app(root, read_only=read_only)
    async with app.run_test(size=size) as pilot:
        await load(app)
        app.open_story(path, siblings, fragmented())
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        screen = app.screen
        assert isinstance(screen, StoryScreen)
        await until(pilot, lambda: screen.session.file is not None or screen.session.problem)
        yield app, screen, pilot


def text_of(app: CaaApp, widget: type[WhyPane] | type[BesideView] | type[StoryTitle]) -> str:
    """What a part of the screen says, on one line."""
    found = app.screen.query_one(widget)
    parts = [found] if isinstance(found, StoryTitle) else list(found.query("Static").results())
    return " ".join(" ".join(str(part.render()) for part in parts).split())
