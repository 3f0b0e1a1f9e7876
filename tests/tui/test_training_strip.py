"""The line about the training on every screen, and how the end of one is made known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Button
from training_app import ON_GPU, READING, endless_training, stub_app, train
from training_app import until as until_state
from triage_samples import load, make_app, messages, shown_text, until, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.attention import Attention
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.quit_dialog import QuitDialog
from caa_tui.tui.screens.training_screen import TrainingScreen
from caa_tui.tui.user_settings import UserSettings
from caa_tui.tui.widgets.training_strip import TrainingStrip
from caa_tui.tui.workspace import TrainingState


def strip(app: CaaApp) -> str:
    return str(app.screen.query_one(TrainingStrip).visual)


async def test_it_tells_the_device_where_there_is_room(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(140, 30)) as pilot:
        await load(app)
        app.set_training(READING)
        await pilot.pause()
        assert "112/151  2.1 stories/s  390 tok/s  18 s left  cuda:0 6.1 GB" in strip(app)
        app.set_training(ON_GPU)
        await pilot.pause()
        assert "cuda:0 71.2 of 141.0 GB, 97 % busy" in strip(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "18 s left" in strip(app)
        assert "busy" not in strip(app)
        assert shown_text(app).splitlines()[-2].rstrip().endswith("x cancel")
        app.set_training(replace(READING, done=12, eta_seconds=206))
        await pilot.pause()
        assert "12/151  " in strip(app)
        assert "3 min 26 s left" in strip(app)
        assert shown_text(app).splitlines()[-2].rstrip().endswith("x cancel")


async def test_a_click_opens_the_details_and_one_on_cancel_cancels(tmp_path: Path) -> None:
    async with endless_training(tmp_path) as (app, pilot):
        await pilot.click(TrainingStrip, offset=(2, 0))
        await pilot.pause()
        assert isinstance(app.screen, TrainingScreen)
        await pilot.click(TrainingStrip, offset=(76, 0))
        state = await until_state(app, lambda state: not state.active)
        assert state.status == "cancelled"


async def test_the_end_stays_on_the_strip_and_nothing_covers_it(tmp_path: Path) -> None:
    app = stub_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        await pilot.pause()
        assert messages(app) == []
        shown = " ".join(shown_text(app).split())
        assert "Trained run 1: 3 concepts in" in shown
        assert "from the cache" in shown, "a second line where one is too short"


async def test_a_failure_is_readable_to_its_end_at_80_columns(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    sentence = "owner/name needs about 54.0 GB as bf16, but cuda:0 has 21.3 GB free; choose a smaller model, or cpu."
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        app.set_training(TrainingState(status="failed", message=sentence))
        await pilot.pause()
        assert sentence in " ".join(shown_text(app).split())


class Terminal:
    """Stands for the driver: remembers what was written."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.is_headless = False

    def write(self, text: str) -> None:
        self.written.append(text)

    def flush(self) -> None:
        self.written.append("")


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rung: list[str] = []
    monkeypatch.setattr(CaaApp, "bell", lambda self: rung.append("bell"))
    return rung


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    written: list[str] = []
    monkeypatch.setattr(Attention, "_write", lambda self, text: written.append(text))
    return written


async def test_who_looks_at_it_is_not_called(tmp_path: Path, bells: list[str], titles: list[str]) -> None:
    app = stub_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        assert (bells, titles) == ([], [])


@pytest.mark.parametrize("where", ["another window", "another screen"])
async def test_who_is_elsewhere_is_called_once(tmp_path: Path, bells: list[str], titles: list[str], where: str) -> None:
    async with endless_training(tmp_path) as (app, pilot):
        if where == "another window":
            app.post_message(events.AppBlur())
            await until(pilot, lambda: not app.app_focus)
        else:
            await pilot.press("3")
        await app.training.cancel()
        await until_state(app, lambda state: not state.active)
        assert bells == ["bell"]
        assert titles == ["\x1b[22;2t\x1b]2;caa-tui: run 1 cancelled\x07"]
        if where == "another window":
            app.post_message(events.AppFocus())
        else:
            await pilot.press("1")
        await until(pilot, lambda: len(titles) == 2)
        assert titles[1] == "\x1b]2;caa-tui\x07\x1b[23;2t"
        await pilot.press("1")
        assert len(titles) == 2


async def test_the_bell_can_be_switched_off(tmp_path: Path, bells: list[str], titles: list[str]) -> None:
    app = make_app(write_corpus(tmp_path))
    app.use_settings(UserSettings(bell=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.press("3")
        app.attention.call("caa-tui: run 1 done")
        assert bells == []
        assert len(titles) == 1


async def test_a_title_cannot_carry_commands_and_waits_for_no_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(write_corpus(tmp_path))
    terminal = Terminal()
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.press("3")
        app.attention.call("headless: nothing is written")
        app.attention.noticed()
        with monkeypatch.context() as patched:
            patched.setattr(app, "_driver", terminal)
            patched.setattr(CaaApp, "bell", lambda self: terminal.write("bell"))
            app._has_terminal.clear()
            app.attention.call("in an editor")
            app.attention.noticed()
            assert terminal.written == []
            app._has_terminal.set()
            app.attention.call("\x1b]52;c;eA==\x07" + "y" * 200)
        _, title, _ = terminal.written
        assert title.count("\x1b") == 2
        assert title.endswith("y\x07")
        assert len(title) < 100


async def waiting(app: CaaApp) -> None:
    await until_state(app, lambda state: state.leaving)


async def test_waiting_to_leave_is_shown_and_can_be_called_off(tmp_path: Path) -> None:
    async with endless_training(tmp_path) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, QuitDialog)
        await until(pilot, lambda: "It is reading stories" in shown_text(app))
        await pilot.click("#wait")
        await waiting(app)
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen)
        await until(pilot, lambda: "then leaves" in strip(app))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        assert not app.workspace.training.leaving
        await pilot.press("s")
        await pilot.pause()
        await app.training.cancel()
        await until_state(app, lambda state: not state.active)
        await pilot.pause()
        assert app.is_running
        assert not app._exit, "it was called off"


async def test_after_waiting_it_leaves(tmp_path: Path) -> None:
    async with endless_training(tmp_path) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("left", "left", "enter")
        await waiting(app)
        await app.training.cancel()
        await until(pilot, lambda: app._exit)
    assert app.training.worker_pid is None


async def test_cancel_and_leave_by_mouse(tmp_path: Path) -> None:
    async with endless_training(tmp_path) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert [button.id for button in app.screen.query(Button)] == ["wait", "leave", "stay"]
        await pilot.click("#leave")
        await until(pilot, lambda: app._exit)
    assert app.training.worker_pid is None


async def test_the_question_says_when_the_training_is_over_meanwhile(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        app.set_training(READING)
        await pilot.press("q")
        await pilot.pause()
        assert "It is reading stories 112 of 151, 18 s left." in shown_text(app)
        app.set_training(TrainingState(status="done", message="run 3"))
        await pilot.pause()
        assert "The training is over now." in shown_text(app)
        await pilot.press("s")
        await pilot.pause()
