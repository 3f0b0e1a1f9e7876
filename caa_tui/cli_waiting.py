"""What a worker is doing and for how long, second by second, also while it says nothing (a model that loads)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from caa_tui.cli_train import EventTeller
from caa_tui.runs.protocol import Event, PhaseStarted
from caa_tui.wording import duration

TICK_SECONDS = 1.0
BEFORE_ANY_WORD = "starting the worker"


class Waiting:
    """Takes the events of one question, and tells its phase with the seconds it has taken."""

    def __init__(self, teller: EventTeller, clock: Callable[[], float] = time.monotonic) -> None:
        self._teller = teller
        self._clock = clock
        self._words = BEFORE_ANY_WORD
        self._since = clock()

    def __call__(self, event: Event) -> None:
        if isinstance(event, PhaseStarted):
            self._words = event.phase + (f": {event.detail}" if event.detail else "")
            self._since = self._clock()
            self._teller.show(self._words, at_once=True)

    def tick(self) -> None:
        """Tell the phase again with its time."""
        self._teller.show(f"{self._words}, {duration(self._clock() - self._since)}", at_once=False)

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Tick every second; afterwards the line is gone."""
        ticks = asyncio.create_task(self._tick_forever())
        try:
            yield
        finally:
            ticks.cancel()
            with suppress(asyncio.CancelledError):
                await ticks
            self._teller.clear()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()
