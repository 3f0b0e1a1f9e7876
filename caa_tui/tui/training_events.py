"""A worker's events as the state of a training: the same for one that runs and for one that is read from its folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from caa_tui.runs.protocol import Event, Finished, Notice, PhaseStarted, Progress
from caa_tui.runs.records import RunStatus
from caa_tui.tui.training_history import Sample, TrainingHistory
from caa_tui.tui.workspace import TrainingState, TrainingStatus

if TYPE_CHECKING:
    from caa_tui.runs.history import RunRecord

ENDINGS: dict[RunStatus, TrainingStatus] = {
    RunStatus.DONE: "done",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "cancelled",
}


def folded(state: TrainingState, event: Event) -> TrainingState:
    """The state after an event; how long phases took is the caller's to add."""
    match event:
        case PhaseStarted():
            return replace(
                state,
                run_id=event.run_id,
                phase=event.phase,
                done=0,
                total=event.total,
                detail=event.detail,
                eta_seconds=None,
                stories_per_second=None,
                tokens_per_second=None,
            )
        case Progress():
            return replace(
                state,
                phase=event.phase,
                done=event.done,
                total=event.total,
                stories_per_second=event.stories_per_second,
                tokens_per_second=event.tokens_per_second,
                eta_seconds=event.eta_seconds,
                memory_bytes=event.memory_bytes,
                device=event.device or state.device,
                device_busy=event.device_busy,
                device_used_bytes=event.device_used_bytes,
                device_total_bytes=event.device_total_bytes,
                detail=event.detail,
            )
        case Notice(message=message):
            return replace(state, notices=(*state.notices, message))
        case Finished(forwarded_texts=forwarded, cached_texts=cached, device=device):
            return replace(state, forwarded=forwarded, cached=cached, device=device)
        case _:
            return state


def sample_of(event: Progress, at: float) -> Sample:
    """The numbers of a progress event `at` seconds after the run began."""
    memory = event.memory_bytes if event.device_used_bytes is None else event.device_used_bytes
    return Sample(at, event.stories_per_second, event.tokens_per_second, memory, event.device_busy)


def replayed(record: RunRecord) -> tuple[TrainingState, TrainingHistory]:
    """A run that is over, from its folder; blocking."""
    state, history = TrainingState(run_id=record.id), TrainingHistory()
    seconds: dict[str, float] = {}
    for event in record.events():
        state = folded(state, event)
        if isinstance(event, Progress):
            before = sum(spent for phase, spent in seconds.items() if phase != event.phase)
            seconds[event.phase] = event.seconds
            history.add(sample_of(event, before + event.seconds))
    if record.result is not None:
        seconds = {phase: spent for phase, spent in record.result.seconds.items() if phase != "total"}
    state = replace(state, status=ENDINGS[record.status], message=record.message, seconds=seconds, eta_seconds=None)
    return state, history
