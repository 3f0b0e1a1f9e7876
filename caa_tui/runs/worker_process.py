"""The worker's process and its pipe, from the near side. No torch, threads or multiprocessing.

`multiprocessing` cannot start a process from inside a running Textual app, and a thread would freeze the screen while
it imports torch; a child process of the event loop does neither.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from caa_tui.errors import UserError
from caa_tui.runs.protocol import (
    ARTEFACT_NAMES,
    Artefact,
    Event,
    Hello,
    Request,
    ShutdownRequest,
    decode_event,
    encode_line,
)
from caa_tui.text_safety import printable

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 2**30
"""Room for the largest readout: 1,000 concepts at 20 layers of 8,192 in float16 are 437 MB as base64."""
GRACE_SECONDS = 2.0


class WorkerProcess:
    """One process at a time; may be started again when it is gone. Belongs to one event loop, in the main thread."""

    def __init__(self, words: tuple[str, ...], log_path: Path) -> None:
        """`words`: what is executed; its stderr is added to the log."""
        self.words = words
        self.log_path = log_path
        self.ended_because = ""
        """Why this program ended the process itself; empty when it did not."""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The living process, or None."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Execute the words.

        Raises:
            OSError, ValueError: they cannot be executed.
        """
        if threading.current_thread() is not threading.main_thread():
            # The kernel ties the worker's life to the thread that starts it.
            raise RuntimeError("workers are started from the main thread")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.ended_because = ""
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=MAX_LINE_BYTES,
                env=worker_environment(),
            )

    async def greeting(self) -> Hello | None:
        """What a worker says first; None: it is gone."""
        while (event := await self.next_event()) is not None:
            if isinstance(event, Hello):
                return event
        return None

    async def next_event(self) -> Event | None:
        """The next line that is an event; None when the pipe has closed. Other lines (a login banner) go to the log."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                # The line outgrew MAX_LINE_BYTES: this is no worker of ours.
                self.kill("it sent a longer line than any worker does")
                return None
            if not line:
                return None
            try:
                event = decode_event(line)
            except (ValueError, RecursionError):
                _log_foreign(self.log_path, line)
                continue
            if isinstance(event, Artefact) and event.name not in ARTEFACT_NAMES:
                _log_foreign(self.log_path, event.name.encode(errors="replace"))
                continue
            return event

    async def reap(self) -> int:
        """The exit code; a worker that closed its pipe but lives on is killed."""
        process = self._process
        assert process is not None
        try:
            return await asyncio.wait_for(process.wait(), GRACE_SECONDS)
        except TimeoutError:
            self.kill("it closed its pipe and did not leave")
            return await process.wait()

    def send(self, message: Request) -> None:
        """Queue a line; a closed pipe shows itself when reading. Requests are small against memory, so no drain."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing() or process.returncode is not None:
            return
        process.stdin.write(encode_line(message))

    def kill(self, because: str) -> None:
        """End the whole process group at once; nothing when there is none."""
        self._signal(signal.SIGKILL, because)

    def _signal(self, number: signal.Signals, because: str) -> None:
        if self._process is not None:
            self.ended_because = because
            _signal_group(self._process, number)

    async def end(self, grace: float) -> None:
        """Politely, then SIGTERM, then SIGKILL to its process group, `grace` seconds each."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.send(ShutdownRequest())
        if process.stdin is not None:
            process.stdin.close()
        for stop in (None, signal.SIGTERM, signal.SIGKILL):
            if stop is not None:
                self._signal(stop, "it was told to leave and did not")
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace)
                return


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send to the worker's process group; only while it lives, so the number cannot be somebody else's by now."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.kill()


def _log_foreign(log_path: Path, line: bytes) -> None:
    logger.warning("the worker sent a line that is no event: %r", line[:500])
    with suppress(OSError), log_path.open("ab") as log:
        log.write(b"[not an event] " + line[:500].rstrip(b"\n") + b"\n")


def worker_command(command: str | None) -> tuple[str, ...]:
    """The words to execute; None: a worker in this Python.

    Raises:
        UserError: nothing in it, or an unclosed quote.
    """
    if command is None:
        # -P: the current folder, which may be a stranger's corpus, stays off the module path.
        return (sys.executable, "-P", "-m", "caa_tui.runs.worker", "--parent", str(os.getpid()))
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise UserError(f"The worker command cannot be read ({error}); check its quotes.") from error
    if not words:
        raise UserError('The worker command is empty; write one like "ssh gpu-box caa worker".')
    return words


def worker_environment() -> dict[str, str]:
    """The environment for a worker: without what belongs to the screen."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL")}


_SIGNAL_SENTENCES = {
    9: "The worker was killed, most likely because the memory ran out; choose a smaller model or lower batch tokens",
    15: "The worker was ended by another program; train again",
}
_CODE_SENTENCES = {
    0: "The worker left before the run was done",
    126: "The worker command may not be executed",
    127: "The worker command was not found",
}


def death_message(code: int, log_path: Path, ended_because: str = "") -> str:
    """One sentence for a worker that is gone; shells and ssh report signal n as exit code 128 + n.

    Args:
        ended_because: `WorkerProcess.ended_because`.
    """
    number = -code if code < 0 else code - 128
    if ended_because and number in _SIGNAL_SENTENCES:
        ended = f"The worker was ended by this program because {ended_because}"
        return f"{ended} (finished batches are kept; its log is {log_path})."
    if number in _SIGNAL_SENTENCES:
        return f"{_SIGNAL_SENTENCES[number]} (finished batches are kept; its log is {log_path})."
    if code < 0 or number in {signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}:
        with suppress(ValueError):
            return f"The worker crashed ({signal.Signals(number).name}); its log is {log_path}."
    sentence = _CODE_SENTENCES.get(code, f"The worker ended with exit code {code}")
    last = last_line(log_path)
    return f"{sentence}{f' ({last})' if last else ''}; its log is {log_path}."


def last_line(log_path: Path) -> str:
    """The last line of the log that says something, safe to print and short; empty when there is none."""
    try:
        with log_path.open("rb") as log:
            log.seek(max(0, log_path.stat().st_size - 4096))
            tail = log.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return printable(lines[-1])[:200].rstrip(".") if lines else ""
