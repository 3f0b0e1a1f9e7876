"""Training, the runs and the export by mouse alone; only text is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_hand import (
    SIZES,
    TYPED,
    Mouse,
    at,
    check_everything_was_chosen,
    click_into,
    hides,
    is_reading,
    open_flagged,
    shows,
    used,
)
from textual.pilot import Pilot
from textual.widgets import Input
from training_app import stub_app
from triage_samples import until, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.export_dialog import ExportDialog
from caa_tui.tui.screens.quit_dialog import QuitDialog
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.train_dialog import TrainDialog
from caa_tui.tui.screens.training_screen import TrainingScreen
from caa_tui.tui.widgets.concept_changes import ConceptChanges
from caa_tui.tui.widgets.training_strip import TrainingStrip

Size = tuple[int, int]

pytestmark = pytest.mark.parametrize("size", SIZES)


async def test_from_the_training_to_the_export(tmp_path: Path, working_folder: Path, trash: Path, size: Size) -> None:
    app = stub_app(write_corpus(tmp_path / "corpus"))
    async with used(app, size) as pilot:
        mouse = Mouse(pilot)
        await mouse.hint("train")
        await at(pilot, TrainDialog)
        await mouse.button("#close")
        await at(pilot, CorpusScreen)
        await mouse.hint("train")
        await choose_everything(mouse, app)
        await mouse.button("#train")
        await shows(pilot, "Trained  run 1")
        check_everything_was_chosen(app, working_folder)

        await mouse.click("Trained  run 1")
        await at(pilot, TrainingScreen)
        await mouse.hint("back")
        await at(pilot, CorpusScreen)

        screen = await open_flagged(mouse, pilot, app)
        await click_into(pilot, screen)
        await mouse.write("New words. ")
        await mouse.either("save and retrain", "Save and retrain")
        await shows(pilot, "Trained  run 2")
        await mouse.hint("back")
        await at(pilot, CorpusScreen)

        await mouse.either("runs", "Runs")
        await at(pilot, RunsScreen)
        await use_runs(mouse, pilot, app, working_folder / "exported")
        assert [run.name for run in trash.iterdir()] == ["0002"]


async def choose_everything(mouse: Mouse, app: CaaApp) -> None:
    """Another value in every field of the dialog."""
    await mouse.until(lambda: isinstance(app.screen, TrainDialog) and not app.screen._waiting)
    await mouse.click("smollm2", -1)
    await mouse.until(lambda: app.screen.query_one("#model", Input).value == "smollm2")
    await mouse.click(" stub ", -1)
    await mouse.until(lambda: app.screen.query_one("#model", Input).value == "stub")
    for word in ("cpu", "fp32", "mean\u00a0from\u00a0token"):
        await mouse.click(f" {word} ")
    for field, text in TYPED.items():
        await mouse.into(f"#{field}")
        await mouse.write(text)
        assert app.screen.query_one(f"#{field}", Input).value == text


async def use_runs(mouse: Mouse, pilot: Pilot[None], app: CaaApp, out: Path) -> None:
    """Compare, sort, export and delete."""
    screen = app.screen
    assert isinstance(screen, RunsScreen)
    await mouse.until(lambda: len(screen.table.rows) == 2)
    await mouse.click("took")
    await mouse.until(lambda: screen._sort.title == "took")
    await mouse.click("run  ", within=screen.table)
    await mouse.until(lambda: screen._sort.title == "run")
    table = screen.table.region
    await pilot.click(offset=(table.x + 2, table.y + 2))
    await mouse.until(lambda: screen.record is not None and screen.record.id == "0001")
    await mouse.either("compare with", "Compare with this run")
    await shows(pilot, "chosen")
    await pilot.click(offset=(table.x + 2, table.y + 1))
    await mouse.until(lambda: screen.table.key == "0002" and screen.pair is not None)
    if screen.has_class("-narrow"):
        await mouse.click("Concepts")
        await mouse.until(lambda: app.screen.query_one(ConceptChanges).is_on_screen)
        await mouse.click("What changed")
        await mouse.click("Runs", 1)
    await mouse.either("export", "Export the readout")
    await at(pilot, ExportDialog)
    await mouse.button("#close")
    await at(pilot, RunsScreen)
    await mouse.either("export", "Export the readout")
    await at(pilot, ExportDialog)
    await mouse.into("#folder")
    await mouse.write(out.name)
    assert app.screen.query_one("#folder", Input).value == out.name
    await mouse.button("#export")
    await mouse.until((out / "readout.json").is_file)
    await at(pilot, RunsScreen)
    await mouse.either("delete", "Delete the run")
    await shows(pilot, "which the flags come from?")
    await mouse.call_off()
    await hides(pilot, "which the flags come from?")
    await mouse.either("delete", "Delete the run")
    await shows(pilot, "which the flags come from?")
    await mouse.answer()
    await mouse.until(lambda: len(app.workspace.runs.history) == 1)


async def test_a_training_is_cancelled_or_decides_when_the_program_ends(tmp_path: Path, size: Size) -> None:
    app = stub_app(write_corpus(tmp_path / "corpus"), model="endless")
    async with used(app, size) as pilot:
        mouse = Mouse(pilot)

        async def train() -> None:
            await mouse.hint("train")
            await at(pilot, TrainDialog)
            await mouse.button("#train")
            await mouse.until(lambda: is_reading(app))

        await train()
        await mouse.click("cancel", -1)
        await mouse.until(lambda: app.workspace.training.status == "cancelled")
        assert app.screen.query_one(TrainingStrip).has_class("-shown")
        await train()
        for answer in ("#stay", "#wait"):
            await mouse.hint("quit")
            await at(pilot, QuitDialog)
            await mouse.button(answer)
            await at(pilot, CorpusScreen)
        assert app.workspace.training.leaving
        await mouse.hint("quit")
        await at(pilot, QuitDialog)
        assert await pilot.click("#leave")
        await until(pilot, lambda: app._exit)
