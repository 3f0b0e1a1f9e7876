"""One sitting with the real program on a flagged story: every interruption leaves the screen whole, and no process."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from real_program import WORKER, caa_tui, start_training, write_corpus
from terminal import ABOVE_TOASTS, SMALL, WIDE, Terminal, needs_tmux

VIM = "vim -N -u NONE -i NONE -n"
SED = "sed -i s/lamp/fire/"

pytestmark = [
    pytest.mark.tmux,
    needs_tmux,
    pytest.mark.skipif(shutil.which("vim") is None or shutil.which("sed") is None, reason="needs vim and sed"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A corpus whose last run says that grief reads like anger: it is told so word for word."""
    corpus = write_corpus(tmp_path / "corpus")
    caa = (sys.executable, "-m", "caa_tui.cli", "train", str(corpus), "--model", "stub", "--worker-command", WORKER)
    subprocess.run(caa, check=True, capture_output=True)
    return corpus


def whole(screen: str) -> list[str]:
    """The lines that neither a notification nor the progress of a training changes."""
    lines = screen.splitlines()
    return [*lines[1:ABOVE_TOASTS], lines[-1]]


def frame(screen: str) -> list[object]:
    """Where the panes end, line by line, and the bottom line: the same whatever text the panes hold."""
    lines = screen.splitlines()
    return [*([place for place, sign in enumerate(line) if sign == "│"] for line in lines[2:ABOVE_TOASTS]), lines[-1]]


def test_every_interruption_leaves_the_screen_whole_and_no_process(root: Path) -> None:
    with caa_tui(root, model="endless", env={"EDITOR": VIM}) as terminal:
        go_to_the_flag(terminal)
        triage = terminal.settled()
        terminal.keys("Enter")
        terminal.shows("grief · ", "reads like anger")
        write_in_the_app(terminal)
        write_in_vim(terminal)
        terminal.keys("Escape")
        terminal.shows("▲ grief: contaminated")
        assert frame(terminal.settled()) == frame(triage)
        resize_and_suspend(terminal)
        leave_while_it_trains(terminal)
    with caa_tui(root, env={"EDITOR": SED}) as terminal:
        go_to_the_flag(terminal)
        triage = terminal.settled()
        terminal.keys("e")
        terminal.says("grief.txt was edited in sed.")
        terminal.shows("◐")
        assert frame(terminal.settled()) == frame(triage)
        terminal.keys("q")
        assert terminal.leaves() == 0
        terminal.assert_at_rest()
        assert terminal.processes() == []
    edited = [path for path in root.rglob("grief.txt") if "fire" in path.read_text(encoding="utf-8")]
    assert len(edited) == 1


def go_to_the_flag(terminal: Terminal) -> None:
    terminal.keys("2", "f")
    terminal.shows("▲ anger: contaminated")
    terminal.keys("Down")
    terminal.shows("▲ grief: contaminated")


def write_in_the_app(terminal: Terminal) -> None:
    before = terminal.settled()
    terminal.type("Here. ")
    terminal.shows("◐ unsaved", "Here. ")
    terminal.keys("C-s")
    terminal.says("Saved,")
    assert frame(terminal.settled()) == frame(before)


def write_in_vim(terminal: Terminal) -> None:
    """Ctrl+C ends vim's insert mode and nothing else."""
    before = terminal.settled()
    terminal.keys("C-e")
    terminal.shows("~", "Here. ")
    terminal.type("iThere. ")
    terminal.shows("INSERT")
    terminal.keys("C-c")
    terminal.hides("INSERT")
    terminal.type(":wq")
    terminal.keys("Enter")
    terminal.says("grief.txt was edited in vim.")
    terminal.shows("There. Here. ")
    assert frame(terminal.settled()) == frame(before)


def resize_and_suspend(terminal: Terminal) -> None:
    before = whole(terminal.settled())
    terminal.resize(SMALL)
    terminal.shows("Flags   Stories", "other pane")
    terminal.resize(WIDE)
    terminal.wait(lambda: whole(terminal.screen) == before, "the screen as it was before the resize")
    terminal.program.send_signal(signal.SIGTSTP)
    terminal.wait(lambda: terminal.flags("alternate_on")["alternate_on"] == "0", "the shell's screen")
    terminal.assert_at_rest()
    terminal.program.send_signal(signal.SIGCONT)
    terminal.wait(lambda: whole(terminal.screen) == before, "the screen as it was before the suspension")


def leave_while_it_trains(terminal: Terminal) -> None:
    start_training(terminal)
    terminal.shows("reading stories")
    before = whole(terminal.screen)
    terminal.keys("q")
    terminal.shows("A training is running")
    terminal.keys("Escape")
    terminal.hides("A training is running")
    terminal.wait(lambda: whole(terminal.screen) == before, "the screen as it was before the question")
    terminal.keys("q")
    terminal.shows("A training is running")
    terminal.keys("c")
    assert terminal.leaves() == 0
    terminal.assert_at_rest()
    assert terminal.processes() == []
