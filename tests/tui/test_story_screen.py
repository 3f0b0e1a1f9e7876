"""The story screen on fake flags: what it says, and that no text is ever lost on the way to the disk and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from triage_samples import (
    HOSTILE,
    contaminated,
    fragmented,
    load,
    make_app,
    messages,
    report,
    shown_text,
    story,
    until,
    write_corpus,
    write_run,
)

from caa_tui.corpus.edit import previous_versions
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog
from caa_tui.tui.story_checks import live_findings, moved
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import UNICODE
from caa_tui.tui.veil import can_veil, unveil, unveiled_picture, veil
from caa_tui.tui.widgets.beside_view import BesideView
from caa_tui.tui.widgets.story_title import StoryTitle
from caa_tui.tui.widgets.why_pane import WhyPane

WIDE, NARROW = (140, 44), (80, 24)
PATH = "paired/kitchen_at_3am/tender.txt"
OTHER = "stories/tender.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = write_corpus(tmp_path / "corpus")
    write_run(folder, 7, report([fragmented(), contaminated()]))
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


async def test_it_says_why_the_story_is_here_and_where_it_stands(root: Path) -> None:
    async with opened(root) as (app, screen, _):
        why = text_of(app, WhyPane)
        assert "▲ tender: fragmented" in why
        assert "This story (−.12): points elsewhere" in why
        assert "Three stories are few" in why
        assert text_of(app, StoryTitle) == "tender · kitchen_at_3am 20 words (baseline 20, +0 %) 1 of 2"
        assert screen.editor.story == story("tender", "kitchen_at_3am")


async def test_typing_is_marked_and_checked_at_once(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press(*"Tenderly, he a b c d ")
        assert screen.unsaved
        assert "◐ unsaved 26 words (baseline 20, +30 %)" in text_of(app, StoryTitle)
        why = text_of(app, WhyPane)
        assert "! Names its concept: “tenderly” (1 time)" in why
        assert "! Has 26 words, 30 % more than its baseline" in why
        await pilot.press("ctrl+z")
        await until(pilot, lambda: not screen.unsaved)
        assert "Names its concept" not in text_of(app, WhyPane)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_save_writes_the_file_and_marks_it_edited(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as (app, screen, pilot):
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["Saved, 20 words. ctrl+r retrains what changed."]
        assert (root / PATH).read_text() == "X" + story("tender", "kitchen_at_3am")
        assert app.workspace.edited == {PATH}
        assert not screen.unsaved


async def test_beside_it_stand_neighbour_baseline_and_the_previous_version(root: Path) -> None:
    async with opened(root) as (app, _, pilot):
        assert text_of(app, BesideView).startswith("neighbour paired/kitchen_at_3am/grief.txt 20 words, 1 of 2: ctrl+t")
        await pilot.press("ctrl+t")
        assert text_of(app, BesideView).startswith("baseline paired/kitchen_at_3am/baseline.txt")
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        await pilot.press("ctrl+t")
        beside = text_of(app, BesideView)
        assert beside.startswith(f"previous version {PATH} 20 words, 3 of 3")
        assert story("tender", "kitchen_at_3am").strip() in beside


async def test_next_and_previous_go_through_the_list(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("ctrl+n")
        await until(pilot, lambda: screen.path == OTHER)
        assert screen.editor.story == story("tender", "alone")
        assert text_of(app, StoryTitle) == "tender · stories/ 20 words 2 of 2"
        await pilot.press("ctrl+n")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["There is no other story in this direction."]
        await pilot.press("ctrl+b")
        await until(pilot, lambda: screen.path == PATH)


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
        assert "+ theirs" in shown_text(app)
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


async def test_a_new_story_is_created_on_the_first_save(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        app.open_new_story("wistful", "the_pier")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen) and app.screen.session.file is not None)
        assert "new, not written yet" in text_of(app, StoryTitle)
        await pilot.press(*"rain", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert (root / "paired/the_pier/wistful.txt").read_text() == "rain"
        assert "wistful" in app.workspace.corpus.concepts


async def test_read_only_shows_but_does_not_change(root: Path) -> None:
    async with opened(root, read_only=True) as (app, screen, pilot):
        await pilot.press("X", "ctrl+s")
        assert messages(app) == ["The corpus was opened read-only."]
        assert not screen.unsaved
        assert "read-only" in text_of(app, StoryTitle)


async def test_what_cannot_be_opened_says_why(root: Path) -> None:
    (root / PATH).write_bytes(b"\xff\xfe\x00")
    async with opened(root) as (app, screen, pilot):
        assert "UTF-16" in text_of(app, WhyPane)
        assert screen.editor.read_only
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, StoryScreen))


async def test_save_and_retrain_trains_what_changed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(root) as (app, screen, pilot):
        trained: list[frozenset[str]] = []
        monkeypatch.setattr(app, "retrain", lambda: trained.append(app.workspace.edited))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["Nothing was edited since the last run."]
        await pilot.press("X", "ctrl+r")
        await until(pilot, lambda: trained)
        assert trained == [{PATH}]
        write_run(root, 8, report([contaminated()], agreement=0.41))
        await app.reload_runs()
        await until(pilot, lambda: "Run 8 against run 7" in text_of(app, WhyPane))
        assert "tender: agreement .30 to .41, first PC .50 to .50, no longer fragmented" in text_of(app, WhyPane)
        assert app.screen is screen


async def test_unsaved_typing_survives_the_program(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("X")
        await screen._keep_draft()
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


async def test_tab_goes_through_the_panes(root: Path) -> None:
    async with opened(root, size=NARROW) as (app, screen, pilot):
        assert screen.query_one("#text-pane").display
        await pilot.press("tab")
        assert screen.query_one("#beside-pane").display
        assert not screen.query_one("#text-pane").display
        await pilot.press("tab")
        assert "tender: fragmented" in shown_text(app)
        await pilot.press("tab")
        assert screen.focused is screen.editor


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_text_is_shown_as_pictures_and_saved_as_it_is(root: Path, size: tuple[int, int]) -> None:
    text = f"a\x0cb\x1b[2Jc\u2028d {HOSTILE}\ttab\nnext\x85line\n"
    (root / PATH).write_bytes(text.encode())
    async with opened(root, size=size) as (app, screen, pilot):
        assert screen.editor.story == text
        assert screen.editor.document.line_count == 3
        assert not screen.unsaved
        for key in ("end", "tab", "tab", "tab"):
            await pilot.press(key)
            shown = shown_text(app)
            assert not {"\x1b", "\x0c", "\x85", "\u2028", "\u202e"} & set(shown)
        assert "a␌b␛[2Jc" in shown
        await pilot.press("ctrl+home", "home", "X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        saved = (root / PATH).read_bytes().decode()
        assert saved.replace("X", "", 1) == text


async def test_pasted_control_characters_are_kept_and_drawn(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        screen.editor.insert("\x1b]0;x\x07\u2028", (0, 0))
        await pilot.pause()
        assert screen.editor.document.line_count == 2
        assert screen.editor.story.startswith("\x1b]0;x\x07\u2028")
        assert "␛]0;x␇" in shown_text(app)


async def test_line_endings_and_byte_order_mark_survive_a_save(root: Path) -> None:
    (root / PATH).write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    (root / PATH).chmod(0o640)
    async with opened(root) as (app, _screen, pilot):
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert (root / PATH).read_bytes() == b"\xef\xbb\xbfXone\r\ntwo\r\n"
        assert (root / PATH).stat().st_mode & 0o777 == 0o640


@given(st.text(st.characters(max_codepoint=0x2FFFF, exclude_categories=["Cs"], exclude_characters="\r")))
def test_a_veil_is_lossless_and_hides_every_line_break_but_newline(text: str) -> None:
    veiled = veil(text)
    assert can_veil(text)
    assert unveil(veiled) == text
    assert veiled.split("\n") == [line for line in veiled.split("\n") if len(line.splitlines()) <= 1]
    assert len(unveiled_picture(veiled)) == len(text)
    assert "\x1b" not in unveiled_picture(veiled)


def test_a_text_that_looks_veiled_is_refused() -> None:
    assert not can_veil("\U000f001b")


def test_paths_name_their_cell() -> None:
    assert concept_and_scenario(PATH) == ("tender", "kitchen_at_3am")
    assert concept_and_scenario("stories/joy.txt") == ("joy", None)
    assert concept_and_scenario("paired/x/baseline.txt") == (None, "x")


async def test_live_findings_need_no_scan(root: Path) -> None:
    app = make_app(root)
    async with app.run_test():
        await load(app)
        corpus = app.workspace.corpus
    kinds = [str(found.kind) for found in live_findings(corpus, PATH, "tender " * 30)]
    assert kinds == ["length-off-baseline", "named-concept"]
    assert live_findings(corpus, PATH, story("tender", "kitchen_at_3am")) == ()
    assert live_findings(corpus, "paired/doorway/baseline.txt", "word") == ()


def test_moves_name_what_is_still_and_newly_flagged() -> None:
    before, after = report([fragmented()]), report([fragmented(), contaminated()])
    assert moved(before, after, "tender", UNICODE) == "agreement .30 to .30, first PC .50 to .50, still fragmented"
    assert moved(before, after, "grief", UNICODE) == "agreement .30 to .30, nearest .86 to .86, now contaminated"
    assert moved(before, after, "nobody", UNICODE) is None


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
