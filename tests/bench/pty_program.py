"""A program in a pseudo-terminal that answers as a modern terminal does, and the time at which its output arrived."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import psutil

SYNC_QUERY, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""Whether frames may be marked; they then end with FRAME_END."""
FRAME_END = b"\x1b[?2026l"
PATIENCE = 120.0
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()].|[=>])")


class PtyProgram:
    """Started as the `with` block begins, killed with its children as it ends."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], size: tuple[int, int]) -> None:
        self._command, self._env, self._size = command, env, size
        self.output = b""
        """Everything since the last `clear`."""
        self.last_byte = 0.0
        """When the newest output was read."""

    def __enter__(self) -> PtyProgram:
        self.started = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            # The size must be there before the program asks for it.
            _set_size(1, self._size)
            os.execvpe(self._command[0], list(self._command), dict(self._env))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (*self.children(), psutil.Process(self.pid)):
            process.kill()
        os.waitpid(self.pid, 0)
        os.close(self._terminal)

    def children(self) -> list[psutil.Process]:
        """Everything that the program started and is alive."""
        try:
            found: list[psutil.Process] = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return found

    @property
    def text(self) -> str:
        """The output without colours and movements."""
        return _plain(self.output)

    def text_until(self, mark: bytes) -> str:
        """The same, up to the last `mark`."""
        return _plain(self.output[: self.output.rfind(mark) + 1])

    def clear(self) -> None:
        """Forget the output so far."""
        self.output = b""

    def send(self, keys: bytes) -> float:
        """Press keys; returns when."""
        now = time.perf_counter()
        os.write(self._terminal, keys)
        return now

    def read(self, seconds: float) -> bool:
        """Take what arrives within a time; whether anything did."""
        if not select.select([self._terminal], [], [], max(0.0, seconds))[0]:
            return False
        try:
            chunk = os.read(self._terminal, 1 << 16)
        except OSError:
            raise SystemExit(f"{self._command} has ended; its last output was:\n{self.text[-2000:]}") from None
        self.last_byte = time.perf_counter()
        self.output += chunk
        if SYNC_QUERY in chunk:
            os.write(self._terminal, SYNC_ANSWER)
        return True

    def wait(self, condition: Callable[[PtyProgram], bool], what: str) -> float:
        """Read until the condition holds; returns when the byte that made it true was read."""
        give_up = time.perf_counter() + PATIENCE
        while not condition(self):
            if not self.read(give_up - time.perf_counter()):
                raise SystemExit(f"waited for {what}; the last output was:\n{self.text[-2000:]}")
        return self.last_byte

    def quiet(self, seconds: float) -> None:
        """Read until nothing has arrived for a while."""
        while self.read(seconds):
            pass


def _set_size(terminal: int, size: tuple[int, int]) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))


def _plain(output: bytes) -> str:
    return _CONTROL.sub(b"", output).decode(errors="replace")
