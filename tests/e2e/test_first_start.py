"""The guide in the real program: it leads through the loop on the very first start, and the second start has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_program import caa_tui, write_corpus
from terminal import SMALL, needs_tmux

pytestmark = [pytest.mark.tmux, needs_tmux]


def test_the_first_start_leads_through_the_loop_and_the_second_does_not(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with caa_tui(root, env=env) as terminal:
        terminal.resize(SMALL)
        terminal.shows("Guide 1 of 7")
        terminal.keys("t")
        terminal.shows("enter trains")
        terminal.keys("Enter")
        terminal.shows("Guide 3 of 7")
        terminal.keys("2")
        terminal.shows("Guide 4 of 7")
        terminal.keys("1", "Enter")
        terminal.shows("Guide 5 of 7")
        terminal.type("Rain. ")
        terminal.keys("C-r")
        terminal.shows("Guide 6 of 7")
        terminal.keys("Escape")
        terminal.shows("Guide 7 of 7")
        terminal.keys("E")
        terminal.says("That was the whole loop")
        terminal.hides("Guide")
        terminal.keys("Escape")
        terminal.hides("Export the readout of")
        terminal.keys("q")
        assert terminal.leaves() == 0
    with caa_tui(root, env=env) as terminal:
        assert "Guide" not in terminal.settled()
