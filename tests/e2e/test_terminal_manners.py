"""What the real program does to its terminal: resizing, suspending, leaving, and foreign bytes that never arrive."""

from __future__ import annotations

import re
import signal
import unicodedata
from pathlib import Path

import pytest
from real_program import caa_tui, start_training, write_corpus
from terminal import ABOVE_TOASTS, SMALL, WIDE, needs_tmux

HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07 \x1b]0;title\x1b\\ \x1b[7777m \x1bPq\x1b\\ "
    "\x9b5n \x9d52;c;eA==\x9c \u202egnp\u2066 \x00\x08 [red]r[/] [/nope]"
)
"""Clipboard, title, colours, sixels, C1 controls, bidirectional overrides, and markup that would crash or act."""
NARROW = ("Stories   Coverage   Story", "other pane")
PRIVATE_MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
POINTER_SHAPE = re.compile(r"\x1b\]22;[a-z-]*\x07")
"""The one operating system command that Textual sends."""
ON_BY_DEFAULT = {b"7", b"25"}
"""Line wrap and the cursor; every other private mode is off in a terminal that nobody uses."""

pytestmark = [pytest.mark.tmux, needs_tmux]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def above_toasts(screen: str) -> list[str]:
    return screen.splitlines()[1:ABOVE_TOASTS]


def test_resizing_suspending_and_leaving(root: Path) -> None:
    with caa_tui(root, env={"COLUMNS": "60", "LINES": "20"}) as terminal:
        wide = terminal.settled()
        assert "q quit" in wide
        terminal.resize(SMALL)
        terminal.shows(*NARROW)
        terminal.resize(WIDE)
        terminal.wait(lambda: terminal.screen == wide, "the wide screen as it was")

        terminal.program.send_signal(signal.SIGTSTP)
        terminal.wait(lambda: terminal.flags("alternate_on")["alternate_on"] == "0", "the shell's screen")
        terminal.assert_at_rest()
        terminal.program.send_signal(signal.SIGCONT)
        terminal.wait(lambda: terminal.screen == wide, "the screen as it was")
        terminal.program.send_signal(signal.SIGTSTP)
        terminal.wait(lambda: terminal.flags("alternate_on")["alternate_on"] == "0", "the shell's screen")
        terminal.resize(SMALL)
        terminal.program.send_signal(signal.SIGCONT)
        terminal.shows(*NARROW, ": told")

        terminal.keys("q")
        assert terminal.leaves() == 0
        assert terminal.processes() == []
        terminal.assert_at_rest()
        last = dict(PRIVATE_MODE.findall(terminal.raw))
        assert [mode for mode, state in last.items() if state != (b"h" if mode in ON_BY_DEFAULT else b"l")] == []
        assert len(re.findall(rb"\x1b\[>\d+u", terminal.raw)) == terminal.raw.count(b"\x1b[<u")


def test_nothing_foreign_reaches_the_terminal(root: Path) -> None:
    for path in (root / "stories" / "anger.txt", root / "paired" / "doorway" / "grief.txt"):
        path.write_text(f"{HOSTILE} {path.read_text(encoding='utf-8')}", encoding="utf-8")
    (root / "stories" / "\x1b]52;c;eA==\x07.txt").write_text("a name that acts\n", encoding="utf-8")
    (root / "stories" / "[blink]odd[].txt").write_text("a name that is markup\n", encoding="utf-8")
    with caa_tui(root, model=HOSTILE.replace("\0", "")) as terminal:
        terminal.keys("j")
        terminal.shows("␛]52;c;ZXZpbA==")
        terminal.keys("f")
        terminal.shows("left out")
        terminal.keys("f", "f")
        start_training(terminal)
        terminal.shows("Trained  run 1")
        terminal.keys("2")
        terminal.shows("Triage")
        terminal.keys("1")
        terminal.shows("stories/anger: told")
        terminal.keys("Enter")
        terminal.shows("Story corpus", "␛]52;c;ZXZpbA==", "[/nope]")
        terminal.keys("C-t")
        terminal.keys("C-q")
        assert terminal.leaves() == 0
        text = POINTER_SHAPE.sub("", terminal.raw.decode("utf-8"))
    assert re.findall(r"\x1b[\]PX^_].{,20}|\x1b\[7777m", text) == []
    acting = {character for character in text if unicodedata.category(character) in {"Cc", "Cf"}}
    assert acting <= set("\x1b\r\n\t"), acting


def test_what_the_worker_prints_stays_in_its_log(root: Path) -> None:
    with caa_tui(root, model="noisy") as terminal:
        start_training(terminal)
        terminal.shows("Trained  run 1")
        drawn = terminal.settled()
        assert "noise" not in drawn
        terminal.resize(SMALL)
        terminal.shows(*NARROW)
        terminal.resize(WIDE)
        terminal.wait(lambda: above_toasts(terminal.screen) == above_toasts(drawn), "the screen as it was, drawn anew")
        terminal.keys("L")
        terminal.shows("noise on 1", "noise on 2", "a print")
        assert b"noise" in terminal.raw
