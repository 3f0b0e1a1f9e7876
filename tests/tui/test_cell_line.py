"""The line under the matrix says in words what its glyphs mean for the cell under the cursor."""

from __future__ import annotations

from pathlib import Path

import pytest
from triage_samples import HOSTILE, fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.tui.theme import UNICODE
from caa_tui.tui.widgets.cell_line import CellLine, cell_facts


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One flagged and edited story, one that equals another, one missing baseline, one wanted concept."""
    write_corpus(tmp_path)
    (tmp_path / "caa.toml").write_text('[manifest]\nconcepts = ["wistful"]\n', encoding="utf-8")
    write_run(tmp_path, 1, report([fragmented()]))
    (tmp_path / "paired/kitchen_at_3am/tender.txt").write_text("He turned the chip of the cup to the wall.\n")
    (tmp_path / "stories/anger.txt").write_bytes((tmp_path / "stories/grief.txt").read_bytes())
    (tmp_path / "paired/doorway/baseline.txt").unlink()
    (tmp_path / "paired/doorway/tender.txt").unlink()
    return tmp_path


async def test_each_fact_of_a_cell_is_told_in_words(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)):
        await load(app)

        def facts(stem: str, scenario: str | None) -> list[str]:
            return list(cell_facts(app.workspace, stem, scenario, UNICODE))

        *flagged, finding = facts("tender", "kitchen_at_3am")
        assert flagged == ["told", "10 words (baseline 20)", "◐ edited", "▲ fragmented"]
        assert finding.startswith("! ")
        assert "50 % fewer" in finding
        assert facts("grief", "doorway") == ["told", "20 words"]
        assert facts("anger", None)[-1].startswith("! ")
        assert facts("wistful", "kitchen_at_3am") == ["wanted, not written", "baseline 20 words"]
        assert facts("tender", "doorway") == ["not asked for", "no baseline"]
        assert facts("baseline", "doorway")[0] == "wanted, not written"


@pytest.mark.parametrize("width", [60, 80, 200])
async def test_the_scenario_is_named_in_full_and_nothing_is_cut_in_the_middle(tmp_path: Path, width: int) -> None:
    scenario = "a_scenario_with_a_very_long_name_indeed"
    write_corpus(tmp_path)
    folder = tmp_path / "paired" / scenario
    folder.mkdir()
    (folder / "a_concept_with_a_long_name.txt").write_text("He sat by it until the light had gone.\n")
    app = make_app(tmp_path)
    async with app.run_test(size=(width, 24)) as pilot:
        await load(app)
        await pilot.pause()
        line = app.screen.query_one(CellLine)
        line.show(app.workspace, "a_concept_with_a_long_name", scenario, UNICODE)
        await pilot.pause()
        [shown] = [text for text in shown_text(app).splitlines() if scenario in text]
        assert ("a_concept_with_a_long_name ×" in shown) is (width > 60)
        assert ("told" in shown) is (width > 60)


async def test_hostile_words_are_shown_as_text(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        app.screen.query_one(CellLine).say(HOSTILE)
        await until(pilot, lambda: "[/nope]" in shown_text(app))
        assert "\x1b" not in shown_text(app)


@pytest.mark.parametrize(("width", "whole"), [(140, True), (60, False)])
async def test_the_glyphs_of_the_matrix_are_explained_where_there_is_room(root: Path, width: int, whole: bool) -> None:
    app = make_app(root)
    async with app.run_test(size=(width, 44)) as pilot:
        await load(app)
        await pilot.press("down", "right")
        legend = "○ wanted  ▲ flagged  ◐ edited"
        await until(pilot, lambda: "grief × doorway: told" in shown_text(app))
        assert (legend in shown_text(app)) is whole


async def test_what_a_cell_says_itself_is_not_explained_again(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(200, 44)) as pilot:
        await load(app)
        line = app.screen.query_one(CellLine)
        (root / "paired/doorway/anger.txt").write_text("The door stayed open all of that long and windy day.\n")
        await app.rescan()
        line.show(app.workspace, "anger", "doorway", UNICODE)
        await until(pilot, lambda: "◐ edited   ○ wanted  ▲ flagged  △ not proven  ● told" in shown_text(app))
