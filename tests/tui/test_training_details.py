"""The training screen: what runs, what ran, its charts and its log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static
from training_app import ON_GPU, endless_training, stub_app, train
from training_app import until as until_state
from triage_samples import HOSTILE, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.runs.protocol import PhaseStarted, Progress, encode_line
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.training_screen import TrainingScreen
from caa_tui.tui.theme import ASCII, UNICODE
from caa_tui.tui.training_events import folded
from caa_tui.tui.training_history import Sample, TrainingHistory, columns
from caa_tui.tui.training_lines import run_lines
from caa_tui.tui.widgets.log_tail import MOST_BYTES, LogReader, LogTail
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.time_chart import TimeChart, bars, time_axis
from caa_tui.tui.workspace import TrainingState


def test_a_long_run_keeps_its_beginning_and_its_end() -> None:
    history = TrainingHistory(most=16)
    for second in range(1000):
        history.add(Sample(float(second), stories_per_second=2.0))
    times = [sample.at for sample in history.samples]
    assert len(times) <= 16
    assert times[0] == 0
    assert times[-1] > 800
    assert times == sorted(times)


def test_samples_closer_than_the_step_are_left_out() -> None:
    history = TrainingHistory()
    for at in (0.0, 0.1, 0.2, 0.3, 0.5, 0.6):
        history.add(Sample(at))
    assert [sample.at for sample in history.samples] == [0.0, 0.3, 0.6]


def test_columns_are_means_and_gaps_carry_the_last_value() -> None:
    assert columns([(0, 2.0), (1, 4.0), (9, 8.0)], 5) == [3.0, 3.0, 3.0, 3.0, 8.0]
    assert columns([(0, None), (5, 1.0)], 2) == [None, 1.0]
    assert columns([(3, 7.0)], 3) == [7.0, 7.0, 7.0]
    assert columns([], 5) == []


def test_bars_fill_from_below_and_show_the_smallest() -> None:
    assert bars([0.0, 1.0, None], 1.0, 2, UNICODE) == [" █ ", "▁█ "]
    assert bars([0.5, 0.75], 1.0, 2, UNICODE) == [" ▄", "██"]
    assert bars([2.0], 1.0, 1, ASCII) == ["#"]
    assert bars([0.0], 0.0, 1, UNICODE) == ["▁"], "nothing was ever above zero"


def test_the_axis_says_when_in_words() -> None:
    assert time_axis(0, 125, 20) == f"0 s{' ' * 7}2 min 05 s"
    assert time_axis(0, 125, 11) == " 2 min 05 s"


def test_lines_of_a_run_that_reads() -> None:
    state = replace(ON_GPU, run_id="0008", seconds={"check": 0.4}, notices=("This model has no MLP.",))
    text = run_lines(state, None, ASCII).plain
    assert "Run 8: running" in text
    assert "> reading stories        112/151   18 s left" in text
    assert "###############-----  2.1 stories/s" in text
    assert "cuda:0 71.2 of 141.0 GB, 97 % busy" in text
    assert "! This model has no MLP." in text


def test_a_log_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    reader = LogReader(path)
    assert reader.new_lines() == []
    path.write_bytes(b"one\ntw")
    assert reader.new_lines() == ["one"]
    with path.open("ab") as log:
        log.write(b"o\r\n\x1b]52;c;eA==\x07 [/nope]\n\xff\n")
    assert reader.new_lines() == ["two", "␛]52;c;eA==␇ [/nope]", "\ufffd"]
    path.write_bytes(b"anew\n")
    assert reader.new_lines() is None, "emptied: what is shown is of another file"
    assert reader.new_lines() == ["anew"]


def test_a_long_log_is_shown_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"x" * 50 + b"\n" + b"0123456789\n" * (MOST_BYTES // 10))
    lines = LogReader(path).new_lines()
    assert lines is not None
    assert set(lines) == {"0123456789"}
    assert len(lines) < MOST_BYTES // 10


@pytest.fixture
def app(tmp_path: Path) -> CaaApp:
    return stub_app(write_corpus(tmp_path))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of the only run of a corpus, made before the program was started."""
    write_run(write_corpus(tmp_path), 1, report([]))
    return tmp_path / ".caa/runs/0001"


@asynccontextmanager
async def details(root: Path, size: tuple[int, int] = (140, 44)) -> AsyncIterator[tuple[CaaApp, Pilot[None]]]:
    """The app on its training details, where nothing was trained since it was started."""
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("L")
        yield app, pilot


def lines(app: CaaApp) -> str:
    return str(app.screen.query_one("#run-lines", Static).visual)


async def test_it_follows_a_training_and_cancels_it(tmp_path: Path) -> None:
    async with endless_training(tmp_path, (140, 44)) as (app, pilot):
        await pilot.press("L")
        await until(pilot, lambda: "reading stories" in lines(app))
        assert isinstance(app.screen, TrainingScreen)
        assert "Run 1: running" in lines(app)
        assert "model             endless" in lines(app)
        await until(pilot, lambda: app.screen.query_one("#chart-stories", TimeChart).display)
        assert "Stories a second   now" in shown_text(app)
        await pilot.press("x")
        state = await until_state(app, lambda state: not state.active)
        assert state.status == "cancelled"
        await until(pilot, lambda: "Run 1: cancelled" in lines(app))
        await pilot.press("x")
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen)


