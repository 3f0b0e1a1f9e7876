"""Phases, rates and the time left, on a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caa_tui.activations.data import CollectProgress, GpuReading
from caa_tui.runs.progress import PhaseReporter
from caa_tui.runs.protocol import Event, PhaseStarted, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def reading(done: int, total: int = 100, tokens: int = 0, memory: int | None = None) -> CollectProgress:
    return CollectProgress(phase="read stories", done=done, total=total, tokens=tokens, memory_bytes=memory)


def reporter() -> tuple[PhaseReporter, Clock, list[Event]]:
    clock, events = Clock(), list[Event]()
    return PhaseReporter("0001", events.append, clock), clock, events


def test_a_new_phase_name_begins_a_phase() -> None:
    phases, clock, events = reporter()
    phases.collecting(CollectProgress(phase="load model", detail="tiny"))
    clock.now += 2
    phases.collecting(reading(0))
    clock.now += 3
    phases.start("vectors")
    clock.now += 1
    assert phases.finish() == {"load model": 2, "read stories": 3, "vectors": 1, "total": 6}
    assert [event.phase for event in events if isinstance(event, PhaseStarted)] == [
        "load model",
        "read stories",
        "vectors",
    ]


def test_a_phase_that_comes_twice_is_summed() -> None:
    phases, clock, _ = reporter()
    for name in ("check", "vectors", "check"):
        phases.start(name)
        clock.now += 1
    assert phases.finish() == {"check": 2, "vectors": 1, "total": 3}


def test_rates_and_time_left() -> None:
    phases, clock, events = reporter()
    phases.collecting(reading(0))
    clock.now += 2
    phases.collecting(reading(10, tokens=800, memory=7))
    last = events[-1]
    assert isinstance(last, Progress)
    assert (last.stories_per_second, last.tokens_per_second) == (5, 400)
    assert last.eta_seconds == pytest.approx(18)
    assert (last.seconds, last.memory_bytes, phases.peak_memory) == (2, 7, 7)


def test_rates_forget_what_is_long_ago() -> None:
    phases, clock, events = reporter()
    phases.collecting(reading(0, total=1000))
    for step in range(1, 61):
        clock.now += 1
        phases.collecting(reading(step * (1 if step <= 30 else 10), total=1000, tokens=step))
    clock.now += 1
    phases.collecting(reading(610, total=1000, tokens=61))
    last = events[-1]
    assert isinstance(last, Progress)
    assert last.stories_per_second == pytest.approx(10)


def test_no_rate_before_there_is_one() -> None:
    phases, _, events = reporter()
    phases.collecting(reading(3))
    last = events[-1]
    assert isinstance(last, Progress)
    assert (last.stories_per_second, last.eta_seconds) == (None, None)


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=200))
def test_at_most_ten_a_second_and_the_end_is_told(pauses: list[float]) -> None:
    phases, clock, events = reporter()
    began = clock.now
    for done, pause in enumerate(pauses, start=1):
        clock.now += pause
        phases.collecting(reading(done, total=len(pauses)))
    told = [event for event in events if isinstance(event, Progress)]
    assert told[-1].done == len(pauses)
    # One at the beginning, one for the end, one each tenth of a second between.
    assert len(told) <= 2 + (clock.now - began) / 0.1


def test_what_the_gpu_does_is_passed_on_where_it_is_measured() -> None:
    phases, clock, events = reporter()
    phases.collecting(CollectProgress(phase="read stories", done=1, device="cuda:0", gpu=GpuReading(0.97, 30, 100)))
    clock.now += 1
    phases.collecting(CollectProgress(phase="read stories", done=2, device="cpu"))
    first, second = (event for event in events if isinstance(event, Progress))
    assert (first.device, first.device_busy, first.device_used_bytes, first.device_total_bytes) == (
        "cuda:0",
        0.97,
        30,
        100,
    )
    assert (second.device, second.device_busy, second.device_used_bytes) == ("cpu", None, None)
