"""The main job in the real program with a real, tiny model: see, train, triage, edit, save, retrain, export."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from real_program import caa_tui, start_training, worker_of, write_corpus
from terminal import needs_tmux

TITLE = re.compile(r"grief · (\S+) +[1-9]\d* words")

pytestmark = [pytest.mark.tmux, needs_tmux]


def test_from_the_corpus_to_a_better_readout(tmp_path: Path, model_folder: Callable[[str], Path]) -> None:
    root = write_corpus(tmp_path / "corpus")
    with caa_tui(root, model=str(model_folder("llama")), worker=None) as terminal:
        terminal.shows("2 scenarios · 3 concepts", "not trained yet", "stories/anger: told")

        start_training(terminal)
        terminal.shows("Training run 1")
        terminal.shows("Trained  run 1: 3 concepts in", "8 stories read, 0 from the cache", "▲")

        terminal.keys("2")
        terminal.shows("Fragmented", "Contaminated 2")
        terminal.keys("f")
        terminal.shows("anger: contaminated", "anger reads like grief")
        terminal.keys("Down")
        terminal.shows("grief: contaminated", "word for word a story of anger")

        terminal.keys("Enter")
        title = terminal.wait(lambda: TITLE.findall(terminal.screen), "the title of a grief story")
        path = root / ("stories" if title == ["stories/"] else f"paired/{title[0]}") / "grief.txt"
        terminal.shows("reads like anger", "This story (", "pieces.")
        before = path.read_text(encoding="utf-8")
        terminal.type("No word of it was true. ")
        terminal.shows("◐ unsaved", "No word of it was true.")
        terminal.keys("C-s")
        terminal.shows("Saved,", "1 edited")
        assert path.read_text(encoding="utf-8") == f"No word of it was true. {before}"

        worker = worker_of(terminal)
        terminal.keys("C-r")
        terminal.shows("Trained  run 2: 3 concepts in", "1 story read, 8 from the cache", "Run 2 against run 1")
        assert "edited" not in terminal.screen.splitlines()[0]
        assert worker_of(terminal) == worker

        terminal.keys("Escape")
        terminal.shows("Contaminated")
        terminal.keys("E")
        terminal.shows("Export the readout of run 2")
        terminal.type(str(tmp_path / "out"))
        terminal.keys("Enter")
        terminal.says("readout.safetensors and readout.json written to")
        assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["readout.json", "readout.safetensors"]
        terminal.keys("q")
        assert terminal.leaves() == 0
        assert terminal.processes() == []
