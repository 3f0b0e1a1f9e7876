"""One training inside the worker: a request in, events out. Nothing here touches the corpus or the run folder."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import sqlite3
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from caa_tui import __version__
from caa_tui.choices import parse_estimator
from caa_tui.errors import UserError
from caa_tui.export.readout import readout_files
from caa_tui.runs.collecting import activation_cache, collect_options
from caa_tui.runs.progress import PhaseReporter
from caa_tui.runs.protocol import (
    CHECKING,
    Artefact,
    Cancelled,
    Event,
    Failed,
    FinalEvent,
    Finished,
    Notice,
    TrainRequest,
)
from caa_tui.runs.records import pretty
from caa_tui.vectors.data import Activations, ConceptVectors, Floats, HeadInputs, StoryRow
from caa_tui.vectors.flags import FlagReport
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import quality_bytes
from caa_tui.vectors.train import check_trainable, left_out, train_vectors
from caa_tui.vectors.triage import flag_report
from caa_tui.wording import count, listed_paths

if TYPE_CHECKING:
    from caa_tui.activations.data import Collected, CollectProgress
    from caa_tui.activations.holder import ModelHolder

logger = logging.getLogger(__name__)

Emit = Callable[[Event], None]


class RunCancelled(Exception):
    """The run was asked to stop; `forwarded` texts are in the cache for the next one."""

    def __init__(self, forwarded: int) -> None:
        super().__init__(forwarded)
        self.forwarded = forwarded


class Collector(Protocol):
    """Texts to pooled activations; the tests put their own in its place."""

    def __call__(
        self,
        texts: Sequence[str],
        request: TrainRequest,
        report: Callable[[CollectProgress], None],
        cancelled: Callable[[], bool],
    ) -> Collected: ...


class ModelCollector:
    """The real collector: its holder keeps the model loaded between runs."""

    def __init__(self, holder: ModelHolder) -> None:
        self._holder = holder

    def __call__(
        self,
        texts: Sequence[str],
        request: TrainRequest,
        report: Callable[[CollectProgress], None],
        cancelled: Callable[[], bool],
    ) -> Collected:
        # Imported here: this is the step that loads torch.
        from caa_tui.activations.collect import collect
        from caa_tui.activations.data import CollectCancelled

        options = collect_options(request, request.target_layers, report=request.quality_report)
        store = activation_cache(request)
        try:
            return collect(texts, options, holder=self._holder, store=store, report=report, cancelled=cancelled)
        except CollectCancelled as stop:
            raise RunCancelled(stop.forwarded) from stop


def run_training(request: TrainRequest, emit: Emit, cancelled: Callable[[], bool], collector: Collector) -> FinalEvent:
    """Run one request to its end; every way to fail becomes a sentence."""
    reporter = PhaseReporter(request.run_id, emit)
    try:
        return _Training(request, emit, cancelled, reporter).run(collector)
    except RunCancelled as stop:
        return Cancelled(run_id=request.run_id, forwarded_texts=stop.forwarded)
    except UserError as error:
        return Failed(run_id=request.run_id, message=str(error), refused=reporter.phase == CHECKING)
    except Exception as error:
        logger.exception("run %s failed", request.run_id)
        message, device_unusable = explain(error)
        trace = "".join(traceback.format_exception(error))
        return Failed(run_id=request.run_id, message=message, traceback=trace, worker_leaves=device_unusable)


class _Training:
    """The steps of one run, in order; each raises instead of going on with half a result."""

    def __init__(
        self, request: TrainRequest, emit: Emit, cancelled: Callable[[], bool], reporter: PhaseReporter
    ) -> None:
        self._request = request
        self._emit = emit
        self._cancelled = cancelled
        self._reporter = reporter
        self._hashes: dict[str, str] = {}

    def run(self, collector: Collector) -> Finished:
        request, reporter = self._request, self._reporter
        reporter.start(CHECKING, detail=count(len(request.stories), "text"))
        rows = story_rows(request)
        estimator = parse_estimator(request.estimator)
        for weakness in check_trainable(rows, request.min_positives, estimator):
            self._emit(Notice(run_id=request.run_id, message=weakness))
        # The same text under two names is read once.
        positions = {text: index for index, text in enumerate(dict.fromkeys(row.text for row in rows))}
        collected = collector(tuple(positions), request, reporter.collecting, self._cancelled)
        self._stop_if_cancelled(collected.forwarded)
        truncated = self._tell_notices(collected, rows, positions)

        reporter.start("vectors")
        spread = activations_of(collected, rows, [positions[row.text] for row in rows])
        acts = replace(spread, estimator=estimator, mean_pooling=request.pooling != "last")
        vectors = train_vectors(acts, request.min_positives)
        # Sent before anything else is computed: a failing report must never lose vectors.
        self._send(readout_files(vectors, collected.hidden_size))
        self._stop_if_cancelled(collected.forwarded)
        flags = self._report(acts, vectors) if request.quality_report else None

        reporter.start("write")
        self._send({"provenance.json": provenance(request, collected, self._hashes)})
        return self._finished(collected, vectors, flags, truncated, left_out(acts, request.min_positives))

    def _report(self, acts: Activations, vectors: ConceptVectors) -> FlagReport:
        self._reporter.start("quality", total=len(vectors.concepts))
        quality = quality_report(acts, vectors, self._request.thresholds)
        flags = flag_report(acts, vectors, quality, self._request.thresholds, self._request.min_positives)
        self._send({"quality.json": quality_bytes(quality), "flags.json": pretty(flags)})
        return flags

    def _send(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            self._hashes[name] = hashlib.sha256(data).hexdigest()
            self._emit(Artefact(run_id=self._request.run_id, name=name, data=data))

    def _stop_if_cancelled(self, forwarded: int) -> None:
        if self._cancelled():
            raise RunCancelled(forwarded)

    def _tell_notices(
        self, collected: Collected, rows: Sequence[StoryRow], positions: Mapping[str, int]
    ) -> tuple[str, ...]:
        for message in collected.notices:
            self._emit(Notice(run_id=self._request.run_id, message=message))
        cut = set(collected.truncated)
        paths = tuple(row.path for row in rows if positions[row.text] in cut)
        if paths:
            which = count(len(paths), "story is", "stories are")
            message = f"{which} longer than the maximum length and read only up to it: {listed_paths(paths)}."
            self._emit(Notice(run_id=self._request.run_id, message=message, paths=paths))
        return paths

    def _finished(
        self,
        collected: Collected,
        vectors: ConceptVectors,
        flags: FlagReport | None,
        truncated: tuple[str, ...],
        without: dict[str, str],
    ) -> Finished:
        return Finished(
            run_id=self._request.run_id,
            concepts=len(vectors.concepts),
            stories=len(self._request.stories),
            layers=tuple(vectors.layers),
            hidden_size=collected.hidden_size,
            device=collected.device,
            dtype=collected.dtype,
            forwarded_texts=collected.forwarded,
            cached_texts=collected.cached,
            tokens=collected.tokens,
            padded_tokens=collected.padded_tokens,
            seconds=self._reporter.finish(),
            peak_memory_bytes=self._peak_memory(collected.device),
            buckets=dict(flags.buckets) if flags else {},
            truncated=truncated,
            left_out=without,
        )

    def _peak_memory(self, device: str) -> int:
        """On a GPU, what was in use there; elsewhere the process's own high-water mark."""
        seen = self._reporter.peak_memory
        return seen if device.startswith("cuda") and seen else max(seen, peak_resident_bytes())


