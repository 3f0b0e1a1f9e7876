"""The story screen on fake flags: what it says, how one moves in it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from rich.text import Text
from story_samples import NARROW, OTHER, PATH, WIDE, flagged_corpus, opened, text_of
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static
from triage_samples import (
    contaminated,
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

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.widgets.beside_view import BesideView
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_title import StoryTitle
from caa_tui.tui.widgets.why_pane import WhyPane


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return flagged_corpus(tmp_path)


def underlined(line: Text) -> list[str]:
    """The underlined passages of a line of the editor."""
    return [line.plain[span.start : span.end] for span in line.spans if span.style == "underline"]


def underlined_beside(app: CaaApp) -> list[str]:
    """The underlined passages of the text beside the editor."""
    content = app.screen.query_one("#beside-text", Static).content
    assert isinstance(content, Content)
    return [content.plain[span.start : span.end] for span in content.spans if span.style == "underline"]


async def test_it_says_why_the_story_is_here_and_where_it_stands(root: Path) -> None:
    async with opened(root) as (app, screen, _):
        why = text_of(app, WhyPane)
        assert "▲ tender: fragmented" in why
        assert "This story (−.12): points elsewhere" in why
        assert "Three stories are few" in why
        assert text_of(app, StoryTitle) == "tender · kitchen_at_3am 20 words, baseline 20 (+0 %) 1 of 2"
        assert screen.editor.story == story("tender", "kitchen_at_3am")


async def test_typing_is_marked_and_checked_at_once(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press(*"Tenderly, he a b c d ")
        assert screen.unsaved
        assert "◐ unsaved 26 words, baseline 20 (+30 %)" in text_of(app, StoryTitle)
        await until(pilot, lambda: "! Has 26 words, 30 % more than its baseline" in text_of(app, WhyPane))
        assert "! Names its concept: “tenderly” (1 time)" in text_of(app, WhyPane)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: not screen.unsaved and "Names its concept" not in text_of(app, WhyPane))


async def test_a_copied_text_is_found_while_it_is_typed(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await until(pilot, lambda: app.workspace.story_index)
        screen.editor.take_story(story("anger", "doorway"))
        copied = f"{PATH} and paired/doorway/anger.txt have the same text"
        await until(pilot, lambda: copied in text_of(app, WhyPane))
        screen.editor.take_story("Rain. " + story("anger", "doorway"))
        await until(
            pilot, lambda: "100 % of the shorter" in text_of(app, WhyPane) or "share 9" in text_of(app, WhyPane)
        )
        why = text_of(app, WhyPane)
        assert "2 stories end with the same sentence" in why
        assert "with paired/doorway/anger.txt" in why
        await pilot.press("ctrl+z", "ctrl+z")
        await until(pilot, lambda: "anger" not in text_of(app, WhyPane))


async def test_what_the_scan_found_goes_when_the_typing_solves_it(root: Path) -> None:
    (root / PATH).write_text(story("anger", "doorway"))
    async with opened(root) as (app, screen, pilot):
        await until(pilot, lambda: "have the same text" in text_of(app, WhyPane))
        screen.editor.take_story("Snow fell all night on the roofs.")
        await until(pilot, lambda: "have the same text" not in text_of(app, WhyPane))


async def test_the_words_are_not_counted_before_they_are_read(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        seen: list[str] = []
        app.open_story(PATH, (PATH,), None)
        while "20 words" not in " ".join(seen):
            await pilot.pause(0.001)
            if isinstance(app.screen, StoryScreen) and app.screen.is_mounted:
                seen.append(text_of(app, StoryTitle))
        assert not [title for title in seen if "0 words" in title.replace("20 words", "")]


async def test_common_phrases_are_underlined_on_both_sides(root: Path) -> None:
    (root / "paired/kitchen_at_3am/grief.txt").write_text("The lamp by the window burned low and nobody spoke.")
    (root / PATH).write_text("He came at last and saw the lamp by the window, cold.")
    async with opened(root) as (app, screen, pilot):
        legend = "45 % of the words in common; common phrases are underlined"
        await until(pilot, lambda: legend in text_of(app, BesideView))
        assert underlined(screen.editor.get_line(0)) == ["the lamp by the window"]
        assert underlined_beside(app) == ["The lamp by the window"]
        await pilot.press(*"Oh. ")
        assert underlined(screen.editor.get_line(0)) == ["the lamp by the window"]
        await pilot.press("f4")
        assert underlined(screen.editor.get_line(0)) == []
        assert underlined_beside(app) == ["The lamp by the window"]
        await pilot.press("f4")
        assert underlined_beside(app) == []


async def test_differing_words_are_underlined_where_the_texts_are_alike(root: Path) -> None:
    (root / "paired/kitchen_at_3am/grief.txt").write_text("The lamp by the window burned low.")
    (root / PATH).write_text("The lamp by the window burned bright.")
    async with opened(root) as (app, screen, pilot):
        legend = "86 % of the words in common; what differs is underlined"
        await until(pilot, lambda: legend in text_of(app, BesideView))
        assert underlined(screen.editor.get_line(0)) == ["bright"]
        assert underlined_beside(app) == ["low"]


async def test_beside_it_stand_neighbour_baseline_and_the_previous_version(root: Path) -> None:
    async with opened(root) as (app, _, pilot):
        assert text_of(app, BesideView).startswith("neighbour paired/kitchen_at_3am/grief.txt 20 words, 1 of 4: ctrl+t")
        await pilot.press("ctrl+t")
        assert text_of(app, BesideView).startswith("baseline paired/kitchen_at_3am/baseline.txt")
        await pilot.press("X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        await pilot.press("ctrl+t")
        assert text_of(app, BesideView).startswith("most typical stories/tender.txt")
        await pilot.press("ctrl+t")
        assert text_of(app, BesideView).startswith("close to it paired/kitchen_at_3am/anger.txt")
        await pilot.press("ctrl+t")
        beside = text_of(app, BesideView)
        assert beside.startswith(f"previous version {PATH} 20 words, 5 of 5")
        assert story("tender", "kitchen_at_3am").strip() in beside


async def run_without_flags(root: Path, app: CaaApp, pilot: Pilot[None]) -> None:
    """Another run ends, which says nothing of any story."""
    write_run(root, 8, msgspec.structs.replace(report([]), concepts=()))
    await app.reload_runs()
    await until(pilot, lambda: app.workspace.runs.run and app.workspace.runs.run.id == "0008")


async def test_what_stands_beside_it_stays_when_the_next_run_has_other_flags(root: Path) -> None:
    async with opened(root) as (app, _, pilot):
        assert text_of(app, BesideView).startswith("neighbour paired/kitchen_at_3am/grief.txt")
        await run_without_flags(root, app, pilot)
        assert text_of(app, BesideView).startswith("neighbour paired/kitchen_at_3am/grief.txt")
        await pilot.press("ctrl+t")
        assert "paired/kitchen_at_3am/grief.txt" not in text_of(app, BesideView)


async def test_what_stands_beside_it_goes_with_its_file(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await run_without_flags(root, app, pilot)
        assert "paired/kitchen_at_3am/grief.txt" in [beside.path for beside in screen.session.besides()]
        (root / "paired/kitchen_at_3am/grief.txt").unlink()
        await app.rescan()
        await until(pilot, lambda: text_of(app, BesideView).startswith("baseline"))
        assert "paired/kitchen_at_3am/grief.txt" not in [beside.path for beside in screen.session.besides()]


async def test_asking_for_another_text_beside_it_is_answered(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    async with opened(root) as (app, _, pilot):
        assert text_of(app, BesideView).startswith("baseline")
        await pilot.press("ctrl+t")
        assert messages(app) == ["Only one text stands beside this story."]
    async with opened(root, size=NARROW) as (app, screen, pilot):
        await pilot.press("ctrl+t")
        assert screen.query_one(PaneTabs).current == "beside-pane"
        assert messages(app) == []
        await pilot.press("ctrl+t")
        assert messages(app) == ["Only one text stands beside this story."]


async def test_next_and_previous_go_through_the_list(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        await pilot.press("ctrl+n")
        await until(pilot, lambda: screen.path == OTHER)
        assert screen.editor.story == story("tender", "alone")
        assert text_of(app, StoryTitle) == "tender · stories/ 20 words 2 of 2"
        await pilot.press("ctrl+n")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["This is the last of 2 stories."]
        await pilot.press("ctrl+b")
        await until(pilot, lambda: screen.path == PATH)
        await pilot.press("ctrl+b")
        await until(pilot, lambda: messages(app)[1:])
        assert messages(app)[1] == "This is the first of 2 stories."


async def test_every_step_counts_though_the_story_before_is_still_loading(root: Path) -> None:
    third = "paired/doorway/grief.txt"
    async with opened(root, siblings=(PATH, OTHER, third)) as (app, screen, pilot):
        screen.cmd_story_next()
        screen.cmd_story_next()
        await until(pilot, lambda: screen.path == third)
        assert screen.editor.story == story("grief", "doorway")
        assert messages(app) == []


async def test_a_story_without_a_list_says_so(root: Path) -> None:
    async with opened(root, siblings=()) as (app, _, pilot):
        await pilot.press("ctrl+n")
        await until(pilot, lambda: messages(app))
        assert "was not opened from a list" in messages(app)[0]


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
        assert "tender: agreement .31 to .41, first PC .50 to .50, no longer fragmented" in text_of(app, WhyPane)
        assert app.screen is screen


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


async def test_everything_is_selected_with_one_key(root: Path) -> None:
    async with opened(root) as (_, screen, pilot):
        await pilot.press("ctrl+a")
        assert screen.editor.selected_text == screen.editor.story


async def test_clicks_take_a_word_and_the_paragraph(root: Path) -> None:
    (root / PATH).write_text("He didn’t wait.\nShe did.")
    async with opened(root) as (_, screen, pilot):
        await pilot.click("#editor", offset=(6, 0), times=2)
        assert screen.editor.selected_text == "didn’t"
        await pilot.click("#editor", offset=(6, 0), times=3)
        assert screen.editor.selected_text.strip() == "He didn’t wait."


async def test_very_wide_screens_keep_a_readable_measure(root: Path) -> None:
    async with opened(root, size=(300, 44)) as (_, screen, _pilot):
        assert screen.editor.size.width <= 94
        assert screen.query_one("#text-pane").size.width > 94


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_cursor_stays_in_view_in_a_long_story(root: Path, size: tuple[int, int]) -> None:
    (root / PATH).write_text("A long line of a story that goes on. " * 200)
    async with opened(root, size=size) as (_, screen, pilot):
        await pilot.press("ctrl+end", *"The end.")
        top = screen.editor.scroll_offset.y
        row = screen.editor.wrapped_document.location_to_offset(screen.editor.cursor_location).y
        assert top > 0
        assert top <= row < top + screen.editor.content_size.height


async def test_words_are_found_from_the_cursor_on_and_around(root: Path) -> None:
    (root / PATH).write_text("Rain on the roof.\nrain on [the] sill.")
    async with opened(root) as (app, screen, pilot):
        await pilot.press("ctrl+f", *"rain", "enter")
        await until(pilot, lambda: screen.editor.selected_text == "Rain")
        await pilot.press("ctrl+f", "enter")
        await until(pilot, lambda: screen.editor.selected_text == "rain")
        await pilot.press("ctrl+f", "enter")
        await until(pilot, lambda: screen.editor.selected_text == "Rain")
        assert screen.focused is screen.editor
        await pilot.press("ctrl+f", *"snow", "enter")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["“snow” is not in this story."]
        await pilot.press("ctrl+f")
        await until(pilot, lambda: screen.focused is not screen.editor)
        await pilot.press("escape")
        await until(pilot, lambda: screen.focused is screen.editor)
        assert not screen.unsaved
