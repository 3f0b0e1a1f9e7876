"""A story screen that goes while something is still on its way to it, and what is typed meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from story_samples import OTHER, PATH, flagged_corpus, opened
from triage_samples import until

from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.story_file import StoryFile
from caa_tui.tui.story_session import StorySession
from caa_tui.tui.widgets.foot import Foot
from caa_tui.tui.widgets.story_editor import StoryEditor


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return flagged_corpus(tmp_path)


def held_until_the_editor_is_gone(screen: StoryScreen, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Have the foot of the screen go last; set when the editor is gone and the screen is still there."""
    gone, leave = asyncio.Event(), Foot._message_loop_exit

    async def last(foot: Foot) -> None:
        while screen.query(StoryEditor):
            await asyncio.sleep(0)
        gone.set()
        for _ in range(50):
            await asyncio.sleep(0)
        await leave(foot)

    monkeypatch.setattr(Foot, "_message_loop_exit", last)
    return gone


START: dict[str, Callable[[StoryScreen], object]] = {
    "load": lambda screen: screen.cmd_story_next(),
    "reload": lambda screen: screen.reload(),
}


@pytest.mark.parametrize("name", START)
async def test_an_answer_that_comes_while_the_screen_goes_is_dropped(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with opened(root) as (app, screen, pilot):
        gone, asked = held_until_the_editor_is_gone(screen, monkeypatch), asyncio.Event()
        read: Callable[..., Awaitable[object]] = getattr(StorySession, name)

        async def slow(session: StorySession, *arguments: object) -> object:
            await read(session, *arguments)
            asked.set()
            await gone.wait()
            return None if name == "load" else True

        monkeypatch.setattr(StorySession, name, slow)
        START[name](screen)
        await asked.wait()
        await screen.dismiss()
        await pilot.pause()
        assert gone.is_set()
        assert app.is_running


async def test_a_question_ends_with_its_screen(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("ctrl+f")
        await until(pilot, lambda: screen.prompt.has_class("-open"))
        app.go_to_concept("tender")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen) and not screen.is_attached)
        await pilot.pause()
        assert app.is_running


async def test_closing_waits_for_the_retraining_that_was_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(root) as (app, screen, pilot):
        rescan, may_end, retrained = app.rescan, asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            await may_end.wait()
            await rescan()

        monkeypatch.setattr(app, "rescan", slow)
        monkeypatch.setattr(app, "retrain", retrained.set)
        await pilot.press("X", "ctrl+r")
        await until(pilot, lambda: not screen.unsaved)
        await pilot.press("escape")
        await pilot.pause()
        may_end.set()
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))
        assert retrained.is_set()


async def test_nothing_is_typed_into_a_story_that_makes_room_for_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(root) as (_app, screen, pilot):
        load, may_end, before = StorySession.load, asyncio.Event(), screen.editor.story

        async def slow(session: StorySession) -> str | None:
            await may_end.wait()
            return await load(session)

        monkeypatch.setattr(StorySession, "load", slow)
        await pilot.press("ctrl+n")
        await pilot.press("X")
        assert screen.editor.story == before
        may_end.set()
        await until(pilot, lambda: screen.path == OTHER)
        assert not screen.editor.read_only
        assert not screen.unsaved


async def test_what_is_typed_while_the_file_is_read_again_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(root) as (app, screen, pilot):
        read, reading, may_end = StoryFile.read, threading.Event(), threading.Event()

        def slow(file: StoryFile) -> None:
            reading.set()
            may_end.wait(10)
            read(file)

        monkeypatch.setattr(StoryFile, "read", slow)
        (root / PATH).write_text("theirs", encoding="utf-8")
        await app.rescan()
        await until(pilot, reading.is_set)
        await pilot.press("X")
        may_end.set()
        await until(pilot, lambda: bool(screen.session.news))
        assert screen.editor.story.startswith("X")
        assert screen.unsaved
        assert "saving shows both texts" in screen.session.news
