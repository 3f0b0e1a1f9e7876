"""The order of the triage table, its layer, its head line, and what the pane beside it can do."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from triage_desk import NARROW, WIDE, triage
from triage_samples import (
    contaminated,
    fragmented,
    messages,
    report,
    shown_text,
    summary,
    until,
    write_corpus,
    write_run,
)

from caa_tui.runs.records import REQUEST_FILE, RunRequest
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.theme import ASCII
from caa_tui.tui.widgets.evidence_pane import EvidenceList
from caa_tui.tui.widgets.evidence_text import concept_text
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.rows import Cell, Column, Row, Sort, sorted_rows
from caa_tui.tui.widgets.solved_line import solved_line
from caa_tui.vectors.flags import Flag

COLUMNS = (Column("name", 8), Column("number", 6, right=True))


def flag(concept: str, value: float) -> Flag:
    return msgspec.structs.replace(fragmented(value), concept=concept)


THREE = [flag("tender", 0.31), flag("anger", 0.38), flag("grief", 0.2)]
BEFORE = [flag("tender", 0.25), flag("anger", 0.39)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def names(screen: TriageScreen) -> list[str]:
    return [row.cells[0].text for row in screen.table.rows]


def rows(*cells: tuple[str, float | None]) -> list[Row]:
    return [Row(name, (Cell(name), Cell("" if value is None else str(value), "", value))) for name, value in cells]


def test_numbers_go_down_words_go_up_and_nothing_comes_last() -> None:
    given = rows(("b", 1.0), ("A", None), ("c", -2.0), ("d", 10.0))

    def order(sort: Sort) -> str:
        return "".join(row.key for row in sorted_rows(COLUMNS, given, sort))

    assert order(Sort()) == "bAcd"
    assert order(Sort("name")) == "Abcd"
    assert order(Sort("name", reverse=True)) == "dcbA"
    assert order(Sort("number")) == "dbcA"
    assert order(Sort("number", reverse=True)) == "cbdA"
    assert order(Sort("no such column")) == "bAcd"


def test_a_corpus_without_scenarios_says_so() -> None:
    one = msgspec.structs.replace(summary("tender"), scenarios=0)
    text = concept_text(one, report(THREE), 20, ASCII).plain
    assert "fragmented; 3 stories, no scenario" in text
    assert "the rules look at layer 20" in text


def test_a_title_sorts_and_again_turns_it_round() -> None:
    sort = Sort().after("name")
    assert sort == Sort("name")
    assert sort.after("name") == Sort("name", reverse=True)
    assert sort.after("name").after("name") == Sort("name")
    assert sort.after("name").after("number") == Sort("number")


async def test_a_key_goes_through_the_orders_in_words(root: Path) -> None:
    async with triage(root, report(BEFORE), report(THREE)) as (app, screen, pilot):
        found = []
        for _ in range(5):
            line = next(text for text in shown_text(app).splitlines() if text.startswith(" s "))
            found.append((line.split("   ")[0].strip(), names(screen)))
            await pilot.press("s")
        assert found == [
            ("s as judged: confirmed first, then the worst", ["tender", "anger", "grief"]),
            ("s by concept, A first", ["anger", "grief", "tender"]),
            ("s by agree, the largest first", ["anger", "tender", "grief"]),
            ("s by change, the largest first", ["grief", "tender", "anger"]),
            ("s as judged: confirmed first, then the worst", ["tender", "anger", "grief"]),
        ]


async def test_a_key_turns_the_order_round(root: Path) -> None:
    async with triage(root, report(THREE)) as (app, screen, pilot):
        await pilot.press("S")
        assert messages(app) == ["Choose a column first: s, or a click on its title."]
        await pilot.press("s", "S")
        assert names(screen) == ["tender", "grief", "anger"]
        assert "s by concept, Z first" in shown_text(app)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_click_on_a_title_sorts_and_is_remembered(root: Path, size: tuple[int, int]) -> None:
    async with triage(root, report(BEFORE), report(THREE), size=size) as (app, screen, pilot):
        await pilot.press("down", "down")
        x = shown_text(app).splitlines()[screen.table.region.y].index("change") - screen.table.region.x
        await pilot.click(RowTable, offset=(x, 0))
        assert names(screen) == ["grief", "tender", "anger"]
        assert screen.table.key == "fragmented:grief"
        assert "change↓" in shown_text(app)
        await pilot.click(RowTable, offset=(x, 0))
        assert names(screen) == ["anger", "tender", "grief"]
        assert "change↑" in shown_text(app)
    async with triage(root, size=size) as (_, screen, pilot):
        assert names(screen) == ["anger", "tender", "grief"]
        await pilot.press("A")
        assert screen.sort == Sort()


async def test_the_editor_goes_through_the_stories_in_the_order_of_the_table(root: Path) -> None:
    near = msgspec.structs.replace(fragmented(0.2), concept="grief", evidence=contaminated().evidence)
    async with triage(root, report([fragmented(), near])) as (_, screen, pilot):
        await pilot.press("s", "home")
        assert [flag.concept for flag in screen.flags] == ["grief", "tender"]
        await pilot.press("n", "n")
        assert screen.evidence.path == "paired/kitchen_at_3am/tender.txt"


async def test_another_layer_of_all_concepts(root: Path) -> None:
    flags = report(THREE)
    other = {"12": 0.11, "16": 0.16, "20": 0.2, "24": 0.24}
    concepts = tuple(msgspec.structs.replace(one, agreement=other) for one in flags.concepts)
    async with triage(root, msgspec.structs.replace(flags, concepts=concepts)) as (app, screen, pilot):
        await pilot.press("y")
        assert "Flags are judged at layer 20" in messages(app)[-1]
        await pilot.press("F", "F")
        shown = []
        for _ in range(5):
            shown.append((screen.table.rows[0].cells[5].text, "the judged one" in shown_text(app)))
            await pilot.press("y")
        assert shown == [(".20", True), (".11", False), (".16", False), (".24", False), (".20", True)]
        line = shown_text(app).splitlines().index(next(x for x in shown_text(app).splitlines() if x.startswith(" s ")))
        await pilot.click(offset=(shown_text(app).splitlines()[line].index("layer"), line))
        assert screen.table.rows[0].cells[5].text == ".16"


async def test_the_pane_says_which_layers_the_sparkline_shows(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, _, _pilot):
        assert "layers ▁▂▃▃  12 .00 · 16 .10 · ▸20 .31 · 24 .30" in shown_text(app)


async def test_a_story_says_which_other_flags_it_stands_behind(root: Path) -> None:
    second = msgspec.structs.replace(contaminated(), concept="tender", evidence=fragmented().evidence)
    async with triage(root, report([fragmented(), second])) as (app, _, _pilot):
        assert "stories/tender.txt  △ also contaminated" in shown_text(app)


async def test_a_long_verdict_scrolls_by_keyboard_at_80x24(root: Path) -> None:
    long = msgspec.structs.replace(fragmented(), caveat=" ".join(f"word{place}" for place in range(200)) + " END")
    async with triage(root, report([long]), size=NARROW) as (app, screen, pilot):
        await pilot.press("l")
        assert "END" not in shown_text(app)
        await pilot.press(*["shift+down"] * 40)
        await until(pilot, lambda: "END" in shown_text(app))
        await pilot.press(*["ctrl+y"] * 40)
        await until(pilot, lambda: "tender: fragmented" in shown_text(app))
        assert isinstance(screen.focused, EvidenceList)


async def test_solved_is_not_claimed_for_other_settings(root: Path) -> None:
    async with triage(root, report([*BEFORE, contaminated()]), report(THREE)) as (app, _, pilot):
        assert "✓ solved since run 7: 1 of 3 flags  grief contaminated" in shown_text(app)
        path = app.workspace.data.runs / "0008" / REQUEST_FILE
        request = msgspec.json.decode(path.read_bytes(), type=RunRequest)
        path.write_bytes(msgspec.json.encode(msgspec.structs.replace(request, pooling="mean")))
        await app.reload_runs()
        await pilot.pause()
        text = " ".join(shown_text(app).replace("│", " ").split())
        assert "the settings changed from run 7 to run 8 (pooling mean, was last)" in text
        assert "solved" not in text


async def test_many_solved_flags_are_counted(root: Path) -> None:
    many = [flag(f"concept{place}", 0.3) for place in range(9)]
    old = report(many)
    trained = msgspec.structs.replace(old.concepts[0])
    concepts = tuple(msgspec.structs.replace(trained, concept=f"concept{place}") for place in range(8))
    new = msgspec.structs.replace(report(many[:2]), concepts=concepts)
    async with triage(root, old, new) as (app, _, _pilot):
        line = solved_line(app.workspace.runs, ASCII)
        assert line is not None  # concept8 is not in the newer run: it is gone, not solved
        assert line.plain == (
            "+ solved since run 7: 6 of 9 flags  concept2 fragmented, concept3 fragmented, concept4 fragmented, "
            "concept5 fragmented and 2 more"
        )


async def test_what_came_and_went_begins_a_line_where_both_do_not_fit(root: Path) -> None:
    old, new = report([fragmented()]), report([contaminated(), flag("anger", 0.3)])
    async with triage(root, old, new) as (app, _, _pilot):
        solved = "+ solved since run 7: 1 of 1 flag  tender fragmented"
        appeared = "new since run 7: 2  anger fragmented, grief contaminated"

        def lines(width: int | None) -> list[str]:
            line = solved_line(app.workspace.runs, ASCII, width)
            assert line is not None
            return line.plain.splitlines()

        assert lines(None) == lines(120) == [f"{solved}   {appeared}"]
        assert lines(60) == [solved, appeared]
        assert lines(52) == [solved, "new since run 7: 2  anger fragmented and 1 more"]
        assert lines(40) == ["+ solved since run 7: 1 of 1 flag", "new since run 7: 2"]


async def test_a_newer_run_without_a_report_is_said(root: Path) -> None:
    write_run(root, 8, report([]))
    (root / ".caa" / "runs" / "0008" / "flags.json").unlink()
    async with triage(root, report([fragmented()])) as (app, screen, _):
        assert names(screen) == ["tender"]
        assert "Run 8 has no quality report; these are the flags of run 7." in shown_text(app)


async def test_the_filter_stays_in_view_while_it_is_in_force(root: Path) -> None:
    async with triage(root, report(THREE)) as (app, screen, pilot):
        await pilot.press("slash", *"gri")
        await pilot.click(RowTable, offset=(5, 9))
        assert names(screen) == ["grief"]
        assert "gri" in shown_text(app).splitlines()[-2]
