"""Phases of a run as events: throttled, with rates and the time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from caa_tui.runs.protocol import Event, PhaseStarted, Progress

if TYPE_CHECKING:
    from caa_tui.activations.data import CollectProgress

INTERVAL_SECONDS = 0.1
"""At most ten events a second: more than a person sees, and a screen repaints for each."""
WINDOW_SECONDS = 20.0
"""Rates are averages over this span: batches are sorted by length, so the speed drifts during a run."""


class PhaseReporter:
    """Turns steps into `PhaseStarted` and `Progress` events and keeps each phase's wall time."""

    def __init__(self, run_id: str, emit: Callable[[Event], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._run_id = run_id
        self._emit = emit
        self._clock = clock
        self._began = self._phase_began = clock()
        self._phase = ""
        self._seconds: dict[str, float] = {}
        self._samples: deque[tuple[float, int, int]] = deque()
        self._last_sent = float("-inf")
        self._last_done = -1
        self.peak_memory = 0
        """The largest `memory_bytes` that was reported."""

    @property
    def phase(self) -> str:
        """The current one."""
        return self._phase

    def start(self, phase: str, total: int | None = None, detail: str = "") -> None:
        """End the current phase and begin another one."""
        self._close_phase()
        self._phase, self._phase_began = phase, self._clock()
        self._samples.clear()
        self._last_sent, self._last_done = float("-inf"), -1
        self._emit(PhaseStarted(run_id=self._run_id, phase=phase, total=total, detail=detail))

    def finish(self) -> dict[str, float]:
        """Phase -> seconds, and `total`; phases that were entered twice are summed."""
        self._close_phase()
        return self._seconds | {"total": self._clock() - self._began}

    def collecting(self, step: CollectProgress) -> None:
        """Pass on a step of the activations room; a new phase name begins a new phase."""
        if step.phase != self._phase:
            self.start(step.phase, step.total, step.detail)
        self.peak_memory = max(self.peak_memory, step.memory_bytes or 0)
        self._progress(step)

    def _progress(self, step: CollectProgress) -> None:
        now = self._clock()
        complete = step.total is not None and step.done >= step.total > self._last_done
        if now - self._last_sent < INTERVAL_SECONDS and not complete:
            return
        self._last_sent, self._last_done = now, step.done
        stories, tokens = self._rates(now, step.done, step.tokens)
        left = (step.total - step.done) / stories if stories and step.total is not None else None
        self._emit(
            Progress(
                run_id=self._run_id,
                phase=self._phase,
                done=step.done,
                total=step.total,
                seconds=now - self._phase_began,
                stories_per_second=stories,
                tokens_per_second=tokens,
                eta_seconds=left,
                memory_bytes=step.memory_bytes,
                device=step.device,
                device_busy=step.gpu.busy if step.gpu else None,
                device_used_bytes=step.gpu.used_bytes if step.gpu else None,
                device_total_bytes=step.gpu.total_bytes if step.gpu else None,
                detail=step.detail,
            )
        )

    def _rates(self, now: float, done: int, tokens: int) -> tuple[float | None, float | None]:
        """Units and tokens a second over the window; None until there is something to divide."""
        while len(self._samples) > 1 and now - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()
        self._samples.append((now, done, tokens))
        then, done_then, tokens_then = self._samples[0]
        span = now - then
        if span <= 0:
            return None, None
        return (done - done_then) / span or None, (tokens - tokens_then) / span or None

    def _close_phase(self) -> None:
        if self._phase:
            spent = self._clock() - self._phase_began
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + spent
