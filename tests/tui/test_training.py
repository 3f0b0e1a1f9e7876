"""Training from the screen, with the real worker process and a stub in the model's place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Input, Static
from training_app import endless_training, stub_app, train, until
from triage_samples import load, write_corpus
from triage_samples import until as until_shown

from caa_tui.runs import session
from caa_tui.runs.history import RunRecord
from caa_tui.tui import training
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.export_dialog import ExportDialog, write_readout
from caa_tui.tui.screens.quit_dialog import QuitDialog
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.training_strip import TrainingStrip


@pytest.fixture
def app(tmp_path: Path) -> CaaApp:
    return stub_app(write_corpus(tmp_path))


async def test_t_and_enter_train_and_the_views_know_the_run(app: CaaApp) -> None:
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        state = await train(app, pilot)
        assert state.status == "done", state.message
        assert state.forwarded == len({story.text for story in app.workspace.corpus.stories})
        assert "3 concepts" in state.message
        assert app.workspace.run is not None
        assert app.workspace.report is not None
        assert app.workspace.edited == frozenset()
        assert app.screen.query_one(TrainingStrip).has_class("-shown")
        assert "The model is not" not in state.message
        assert state.notices == ("This model has no MLP.",)


async def test_retrain_says_what_moved_and_uses_the_same_worker(app: CaaApp, tmp_path: Path) -> None:
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await train(app, pilot)
        worker = app.training.worker_pid
        (tmp_path / "stories/anger.txt").write_text("Quite another story about a gate and a dog.\n", encoding="utf-8")
        await app.rescan()
        assert app.workspace.edited == {"stories/anger.txt"}
        await pilot.press("r")
        await until(app, lambda state: state.status == "done" and state.run_id == "0002")
        assert app.workspace.edited == frozenset()
        assert app.workspace.runs.previous is not None
        assert app.training.worker_pid == worker


async def test_keys_are_answered_while_it_trains_and_x_cancels(tmp_path: Path) -> None:
    async with endless_training(tmp_path, (140, 44)) as (app, pilot):
        await pilot.press("right", "down")
        assert app.screen.query_one(CoverageMatrix).cell == ("grief", "doorway")
        await pilot.press("t")
        assert isinstance(app.screen, CorpusScreen), "a second training cannot be started"
        await pilot.press("x")
        state = await until(app, lambda state: not state.active)
        assert state.status == "cancelled"
        assert app.workspace.run is None


async def test_quitting_while_it_trains_asks(tmp_path: Path) -> None:
    async with endless_training(tmp_path, (140, 44)) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, QuitDialog)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen)
        assert app.workspace.training.active
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause()
    assert app.training.worker_pid is None, "no process is left"


async def test_a_failure_is_one_sentence_and_the_screen_goes_on(tmp_path: Path) -> None:
    app = stub_app(write_corpus(tmp_path), model="user")
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        state = await train(app, pilot)
        assert state.status == "failed"
        assert state.message == "The model is not there; choose another one."
        assert isinstance(app.screen, CorpusScreen)


async def test_export_asks_for_a_folder_and_remembers_it(app: CaaApp, tmp_path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        await pilot.press("E")
        await pilot.pause()
        assert isinstance(app.screen, ExportDialog)
        app.screen.query_one(Input).value = str(tmp_path / "out")
        await pilot.press("enter")
        await pilot.pause()
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["readout.json", "readout.safetensors"]
        assert app.workspace.memory.export_folder == str(tmp_path / "out")
        assert isinstance(app.screen, CorpusScreen)


async def test_a_second_enter_while_it_writes_exports_once(
    app: CaaApp, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def write(run: RunRecord, folder: Path) -> tuple[Path, ...]:
        written.append(folder)
        return write_readout(run, folder)

    monkeypatch.setattr("caa_tui.tui.screens.export_dialog.write_readout", write)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        await pilot.press("E")
        await pilot.pause()
        dialog, line = app.screen, app.screen.query_one(Input)
        line.value = "out"
        for _ in range(2):
            line.post_message(Input.Submitted(line, line.value))
        await until_shown(pilot, lambda: app.screen is not dialog)
        await pilot.pause()
    assert written == [working_folder / "out"]
    assert app.workspace.memory.export_folder == str(working_folder / "out"), "wherever the program is started next"


@pytest.mark.parametrize("folder", ["file", "~nobody-of-this-name/readout"])
async def test_an_export_that_cannot_be_written_says_so(app: CaaApp, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        await pilot.press("E")
        await pilot.pause()
        app.screen.query_one(Input).value = folder if folder.startswith("~") else str(tmp_path / folder)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ExportDialog)
        assert str(app.screen.query_one("#problem", Static).visual).endswith(".")


async def test_a_defect_ends_the_training_and_is_in_the_log(app: CaaApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody planned this")

    monkeypatch.setattr(session, "train", broken)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        state = await train(app, pilot)
        assert state.status == "failed"
        assert "ZeroDivisionError" in state.message
        assert app.training.log_path is not None
        assert "nobody planned this" in app.training.log_path.read_text(encoding="utf-8")


async def test_leaving_while_the_worker_is_being_started_ends_the_training(
    app: CaaApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    async def starting(*_: object, **__: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    monkeypatch.setattr(session, "train", starting)
    monkeypatch.setattr(training, "CLOSE_SECONDS", 0.01)
    async with asyncio.timeout(30):
        async with app.run_test(size=(80, 24)) as pilot:
            await load(app)
            await pilot.press("t")
            await pilot.pause()
            await pilot.press("enter")
            await until(app, lambda state: state.active)
            await pilot.pause()
    assert ended == ["cancelled"]
