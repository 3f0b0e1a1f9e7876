"""Runs and questions on a worker that is started when needed: requests go in, events come out, each run has an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import msgspec

from caa_tui.choices import ALL, DEFAULT_ESTIMATOR
from caa_tui.errors import UserError
from caa_tui.runs.protocol import (
    ALL_LAYERS,
    DESCRIBE,
    ESTIMATE,
    FINAL_EVENTS,
    PROBE,
    PROTOCOL_VERSION,
    READING,
    Cancelled,
    CancelRequest,
    Described,
    DescribeRequest,
    Event,
    Failed,
    Hello,
    Probed,
    ProbeRequest,
    Progress,
    TrainRequest,
)
from caa_tui.runs.worker_process import GRACE_SECONDS, WorkerProcess, death_message, last_line, worker_command
from caa_tui.text_safety import printable

GREETING_SECONDS = 60.0
"""For `Hello`, and for an answer. Greeting needs no slow import, but ssh and network disks take their time."""
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
        words = worker_command(command) + (("--nice", str(NICENESS)) if yields and command is None else ())
        self._worker = WorkerProcess(words, log_path)
        self._greeting_seconds = greeting_seconds
        self._run: TrainRequest | None = None
        self._sent = False
        self._cancels = 0
        self._forwarded = 0
        self._stopping = False
        self._greeted = False
        """The living worker said `Hello`."""
        self._abilities: tuple[str, ...] = ()
        self._questions = 0
        self._pipe = asyncio.Lock()
        """Held by who reads from the worker: a run, or one question."""

    @property
    def pid(self) -> int | None:
        """The living worker's process (or its launcher's), or None."""
        return self._worker.pid

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
                self._worker.send(CancelRequest())
            self._run, self._cancels = None, 0

    async def describe(self, model: str | None) -> Described:
        """What there is to train with, and what `model` is; starts the worker. Waits for a run to end.

        Raises:
            UserError: the worker cannot be started, died, or is too old to be asked.
        """
        async with self._pipe:
            question = await self._question(DESCRIBE, "cannot say what its machine has")
            self._worker.send(DescribeRequest(run_id=question, model=model))
            try:
                answer = await asyncio.wait_for(self._answer(question), self._greeting_seconds)
            except TimeoutError:
                raise UserError(f"The worker did not answer within {self._greeting_seconds:g} seconds.") from None
            if not isinstance(answer, Described):
                raise await self._no_answer(question)
            return answer

    async def probe(self, request: ProbeRequest, on_event: Callable[[Event], None] | None = None) -> Probed:
        """What vectors read in a text; starts the worker. Waits for a run to end, and as long as the model loads.

        `on_event` sees what the worker tells on the way. Cancelling the task stops the worker before its next step.

        Raises:
            UserError: the text or the model cannot be used, the worker cannot be started, died, or is too old.
        """
        async with self._pipe:
            question = await self._question(PROBE, "cannot probe a text")
            self._worker.send(msgspec.structs.replace(request, run_id=question))
            try:
                answer = await self._answer(question, on_event)
            except asyncio.CancelledError:
                self._worker.send(CancelRequest())
                raise
            if not isinstance(answer, Probed):
                raise await self._no_answer(question)
            return answer

    async def _question(self, ability: str, lack: str) -> str:
        """The id of a new question to a living worker that can answer it.

        Raises:
            UserError: there is none.
        """
        self._questions += 1
        question = f"question {self._questions}"
        greeting = await self._ensure_started(question)
        if isinstance(greeting, Failed):
            raise UserError(greeting.message)
        if isinstance(greeting, Cancelled):
            raise UserError(_LEFT)
        if ability not in self._abilities:
            raise UserError(_older(lack))
        return question

    async def _answer(
        self, question: str, on_event: Callable[[Event], None] | None = None
    ) -> Described | Probed | None:
        """None: the worker is gone. A late answer to an earlier question is skipped, here and by runs.

        Raises:
            UserError: the worker says why it has no answer.
        """
        while (event := await self._worker.next_event()) is not None:
            if isinstance(event, Hello) or event.run_id not in {question, ""}:
                continue
            if isinstance(event, Described | Probed):
                return event
            if isinstance(event, Failed):
                if event.worker_leaves:
                    await self._worker.reap()
                raise UserError(event.message)
            if isinstance(event, Cancelled):
                break
            if on_event is not None:
                on_event(event)
        return None

    async def _no_answer(self, question: str) -> UserError:
        """Why a worker that is gone did not answer."""
        death = await self._death(question)
        return UserError(death.message if isinstance(death, Failed) else _LEFT)

    async def cancel(self) -> None:
        """Ask the run to stop within one batch; the second call kills the worker."""
        if self._run is None:
            return
        self._cancels += 1
        if self._cancels > 1:
            self._worker.kill("it was cancelled twice")
        elif self._sent:
            self._worker.send(CancelRequest())

    async def close(self, grace: float = GRACE_SECONDS) -> None:
        """End the worker: politely, then SIGTERM, then SIGKILL to its process group, `grace` seconds each."""
        self._stopping = True
        await self._worker.end(grace)

    async def _events(self, request: TrainRequest) -> AsyncGenerator[Event, None]:
        if self._cancels > 0:  # while it waited for an answer to a question
            yield Cancelled(run_id=request.run_id, forwarded_texts=0)
            return
        greeting = await self._ensure_started(request.run_id)
        if greeting is not None:
            yield greeting
            if isinstance(greeting, Failed | Cancelled):
                return
        if lack := self._lack(request):
            yield Failed(run_id=request.run_id, message=_older(lack), refused=True)
            return
        self._worker.send(request)
        self._sent = True
        if self._cancels:
            self._worker.send(CancelRequest())
        while (event := await self._worker.next_event()) is not None:
            if isinstance(event, Hello | Described | Probed) or event.run_id not in {request.run_id, ""}:
                continue
            if isinstance(event, Failed) and event.worker_leaves:
                await self._worker.reap()
            if isinstance(event, Progress) and event.phase == READING:
                self._forwarded = event.done
            yield event
        yield await self._death(request.run_id)

    def _lack(self, request: TrainRequest) -> str:
        """What the living worker would misunderstand in the request; nothing, in most cases."""
        if request.target_layers == ALL and ALL_LAYERS not in self._abilities:
            return "does not know all layers by name"
        if request.estimator != DEFAULT_ESTIMATOR and ESTIMATE not in self._abilities:
            return "makes vectors by the difference of means only"
        return ""

    async def _ensure_started(self, run_id: str) -> Hello | Failed | Cancelled | None:
        """None when a worker is alive; else its greeting, or why there is none."""
        if self.pid is not None and self._greeted:
            return None
        self._stopping = False
        try:
            # One that was started for a question nobody waits for any more has still to greet.
            if self.pid is None:
                self._greeted = False
                await self._worker.start()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return Failed(
                run_id=run_id, message=f"The worker {printable(self._worker.words[0])!r} cannot be started ({why})."
            )
        try:
            greeting = await asyncio.wait_for(self._worker.greeting(), self._greeting_seconds)
        except TimeoutError:
            self._worker.kill("it did not greet")
            await self._worker.reap()
            seconds = f"{self._greeting_seconds:g} seconds"
            message = f"The worker did not greet within {seconds}; check the worker command and {self.log_path}."
            return Failed(run_id=run_id, message=message)
        if greeting is None:
            return await self._death(run_id)
        if greeting.version != PROTOCOL_VERSION:
            await self.close()
            self._stopping = False
            return Failed(run_id=run_id, message=_version_message(greeting))
        self._abilities, self._greeted = greeting.abilities, True
        return greeting

    async def _death(self, run_id: str) -> Failed | Cancelled:
        """The final event of a run whose worker is gone."""
        code = await self._worker.reap()
        if self._cancels or self._stopping:
            return Cancelled(run_id=run_id, forwarded_texts=self._forwarded)
        message = death_message(code, self.log_path, self._worker.ended_because)
        details = f"exit code {code}; the last the worker said: {last_line(self.log_path) or 'nothing'}"
        return Failed(run_id=run_id, message=message, traceback=details)


def _older(lack: str) -> str:
    return f"The worker is an older caa-tui, which {lack}; install the same version on both sides."


def _version_message(greeting: Hello) -> str:
    return (
        f"The worker on {printable(greeting.host)} speaks protocol {greeting.version} (caa-tui "
        f"{printable(greeting.package)}), this program protocol {PROTOCOL_VERSION}; install the same version on both."
    )
