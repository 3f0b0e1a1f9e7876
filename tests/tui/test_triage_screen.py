"""The triage screen on fake flags: what each view lists, where the cursor goes, which file opens."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.message import Message
from textual.widgets import OptionList, Static
from triage_desk import NARROW, WIDE, triage
from triage_samples import (
    HOSTILE,
    contaminated,
    fragmented,
    messages,
    report,
    shown_text,
    unreliable,
    until,
    write_corpus,
    write_run,
)

from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.theme import UNICODE
from caa_tui.tui.widgets.evidence_pane import EvidenceList, EvidencePane
from caa_tui.tui.widgets.evidence_text import evidence_row, verdict
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.triage_rows import change, flags_of, limit
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.flags import Flag, Verdict

WORST = "paired/kitchen_at_3am/tender.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def solved_flag() -> Flag:
    return Flag(
        kind="redundant", concept="anger", layer=20, value=0.95, threshold=0.9, verdict="x", by_layer={}, stories=3
    )


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_before_the_first_run_it_says_what_to_press(root: Path, size: tuple[int, int]) -> None:
    async with triage(root, size=size) as (app, _, _):
        assert "Press t to train this corpus" in shown_text(app)


async def test_views_have_counts_and_what_was_solved_has_names(root: Path) -> None:
    async with triage(root, report([fragmented(), solved_flag()]), report([fragmented(), contaminated()])) as (app, *_):
        text = shown_text(app)
        assert "Fragmented 1   Contaminated 1   Redundant 0   Mislabelled 0   Confounded 0   Scenario-bound 0" in text
        assert "Unreliable 0   All 4   Accepted 0   f" in text
        assert "solved since run 7: 1 of 2 flags  anger redundant" in text
        assert "new since run 7: 1" in text


async def test_a_row_has_number_limit_stories_layers_and_change(root: Path) -> None:
    async with triage(root, report([fragmented(0.33)]), report([fragmented(0.31), contaminated()])) as (
        _,
        screen,
        pilot,
    ):
        assert [cell.text for cell in screen.table.rows[0].cells] == [
            *("tender", ".31", ".12", ".66", ".50", "yes", "3", "▁▂▃▃", "−.02", "confirmed"),
        ]
        await pilot.press("f")
        cells = [cell.text for cell in screen.table.rows[0].cells]
        assert cells == ["grief", ".86", "> .80", "tender", "yes", "3", "▇▇▇▇", "new", "worth reading"]


async def test_what_holds_for_the_whole_run_is_below_the_table(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (_, screen, pilot):
        text = str(screen.query_one("#remarks", Static).render())
        assert "Held out, stories are told apart best at layer 16 (12 .60 · 16 .70 · 20 .65 · 24 –)" in text
        assert "1 more note under All" in text
        assert "Three stories are few." not in text
        screen.query_one(ViewTabs).select("all")
        await pilot.pause()
        assert "Three stories are few." in str(screen.query_one("#remarks", Static).render())


async def test_no_remark_is_cut_in_its_middle(root: Path) -> None:
    notes = ("word " * 30 + "first.", "word " * 50 + "second.", "word " * 80 + "third.")
    flags = msgspec.structs.replace(report([fragmented()]), notes=notes)
    async with triage(root, flags, size=NARROW) as (app, screen, pilot):
        screen.query_one(ViewTabs).select("all")
        await pilot.pause()
        await until(pilot, lambda: "first." in shown_text(app))
        assert shown_text(app).splitlines()[-2].rstrip().endswith("first.")


async def test_a_reason_that_only_repeats_the_score_is_left_out(root: Path) -> None:
    said = "agrees -.12 with the other 2 stories of tender"
    async with triage(root, report([fragmented(reason=said)])) as (app, _, _pilot):
        assert "agrees" not in shown_text(app)
        assert "points elsewhere" in shown_text(app)
        both = msgspec.structs.replace(fragmented().evidence[0], reason=f"{said}; in the smaller camp")
        row = evidence_row(both, fragmented(), app.workspace, UNICODE).plain
        assert row.splitlines()[1].strip() == "in the smaller camp"


async def test_the_evidence_says_verdict_caveat_and_what_stands_beside(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, screen, _):
        text = shown_text(app)
        assert "The stories of tender tell two different feelings." in text
        assert "Three stories are few" in text
        assert "beside it: paired/kitchen_at_3am/grief.txt" in text
        assert screen.evidence.paths == (WORST, "stories/tender.txt")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_evidence_says_what_the_number_would_be_without_it(root: Path, size: tuple[int, int]) -> None:
    flag = fragmented(reason="agrees -.12 with the other 2 stories of tender")
    worst = msgspec.structs.replace(flag.evidence[0], without=-0.21)
    remedy = "Without stories/tender.txt the agreement rises."
    flag = msgspec.structs.replace(flag, remedy=remedy, evidence=(worst, *flag.evidence[1:]))
    async with triage(root, report([flag]), size=size) as (app, _, pilot):
        await pilot.press("l")
        assert remedy in shown_text(app)
        assert "agreement −.21 without it" in shown_text(app)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_flag_is_beside_what_the_tests_say_of_it(root: Path, size: tuple[int, int]) -> None:
    verdicts = (
        Verdict(concept="tender", about="stories", answer="cannot tell", reason="Agreement −.12 fits more."),
        Verdict(concept="tender", about="neighbour", answer="told apart", reason="Not the question here."),
        Verdict(concept="grief", about="stories", answer="coherent", reason="Not the concept here."),
    )
    told = msgspec.structs.replace(report([fragmented()]), verdicts=verdicts)
    async with triage(root, told, size=size) as (app, _, pilot):
        await pilot.press("l")
        shown = " ".join(shown_text(app).split())
        assert "Tests: cannot tell." in shown
        assert "here." not in shown
        said = msgspec.structs.replace(fragmented(), verdict="Agreement −.12 fits more. So it is fragmented.")
        assert "Tests:" not in verdict(said, app.workspace, UNICODE).plain, "it is said already"


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_enter_on_a_flag_opens_its_worst_story(root: Path, size: tuple[int, int]) -> None:
    async with triage(root, report([fragmented()]), size=size) as (app, _screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        assert isinstance(app.screen, StoryScreen)
        assert app.screen.path == WORST


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_enter_on_an_evidence_row_opens_that_story(root: Path, size: tuple[int, int]) -> None:
    seen: list[Message] = []
    async with triage(root, report([fragmented()]), size=size, seen=seen) as (app, _screen, pilot):
        await pilot.press("l", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        assert {event.path for event in seen if isinstance(event, EvidencePane.Chosen)} == {"stories/tender.txt"}
        assert isinstance(app.screen, StoryScreen)
        assert app.screen.path == "stories/tender.txt"


async def test_clicks_point_first_and_open_then(root: Path) -> None:
    second = msgspec.structs.replace(fragmented(0.2), concept="anger")
    async with triage(root, report([second, fragmented()])) as (app, screen, pilot):
        assert screen.table.key == "fragmented:anger"
        await pilot.click(RowTable, offset=(5, 2))
        assert screen.table.key == "fragmented:tender"
        assert screen.is_current
        await pilot.click(RowTable, offset=(5, 2))
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))


async def test_a_click_on_a_story_points_and_a_second_one_opens_it(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        await pilot.click(EvidenceList, offset=(12, 3))
        assert screen.is_current
        assert screen.evidence.path == "stories/tender.txt"
        await pilot.click(EvidenceList, offset=(12, 3))
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        assert isinstance(app.screen, StoryScreen)
        assert app.screen.path == "stories/tender.txt"


async def test_a_click_on_a_word_changes_the_view(root: Path) -> None:
    async with triage(root, report([contaminated()])) as (_, screen, pilot):
        await pilot.click("#triage-tabs", offset=(20, 0))
        assert screen.view == "contaminated"
        assert screen.flag == contaminated()


async def test_next_and_previous_go_across_flags(root: Path) -> None:
    second = msgspec.structs.replace(fragmented(0.35), concept="grief", evidence=contaminated().evidence)
    async with triage(root, report([fragmented(), second])) as (app, screen, pilot):
        visited = [screen.evidence.path]
        for _ in range(4):
            await pilot.press("n")
            visited.append(screen.evidence.path)
        paths = [one.path for flag in (fragmented(), second) for one in flag.evidence]
        assert visited == [*paths, paths[-1]]
        assert messages(app) == ["That was the last story of this view."]
        await pilot.press("p", "p")
        assert screen.evidence.path == paths[1]
        assert screen.flag == fragmented()


async def test_siblings_are_the_stories_behind_the_view(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with triage(root, report([contaminated()])) as (app, _screen, pilot):
        calls: list[tuple[str, list[str], Flag | None]] = []
        monkeypatch.setattr(app, "open_story", lambda path, siblings, flag: calls.append((path, siblings, flag)))
        await pilot.press("f", "enter")
        path = "paired/doorway/grief.txt"
        assert calls == [(path, [path], contaminated())]  # the other story is gone


async def test_a_story_that_is_gone_is_marked_and_not_opened(root: Path) -> None:
    async with triage(root, report([contaminated()])) as (app, _screen, pilot):
        await pilot.press("f", "l", "j", "enter")
        assert "paired/gone/grief.txt  gone" in shown_text(app)
        assert messages(app) == ["paired/gone/grief.txt is not in the corpus any more; press r to retrain."]


async def test_filter_hides_rows_and_says_so(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        await pilot.press("slash", *"zz", "enter")
        assert screen.table.rows == ()
        assert "No row contains “zz”" in shown_text(app)
        await pilot.press("slash", "escape")
        assert len(screen.table.rows) == 1


async def test_an_empty_view_says_what_that_means_and_where_to_look(root: Path) -> None:
    async with triage(root, report([contaminated()])) as (app, _, _pilot):
        text = " ".join(shown_text(app).split())
        assert "No concept is fragmented" in text
        assert "Press f for contaminated." in text


async def test_nothing_flagged_points_to_the_export(root: Path) -> None:
    async with triage(root, report([])) as (app, _, _):
        assert "Nothing is flagged: press E" in shown_text(app)


async def test_all_concepts_have_their_numbers_and_open_their_stories(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        await pilot.press("F", "F")
        assert [row.key for row in screen.table.rows] == ["all:anger", "all:grief", "all:tender", "all:wistful"]
        text = shown_text(app)
        assert "not trained" in text
        assert "cannot tell; 3 stories in 2 scenarios" in text
        assert "the reference's rule: in no bucket" in text
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        assert isinstance(app.screen, StoryScreen)
        assert app.screen.path == "stories/grief.txt"


async def test_a_new_run_keeps_the_cursor_on_its_row(root: Path) -> None:
    second = msgspec.structs.replace(fragmented(0.35), concept="grief", evidence=contaminated().evidence)
    async with triage(root, report([fragmented(), second])) as (app, screen, pilot):
        await pilot.press("j", "l", "j")
        assert screen.evidence.path == "paired/gone/grief.txt"
        write_run(root, 8, report([msgspec.structs.replace(second, value=0.2), fragmented()]))
        await app.reload_runs()
        await pilot.pause()
        assert screen.table.key == "fragmented:grief"
        assert screen.evidence.path == "paired/gone/grief.txt"


async def test_external_editing_gets_the_story_under_the_cursor(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with triage(root, report([fragmented()])) as (app, _, pilot):
        edited: list[str] = []

        async def edit(path: str) -> None:
            edited.append(path)

        monkeypatch.setattr(app, "edit_external", edit)
        await pilot.press("e", "l", "j", "e")
        assert edited == [WORST, "stories/tender.txt"]


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_text_is_drawn_and_does_nothing(root: Path, size: tuple[int, int]) -> None:
    nasty = msgspec.structs.replace(
        fragmented(reason=HOSTILE), verdict=HOSTILE, caveat=HOSTILE, neighbour=HOSTILE, concept=HOSTILE
    )
    flags = msgspec.structs.replace(report([nasty]), notes=(HOSTILE,), left_out={HOSTILE: HOSTILE})
    async with triage(root, flags, size=size) as (app, _screen, pilot):
        for key in (*["f"] * 9, "F", "F", "l", "G", "n"):
            await pilot.press(key)
            text = shown_text(app)
            assert "\x1b" not in text
            assert "\u202e" not in text
        await pilot.click(OptionList, offset=(5, 0))
        assert app.is_running


def test_flags_are_listed_in_the_order_of_the_report() -> None:
    low, high, near = fragmented(0.1), fragmented(0.3), contaminated()
    assert flags_of([high, near, low], "fragmented") == [high, low]
    assert flags_of([near], "contaminated", "TEND") == [near]
    assert flags_of([], "redundant") == []


def test_change_against_the_previous_run() -> None:
    flag = fragmented(0.31)
    for before, text in ((fragmented(0.31), "same"), (fragmented(0.2), "+.11"), (contaminated(), "new")):
        assert change(flag, RunState(previous_report=report([before])), UNICODE).text == text
    assert change(flag, RunState(), UNICODE).text == ""
    assert limit(unreliable(), UNICODE) == "< .50"
    assert limit(contaminated(), UNICODE) == "> .80"