def story_rows(request: TrainRequest) -> tuple[StoryRow, ...]:
    """The stories of a request as rows; the hash is taken here, so a request need not be trusted with it."""
    return tuple(
        StoryRow(
            path=story.path,
            concept=story.concept,
            scenario=story.scenario,
            text=story.text,
            text_sha256=hashlib.sha256(story.text.encode()).hexdigest(),
        )
        for story in request.stories
    )


def activations_of(collected: Collected, rows: tuple[StoryRow, ...], index: Sequence[int]) -> Activations:
    """Spread the arrays of distinct texts over the rows; `index[i]` is the text of row i."""
    distinct = list(index) == list(range(len(index)))

    def spread(values: Floats) -> Floats:
        return values if distinct else values[np.asarray(index)]

    return Activations(
        rows=rows,
        layers=tuple(collected.layers),
        residual={layer: spread(values) for layer, values in collected.residual.items()},
        attention={layer: HeadInputs(spread(part.values), part.heads) for layer, part in collected.attention.items()},
        down=collected.down,
        means={layer: spread(values) for layer, values in collected.means.items()},
    )


def provenance(request: TrainRequest, collected: Collected, hashes: Mapping[str, str]) -> bytes:
    """What made the files: model, corpus, options, versions; no times, no counts, so equal inputs give equal bytes."""
    stories = {story.path: hashlib.sha256(story.text.encode()).hexdigest() for story in request.stories}
    options = {
        name: value
        for name, value in msgspec.to_builtins(request).items()
        if name not in {"type", "run_id", "stories", "cache_path", "version"}
    }
    content = {
        "caa_tui": __version__,
        "options": options,
        "layers": list(collected.layers),
        "device": collected.device,
        "dtype": collected.dtype,
        "corpus_sha256": hashlib.sha256(json.dumps(stories, sort_keys=True).encode()).hexdigest(),
        "stories": dict(sorted(stories.items())),
        "activations": collected.provenance,
        "files_sha256": dict(sorted(hashes.items())),
    }
    return pretty(content)


def explain(error: Exception, work: str = "Training", log: str = "worker.log in the run's folder") -> tuple[str, bool]:
    """A sentence for a failure of `work` nobody planned, and whether this process can use the device no more."""
    kind, first_line = type(error), (str(error).splitlines() or [""])[0][:200]
    from_torch = kind.__module__.startswith("torch")
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return "The memory of the machine is used up; choose a smaller model or set batch-tokens lower.", False
    if (from_torch and kind.__name__ == "OutOfMemoryError") or "backend out of memory" in first_line:
        return "The memory of the GPU is used up; choose bf16, a smaller model, or another device.", False
    if (from_torch and kind.__name__ == "AcceleratorError") or "CUDA error" in first_line or "HIP error" in first_line:
        return f"The GPU reported an error ({first_line}); train again, the worker starts afresh.", True
    if (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}) or (
        isinstance(error, sqlite3.OperationalError) and "full" in first_line
    ):
        return f"The disk is full ({first_line}); free some space and train again, finished batches are kept.", False
    return (
        f"{work} stopped unexpectedly ({kind.__name__}: {first_line}); {log} says more.",
        False,
    )


def peak_resident_bytes() -> int:
    """The most memory this process ever had resident; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts KiB, macOS bytes (getrusage(2) of each).
    return peak if sys.platform == "darwin" else peak * 1024
