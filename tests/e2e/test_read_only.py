"""`--read-only` in the real program: it says why, and nothing in the corpus is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_program import caa_tui, fingerprint, start_training, write_corpus
from terminal import needs_tmux

REASON = "The corpus was opened read-only."

pytestmark = [pytest.mark.tmux, needs_tmux]


def test_nothing_is_written_and_every_key_says_why(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    before = fingerprint(root)
    with caa_tui(root, "--read-only", env={"EDITOR": "sed -i s/lamp/fire/"}) as terminal:
        terminal.shows("read-only")
        terminal.keys("n", "e")
        terminal.says(REASON, times=2)
        start_training(terminal)
        terminal.shows("Trained  run 1")
        terminal.hides(REASON)
        terminal.keys("Enter")
        terminal.shows("Story corpus", "The lamp on the porch")
        terminal.type("X")
        terminal.keys("C-s", "C-e", "C-r")
        terminal.says(REASON, times=3)
        assert "unsaved" not in terminal.screen
        terminal.keys("C-q")
        assert terminal.leaves() == 0
    assert fingerprint(root) == before


def test_a_second_program_reads_only_until_the_first_has_left(tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    with caa_tui(root) as first:
        with caa_tui(root) as second:
            second.says("Opened read-only: ")
            second.keys("n")
            second.says(REASON)
        first.keys("q")
        assert first.leaves() == 0
        with caa_tui(root) as third:
            assert "read-only" not in third.screen
