"""Killing a process that renames a concept back and forth: no text is lost, and the journal says what to undo."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from caa_tui.corpus.operations import StoryFiles
from caa_tui.corpus.storage import data_folder

KILLS = 80
SCENARIOS = 12

# One interpreter forks a renamer for every kill: importing anew would take most of the time.
RENAMER = """
import os, sys
from pathlib import Path
from caa_tui.corpus.operations import StoryFiles
from caa_tui.corpus.storage import data_folder
root = Path(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        files = StoryFiles(root, data_folder(root))
        sys.stdout.write(f"{os.getpid()}\\n")
        sys.stdout.flush()
        while True:
            files.rename_concept("joy", "glee")
            files.undo()
    os.waitpid(child, 0)
    sys.stdout.write("dead\\n")
    sys.stdout.flush()
"""


def corpus(root: Path) -> Path:
    for number in range(SCENARIOS):
        folder = root / f"paired/s{number:02}"
        folder.mkdir(parents=True)
        (folder / "joy.txt").write_text(f"Story {number}.\n")
    return root


def tellings(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Scenario -> (concept, text) of what is in it."""
    return {
        folder.name: sorted((file.stem, file.read_text()) for file in folder.iterdir())
        for folder in (root / "paired").iterdir()
    }


def test_a_killed_rename_loses_no_text_and_can_be_undone(tmp_path: Path) -> None:
    rnd = random.Random(7)
    root = corpus(tmp_path)
    start = tellings(root)
    half_way = 0
    with subprocess.Popen(
        [sys.executable, "-c", RENAMER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(KILLS):
            parent.stdin.write("go\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline())
            # The delay decides which instruction the kill meets; no outcome depends on it.
            signal.sigtimedwait([], rnd.random() * 0.03)
            os.kill(child, signal.SIGKILL)
            assert parent.stdout.readline() == "dead\n"
            found = tellings(root)
            assert {name: [text for _, text in told] for name, told in found.items()} == {
                name: [text for _, text in told] for name, told in start.items()
            }
            files = StoryFiles(root, data_folder(root))
            concepts = {told[0][0] for told in found.values()}
            half_way += len(concepts) == 2
            assert (files.interrupted is not None) == (len(concepts) == 2)
            if concepts != {"joy"}:
                files.undo()
            assert tellings(root) == start
        parent.stdin.close()
    assert half_way > KILLS / 20  # enough kills met the middle of a rename
