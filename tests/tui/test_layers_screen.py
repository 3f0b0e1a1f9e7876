"""The map of concepts and layers: what it shows, where its cursor goes, how it is opened and left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from sweep_samples import PEAK, Scores, peaked, report_with, swept
from textual.pilot import Pilot
from textual.widgets import Static
from triage_samples import HOSTILE, load, make_app, messages, shown_text, until, write_corpus, write_run
from triage_samples import report as triage_report

from caa_tui.corpus.storage import data_folder
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.layers_screen import LayersScreen
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.theme import LIGHT, UNICODE
from caa_tui.tui.widgets.layer_line import LayerLine
from caa_tui.tui.widgets.layer_lines import FROZEN, HEADER
from caa_tui.tui.widgets.layer_map import LayerMap

WIDE, NARROW = (140, 44), (80, 24)
NAMES = ("anger", "grief", "tender")


def sweep_of(root: Path, scores: Scores | None = None, depth: int = 12) -> None:
    found = scores or peaked(range(12), NAMES)
    layers = sorted(int(layer) for layer in next(iter(found.values())))
    swept(data_folder(root), layers, report=report_with(found), depth=depth)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path)


@asynccontextmanager
async def layers(root: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[CaaApp, LayersScreen, Pilot[None]]]:
    """The app on its screen of layers, once it is drawn."""
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("Y")
        await until(pilot, lambda: isinstance(app.screen, LayersScreen))
        screen = app.screen
        assert isinstance(screen, LayersScreen)
        await until(pilot, lambda: screen.map.table is not None or screen.has_class("-empty"))
        yield app, screen, pilot


def about(screen: LayersScreen) -> str:
    return str(screen.query_one("#layers-about", Static).visual)


def line(screen: LayersScreen) -> str:
    return str(screen.query_one(LayerLine).visual)


def rows(app: CaaApp) -> list[str]:
    """The lines of the map on the screen, titles and all."""
    region = app.screen.query_one(LayerMap).region
    return [text.rstrip() for text in shown_text(app).split("\n")[region.y : region.y + region.height]]


async def test_a_sweep_as_a_map(root: Path) -> None:
    sweep_of(root)
    async with layers(root) as (app, screen, _):
        assert about(screen) == (
            "Run 1 of m, pooling last\n"
            "▾ Layer 7 tells held-out stories apart best (.81 on average of 3 concepts), and no other layer comes "
            "within the noise of that."
        )
        marks, numbers, means, *concepts = rows(app)
        assert marks.split() == ["sorted", "by", "name", "▾▾"]
        assert numbers.split() == ["concept", "best", *map(str, range(12))]
        assert marks.index("▾▾") + 1 == numbers.index(" 7 ") + 1, "the mark stands over its layer"
        assert means.split()[:5] == ["mean", "of", "3", "7", ".81"]
        assert [concept.split()[:3] for concept in concepts[:3]] == [
            ["anger", "7", ".80"],
            ["grief", "7", ".81"],
            ["tender", "7", ".82"],
        ]
        assert screen.map.cell == ("anger", PEAK)
        assert concepts[0].count("▂▂") == 11
        assert "[▅]" in concepts[0]


async def test_the_cell_under_the_cursor_in_words(root: Path) -> None:
    sweep_of(root)
    async with layers(root) as (_, screen, pilot):
        assert line(screen).startswith(
            "anger × layer 7: .80 told apart (chance .50) · its best layer · 58 % depth · mean of the layer .81 "
            "· ▾ recommended"
        )
        await pilot.press("down", "left")
        await until(pilot, lambda: screen.map.cell == ("grief", 6))
        assert line(screen).startswith(
            "grief × layer 6: .61 told apart (chance .50) · best at 7 (.81) · 50 % depth · mean of the layer .61"
        )
        assert line(screen).endswith("· under .50  ▁ .50 to █ 1.00")
        for key, cell in {"end": ("grief", 11), "G": ("tender", 11), "home": ("tender", 0), "g": ("anger", 0)}.items():
            await pilot.press(key)
            await until(pilot, lambda cell=cell: screen.map.cell == cell)  # type: ignore[misc]


async def test_a_concept_without_a_score(root: Path) -> None:
    nothing: dict[str, float | None] = dict.fromkeys(map(str, range(12)))
    sweep_of(root, {**peaked(range(12), NAMES), "anger": nothing})
    async with layers(root) as (app, screen, _):
        assert screen.map.cell is not None
        assert line(screen).startswith("anger × layer 7: no score, it has no two different stories")
        assert rows(app)[3].split() == ["anger", "–", "–", "[", "]"]
        assert "mean of 2" in rows(app)[2]


async def test_many_concepts_and_layers_in_a_small_terminal(root: Path) -> None:
    draws = np.random.default_rng(5)
    scores = {
        f"concept_{number:03}": {str(layer): float(draws.uniform(0.3, 1.0)) for layer in range(60)}
        for number in range(200)
    }
    sweep_of(root, scores, depth=60)
    async with layers(root, NARROW) as (app, screen, pilot):
        for key, cell in {"home": 0, "end": 59}.items():
            await pilot.press(key)
            await until(pilot, lambda cell=cell: screen.map.cell is not None and screen.map.cell[1] == cell)  # type: ignore[misc]
        await pilot.press("G")
        await until(pilot, lambda: screen.map.cell == ("concept_199", 59))
        await until(pilot, lambda: "concept_199" in shown_text(app))
        numbers = rows(app)[1].split()
        assert numbers[:2] == ["concept", "best"], "titles and numbers stay in view"
        assert numbers[-1] == "59"
        assert "[" in rows(app)[-1] or "[" in rows(app)[-2]
        assert max(map(len, shown_text(app).split("\n"))) == 80
        await pilot.press("pageup")
        await until(pilot, lambda: screen.map.cell is not None and screen.map.cell[0] < "concept_199")
        await pilot.press("g", "home")
        await until(pilot, lambda: screen.map.cell == ("concept_000", 0))
        await until(pilot, lambda: rows(app)[1].split()[2] == "0")


async def test_sorting_by_key_and_by_mouse_is_remembered(root: Path) -> None:
    low, high = {"3": 0.9, "7": 0.6}, {"3": 0.6, "7": 0.7}
    sweep_of(root, {"anger": high, "grief": low, "new": {"3": None, "7": None}, "tender": {"3": 0.6, "7": 0.8}})
    async with layers(root) as (app, screen, pilot):
        assert screen.map.table is not None
        seen = []
        for _ in range(3):
            seen.append((rows(app)[0].strip(" ▾"), [row.split()[0] for row in rows(app)[HEADER : HEADER + 4]]))
            await pilot.press("s")
            await pilot.pause()
        assert seen == [
            ("sorted by name", ["anger", "grief", "new", "tender"]),
            ("sorted by best layer", ["grief", "anger", "tender", "new"]),
            ("sorted by score", ["grief", "tender", "anger", "new"]),
        ]
        await pilot.click(LayerMap, offset=(18, 1))
        await until(pilot, lambda: "by best layer" in rows(app)[0])
    async with layers(root) as (app, screen, _):
        assert "by best layer" in rows(app)[0]


async def test_the_cursor_by_mouse(root: Path) -> None:
    sweep_of(root)
    async with layers(root) as (_, screen, pilot):
        await pilot.click(LayerMap, offset=(FROZEN + 3 * 4 + 1, HEADER + 2))
        await until(pilot, lambda: screen.map.cell == ("tender", 4))
        await pilot.click(LayerMap, offset=(FROZEN + 1, 1))
        await until(pilot, lambda: screen.map.cell == ("tender", 0))
        await pilot.click(LayerMap, offset=(FROZEN + 1, HEADER + 20))
        await pilot.pause()
        assert screen.map.cell == ("tender", 0), "below the last concept there is nothing"


async def test_a_filter_keeps_concepts(root: Path) -> None:
    sweep_of(root)
    async with layers(root) as (app, screen, pilot):
        await pilot.press("slash", "g", "r")
        await until(pilot, lambda: screen.map.table is not None and screen.map.table.concepts == ("grief",))
        await pilot.press("x")
        await until(pilot, lambda: "No concept contains “grx”." in line(screen))
        await pilot.press("enter", "escape")
        await until(pilot, lambda: screen.map.table is not None and len(screen.map.table.concepts) == 3)
        assert app.screen is screen, "the first escape shows all rows"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))


@pytest.mark.parametrize(("key", "kind"), [("1", CorpusScreen), ("2", TriageScreen), ("3", RunsScreen)])
async def test_it_opens_over_any_list_and_goes_back(root: Path, key: str, kind: type) -> None:
    sweep_of(root)
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, kind))
        for away in ("escape", "Y"):
            await pilot.press("Y")
            await until(pilot, lambda: isinstance(app.screen, LayersScreen))
            await pilot.press(away)
            await until(pilot, lambda: isinstance(app.screen, kind))
        await pilot.press("Y")
        await until(pilot, lambda: isinstance(app.screen, LayersScreen))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, TriageScreen))
        assert messages(app) == []


async def test_the_runs_screen_opens_the_run_under_its_cursor(root: Path) -> None:
    sweep_of(root)
    write_run(root, 2, triage_report([]))
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        await pilot.press("3")
        runs = app.screen
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen.record is not None)
        runs = app.screen
        assert isinstance(runs, RunsScreen)
        for title in ("Run 2 of smollm2", "Run 1 of m"):
            await until(pilot, lambda: runs.record is not None)
            await pilot.press("Y")
            await until(pilot, lambda title=title: title in shown_text(app))  # type: ignore[misc]
            await pilot.press("escape", "down")
            await until(pilot, lambda: app.screen is runs)


async def test_few_layers_say_how_to_see_all(root: Path) -> None:
    sweep_of(root, peaked((5, 6, 7, 8), NAMES), depth=30)
    async with layers(root, NARROW) as (app, screen, _):
        assert rows(app)[1].split() == ["concept", "best", "5", "6", "7", "8"]
        assert about(screen).endswith(
            "This run looked at 4 layers of 30; press t and choose all under Layers to see every one in one pass."
        )


async def test_another_estimator_is_named(root: Path) -> None:
    swept(data_folder(root), estimator="scenario-centred")
    async with layers(root) as (_, screen, _):
        assert about(screen).startswith("Run 1 of m, pooling last, scenario-centred\n")


async def test_without_a_run_it_says_what_to_do(root: Path) -> None:
    async with layers(root, NARROW) as (app, _, _):
        said = " ".join(shown_text(app).split())
        assert "Nothing is trained yet. Press t and choose all under Layers: one pass then captures every layer" in said


async def test_without_scores_it_says_what_to_do(root: Path) -> None:
    sweep_of(root, {"joy": {str(layer): None for layer in range(8)}})
    async with layers(root) as (app, screen, _):
        assert about(screen).endswith("No concept has held-out scores, so no layer can be preferred.")
    swept(data_folder(root), report=report_with({"joy": {}}))
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen.record is not None)
        await pilot.press("Y")
        await until(pilot, lambda: "Run 2 has no scores by layer" in shown_text(app))


async def test_names_stay_text_and_marks_need_no_colour(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAA_ASCII", "1")
    sweep_of(root, peaked(range(12), ("anger", HOSTILE, "tender")))
    async with layers(root) as (app, screen, pilot):
        shown = shown_text(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        marks, _, _, *concepts = rows(app)
        assert "vv" in marks
        assert any("[+]" in concept for concept in concepts)
        assert all(ord(letter) < 128 for concept in concepts for letter in concept)
        await pilot.press("down", "left")
        await until(pilot, lambda: line(screen).endswith(", under .50  _ .50 to # 1.00"))


async def test_a_new_run_and_a_new_theme_are_drawn(root: Path) -> None:
    sweep_of(root)
    async with layers(root) as (app, screen, pilot):
        await pilot.press("f2")
        await until(pilot, lambda: app.theme == LIGHT.name)
        sweep_of(root, peaked(range(8), NAMES))
        await app.reload_runs()
        await until(pilot, lambda: "Run 2" in about(screen))
        assert rows(app)[1].split()[-1] == "7"


def test_marks_have_a_step_for_each_sixteenth() -> None:
    from caa_tui.tui.widgets.layer_lines import score_mark

    scores = (None, 0.0, 0.49, 0.5, 0.57, 0.75, 0.99, 1.0)
    assert "".join(score_mark(score, UNICODE) for score in scores) == " ··▁▂▅██"
