"""Every way out of the real program: no process is left behind, and the next start knows nothing of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from real_program import caa_tui, start_training, worker_of, write_corpus
from terminal import TOAST, Terminal, needs_tmux

GONE_WITHIN = 1.0
"""Seconds a worker may outlive a program that was killed."""

pytestmark = [pytest.mark.tmux, needs_tmux]


def is_gone(process: psutil.Process) -> bool:
    """Ended, even if nobody has asked for its exit code yet."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_gone(process: psutil.Process) -> None:
    give_up = time.monotonic() + GONE_WITHIN
    while not is_gone(process):
        assert time.monotonic() < give_up, f"{process} is still there"
        time.sleep(0.01)


@contextmanager
def in_training(root: Path) -> Iterator[Terminal]:
    """The program while it trains without an end."""
    with caa_tui(root, model="endless") as terminal:
        start_training(terminal)
        terminal.shows("reading stories")
        yield terminal


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def test_q_with_an_idle_worker(root: Path) -> None:
    with caa_tui(root) as terminal:
        start_training(terminal)
        terminal.shows("Trained  run 1")
        assert worker_of(terminal).is_running()
        terminal.keys("q")
        assert terminal.leaves() == 0
        assert terminal.processes() == []


def test_q_while_it_trains_asks(root: Path) -> None:
    with in_training(root) as terminal:
        terminal.keys("q")
        terminal.shows("A training is running", "Cancel and leave (c)")
        terminal.keys("Escape")
        terminal.hides("A training is running")
        terminal.shows("reading stories")
        terminal.keys("q")
        terminal.shows("A training is running")
        terminal.keys("c")
        assert terminal.leaves() == 0
        assert terminal.processes() == []
        assert [folder.name for folder in (root / ".caa" / "runs").iterdir()] == ["0001"]


def test_waiting_for_a_training_whose_worker_is_killed(root: Path) -> None:
    with in_training(root) as terminal:
        terminal.keys("q")
        terminal.shows("A training is running")
        terminal.keys("w")
        terminal.hides("A training is running")
        worker_of(terminal).kill()
        assert terminal.leaves() == 0
        assert terminal.processes() == []


def test_after_sigkill_the_worker_is_gone_and_the_next_start_is_an_ordinary_one(root: Path) -> None:
    with in_training(root) as terminal:
        worker = worker_of(terminal)
        terminal.program.kill()
        wait_gone(worker)
        assert terminal.leaves() == 128 + signal.SIGKILL
        assert terminal.processes() == []
    with caa_tui(root) as terminal:
        screen = terminal.shows("3 concepts", "not trained yet")
        assert TOAST not in screen
        assert "lock" not in screen
        start_training(terminal)
        terminal.shows("Trained  run 2: 3 concepts")


def test_closing_the_window_leaves_nothing(root: Path) -> None:
    with in_training(root) as terminal:
        program, worker = terminal.program, worker_of(terminal)
        terminal.close()
        wait_gone(program)
        wait_gone(worker)


def test_sigterm_while_it_trains(root: Path) -> None:
    with in_training(root) as terminal:
        terminal.program.terminate()
        assert terminal.leaves() == 0
        terminal.assert_at_rest()
        assert terminal.processes() == []


def test_sigterm_does_not_take_the_terminal_from_an_editor(root: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text("echo editing\nread -r line\necho heard $line >$0.heard\n")
    with caa_tui(root, env={"EDITOR": f"sh {editor}"}) as terminal:
        terminal.keys("e")
        terminal.shows("editing")
        terminal.program.terminate()
        terminal.type("every word")
        terminal.keys("Enter")
        assert terminal.leaves() == 0
        terminal.assert_at_rest()
        assert terminal.processes() == []
    assert (tmp_path / "editor.sh.heard").read_text() == "heard every word\n"
