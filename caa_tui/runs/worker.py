"""The process that holds the model: `python -m caa_tui.runs.worker`, or `caa worker` behind a `--worker-command`.

Requests come as lines on stdin, events leave on a private duplicate of stdout. File descriptors 1 and 2 go to the log,
so nothing a library prints, from Python or from C, reaches the protocol or the user's screen. torch is imported by the
first training, not before `Hello`.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import logging
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from caa_tui import __version__
from caa_tui.runs.protocol import (
    ALL_LAYERS,
    DESCRIBE,
    ESTIMATE,
    PROBE,
    PROTOCOL_VERSION,
    CancelRequest,
    DescribeRequest,
    Event,
    Failed,
    Hello,
    ProbeRequest,
    TrainRequest,
    decode_request,
    encode_line,
)

if TYPE_CHECKING:
    from caa_tui.activations.holder import ModelHolder
    from caa_tui.runs.train import Collector

QUIET_LIBRARIES = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
CONSIDERATE_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""torch's threads spin while they wait; on cores that others use too (the screen, a compiler) that made the same
training take more than three times as long. libgomp reads it when torch is imported; the user's own value wins."""
ABILITIES = (DESCRIBE, PROBE, ALL_LAYERS, ESTIMATE)
EXIT_DEVICE_UNUSABLE = 70
"""Leaves after a device error that no later run in the same process survives; the client starts a fresh worker."""

_PR_SET_PDEATHSIG = 1


@dataclass
class Job:
    """One training, or one text to probe, that waits or runs."""

    request: TrainRequest | ProbeRequest
    cancelled: threading.Event = field(default_factory=threading.Event)


class EventPipe:
    """Writes events whole, one line each, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        rest = memoryview(encode_line(event))
        with self._lock:
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                # Nobody reads any more: the batches are committed, there is nothing else to keep.
                os._exit(0)


class Inbox:
    """Reads requests in a thread of its own, so a cancel is seen while a batch runs."""

    def __init__(self, lines: BinaryIO, emit: Callable[[Event], None]) -> None:
        self._lines = lines
        self._emit = emit
        self._newest: Job | None = None
        self.jobs: queue.SimpleQueue[Job | DescribeRequest | None] = queue.SimpleQueue()

    def read_forever(self) -> None:
        """Until the pipe closes; then the process ends at once: whoever started it is gone."""
        for line in self._lines:
            self._take(line)
        os._exit(0)

    def _take(self, line: bytes) -> None:
        try:
            request = decode_request(line)
        except (ValueError, RecursionError) as error:
            self._emit(Failed(run_id="", message=f"The worker was sent a request it cannot read ({error})."))
            return
        if isinstance(request, TrainRequest | ProbeRequest):
            self._newest = Job(request)
            self.jobs.put(self._newest)
            return
        if isinstance(request, DescribeRequest):
            self.jobs.put(request)
            return
        if self._newest is not None:
            self._newest.cancelled.set()
        if not isinstance(request, CancelRequest):
            self.jobs.put(None)


def serve(lines: BinaryIO, emit: Callable[[Event], None]) -> int:
    """Greet, then answer requests one after the other until told to leave; returns the exit code."""
    emit(Hello(pid=os.getpid(), host=socket.gethostname(), package=__version__, abilities=ABILITIES))
    inbox = Inbox(lines, emit)
    threading.Thread(target=inbox.read_forever, name="requests", daemon=True).start()
    answers = Answers(emit)
    while (job := inbox.jobs.get()) is not None:
        answer = answers.to(job)
        emit(answer)
        if isinstance(answer, Failed) and answer.worker_leaves:
            return EXIT_DEVICE_UNUSABLE
    return 0


class Answers:
    """Does what requests ask for; trainings and probes share one loaded model.

    What it needs is imported by the first request: numpy, scipy and torch take seconds that the greeting must not wait
    for.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._models: ModelHolder | None = None
        self._collector: Collector | None = None

    def to(self, job: Job | DescribeRequest) -> Event:
        """The last event about a request."""
        if isinstance(job, DescribeRequest):
            from caa_tui.runs.describe import described

            return described(job)
        if isinstance(job.request, ProbeRequest):
            from caa_tui.runs.probe import probed

            return probed(job.request, self._emit, job.cancelled.is_set, self._holder())
        return self._trained(job.request, job.cancelled.is_set)

    def _trained(self, request: TrainRequest, cancelled: Callable[[], bool]) -> Event:
        if request.version != PROTOCOL_VERSION:
            return Failed(run_id=request.run_id, message=_version_message(request.version))
        from caa_tui.runs.train import ModelCollector, run_training

        self._collector = self._collector or ModelCollector(self._holder())
        return run_training(request, self._emit, cancelled, self._collector)

    def _holder(self) -> ModelHolder:
        from caa_tui.activations.holder import ModelHolder

        self._models = self._models or ModelHolder()
        return self._models


def _version_message(theirs: int) -> str:
    return (
        f"This worker (caa-tui {__version__}) speaks protocol {PROTOCOL_VERSION}, the request protocol {theirs}; "
        "install the same caa-tui version on both sides."
    )


def die_with(parent: int) -> None:
    """Ask Linux to kill this process when its parent dies, however that happens; leave if it is dead already.

    The signal is tied to the parent's THREAD (prctl(2)), so the client starts workers from its main thread. Behind a
    `--worker-command` the parent is somebody's launcher, which may rightly end: there, only the closed pipe counts.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def take_pipes(log: Path | None) -> tuple[BinaryIO, EventPipe]:
    """Keep private copies of stdin and stdout; point 0 at nothing, 1 and 2 at the log (or both at stderr)."""
    requests, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if log is not None:
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(target, 2)
        os.close(target)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), EventPipe(events)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="caa worker", description="The process that holds the model.")
    parser.add_argument("--log", type=Path, help="append everything libraries print to this file")
    parser.add_argument("--parent", type=int, help="end when this process is no longer the parent")
    parser.add_argument("--nice", type=int, help="let other programs of this machine go first, by so much")
    options = parser.parse_args(arguments)
    if options.nice and hasattr(os, "nice"):
        os.nice(options.nice)
    if options.parent is not None:
        die_with(options.parent)
    os.environ.update(QUIET_LIBRARIES)
    for name, value in CONSIDERATE_THREADS.items():
        os.environ.setdefault(name, value)
    lines, emit = take_pipes(options.log)
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        return serve(lines, emit)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    # Not sys.exit: tearing torch down takes seconds and there is nothing left to write.
    code = main()
    logging.shutdown()
    os._exit(code)
