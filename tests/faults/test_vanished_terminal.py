"""A terminal that goes away without a signal: the program leaves by itself, it does not read nothing for ever."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a pseudo-terminal that is polled for its end")


def test_the_program_ends_with_its_terminal(tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / "stories" / "joy.txt").write_text("A gate in the rain.", encoding="utf-8")
    ours, theirs = os.openpty()
    command = [sys.executable, "-P", "-m", "caa_tui.launch", str(tmp_path)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env={**os.environ, "TERM": "xterm"}
    ) as program:
        os.close(theirs)
        try:
            read_until(ours, b"quit")
        finally:
            os.close(ours)
        try:
            program.wait(timeout=30)
        finally:
            program.kill()


def read_until(terminal: int, words: bytes) -> None:
    """Until the program has drawn these words."""
    shown, give_up = b"", time.monotonic() + 60
    while words not in shown:
        assert time.monotonic() < give_up, shown[-500:]
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 65536)
