"""`caa train`: progress on stderr, events or a summary on stdout, Ctrl+C."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

from caa_tui import cli_output
from caa_tui.corpus.model import Corpus
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Notice,
    PhaseStarted,
    Progress,
    encode_line,
    without_data,
)
from caa_tui.runs.session import train, worker_log
from caa_tui.text_safety import printable
from caa_tui.wording import count, duration, layers_in_short, memory

SPARSE_SECONDS = 10.0
"""Between two progress lines where they cannot be overwritten (a log file, a CI job)."""


def train_in_terminal(
    corpus: Corpus, settings: Settings, options: TrainOptions, worker_command: str | None, as_json: bool
) -> int:
    """Train, tell about it, and return the exit code: 0 done, 1 failed, 2 the user can put it right, 130 cancelled.

    Raises:
        UserError: nothing was started, or `output_dir` could not be written.
    """
    data = data_folder(corpus.root)
    client = WorkerClient(worker_log(data), worker_command)
    teller = EventTeller(as_json)
    try:
        record = asyncio.run(_train(corpus, settings, options, client, data, teller))
    except asyncio.CancelledError:
        return 130
    match record.summary:
        case Finished() as result:
            if not as_json:
                cli_output.write_lines(summary_lines(record, result, options))
            return 0
        case Cancelled():
            cli_output.tell(record.message)
            return 130
        case Failed(message=message, traceback=trace):
            cli_output.tell(f"caa: {message}")
            return 1 if trace else 2


async def _train(
    corpus: Corpus,
    settings: Settings,
    options: TrainOptions,
    client: WorkerClient,
    data: DataFolder,
    teller: EventTeller,
) -> RunRecord:
    loop, current = asyncio.get_running_loop(), asyncio.current_task()
    pending: set[asyncio.Task[None]] = set()

    def interrupted() -> None:
        if client.busy:
            teller.line("Cancelling after the current batch; press Ctrl+C again to kill the worker.")
            pending.add(asyncio.ensure_future(client.cancel()))
        elif current is not None:
            current.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on its loop; there Ctrl+C cancels the task, which stops the run as well.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, interrupted)
    try:
        return await train(corpus, settings, options, client=client, data=data, on_event=teller)
    finally:
        teller.clear()
        await client.close()


class EventTeller:
    """Shows events as they come: JSON lines on stdout, or words on stderr, overwritten in place on a terminal."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._live = sys.stderr.isatty()
        self._spoke_at = 0.0
        self._open_line = False

    def __call__(self, event: Event) -> None:
        if self._as_json:
            sys.stdout.buffer.write(encode_line(without_data(event)))
            sys.stdout.buffer.flush()
        match event:
            case PhaseStarted(phase=phase, detail=detail):
                self.show(f"{phase}{f': {detail}' if detail else ''}", at_once=True)
            case Progress():
                self.show(progress_text(event), at_once=False)
            case Notice(message=message):
                self.line(f"note: {message}")

    def line(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        cli_output.tell(text)

    def clear(self) -> None:
        """Remove the line that is overwritten in place."""
        if self._open_line:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._open_line = False

    def show(self, text: str, at_once: bool) -> None:
        """A line that the next one overwrites; in a log one at a time, unless it has to be said `at_once`."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{printable(text)[:width]}")
            sys.stderr.flush()
            self._open_line = True
        elif at_once or time.monotonic() - self._spoke_at >= SPARSE_SECONDS:
            self._spoke_at = time.monotonic()
            cli_output.tell(text)


def progress_text(event: Progress) -> str:
    """`read stories 112/151 · 2.1 stories/s · 410 tokens/s · 18 s left · 6.1 GB`."""
    total = f"/{event.total}" if event.total is not None else ""
    parts = [f"{event.phase} {event.done}{total}"]
    if event.stories_per_second:
        parts.append(f"{event.stories_per_second:.1f} stories/s")
    if event.tokens_per_second:
        parts.append(f"{event.tokens_per_second:,.0f} tokens/s")
    if event.eta_seconds is not None:
        parts.append(f"{duration(event.eta_seconds)} left")
    if event.memory_bytes:
        parts.append(memory(event.memory_bytes))
    if event.detail:
        parts.append(event.detail)
    return " · ".join(parts)


def summary_lines(record: RunRecord, result: Finished, options: TrainOptions) -> Iterator[str]:
    """What a person wants to know when a run is done."""
    yield (
        f"Run {record.id}: {count(result.concepts, 'concept')} from {count(result.stories, 'text')}, "
        f"layers {layers_in_short(result.layers)}, {result.dtype} on {result.device}"
    )
    yield (
        f"{count(result.forwarded_texts, 'text')} read, {result.cached_texts:,} from the cache, "
        f"{duration(result.seconds.get('total', 0.0))}, {memory(result.peak_memory_bytes)} of memory at most"
    )
    for bucket, concepts in result.buckets.items():
        yield f"{bucket.replace('_', ' ')}: {', '.join(concepts) if concepts else 'none'}"
    for concept, why in result.left_out.items():
        yield f"left out: {concept} ({why})"
    if options.output_dir is not None:
        yield f"written to {options.output_dir}"
    if result.buckets:
        yield "`caa triage` shows the stories behind the flags."
