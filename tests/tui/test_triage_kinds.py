"""The views of each kind of flag: columns and evidence, what is confirmed and what is not, nine tabs in a line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.widgets import Static
from triage_desk import NARROW, WIDE, triage
from triage_samples import (
    CONCEPTS,
    confounded,
    contaminated,
    fragmented,
    mislabelled,
    report,
    scenario_bound,
    shown_text,
    unreliable,
    until,
    write_corpus,
)

from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.triage_empty import EMPTY
from caa_tui.tui.theme import ASCII, UNICODE
from caa_tui.tui.widgets.all_rows import concept_listing, remarks
from caa_tui.tui.widgets.evidence_pane import NAMED, SCORE
from caa_tui.tui.widgets.evidence_text import evidence_row, verdict
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.rows import Parting
from caa_tui.tui.widgets.triage_rows import SHORT, VIEWS, View, flag_listing, sort_titles
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.tui.widgets.why_pane import WhyPane
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.flags import Flag, FlagKind, Verdict
from caa_tui.vectors.standing import KINDS

ALL_KINDS = (fragmented(), contaminated(), mislabelled(), confounded(), scenario_bound(), unreliable())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def doubtful(flag: Flag, concept: str) -> Flag:
    return msgspec.structs.replace(flag, concept=concept, confirmed=False)


def test_every_view_has_a_word_a_short_one_and_a_sentence_when_it_is_empty() -> None:
    assert tuple(VIEWS) == (*KINDS, "all", "accepted") == tuple(SHORT)
    assert set(EMPTY) == {*KINDS, "all"}
    assert set(SCORE) == set(KINDS) > set(NAMED)
    words = "  ".join(f"{word} 99" for word in SHORT.values())
    assert len(words.replace("  ", " ")) <= NARROW[0] - 2


CELLS: dict[FlagKind, tuple[Flag, list[str]]] = {
    "fragmented": (fragmented(), ["tender", ".31", ".12", ".66", ".50", "yes", "3", "▁▂▃▃", "", "confirmed"]),
    "contaminated": (contaminated(), ["grief", ".86", "> .80", "tender", "yes", "3", "▇▇▇▇", "", "worth reading"]),
    "redundant": (
        msgspec.structs.replace(contaminated(), kind="redundant", contributors=(("awe", 0.5), ("joy", 0.3))),
        ["grief", ".86", "> .80", "awe, joy", "yes", "3", "▇▇▇▇", "", "worth reading"],
    ),
    "mislabelled": (mislabelled(), ["anger", ".21", "grief", "doorway", "3", "", "confirmed"]),
    "confounded": (
        confounded(),
        ["grief", ".93", "> .50", "its stories are longer.", "3", "", "confirmed"],
    ),
    "scenario-bound": (scenario_bound(), ["anger", ".24", "> .10", ".66", ".42", "2", "3", "", "worth reading"]),
    "unreliable": (unreliable(), ["tender", ".34", "< .50", ".66", "3", "▃▃▃▃", "", "confirmed"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_the_number_of_its_kind_and_how_sure_it_is(kind: FlagKind) -> None:
    flag, cells = CELLS[kind]
    listing = flag_listing(kind, RunState(report=report([flag])), "", UNICODE)
    assert [cell.text for cell in listing.rows[0].cells] == cells
    assert len(listing.columns) == len(cells)
    assert set(sort_titles(kind)) <= {"", *(column.title for column in listing.columns)}


def test_more_stories_than_the_worst_are_counted() -> None:
    two = msgspec.structs.replace(mislabelled(), evidence=mislabelled().evidence * 2)
    row = flag_listing("mislabelled", RunState(report=report([two])), "", UNICODE).rows[0]
    assert row.cells[3].text == "doorway +1"


def test_a_sparkline_of_many_layers_keeps_both_ends() -> None:
    values: dict[str, float | None] = {str(layer): layer / 29 for layer in range(30)}
    many = msgspec.structs.replace(contaminated(), by_layer=values)
    row = flag_listing("contaminated", RunState(report=report([many])), "", UNICODE).rows[0]
    line = row.cells[6].text
    assert (len(line), line[0], line[-1]) == (12, "▁", "█")
    wide = msgspec.structs.replace(report([]), held_out=values, best_layer=29)
    assert remarks(wide, UNICODE)[0].count("·") == 7, "the best eight"


def test_what_is_not_proven_begins_below_a_line() -> None:
    flags = [unreliable("anger"), unreliable("grief", confirmed=False)]
    listing = flag_listing("unreliable", RunState(report=report(flags)), "", UNICODE)
    assert listing.parting == Parting(1, "not proven, worth reading")
    sure, unsure = listing.rows
    assert sure.cells[1].tone == "accent"
    assert {cell.tone for cell in unsure.cells} == {"dim"}
    assert flag_listing("unreliable", RunState(report=report(flags[:1])), "", UNICODE).parting is None


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_line_is_no_row(root: Path, size: tuple[int, int]) -> None:
    flags = [unreliable("anger"), doubtful(unreliable(), "grief"), doubtful(unreliable(), "tender")]
    async with triage(root, report(flags), size=size) as (app, screen, pilot):
        screen.query_one(ViewTabs).select("unreliable")
        await pilot.pause()
        lines = shown_text(app).splitlines()
        top = screen.table.region.y
        assert [lines[top + place].split()[0] for place in (1, 3, 4)] == ["anger", "grief", "tender"]
        assert "── not proven, worth reading ──" in lines[top + 2]
        await pilot.press("j")
        assert screen.table.key == "unreliable:grief"
        await pilot.click(RowTable, offset=(5, 2))
        assert screen.table.key == "unreliable:grief", "a click on the line points nowhere"
        await pilot.click(RowTable, offset=(5, 4))
        assert screen.table.key == "unreliable:tender"
        await pilot.press("s")
        assert "not proven" not in shown_text(app).splitlines()[top + 2], "another order mixes them"
        assert "worth reading" in shown_text(app)


async def test_the_last_row_below_the_line_can_be_reached(root: Path) -> None:
    flags = [unreliable("first"), *(doubtful(unreliable(), f"concept{place:02}") for place in range(40))]
    async with triage(root, report(flags), size=NARROW) as (app, screen, pilot):
        screen.query_one(ViewTabs).select("unreliable")
        await pilot.press("G")
        await until(pilot, lambda: " concept39 " in shown_text(app))
        await pilot.press("g")
        await until(pilot, lambda: " first " in shown_text(app))


@pytest.mark.parametrize(("size", "words"), [(WIDE, VIEWS), (NARROW, SHORT)])
async def test_nine_words_with_counts_fit_and_can_be_clicked(
    root: Path, size: tuple[int, int], words: dict[View, str]
) -> None:
    async with triage(root, report(ALL_KINDS), size=size) as (app, screen, pilot):
        line = shown_text(app).splitlines()[screen.query_one(ViewTabs).region.y]
        for view in reversed(VIEWS):
            number = {"redundant": 0, "all": 4, "accepted": 0}.get(str(view), 1)
            start = line.index(f"{words[view]} {number}")
            await pilot.click(offset=(start + 1, screen.query_one(ViewTabs).region.y))
            assert screen.view == view


async def test_a_key_goes_through_all_views_in_their_order(root: Path) -> None:
    async with triage(root, report(ALL_KINDS)) as (_, screen, pilot):
        seen = []
        for _ in VIEWS:
            seen.append(screen.view)
            await pilot.press("f")
        assert seen == list(VIEWS)
        await pilot.press("F")
        assert screen.view == "accepted"


async def test_an_empty_view_says_what_that_means(root: Path) -> None:
    async with triage(root, report([])) as (_, screen, pilot):
        for kind in KINDS:
            screen.query_one(ViewTabs).select(kind)
            await pilot.pause()
            assert EMPTY[kind] in str(screen.query_one("#empty", Static).render())


async def test_the_pane_says_number_cause_and_files_of_each_kind(root: Path) -> None:
    said = {
        "mislabelled": ("margin .21, flagged above .00; 3 stories", "1 suspicious story, the worst first"),
        "confounded": ("share told apart by it .93, flagged above .50", "1 story with the cause in it"),
        "scenario-bound": ("held-out share lost .24, flagged above .10", "told in kitchen_at_3am; told apart only by"),
        "unreliable": ("expected cosine .34 at layer 20, flagged below .50", "more stories help, not these"),
    }
    async with triage(root, report(ALL_KINDS), size=(200, 44)) as (app, screen, pilot):
        for view, sentences in said.items():
            screen.query_one(ViewTabs).select(view)
            await pilot.pause()
            parts = screen.evidence.query(Static).results()
            text = "\n".join([*(str(part.render()) for part in parts), shown_text(app)])
            assert [sentence for sentence in sentences if sentence not in text] == []
        screen.query_one(ViewTabs).select("mislabelled")
        await pilot.pause()
        assert "beside it: paired/doorway/grief.txt" in shown_text(app)


async def test_an_unconfirmed_flag_looks_like_what_it_is(root: Path) -> None:
    async with triage(root, report(ALL_KINDS)) as (app, _, _pilot):
        workspace = app.workspace
        assert verdict(confounded(), workspace, UNICODE).plain.startswith("▲ grief: confounded\n")
        unsure = verdict(scenario_bound(), workspace, UNICODE).plain
        assert unsure.startswith("△ anger: scenario-bound, worth reading\n")
        assert "Worth reading, not proven: tests cannot be sure of it." in unsure
        assert verdict(scenario_bound(), workspace, ASCII).plain.startswith("? anger")
        marked = evidence_row(contaminated().evidence[0], confounded(), workspace, UNICODE).plain
        assert "△ also contaminated" in marked


async def test_the_first_pc_is_beside_the_agreement_under_its_own_name(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, _, _pilot):
        said = verdict(fragmented(), app.workspace, UNICODE).plain
        assert "agreement .31 at layer 20, chance up to .12, first PC .50 (the reference's rule: below .40)" in said


async def test_marks_in_the_corpus_tell_what_is_confirmed(root: Path) -> None:
    async with triage(root, report(ALL_KINDS)) as (app, _, _pilot):
        workspace = app.workspace
        assert workspace.is_confirmed("stories/tender.txt")
        assert workspace.is_flagged("paired/doorway/grief.txt")
        assert not workspace.is_confirmed("paired/doorway/grief.txt")
        assert not workspace.is_flagged("paired/doorway/tender.txt"), "unreliable only: no story's doing"


async def test_the_editor_goes_through_confirmed_flags_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sure = msgspec.structs.replace(contaminated(), concept="tender", confirmed=True, evidence=fragmented().evidence)
    async with triage(root, report([contaminated(), sure])) as (app, _, pilot):
        calls: list[list[str]] = []
        monkeypatch.setattr(app, "open_story", lambda _path, siblings, _flag: calls.append(siblings))
        await pilot.press("f", "enter")
        assert calls == [["paired/kitchen_at_3am/tender.txt", "stories/tender.txt", "paired/doorway/grief.txt"]]


async def test_from_the_corpus_as_well(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with triage(root, report([contaminated(), fragmented()])) as (app, _, pilot):
        calls: list[list[str]] = []
        monkeypatch.setattr(app, "open_story", lambda _path, siblings: calls.append(siblings))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))
        assert isinstance(app.screen, CorpusScreen)
        app.screen.go_to("tender", None)
        await pilot.pause()
        await pilot.press("enter")
        assert calls == [["paired/kitchen_at_3am/tender.txt", "stories/tender.txt", "paired/doorway/grief.txt"]]


async def test_of_unreliable_vectors_the_editor_walks_one_concept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with triage(root, report([unreliable(concept) for concept in CONCEPTS])) as (app, screen, pilot):
        calls: list[list[str]] = []
        monkeypatch.setattr(app, "open_story", lambda _path, siblings, _flag: calls.append(siblings))
        screen.query_one(ViewTabs).select("unreliable")
        await pilot.pause()
        await pilot.press("j", "enter")
        assert calls == [["stories/grief.txt", "paired/doorway/grief.txt"]]


async def test_the_story_screen_says_what_a_new_kind_means_for_the_story(root: Path) -> None:
    async with triage(root, report([mislabelled(), unreliable("anger")])) as (app, screen, pilot):
        screen.query_one(ViewTabs).select("mislabelled")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen) and app.screen.session.file is not None)
        text = " ".join(str(app.screen.query_one(WhyPane).query_one("#why", Static).render()).split())
        assert "▲ anger: mislabelled" in text
        assert "This story (.21): closer to grief than to anger" in text


async def test_a_story_of_an_unreliable_vector_has_nothing_to_repair(root: Path) -> None:
    async with triage(root, report([unreliable()])) as (app, screen, pilot):
        screen.query_one(ViewTabs).select("unreliable")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen) and app.screen.session.file is not None)
        text = " ".join(str(app.screen.query_one(WhyPane).query_one("#why", Static).render()).split())
        assert "This story has nothing to repair for it: more stories make the vector reliable." in text


def test_all_concepts_have_our_verdict_and_the_rules_beside_it() -> None:
    sound = (
        Verdict(concept="anger", about="stories", answer="coherent", reason="x"),
        Verdict(concept="anger", about="neighbour", answer="told apart", reason="x"),
        Verdict(concept="anger", about="mix", answer="of its own", reason="x"),
    )
    plan = Verdict(concept="grief", about="stories", answer="cannot tell", reason="x", plan="About 7.", more=7)
    told = msgspec.structs.replace(report([fragmented(), unreliable()]), verdicts=(*sound, plan))
    listing = concept_listing(told, None, "", UNICODE)
    shown = {row.cells[0].text: (row.cells[1].text, row.cells[2].text) for row in listing.rows}
    assert shown == {
        "anger": ("clean", "in no bucket"),
        "grief": ("cannot tell, +7", "in no bucket"),
        "tender": ("fragmented +1", "fragmented"),
        "wistful": ("not trained", ""),
    }
    assert set(sort_titles("all")) <= {"", *(column.title for column in listing.columns)}
