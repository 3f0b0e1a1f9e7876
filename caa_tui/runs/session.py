"""One training from the corpus to the run's folder: what the screens and `caa train` both call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from caa_tui.corpus.model import NO_STORY, Corpus, Story
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import DataFolder
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord, list_runs, load_run
from caa_tui.runs.options import OUTPUT_FILES, TrainOptions, model_location
from caa_tui.runs.protocol import (
    FINAL_EVENTS,
    Cancelled,
    Event,
    Failed,
    FinalEvent,
    Finished,
    Notice,
    StoryText,
    TrainRequest,
)
from caa_tui.runs.records import RunRequest, StoryStamp
from caa_tui.runs.run_folder import RunFolder, next_run_id, sweep_partials, training_lock
from caa_tui.runs.sweeps import Sweep, find_sweeps, resolved

MAX_WORKER_LOG_BYTES = 2**20


def worker_log(data: DataFolder) -> Path:
    """Where a client for this corpus lets its worker log; every run keeps its own part of it."""
    return data.path / "worker.log"


async def train(
    corpus: Corpus,
    settings: Settings,
    options: TrainOptions,
    *,
    client: WorkerClient,
    data: DataFolder,
    on_event: Callable[[Event], None],
) -> RunRecord:
    """Run one training to its end, whatever that is: the record says done, failed or cancelled.

    `auto` layers become those that a sweep among the earlier runs recommends, if there is one (`runs/sweeps.py`); a
    notice says so, and the request and the provenance name them.
    `on_event` sees every event as it comes, the final one included, after it was written to the run's folder.
    Cancel with `client.cancel()`; cancelling the task also stops the worker's run.

    Raises:
        UserError: the options cannot be right (for this side or for the worker), there is nothing to train, another
            training of the corpus is running, or a folder cannot be written (`output_dir` is written last: the run is
            kept then). A request that was turned down at its checks leaves no run.
    """
    options.checked()
    if not corpus.concepts:
        raise UserError(NO_STORY)
    with training_lock(data):
        sweep_partials(data.runs)
        record = await _train_locked(corpus, settings, options, client, data, on_event)
    if options.output_dir is not None and isinstance(record.summary, Finished):
        await asyncio.to_thread(write_output, record, options.output_dir)
    return record


async def _train_locked(
    corpus: Corpus,
    settings: Settings,
    options: TrainOptions,
    client: WorkerClient,
    data: DataFolder,
    on_event: Callable[[Event], None],
) -> RunRecord:
    _trim(client)
    here = client.command is None
    located = replace(options, model=model_location(options.model)) if here and options.model else options
    cache = data.activations if here else None
    located, sweep = await asyncio.to_thread(_with_layers, located, data)
    request = train_request(corpus, settings, located, next_run_id(data.runs), cache)
    stamps = tuple(_stamp(story) for story in corpus.stories)
    folder = RunFolder(data, RunRequest.of(request, stamps, client.command), client.log_path)
    try:
        if sweep is not None:
            notice = Notice(run_id=request.run_id, message=sweep.sentence)
            folder.add(notice)
            on_event(notice)
        return await _follow(folder, client, request, data, on_event)
    except asyncio.CancelledError:
        folder.close(Cancelled(run_id=request.run_id, forwarded_texts=client.forwarded))
        raise
    except BaseException:
        folder.abandon()
        raise


def _with_layers(options: TrainOptions, data: DataFolder) -> tuple[TrainOptions, Sweep | None]:
    """Blocking; the history is not even looked at where layers were asked for."""
    if options.target_layers is not None:
        return options, None
    return resolved(options, find_sweeps(list_runs(data)))


async def _follow(
    folder: RunFolder,
    client: WorkerClient,
    request: TrainRequest,
    data: DataFolder,
    on_event: Callable[[Event], None],
) -> RunRecord:
    """Keep and pass on the events of one run."""
    async with aclosing(client.run(request)) as events:
        async for event in events:
            folder.add(event)
            if isinstance(event, Failed) and event.refused:
                folder.discard()
                on_event(event)
                raise UserError(event.message)
            if isinstance(event, FINAL_EVENTS):
                return _settled(folder, event, data, on_event)
            on_event(event)
    raise AssertionError("a run ends with a final event")


def _settled(folder: RunFolder, summary: FinalEvent, data: DataFolder, on_event: Callable[[Event], None]) -> RunRecord:
    """The folder is in its place before anyone hears of the end. No await: a cancelled task cannot split this."""
    place = folder.close(summary)
    record = load_run(data, place.name)
    on_event(summary)
    return record


def train_request(
    corpus: Corpus, settings: Settings, options: TrainOptions, run_id: str, cache_path: Path | None
) -> TrainRequest:
    """The request for a snapshot of the corpus; later edits do not reach it.

    `cache_path` None: the worker, perhaps on another machine, uses its own.
    """
    if options.model is None:
        raise ValueError("options were not checked")
    return TrainRequest(
        run_id=run_id,
        model=options.model,
        stories=tuple(
            StoryText(path=story.path, concept=story.concept, scenario=story.scenario, text=story.text)
            for story in corpus.stories
        ),
        target_layers=options.target_layers,
        dtype=options.dtype,
        device=options.device,
        batch_tokens=options.batch_tokens,
        max_length=options.max_length,
        min_positives=options.min_positives,
        pooling=options.pooling,
        estimator=options.estimator,
        quality_report=options.quality_report,
        thresholds=settings.thresholds,
        cache_path=str(cache_path) if cache_path else None,
    )


def write_output(record: RunRecord, folder: Path) -> None:
    """Copy the run's results to `folder`: all of them or none.

    Raises:
        UserError: they cannot be written; the run itself is kept.
    """
    # Imported here: numpy and safetensors, which the start of `caa` does not wait for.
    from caa_tui.export.readout import write_files

    files = {name: (record.folder / name).read_bytes() for name in OUTPUT_FILES if (record.folder / name).is_file()}
    try:
        write_files(folder, files)
    except UserError as error:
        raise UserError(f"Run {record.id} is kept (`caa export` can write it elsewhere), but {error}") from error


def _stamp(story: Story) -> StoryStamp:
    return StoryStamp(path=story.path, concept=story.concept, scenario=story.scenario, text_sha256=story.text_sha256)


def _trim(client: WorkerClient) -> None:
    """Empty a long worker.log before a run; runs keep their own parts, and the lock says no other run writes it."""
    try:
        if client.log_path.stat().st_size > MAX_WORKER_LOG_BYTES:
            client.log_path.write_bytes(b"")
    except FileNotFoundError:
        return
