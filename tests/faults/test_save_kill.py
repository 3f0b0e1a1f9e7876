"""Killing a process that saves, hundreds of times: the story is always one whole version."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from caa_tui.corpus import atomic
from caa_tui.corpus.edit import open_story, previous_versions, save_story, sweep_temporaries
from caa_tui.corpus.scan import scan
from caa_tui.corpus.text import sha256
from caa_tui.errors import UserError

KILLS = 300
STORY = "stories/joy.txt"

# One interpreter forks a saver for every kill: importing anew would take most of the time.
SAVER = """
import os, signal, sys
from pathlib import Path
from caa_tui.corpus.edit import open_story, save_story
root = Path(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        opened = open_story(root, "stories/joy.txt")
        sys.stdout.write(f"{os.getpid()}\\n")
        sys.stdout.flush()
        number = int(line)
        while True:
            number += 1
            opened = save_story(root, opened, f"{number}\\n" * (50 + number % 200))
    os.waitpid(child, 0)
    sys.stdout.write("dead\\n")
    sys.stdout.flush()
"""


def is_whole(text: str) -> bool:
    lines = text.splitlines()
    return len(set(lines)) == 1 and len(lines) == 50 + int(lines[0]) % 200


def test_a_killed_save_is_never_torn(tmp_path: Path) -> None:
    rnd = random.Random(11)
    (tmp_path / "stories").mkdir()
    (tmp_path / STORY).write_text("0\n" * 50)
    with subprocess.Popen(
        [sys.executable, "-c", SAVER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        numbers = set()
        for kill in range(KILLS):
            parent.stdin.write(f"{kill * 1000}\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline())
            # The delay decides which instruction the kill meets; no outcome depends on it.
            signal.sigtimedwait([], rnd.random() * 0.04)
            os.kill(child, signal.SIGKILL)
            assert parent.stdout.readline() == "dead\n"
            text = (tmp_path / STORY).read_text()
            assert is_whole(text)
            numbers.add(text.partition("\n")[0])
        parent.stdin.close()
    assert len(numbers) > KILLS / 4  # most savers got as far as saving
    assert all(is_whole(version.read().decode()) for version in previous_versions(tmp_path, STORY))
    assert [story.path for story in scan(tmp_path).stories] == [STORY]


def test_what_kills_leave_behind_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / STORY).write_bytes(b"old")

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_take_place", killed)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Killed):
            atomic.replace(tmp_path / STORY, b"new", sha256(b"old"))
    assert len(list((tmp_path / "stories").iterdir())) == 2
    assert scan(tmp_path).by_path[STORY].text == "old"
    monkeypatch.setattr(atomic, "_ABANDONED_SECONDS", -1)
    sweep_temporaries(tmp_path)
    assert [path.name for path in (tmp_path / "stories").iterdir()] == ["joy.txt"]


def test_a_full_disk_keeps_the_old_story_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / STORY).write_bytes(b"old")
    opened = save_story(tmp_path, open_story(tmp_path, STORY), "older")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UserError, match="no space left on device") as caught:
        save_story(tmp_path, opened, "new")
    monkeypatch.undo()
    assert "nothing was changed" in str(caught.value)
    assert (tmp_path / STORY).read_bytes() == b"older"
    save_story(tmp_path, opened, "new")
    assert (tmp_path / STORY).read_bytes() == b"new"
