"""Training, the runs and the export by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_hand import SIZES, TYPED, at, check_everything_was_chosen, hides, is_reading, shows, used
from textual.pilot import Pilot
from textual.widgets import Button, Input
from training_app import stub_app
from triage_samples import until, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.export_dialog import ExportDialog
from caa_tui.tui.screens.quit_dialog import QuitDialog
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.train_dialog import TrainDialog
from caa_tui.tui.widgets.choice_line import ChoiceLine

Size = tuple[int, int]

pytestmark = pytest.mark.parametrize("size", SIZES)


async def test_from_the_training_to_the_export(tmp_path: Path, working_folder: Path, trash: Path, size: Size) -> None:
    app = stub_app(write_corpus(tmp_path / "corpus"))
    async with used(app, size) as pilot:
        await pilot.press("t")
        await at(pilot, TrainDialog)
        await pilot.press("escape")
        await at(pilot, CorpusScreen)
        await pilot.press("t")
        await choose_everything(pilot, app)
        await until(pilot, lambda: app.workspace.run is not None)
        check_everything_was_chosen(app, working_folder)

        await pilot.press("enter")
        await at(pilot, StoryScreen)
        await until(pilot, lambda: app.screen.query_one("#editor").has_focus)
        await pilot.press(*"Now. ", "ctrl+r")
        await until(pilot, lambda: app.workspace.run and app.workspace.run.id == "0002")
        await pilot.press("escape", "3")
        await at(pilot, RunsScreen)
        await use_runs(pilot, app, working_folder / "exported")
        assert [run.name for run in trash.iterdir()] == ["0002"]


async def choose_everything(pilot: Pilot[None], app: CaaApp) -> None:
    """Another value in every field of the dialog, then its button."""
    await at(pilot, TrainDialog)
    await until(pilot, lambda: isinstance(app.screen, TrainDialog) and not app.screen._waiting)
    chosen = {"models": "stub", "device": "cpu", "dtype": "fp32", "pooling": "mean\u00a0from\u00a0token"}
    chosen["estimator"] = "difference-of-means"  # all the way round
    seen = []
    while not isinstance(app.focused, Button):
        field = app.focused
        assert field is not None
        seen.append(field.id)
        if field.id == "named_layers":
            pass  # words for the field of the layers, which has numbers here
        elif isinstance(field, ChoiceLine):
            await pilot.press("right")
            while field.value.replace(" ", "\u00a0") != chosen[str(field.id)]:
                await pilot.press("right")
        elif field.id in TYPED:
            await pilot.press("home", "ctrl+k", *TYPED[field.id])
        await pilot.press("tab" if field.id == "pooling" else "down")
    assert set(seen) == {"model", "named_layers", *chosen, *TYPED}
    await pilot.press("enter")
    await at(pilot, CorpusScreen)


async def use_runs(pilot: Pilot[None], app: CaaApp, out: Path) -> None:
    """Compare, sort, export and delete."""
    screen = app.screen
    assert isinstance(screen, RunsScreen)
    await until(pilot, lambda: len(screen.table.rows) == 2)
    await pilot.press("s")
    assert screen._sort.title
    await pilot.press("G", "c")
    marked = screen.table.key
    await shows(pilot, "chosen")
    await pilot.press("g")
    await until(pilot, lambda: screen.table.key != marked and screen.pair is not None)
    await pilot.press("enter")
    await until(pilot, lambda: app.focused is not screen.table)
    await pilot.press("left_square_bracket")
    await until(pilot, lambda: app.focused is screen.table)
    await pilot.press("E")
    await at(pilot, ExportDialog)
    await pilot.press("escape")
    await at(pilot, RunsScreen)
    await pilot.press("E")
    await at(pilot, ExportDialog)
    assert isinstance(app.focused, Input)
    await pilot.press("home", "ctrl+k", *out.name, "enter")
    await until(pilot, (out / "readout.json").is_file)
    await at(pilot, RunsScreen)
    while screen.record is None or screen.record.id != "0002":
        await pilot.press("j" if screen.table.cursor == 0 else "k")
    await pilot.press("d")
    await shows(pilot, "which the flags come from?")
    await pilot.press("escape")
    await hides(pilot, "which the flags come from?")
    await pilot.press("d")
    await shows(pilot, "which the flags come from?")
    await pilot.press("enter")
    await until(pilot, lambda: len(app.workspace.runs.history) == 1)


async def test_a_training_is_cancelled_or_decides_when_the_program_ends(tmp_path: Path, size: Size) -> None:
    app = stub_app(write_corpus(tmp_path / "corpus"), model="endless")
    async with used(app, size) as pilot:

        async def train() -> None:
            await pilot.press("t")
            await at(pilot, TrainDialog)
            await pilot.press("enter")
            await until(pilot, lambda: is_reading(app))

        await train()
        await pilot.press("x")
        await until(pilot, lambda: app.workspace.training.status == "cancelled")
        await train()
        for answer in ("escape", "w"):
            await pilot.press("q")
            await at(pilot, QuitDialog)
            await pilot.press(answer)
            await at(pilot, CorpusScreen)
        assert app.workspace.training.leaving
        await pilot.press("q")
        await at(pilot, QuitDialog)
        await pilot.press("c")
        await until(pilot, lambda: app._exit)
