"""The files of a run's folder as data: request.json and status.json."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from caa_tui.runs.protocol import Cancelled, Failed, FinalEvent, Finished, RunChoices, TrainRequest

PARTIAL_SUFFIX = ".partial"
REQUEST_FILE = "request.json"
STATUS_FILE = "status.json"
EVENTS_FILE = "events.jsonl"
LOG_FILE = "worker.log"


class RunStatus(StrEnum):
    RUNNING = "running"
    """Only in a `.partial` folder."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StoryStamp(msgspec.Struct, frozen=True, kw_only=True):
    """A story that took part in a run, without its text."""

    path: str
    concept: str | None
    scenario: str | None
    text_sha256: str


class RunRequest(RunChoices, frozen=True, kw_only=True):
    """`TrainRequest` as it is kept: every choice, and which texts it was made with."""

    stories: tuple[StoryStamp, ...]
    worker_command: str | None = None
    """None: a worker on this machine."""

    @classmethod
    def of(cls, request: TrainRequest, stamps: tuple[StoryStamp, ...], worker_command: str | None) -> RunRequest:
        """The same choices, the texts replaced by their stamps."""
        choices = {name: getattr(request, name) for name in RunChoices.__struct_fields__}
        return cls(**choices, stories=stamps, worker_command=worker_command)


class StatusFile(msgspec.Struct, frozen=True, kw_only=True):
    """status.json: written when the run begins and again, last of all, when it ends."""

    version: int = 1
    id: str
    status: RunStatus
    started: float
    """Unix time, seconds."""
    ended: float | None = None
    pid: int | None = None
    """Of the program that started the run (not of the worker)."""
    host: str = ""
    summary: FinalEvent | None = None
    """The final event; None while it runs."""


def status_of(event: FinalEvent) -> RunStatus:
    """The status a final event stands for."""
    statuses: dict[type[FinalEvent], RunStatus] = {
        Finished: RunStatus.DONE,
        Failed: RunStatus.FAILED,
        Cancelled: RunStatus.CANCELLED,
    }
    return statuses[type(event)]


def pretty(content: object) -> bytes:
    """JSON for people and programs: indented, a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
