"""The worker's side of the pipe in this process, for tests that look at its numbers and not at how it is started."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from caa_tui.activations.holder import ModelHolder
from caa_tui.errors import UserError
from caa_tui.runs.probe import probed
from caa_tui.runs.protocol import (
    Event,
    Failed,
    Probed,
    ProbeRequest,
    TrainRequest,
    decode_event,
    decode_request,
    encode_line,
)
from caa_tui.runs.train import ModelCollector, run_training


class HereWorker:
    """Stands in for a `WorkerClient`: what that would send is done at once."""

    command = None

    def __init__(self, log_path: Path, holder: ModelHolder | None = None) -> None:
        self.log_path = log_path
        self.forwarded = 0
        self.holder = holder or ModelHolder()

    async def run(self, request: TrainRequest) -> AsyncIterator[Event]:
        events: list[Event] = []
        events.append(run_training(request, events.append, lambda: False, ModelCollector(self.holder)))
        for event in events:
            yield event

    async def probe(self, request: ProbeRequest, on_event: Callable[[Event], None] | None) -> Probed:
        # Through the pipe's own words: what cannot be told must not be seen here.
        asked = decode_request(encode_line(request))
        assert isinstance(asked, ProbeRequest)
        answer = decode_event(encode_line(probed(asked, on_event or (lambda _: None), lambda: False, self.holder)))
        if isinstance(answer, Probed):
            return answer
        assert isinstance(answer, Failed)
        assert (answer.refused, answer.traceback) == (True, "")
        raise UserError(answer.message)

    async def close(self) -> None:
        """There is no process; the model stays with the holder."""
