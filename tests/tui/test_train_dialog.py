"""The training dialog: what it shows before and after the worker has answered, and what it refuses."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static
from training_app import stub_app, train, without_worker
from training_app import until as until_state
from triage_samples import HOSTILE, load, shown_text, until, write_corpus

from caa_tui.errors import UserError
from caa_tui.runs.options import TrainOptions
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.train_dialog import TrainDialog
from caa_tui.tui.train_form import (
    MEAN_FROM,
)
from caa_tui.tui.widgets.choice_line import ChoiceLine


@pytest.fixture
def app(tmp_path: Path) -> CaaApp:
    return stub_app(write_corpus(tmp_path))


async def opened(app: CaaApp, pilot: Pilot[None], answered: bool = True) -> TrainDialog:
    """The dialog, once the worker has said what there is."""
    await load(app)
    await pilot.press("t")
    await pilot.pause()
    dialog = app.screen
    assert isinstance(dialog, TrainDialog)
    if answered:
        await until(pilot, lambda: app.training.facts is not None)
    return dialog


def note(dialog: TrainDialog, field: str) -> str:
    return str(dialog.query_one(f"#{field}-note", Static).visual)


async def test_it_opens_at_once_and_fills_in_what_the_worker_says(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot, answered=False)
        assert dialog.query_one("#model", Input).value == "stub"
        await until(pilot, lambda: "70.0 GB of 80.0 GB free" in note(dialog, "device"))
        assert note(dialog, "layers") == "auto: 12 16 21 25 of 30, 40 to 83 % depth"
        shown = shown_text(app)
        for words in ("Model", "Longest story", "[auto]", "cuda:0", "owner/known", "Train", "Close", "enter trains"):
            assert words in shown, words


async def test_another_model_is_asked_about_after_typing(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        dialog.query_one("#model", Input).value = "missing"
        await until(pilot, lambda: "There is no model at 'missing'" in note(dialog, "model"))
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is dialog
        assert "There is no model at 'missing'" in str(dialog.query_one("#problem", Static).visual)
        dialog.query_one("#model", Input).value = "far/away"
        await until(pilot, lambda: "downloads it first" in note(dialog, "model"))


async def test_by_keyboard_alone(app: CaaApp, tmp_path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        await until(pilot, lambda: "Imagined" in note(dialog, "device"))
        await pilot.press("down", "down", *["delete"] * 4, "2")
        await pilot.press("down", "down", "right", "right", "down", "right", "right", "right")
        await pilot.press("down", "right", "right", "down", "5", "0")
        await pilot.pause()
        await pilot.press("down", "down", "end", *["backspace"] * 4, "6", "4", "down", "down")
        await pilot.press(*str(tmp_path / "out"), "enter")
        await until_state(app, lambda state: state.status == "done")
        assert app.training.options == TrainOptions(
            model="stub",
            target_layers=(2,),
            device="cpu",
            dtype="fp32",
            pooling="mean:50",
            max_length=64,
            output_dir=tmp_path / "out",
        )
        await until(pilot, lambda: (tmp_path / "out/readout.json").is_file())


async def test_all_layers_with_the_arrow_keys(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        await until(pilot, lambda: "Imagined" in note(dialog, "device"))
        field = dialog.query_one("#layers", Input)
        for key, text in (("right", "all"), ("right", "auto"), ("left", "all")):
            dialog.query_one("#named_layers", ChoiceLine).focus()
            await pilot.press(key)
            await until(pilot, lambda text=text: field.value == text)  # type: ignore[misc]
        await until(pilot, lambda: note(dialog, "layers").startswith("all 30 in one pass"))
        await pilot.press("enter")
        await until_state(app, lambda state: state.status == "done")
        assert app.training.options == TrainOptions(model="stub", target_layers="all")
        assert app.workspace.run is not None
        assert app.workspace.run.request.target_layers == "all"
    again = stub_app(app.workspace.root, model=None)
    async with again.run_test(size=(80, 24)) as pilot:
        dialog = await opened(again, pilot)
        assert dialog.query_one("#layers", Input).value == "all"


async def test_by_mouse_alone(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        await until(pilot, lambda: "Imagined" in note(dialog, "device"))
        await pilot.click("#device", offset=(word_at(dialog, "device", "cpu"), 0))
        await pilot.click("#models", offset=(word_at(dialog, "models", "owner/known"), 0))
        await pilot.click("#named_layers", offset=(word_at(dialog, "named_layers", "all"), 0))
        await pilot.click("#pooling", offset=(word_at(dialog, "pooling", "mean"), 0))
        await pilot.pause()
        assert dialog.query_one("#model", Input).value == "owner/known"
        await pilot.click("#train")
        await until_state(app, lambda state: state.status == "done")
        assert app.training.options == TrainOptions(
            model="owner/known", target_layers="all", device="cpu", pooling="mean"
        )


def word_at(dialog: TrainDialog, field: str, word: str) -> int:
    """The column of a word in its choice line."""
    line = dialog.query_one(f"#{field}", ChoiceLine)
    return str(line.visual).index(word) + 2


async def test_close_by_key_and_by_mouse_starts_nothing(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen)
        await opened(app, pilot)
        await pilot.click("#close")
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen)
        assert app.workspace.training.status == "idle"


@pytest.mark.parametrize(
    ("field", "text", "part"),
    [
        ("model", "", "No model was named"),
        ("layers", "2,2", "twice"),
        ("layers", "two", "numbers with commas"),
        ("layers", "30", "out of range"),
        ("max_length", "many", "whole number"),
        ("batch_tokens", "0", " 0"),
        ("output", "/dev/null/x", "cannot be written"),
    ],
)
async def test_a_wrong_choice_is_said_in_the_dialog(app: CaaApp, field: str, text: str, part: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        dialog.query_one(f"#{field}", Input).value = text
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is dialog
        said = str(dialog.query_one("#problem", Static).visual)
        assert part in said
        assert said.endswith(".")
        assert app.workspace.training.status == "idle"
        assert list(app.workspace.data.runs.iterdir()) == []


async def test_a_wrong_token_to_begin_the_mean_at(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        dialog.query_one("#pooling", ChoiceLine).offer(("last", "mean", MEAN_FROM), MEAN_FROM)
        dialog.query_one("#pooling_from", Input).value = "x"
        await pilot.press("enter")
        await pilot.pause()
        assert "pooling 'mean:x' is not known" in str(dialog.query_one("#problem", Static).visual)


async def test_a_worker_that_cannot_be_asked_is_no_obstacle(tmp_path: Path) -> None:
    app = CaaApp(open_workspace(write_corpus(tmp_path)), model="stub", worker_command="/nowhere/worker")
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot, answered=False)
        await until(pilot, lambda: "cannot be started" in note(dialog, "device"))
        await pilot.press("enter")
        state = await until_state(app, lambda state: state.status == "failed")
        assert "cannot be started" in state.message


async def test_stepping_goes_through_all_models(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        await until(pilot, lambda: "Imagined" in note(dialog, "device"))
        line, field = dialog.query_one("#models", ChoiceLine), dialog.query_one("#model", Input)
        line.focus()
        seen = []
        for key in ("right", "right", "right", "left"):
            await pilot.press(key)
            await pilot.pause()
            seen.append(field.value)
            assert field.value not in str(line.visual).split()
        assert seen == ["smollm2", "owner/known", "stub", "owner/known"]


async def test_hostile_names_stay_text(tmp_path: Path) -> None:
    app = stub_app(write_corpus(tmp_path), model=HOSTILE)
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        await pilot.pause()
        shown = shown_text(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        dialog.query_one("#model", Input).value = "another"
        await pilot.pause()
        assert "[/nope]" in str(dialog.query_one("#models", ChoiceLine).visual)


async def test_it_remembers_per_corpus(app: CaaApp, tmp_path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        dialog.query_one("#layers", Input).value = "1,2"
        dialog.query_one("#output", Input).value = str(tmp_path / "out")
        await pilot.press("enter")
        await until_state(app, lambda state: state.status == "done")
    again = stub_app(tmp_path, model=None)
    async with again.run_test(size=(80, 24)) as pilot:
        dialog = await opened(again, pilot)
        values = {field: dialog.query_one(f"#{field}", Input).value for field in ("model", "layers", "output")}
        assert values == {"model": "stub", "layers": "1,2", "output": str(tmp_path / "out")}


async def test_a_refused_training_leaves_no_run(tmp_path: Path) -> None:
    app = stub_app(write_corpus(tmp_path), model="user")
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        state = await train(app, pilot)
        assert (state.status, state.message) == ("failed", "The model is not there; choose another one.")
        assert app.workspace.runs.history == ()
        assert isinstance(app.screen, CorpusScreen)


async def test_an_output_folder_that_fails_late_keeps_the_run(app: CaaApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, files: object) -> Iterable[Path]:
        raise UserError("the disk is full.")

    monkeypatch.setattr("caa_tui.export.readout.write_files", full)
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        dialog.query_one("#output", Input).value = str(app.workspace.root / "out")
        await pilot.press("enter")
        state = await until_state(app, lambda state: state.status == "failed")
        assert "Run 0001 is kept" in state.message
        assert app.workspace.run is not None


async def test_a_folder_is_known_by_the_name_that_was_typed(
    app: CaaApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = await opened(app, pilot)
        dialog.query_one("#model", Input).value = "./models"
        await until(pilot, lambda: "30 layers" in note(dialog, "model"))


async def test_leaving_while_the_worker_thinks_about_an_answer_leaves_nothing_behind(tmp_path: Path) -> None:
    fake = Path(__file__).parent.parent / "runs" / "fake_worker.py"
    command = f"{sys.executable} {fake} silent"
    app = CaaApp(open_workspace(write_corpus(tmp_path)), model="m", worker_command=command)
    async with asyncio.timeout(30):
        async with app.run_test(size=(80, 24)) as pilot:
            dialog = await opened(app, pilot, answered=False)
            await until(pilot, lambda: app.training.worker_pid is not None)
            assert note(dialog, "model") == "asking the worker what it is"
    assert app.training.worker_pid is None


async def test_the_facts_of_last_time_are_there_at_once(app: CaaApp, monkeypatch: pytest.MonkeyPatch) -> None:
    without_worker(app, monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("t")
        await pilot.pause()
        assert "Imagined GPU, 70.0 GB of 80.0 GB free" in shown_text(app)
        assert app.training.worker_pid is None
