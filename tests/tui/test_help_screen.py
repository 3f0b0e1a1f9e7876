"""Help: the part in use first, then the screen with its commands and their reasons, then the marks."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static
from triage_samples import fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

import caa_tui.tui.widgets
from caa_tui.tui.app import CaaApp
from caa_tui.tui.commands import BY_ID, Keymap, commands_of
from caa_tui.tui.help_text import HelpRow, HelpSection, filtered, help_sections, name_keys, part_name, render
from caa_tui.tui.screens.help_screen import HelpScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.theme import ASCII, UNICODE
from caa_tui.tui.widgets.findings_list import FindingsList
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.widgets.story_tree import StoryTree

SIZES = [(80, 24), (140, 44)]


def all_text(app: CaaApp) -> str:
    """The whole of help, scrolled away or not."""
    return str(app.screen.query_one("#help-text", Static).visual)


async def open_help(pilot: Pilot[None], app: CaaApp, key: str = "question_mark") -> str:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, HelpScreen) and all_text(app).strip())
    return all_text(app)


def test_parts_have_a_title_or_are_named_by_their_class() -> None:
    assert part_name(HeaderBar()) == "Header bar"
    assert part_name(StoryTree()) == StoryTree.HELP_TITLE


def test_keys_in_a_text_are_those_of_the_user() -> None:
    assert name_keys("{train} trains.", Keymap()) == "`t` trains."
    assert name_keys("{train} trains.", Keymap({"train": "ctrl+k"})) == "`ctrl+k` trains."
    assert name_keys("`{train}` trains.", Keymap()) == "`t` trains."


def test_every_widget_that_takes_the_focus_explains_itself() -> None:
    kinds = _widget_classes()
    assert {FindingsList, RowTable, StoryEditor, StoryTree} <= kinds
    for kind in kinds:
        if kind.can_focus or kind.HELP:
            assert kind.HELP, kind
            assert name_keys(kind.HELP, Keymap()).count("{") == 0, kind


def _widget_classes() -> set[type[Widget]]:
    """Every widget of the package."""
    modules = [
        import_module(f"caa_tui.tui.widgets.{info.name}") for info in pkgutil.iter_modules(caa_tui.tui.widgets.__path__)
    ]
    return {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Widget) and kind.__module__ == module.__name__
    }


def test_rows_are_indented_behind_their_key_and_never_too_wide() -> None:
    long = HelpRow("page down, ctrl+d, and one more", "many words " * 20, "another sentence " * 10)
    section = HelpSection("Title", "**bold** and `k` " * 10, (long, HelpRow("x", "short")))
    for width in (40, 72, 100):
        lines = str(render([section], width, UNICODE)).split("\n")
        assert max(map(len, lines)) <= width
        below = lines[lines.index(next(line for line in lines if line.startswith("page down"))) + 3 :]
        assert below
        assert all(line[:1] in {" ", "x"} for line in below)
        assert any("! not now: another" in line for line in lines)
        assert "**" not in "".join(lines)


def test_a_list_in_a_text_stays_a_list() -> None:
    about = "Some words\nthat go on.\n\n- one item that is\n  long enough\n- two"
    lines = str(render([HelpSection("Title", about)], 40, UNICODE)).split("\n")
    assert lines == ["Title", "Some words that go on.", "- one item that is long enough", "- two"]


def test_a_filter_keeps_rows_under_their_titles() -> None:
    sections = (
        HelpSection("One", "about", (HelpRow("t", "Train"), HelpRow("q", "Quit"))),
        HelpSection("Two", rows=(HelpRow("x", "Stop", "no training runs"),)),
    )
    assert filtered(sections, "  ") == sections
    assert [(one.title, len(one.rows)) for one in filtered(sections, "TRAIN")] == [("One", 1), ("Two", 1)]
    assert filtered(sections, "nowhere") == ()


@pytest.mark.parametrize("size", SIZES)
async def test_the_part_in_use_comes_first_then_the_screen_then_the_marks(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=size) as pilot:
        await load(app)
        text = await open_help(pilot, app, "f1")
        places = [text.index(word) for word in ("Coverage\n", "Corpus screen", "Marks")]
        assert places == sorted(places)
        assert places[0] == 0
        assert "First concept" in text
        assert "wanted, and not written yet" in text
        assert "Which concept is told" in shown_text(app)
        await pilot.press("escape")
        app.screen.query_one(StoryTree).focus()
        assert (await open_help(pilot, app)).startswith("Files")
        await pilot.press("f1")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def test_every_command_is_there_with_its_own_key_and_why_it_cannot_be_used(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(140, 44)):
        await load(app)
        app.workspace.keys = Keymap({"train": "f8"})
        section = next(one for one in help_sections(app.screen, app.workspace, UNICODE) if one.title == "Corpus screen")
        rows = {row.text.split(":")[0]: row for row in section.rows}
        assert {command.title.rstrip("…") for command in commands_of("corpus")} <= set(rows)
        assert rows["Train"].key == "f8"
        assert rows["Help"].key == "?, f1"
        reason = BY_ID["export"].disabled_reason(app.workspace)
        assert reason
        assert rows["Export the readout"].note == reason


@pytest.mark.parametrize("size", SIZES)
async def test_a_word_is_found_and_escape_gives_everything_back(tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=size) as pilot:
        await load(app)
        whole = await open_help(pilot, app)
        await pilot.press("slash", *"readout")
        await until(pilot, lambda: "Which concept is told" not in all_text(app))
        assert "Export the readout:" in all_text(app)
        await pilot.press("enter", "j", "G", "g", "escape")
        await until(pilot, lambda: all_text(app) == whole)
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("slash", *"xyzzy")
        await until(pilot, lambda: "Nothing here mentions" in all_text(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def test_in_the_editor_f1_helps_and_a_question_mark_is_typed(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        app.open_story("stories/tender.txt")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen) and app.screen.query(StoryEditor))
        await until(pilot, lambda: not _editor(app).read_only)
        before, part = _editor(app).text, part_name(_editor(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: _editor(app).text == f"?{before}")
        text = await open_help(pilot, app, "f1")
        assert text.startswith(part)
        assert "Story screen" in text
        assert "f1 " in text


def _editor(app: CaaApp) -> StoryEditor:
    return app.screen.query_one(StoryEditor)


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_and_closes_by_mouse(tmp_path: Path, size: tuple[int, int]) -> None:
    root = write_corpus(tmp_path)
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("2")
        await pilot.pause()
        lines = shown_text(app).split("\n")
        row = next(place for place in reversed(range(len(lines))) if "? help" in lines[place])
        await pilot.click(offset=(lines[row].index("? help") + 2, row))
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and all_text(app).strip())
        assert all_text(app).startswith("Table")
        await pilot.click("#help-foot", offset=("/ find a word   e".index("e"), 0))
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


def test_marks_have_their_ascii_twins() -> None:
    text = str(render([HelpSection("Title", rows=(HelpRow("x", "word", "reason"),))], 60, ASCII))
    assert text.isascii()