async def test_opened_late_it_shows_the_past_of_the_training(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        await pilot.press("L")
        await until(pilot, lambda: "Run 1: done" in lines(app))
        assert "This model has no MLP." in lines(app)
        assert app.training.history.samples
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "Memory" in shown_text(app) or "Tokens a second" in shown_text(app))
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "The worker's log" in shown_text(app)


async def test_by_mouse_alone(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        await pilot.click("TrainingStrip", offset=(3, 0))
        await pilot.pause()
        assert isinstance(app.screen, TrainingScreen)
        await pilot.click("PaneTabs", offset=(13, 0))
        await pilot.pause()
        assert app.screen.query_one(PaneTabs).current == "charts-pane"
        hints = str(app.screen.query_one("HintBar", Static).visual)
        await pilot.click("HintBar", offset=(hints.index("back") + 1, 0))
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen)


async def test_without_a_training_in_this_session_the_newest_run_is_shown(tmp_path: Path, run: Path) -> None:
    events = (
        PhaseStarted(run_id="0001", phase="read stories", total=9),
        Progress(run_id="0001", phase="read stories", done=9, total=9, seconds=3.0, stories_per_second=3.0),
    )
    (run / "events.jsonl").write_bytes(b"".join(encode_line(event) for event in events))
    (run / "worker.log").write_text(f"{HOSTILE}\n", encoding="utf-8")
    async with details(tmp_path) as (app, pilot):
        await until(pilot, lambda: "Run 1: done" in lines(app))
        assert "smollm2" in lines(app)
        assert "12 16 20 24" in lines(app)
        await until(pilot, lambda: len(app.screen.query_one(LogTail).lines) == 1)
        shown = shown_text(app)
        assert "[/nope]" in shown
        assert "\x1b" not in shown
        assert "x cancel" not in shown
        assert "Stories a second   now 3.0, most 3.0" in shown


async def test_a_run_that_printed_nothing_says_so_and_leaves_the_room_to_the_charts(tmp_path: Path, run: Path) -> None:
    (run / "worker.log").write_text("")
    async with details(tmp_path) as (app, pilot):
        await until(pilot, lambda: "The worker's log: the worker printed nothing" in shown_text(app))
        await until(pilot, lambda: app.screen.query_one("#charts-pane").size.height > 30)


async def test_a_log_that_says_nothing_new_draws_nothing(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "worker.log").write_text("one line\n")
    async with details(tmp_path) as (app, pilot):
        log = app.screen.query_one(LogTail)
        await until(pilot, lambda: len(log.lines) == 1 and "-no-log" not in app.screen.classes)
        await log.read().wait()
        await pilot.pause()
        drawn: list[str] = []
        monkeypatch.setattr(Static, "update", lambda self, *_: drawn.append(str(self.id)))
        screen = app.screen
        assert isinstance(screen, TrainingScreen)
        for _ in range(2):
            await log.read().wait()
            screen._follow_training()
            await pilot.pause()
        assert not {"log-title", "run-lines"} & set(drawn)


async def test_a_flat_curve_takes_one_line_of_bars(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        chart = TimeChart("Memory", str)
        await app.screen.mount(chart)
        chart.show([(0, 100.0), (9, 97.0)], UNICODE)
        await until(pilot, lambda: chart.size.height == 3)
        chart.show([(0, 100.0), (9, 50.0)], UNICODE)
        await until(pilot, lambda: chart.size.height > 3)


async def test_a_run_that_is_damaged_is_shown_as_far_as_it_goes(tmp_path: Path, run: Path) -> None:
    (run / "request.json").write_text("{")
    async with details(tmp_path, (80, 24)) as (app, pilot):
        await until(pilot, lambda: "Run 1: done" in lines(app))
        assert "asked for" not in lines(app)


async def test_before_anything_was_trained_it_says_what_to_do(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.press("L")
        await pilot.pause()
        assert lines(app) == "Nothing was trained yet. Go back and press t to train this corpus."
        assert "x cancel" not in shown_text(app)
        await pilot.press("3")
        await pilot.pause()
        assert getattr(app.screen, "KIND", "") == "runs"
        await pilot.press("1")
        await pilot.pause()
        assert isinstance(app.screen, CorpusScreen), "the details were left, not kept below"


async def test_the_log_is_followed_until_it_is_scrolled_up(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await train(app, pilot)
        assert app.training.log_path is not None
        app.training.log_path.write_text("".join(f"line {place}\n" for place in range(100)))
        await pilot.press("L", "f")
        log = app.screen.query_one(LogTail)
        await until(pilot, lambda: log.lines and log.lines[-1] == "line 99")
        await until(pilot, lambda: log.is_vertical_scroll_end)
        log.scroll_home(animate=False, immediate=True)
        with app.training.log_path.open("a") as file:
            file.write("more\n")
        await until(pilot, lambda: log.lines[-1] == "more")
        assert log.scroll_y == 0
        await pilot.press("f")
        await until(pilot, lambda: log.is_vertical_scroll_end)


def test_the_device_is_kept_where_an_event_does_not_name_it() -> None:
    state = TrainingState(status="running", device="cuda:0")
    progress = Progress(run_id="1", phase="read stories", done=1, total=2, seconds=1.0)
    assert folded(state, progress).device == "cuda:0"
