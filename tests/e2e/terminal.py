"""A command in a real terminal: a private tmux server, its keys, its screen, and the processes that are left."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import psutil
import pytest

PATIENCE = 60.0
"""Seconds for anything to show up: machines that run tests are busy, and only a failure waits this long."""
POLL = 0.03
QUIET = 0.3
"""Seconds without a byte after which a screen counts as drawn."""
MARK = "CAA_E2E_MARK"
"""Environment variable by which everything that the command started is found again."""
FOREIGN = {"COLUMNS", "EDITOR", "LINES", "NO_COLOR", "TMUX", "VISUAL"}
"""Environment variables of whoever runs the tests that would change what is drawn."""
WIDE, SMALL = (140, 40), (80, 24)
ABOVE_TOASTS = 30
"""Lines of a wide screen that no notification covers."""
LEFT = "left with"
TOAST = "▌"
"""The left edge of a notification."""

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")

Answer = TypeVar("Answer")


class Terminal:
    """A command in a terminal of its own; leaving the `with` block ends everything it started.

    The command runs under a shell, which says `left with CODE` when it has ended and keeps the terminal open.
    """

    def __init__(
        self, command: Sequence[str], *, size: tuple[int, int] = WIDE, env: Mapping[str, str] | None = None
    ) -> None:
        # A short path: a socket's may have 100 characters or so.
        self._folder = Path(tempfile.mkdtemp(prefix="caa-"))
        self._raw_log = self._folder / "raw"
        self._mark = uuid.uuid4().hex
        self._command = command
        self._size = size
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        self._env = kept | {"LC_ALL": "C.UTF-8"} | dict(env or {})

    def __enter__(self) -> Terminal:
        # The log of raw bytes must be there first, so the shell waits for a line. Ctrl+C in an editor reaches the
        # shell too, which must outlive it.
        run = f"{MARK}={self._mark} {shlex.join(self._command)}"
        script = f"trap : INT; read go; {run}; echo {LEFT} $?; exec cat"
        width, height = map(str, self._size)
        self._tmux("new-session", "-d", "-x", width, "-y", height, "sh", "-c", script)
        self._tmux("pipe-pane", "-O", f"cat >{shlex.quote(str(self._raw_log))}")
        self.keys("Enter")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes():
            process.kill()
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _words(self, *words: str) -> list[str]:
        return ["tmux", "-S", str(self._folder / "socket"), "-f", os.devnull, *words]

    def _tmux(self, *words: str) -> str:
        return subprocess.run(self._words(*words), env=self._env, capture_output=True, text=True, check=True).stdout

    @property
    def screen(self) -> str:
        """What is seen now, line by line, without blanks at the ends of lines."""
        return self._tmux("capture-pane", "-p")

    @property
    def raw(self) -> bytes:
        """Every byte that the command wrote to its terminal so far."""
        return self._raw_log.read_bytes()

    @property
    def toasts(self) -> str:
        """The notifications on the screen, on one line."""
        return " ".join(line.rpartition(TOAST)[2].strip() for line in self.screen.splitlines() if TOAST in line)

    def keys(self, *keys: str) -> None:
        """Press keys by their tmux names: `Enter`, `C-s`, `Escape`, or a character."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Press one key for each character."""
        self._tmux("send-keys", "-l", "--", text)

    def resize(self, size: tuple[int, int]) -> None:
        """Change the width and height of the terminal."""
        width, height = map(str, size)
        self._tmux("resize-window", "-x", width, "-y", height)

    def close(self) -> None:
        """Close the terminal as its window's button does; what runs in it is told by SIGHUP."""
        subprocess.run(self._words("kill-server"), capture_output=True, check=False)

    def flags(self, *names: str) -> dict[str, str]:
        """tmux's own view of the terminal: `alternate_on`, `cursor_flag`, `mouse_any_flag`."""
        values = self._tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in names)).split()
        return dict(zip(names, values, strict=True))

    def line_modes(self) -> set[str]:
        """The settings of the line discipline, as stty names them."""
        tty = self._tmux("display-message", "-p", "#{pane_tty}").strip()
        with Path(tty).open("rb", buffering=0) as file:
            done = subprocess.run(["stty", "-a"], stdin=file, capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    def assert_at_rest(self) -> None:
        """The terminal is as a shell wants it: lines are edited and echoed, nothing is drawn over, no mouse."""
        assert {"echo", "icanon", "isig", "opost", "icrnl"} <= self.line_modes()
        flags = self.flags("alternate_on", "mouse_any_flag", "cursor_flag")
        assert flags == {"alternate_on": "0", "mouse_any_flag": "0", "cursor_flag": "1"}

    def wait(self, condition: Callable[[], Answer], what: str, seconds: float = PATIENCE) -> Answer:
        """The first truthy answer of the condition; without one in time, fails and shows the screen."""
        give_up = time.monotonic() + seconds
        while not (answer := condition()):
            if time.monotonic() > give_up:
                raise AssertionError(f"waited for {what}, but the screen was:\n{self.screen}")
            time.sleep(POLL)
        return answer

    def shows(self, *texts: str) -> str:
        """Wait until all texts are on the screen at once; returns the screen."""

        def found() -> str:
            screen = self.screen
            if all(text in screen for text in texts):
                return screen
            assert LEFT not in screen, f"waited for {texts}, but the command has ended:\n{screen}"
            return ""

        return self.wait(found, repr(texts))

    def settled(self) -> str:
        """The screen once nothing was drawn for a while."""
        drawn, since = 0, time.monotonic()

        def quiet() -> bool:
            nonlocal drawn, since
            if drawn != (now := self._raw_log.stat().st_size):
                drawn, since = now, time.monotonic()
            return time.monotonic() - since > QUIET

        self.wait(quiet, "a screen that stays as it is")
        return self.screen

    def hides(self, text: str) -> None:
        """Wait until a text is not on the screen any more."""
        self.wait(lambda: text not in self.screen, f"the end of {text!r}")

    def says(self, sentence: str, times: int = 1) -> None:
        """Wait until notifications with a sentence are on the screen."""
        self.wait(lambda: self.toasts.count(sentence) == times, f"the notification {sentence!r}, {times} times")

    def leaves(self) -> int:
        """Wait until the command has ended; returns its exit code."""
        self.wait(lambda: LEFT.encode() in self.raw, "the end of the raw bytes")
        return int(self.shows(LEFT).partition(LEFT)[2].split()[0])

    @property
    def program(self) -> psutil.Process:
        """The command itself."""
        shell = psutil.Process(int(self._tmux("display-message", "-p", "#{pane_pid}")))
        return shell.children()[0]

    def processes(self) -> list[psutil.Process]:
        """Everything that the command started and is alive, itself included, whoever its parent is by now."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get(MARK) == self._mark)
        except (psutil.Error, OSError):
            return False
