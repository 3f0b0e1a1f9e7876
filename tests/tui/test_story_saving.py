"""No text is ever lost on the way to the disk and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from story_samples import NARROW, PATH, WIDE, flagged_corpus, opened, text_of
from textual.widgets import Button
from triage_samples import (
    messages,
    shown_text,
    story,
    until,
    write_corpus,
)

from caa_tui.corpus.drafts import drafts
from caa_tui.corpus.edit import previous_versions
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.story_screen import DRAFT_SECONDS, StoryScreen
from caa_tui.tui.screens.train_dialog import TrainDialog
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog
from caa_tui.tui.widgets.why_pane import WhyPane


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return flagged_corpus(tmp_path)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_save_writes_the_file_and_marks_it_edited(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as (app, screen, pilot):
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["Saved, 20 words. ctrl+r retrains what changed."]
        assert (root / PATH).read_text() == "X" + story("tender", "kitchen_at_3am")
        assert app.workspace.edited == {PATH}
        assert not screen.unsaved


@pytest.mark.parametrize(("key", "kept"), [("s", True), ("d", False)])
async def test_leaving_an_unsaved_story_asks(root: Path, key: str, kept: bool) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("X", "ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert screen.path == PATH
        assert screen.unsaved
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        await pilot.press(key)
        await until(pilot, lambda: not isinstance(app.screen, UnsavedDialog | StoryScreen))
        assert ((root / PATH).read_text()[0] == "X") is kept


async def test_quitting_asks_about_unsaved_text(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("X", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert app.is_running


async def test_a_file_changed_outside_is_read_again(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        (root / PATH).write_text("written elsewhere\n")
        await app.rescan()
        await until(pilot, lambda: screen.editor.story == "written elsewhere\n")
        assert messages(app) == ["The file changed on disk and was read again."]
        assert not screen.unsaved


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize(("key", "on_disk"), [("k", "mine"), ("t", "theirs")])
async def test_a_conflict_keeps_both_texts(root: Path, key: str, on_disk: str, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as (app, screen, pilot):
        screen.editor.take_story("mine\n")
        (root / PATH).write_text("theirs\n")
        await app.rescan()
        await pilot.pause()
        assert screen.editor.story == "mine\n"
        assert "Another program changed the file" in messages(app)[0]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictDialog))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert ((root / PATH).read_text(), screen.editor.story) == ("theirs\n", "mine\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictDialog))
        assert ("+ theirs" if size == NARROW else "On disk, 1 word") in shown_text(app)
        await pilot.press(key)
        await until(pilot, lambda: not screen.unsaved)
        assert (root / PATH).read_text() == screen.editor.story == f"{on_disk}\n"
        kept = {version.read() for version in previous_versions(root, PATH)}
        assert {b"mine\n", b"theirs\n"} - {f"{on_disk}\n".encode()} <= kept


async def test_a_file_that_is_gone_is_said_and_written_again(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("X")
        (root / PATH).unlink()
        await app.rescan()
        await until(pilot, lambda: "gone from the disk" in text_of(app, WhyPane))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictDialog))
        await pilot.press("k")
        await until(pilot, lambda: (root / PATH).exists() and not screen.unsaved)
        assert (root / PATH).read_text() == "X" + story("tender", "kitchen_at_3am")


async def test_unsaved_typing_survives_the_program(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("X")
        await screen.keep_draft()
    async with opened(root) as (app, screen, pilot):
        await until(pilot, lambda: messages(app))
        assert "did not save is back" in messages(app)[0]
        assert screen.editor.story.startswith("X")
        assert screen.unsaved
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not screen.unsaved)
    async with opened(root) as (app, screen, pilot):
        assert messages(app) == []


async def test_external_editing_asks_about_unsaved_text_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(root) as (app, _screen, pilot):
        edited: list[str] = []

        async def edit(path: str) -> None:
            edited.append((root / path).read_text()[:1])

        monkeypatch.setattr(app, "edit_external", edit)
        await pilot.press("X", "ctrl+e")
        await until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        await pilot.press("s")
        await until(pilot, lambda: edited)
        assert edited == ["X"]


async def test_line_endings_and_byte_order_mark_survive_a_save(root: Path) -> None:
    (root / PATH).write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    (root / PATH).chmod(0o640)
    async with opened(root) as (app, _screen, pilot):
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert (root / PATH).read_bytes() == b"\xef\xbb\xbfXone\r\ntwo\r\n"
        assert (root / PATH).stat().st_mode & 0o777 == 0o640


async def test_quitting_from_a_dialog_over_the_editor_asks_too(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("X")
        app.cmd_training_log()
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        assert app.is_running


async def test_a_scan_from_before_the_save_is_no_news(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none_yet() -> None:
        """The scan that the save asks for waits for the one that began before it."""

    async with opened(root) as (app, screen, pilot):
        monkeypatch.setattr(app, "rescan", none_yet)
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: not screen.unsaved)
        await pilot.press("Y")
        screen.show_workspace()
        assert screen.session.news == ""
        monkeypatch.undo()
        (root / PATH).write_text("written elsewhere\n")
        await app.rescan()
        await until(pilot, lambda: "Another program" in screen.session.news)


async def test_nothing_is_said_about_retraining_before_the_first_training(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    async with opened(root) as (app, _, pilot):
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["Saved, 20 words. ctrl+r trains for the first time."]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, TrainDialog))


@pytest.mark.parametrize("size", [WIDE, NARROW, (80, 16)])
async def test_the_buttons_of_a_conflict_stay_in_view_with_long_texts(root: Path, size: tuple[int, int]) -> None:
    (root / PATH).write_text("The first of many sentences. " * 100)
    async with opened(root, size=size) as (app, screen, pilot):
        await pilot.press("X")
        (root / PATH).write_text("The first of very many sentences. " * 100)
        await app.rescan()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictDialog))
        await pilot.pause()
        for button in app.screen.query(Button):
            assert app.screen.region.contains_region(button.region), button.id
            assert button.region.height == 1
        scroll = app.screen.query_one("#diff-scroll")
        await pilot.press("pagedown")
        assert scroll.scroll_offset.y > 0
        await pilot.click("#cancel")
        await until(pilot, lambda: app.screen is screen)


async def test_a_draft_survives_a_killed_program(root: Path) -> None:
    """The drafts are written while one types, not when the program ends."""
    async with opened(root) as (app, screen, pilot):
        await pilot.press(*"Snow. ")
        await until(pilot, lambda: drafts(app.workspace.data.drafts), seconds=DRAFT_SECONDS + 10)
        found = drafts(app.workspace.data.drafts)
        assert [(draft.path, draft.text) for draft in found] == [(PATH, screen.editor.story)]
