"""The near side of the pipe: starts the worker, sends requests, yields events. No torch, threads or multiprocessing.

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
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

from caa_tui.errors import UserError
from caa_tui.runs.protocol import (
    ARTEFACT_NAMES,
    DESCRIBE,
    FINAL_EVENTS,
    PROTOCOL_VERSION,
    READING,
    Artefact,
    Cancelled,
    CancelRequest,
    Described,
    DescribeRequest,
    Event,
    Failed,
    Hello,
    Progress,
    Request,
    ShutdownRequest,
    TrainRequest,
    decode_event,
    encode_line,
)
from caa_tui.text_safety import printable

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 2**30
"""Room for the largest readout: 1,000 concepts at 20 layers of 8,192 in float16 are 437 MB as base64."""
GREETING_SECONDS = 60.0
"""For `Hello`, and for an answer. Greeting needs no slow import, but ssh and network disks take their time."""
GRACE_SECONDS = 2.0
NICENESS = 10
"""Of a worker that yields: with both cores busy, a key then waits for the screen and not for the worker's threads."""
_LEFT = "The worker was ended before it answered."


class WorkerClient:
    """One worker process, started when needed and kept between runs. Belongs to one event loop, in the main thread."""

    def __init__(
        self,
        log_path: Path,
        command: str | None = None,
        greeting_seconds: float = GREETING_SECONDS,
        yields: bool = False,
    ) -> None:
        """`command` starts a worker elsewhere (`ssh gpu-box caa worker`), split like a shell would; no shell runs.
        A worker of this machine that `yields` lets other programs go first: the screen of this one, above all.

        Raises:
            UserError: the command is empty or has an unclosed quote.
        """
        self.log_path = log_path
        self.command = command
        """As it was given; None: a worker on this machine."""
        self._words = worker_command(command) + (("--nice", str(NICENESS)) if yields and command is None else ())
        self._greeting_seconds = greeting_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._run: TrainRequest | None = None
        self._sent = False
        self._cancels = 0
        self._forwarded = 0
        self._stopping = False
        self._abilities: tuple[str, ...] = ()
        self._questions = 0
        self._pipe = asyncio.Lock()
        """Held by who reads from the worker: a run, or one question."""

    @property
    def pid(self) -> int | None:
        """The living worker's process (or its launcher's), or None."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def forwarded(self) -> int:
        """Texts the current (or last) run has read and kept so far."""
        return self._forwarded

    @property
    def busy(self) -> bool:
        return self._run is not None

    async def run(self, request: TrainRequest) -> AsyncGenerator[Event, None]:
        """Events of one training, ending with exactly one of `FINAL_EVENTS`, whatever happens to the worker.

        Raises:
            UserError: a training is running already.
        """
        if self._run is not None:
            raise UserError("A training is running already; wait for it or cancel it.")
        self._run, self._sent, self._cancels, self._forwarded = request, False, 0, 0
        finished = False
        try:
            async with self._pipe:
                async for event in self._events(request):
                    finished = isinstance(event, FINAL_EVENTS)
                    yield event
                    if finished:
                        return
        finally:
            if not finished:
                self._send(CancelRequest())
            self._run = None

    async def describe(self, model: str | None) -> Described:
        """What there is to train with, and what `model` is; starts the worker. Waits for a run to end.

        Raises:
            UserError: the worker cannot be started, died, or is too old to be asked.
        """
        async with self._pipe:
            self._questions += 1
            question = f"question {self._questions}"
            greeting = await self._ensure_started(question)
            if isinstance(greeting, Failed):
                raise UserError(greeting.message)
            if isinstance(greeting, Cancelled):
                raise UserError(_LEFT)
            if DESCRIBE not in self._abilities:
                raise UserError("The worker is an older caa-tui, which cannot say what its machine has.")
            self._send(DescribeRequest(run_id=question, model=model))
            try:
                answer = await asyncio.wait_for(self._answer(question), self._greeting_seconds)
            except TimeoutError:
                raise UserError(f"The worker did not answer within {self._greeting_seconds:g} seconds.") from None
            if answer is not None:
                return answer
            death = await self._death(question)
            raise UserError(death.message if isinstance(death, Failed) else _LEFT)

    async def _answer(self, question: str) -> Described | None:
        """None: the worker is gone. A late answer to an earlier question is skipped, here and by runs."""
        while (event := await self._next_event()) is not None:
            if isinstance(event, Described) and event.run_id == question:
                return event
        return None

    async def cancel(self) -> None:
        """Ask the run to stop within one batch; the second call kills the worker."""
        if self._run is None:
            return
        self._cancels += 1
        if self._cancels > 1:
            self._signal(signal.SIGKILL)
        elif self._sent:
            self._send(CancelRequest())

    async def close(self, grace: float = GRACE_SECONDS) -> None:
        """End the worker: politely, then SIGTERM, then SIGKILL to its process group, `grace` seconds each."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._send(ShutdownRequest())
        if process.stdin is not None:
            process.stdin.close()
        for stop in (None, signal.SIGTERM, signal.SIGKILL):
            if stop is not None:
                self._signal(stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace)
                return

    async def _events(self, request: TrainRequest) -> AsyncGenerator[Event, None]:
        if self._cancels > 0:  # while it waited for an answer to a question
            yield Cancelled(run_id=request.run_id, forwarded_texts=0)
            return
        greeting = await self._ensure_started(request.run_id)
        if greeting is not None:
            yield greeting
            if isinstance(greeting, Failed | Cancelled):
                return
        self._send(request)
        self._sent = True
        if self._cancels:
            self._send(CancelRequest())
        while (event := await self._next_event()) is not None:
            if isinstance(event, Hello | Described) or event.run_id not in {request.run_id, ""}:
                continue
            if isinstance(event, Failed) and event.worker_leaves:
                await self._reap()
            if isinstance(event, Progress) and event.phase == READING:
                self._forwarded = event.done
            yield event
        yield await self._death(request.run_id)

    async def _ensure_started(self, run_id: str) -> Hello | Failed | Cancelled | None:
        """None when a worker is alive; else its greeting, or why there is none."""
        if self.pid is not None:
            return None
        try:
            await self._spawn()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return Failed(run_id=run_id, message=f"The worker {printable(self._words[0])!r} cannot be started ({why}).")
        try:
            greeting = await asyncio.wait_for(self._hello(), self._greeting_seconds)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._reap()
            seconds = f"{self._greeting_seconds:g} seconds"
            message = f"The worker did not greet within {seconds}; check the worker command and {self.log_path}."
            return Failed(run_id=run_id, message=message)
        if greeting is None:
            return await self._death(run_id)
        if greeting.version != PROTOCOL_VERSION:
            await self.close()
            self._stopping = False
            return Failed(run_id=run_id, message=_version_message(greeting))
        self._abilities = greeting.abilities
        return greeting

    async def _spawn(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            # The kernel ties the worker's life to the thread that starts it.
            raise RuntimeError("workers are started from the main thread")
        self._stopping = False
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=MAX_LINE_BYTES,
                env=worker_environment(),
            )

    async def _hello(self) -> Hello | None:
        while (event := await self._next_event()) is not None:
            if isinstance(event, Hello):
                return event
        return None

    async def _next_event(self) -> Event | None:
        """The next line that is an event; None when the pipe has closed. Other lines (a login banner) go to the log."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                # The line outgrew MAX_LINE_BYTES: this is no worker of ours.
                self._signal(signal.SIGKILL)
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

    async def _death(self, run_id: str) -> Failed | Cancelled:
        """The final event of a run whose worker is gone."""
        code = await self._reap()
        if self._cancels or self._stopping:
            return Cancelled(run_id=run_id, forwarded_texts=self._forwarded)
        details = f"exit code {code}; the last the worker said: {last_line(self.log_path) or 'nothing'}"
        return Failed(run_id=run_id, message=death_message(code, self.log_path), traceback=details)

    async def _reap(self) -> int:
        """The exit code; a worker that closed its pipe but lives on is killed."""
        process = self._process
        assert process is not None
        try:
            return await asyncio.wait_for(process.wait(), GRACE_SECONDS)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            return await process.wait()

    def _send(self, message: Request) -> None:
        """Queue a line; a closed pipe shows itself when reading. Requests are small against memory, so no drain."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing() or process.returncode is not None:
            return
        process.stdin.write(encode_line(message))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            _signal_group(self._process, number)


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


def death_message(code: int, log_path: Path) -> str:
    """One sentence for a worker that is gone; shells and ssh report signal n as exit code 128 + n."""
    number = -code if code < 0 else code - 128
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


def _version_message(greeting: Hello) -> str:
    return (
        f"The worker on {printable(greeting.host)} speaks protocol {greeting.version} (caa-tui "
        f"{printable(greeting.package)}), this program protocol {PROTOCOL_VERSION}; install the same version on both."
    )
