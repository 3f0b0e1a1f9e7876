"""`e`: the user's own editor over the suspended program, in a real terminal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from real_program import caa_tui, start_training, worker_of, write_corpus
from terminal import ABOVE_TOASTS, Terminal, needs_tmux

STORY = "stories/anger.txt"

pytestmark = [pytest.mark.tmux, needs_tmux]


def left_of_the_story(screen: str) -> list[str]:
    """The tree and the coverage, above the notifications."""
    return [line.rpartition("│")[0] for line in screen.splitlines()[2:ABOVE_TOASTS]]


@pytest.mark.skipif(shutil.which("sed") is None, reason="needs sed")
def test_an_editor_that_returns_at_once(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    with caa_tui(root, env={"EDITOR": "sed -i s/porch/stair/"}) as terminal:
        terminal.shows("The lamp on the porch")
        before = terminal.settled()
        terminal.keys("e")
        terminal.says("anger.txt was edited in sed.")
        assert "The lamp on the stair" in (root / STORY).read_text(encoding="utf-8")
        terminal.shows("The lamp on the stair")
        assert left_of_the_story(terminal.settled()) == left_of_the_story(before)
        terminal.keys("q")
        assert terminal.leaves() == 0
        assert terminal.processes() == []


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Callable[[str], Terminal]]:
    """Starts the program with an editor and an endless training."""
    with ExitStack() as stack:

        def start(editor: str) -> Terminal:
            root = write_corpus(tmp_path / "corpus")
            terminal = stack.enter_context(caa_tui(root, model="endless", env={"EDITOR": editor}))
            start_training(terminal)
            terminal.shows("reading stories")
            return terminal

        yield start


def assert_goes_on(terminal: Terminal, worker: psutil.Process) -> None:
    """The screen is whole, the program answers, the training makes progress, and all of it ends with the program."""
    seen = terminal.shows("Coverage", "reading stories", "q quit")
    terminal.wait(lambda: terminal.screen != seen, "progress after the editor")
    terminal.keys("2")
    terminal.shows("Triage", "reading stories")
    assert worker_of(terminal) == worker
    terminal.keys("q")
    terminal.shows("A training is running")
    terminal.keys("c")
    assert terminal.leaves() == 0
    assert terminal.processes() == []


def test_ctrl_c_reaches_the_editor_only(tmp_path: Path, training: Callable[[str], Terminal]) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text("trap 'echo interrupted' INT\necho editing\nuntil read -r line; do :; done\n")
    terminal = training(f"sh {editor}")
    worker = worker_of(terminal)
    terminal.keys("e")
    terminal.shows("editing")
    terminal.keys("C-c")
    terminal.shows("interrupted")
    terminal.keys("Enter")
    terminal.says("anger.txt is unchanged.")
    assert_goes_on(terminal, worker)


@pytest.mark.skipif(shutil.which("vim") is None, reason="needs vim")
def test_vim_edits_the_story(tmp_path: Path, training: Callable[[str], Terminal]) -> None:
    terminal = training("vim -N -u NONE -i NONE -n")
    worker = worker_of(terminal)
    terminal.keys("e")
    terminal.shows("~", "The lamp on the porch")
    terminal.type("iNow. ")
    terminal.shows("INSERT", "Now. The lamp")
    terminal.keys("C-c")
    terminal.hides("INSERT")
    terminal.type(":wq")
    terminal.keys("Enter")
    terminal.says("anger.txt was edited in vim.")
    terminal.shows("Now. The lamp")
    assert (tmp_path / "corpus" / STORY).read_text(encoding="utf-8").startswith("Now. The lamp")
    assert_goes_on(terminal, worker)


def test_an_editor_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    with caa_tui(root, env={"EDITOR": "nowhere --wait"}) as terminal:
        terminal.keys("e")
        terminal.says("$EDITOR names nowhere, which is not on the PATH. The built-in editor is used instead.")
        terminal.shows("Story corpus", "anger · stories/", "The lamp on the porch")
