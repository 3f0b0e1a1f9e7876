"""Batches through the model, one copy behind, smaller when memory runs out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import torch

from caa_tui.activations.batching import Batch, TokenText, plan_batches
from caa_tui.activations.capture import Capture, HostRows, out_of_memory
from caa_tui.activations.holder import LoadedModel
from caa_tui.activations.options import BatchShape
from caa_tui.errors import UserError


def run_batches(
    loaded: LoadedModel,
    capture: Capture,
    texts: Sequence[TokenText],
    shape: BatchShape,
    context: int | None,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[Batch, HostRows]]:
    """Finished batches, until all texts are done or `cancelled` says so before a batch.

    On CUDA a batch is handed out while the next one computes. A batch that does not fit is cut into smaller ones, and
    so is everything after it, in this run and the next ones with this model.

    Raises:
        UserError: a single text does not fit into the memory.
    """
    waiting = deque(_plan(texts, shape, context, loaded.halvings))
    finished: deque[tuple[Batch, HostRows]] = deque()
    while waiting and not cancelled():
        batch = waiting.popleft()
        rows = _forward(capture, batch)
        if rows is None:
            _shrink(loaded, batch)
            left = [text for later in (batch, *waiting) for text in later.texts]
            waiting = deque(_plan(left, shape, context, loaded.halvings))
            continue
        finished.append((batch, rows))
        while len(finished) > (rows.copied is not None):
            yield finished.popleft()
    yield from finished


def _plan(texts: Sequence[TokenText], shape: BatchShape, context: int | None, halvings: int) -> list[Batch]:
    return plan_batches(texts, BatchShape(shape.tokens >> halvings, shape.step), context)


def _forward(capture: Capture, batch: Batch) -> HostRows | None:
    """None when memory ran out. The error is gone when this returns: its traceback would keep the tensors alive."""
    try:
        return capture.forward(batch)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
    return None


def empty_device_caches() -> None:
    """Give what torch keeps in reserve back to the device, so that smaller batches find room."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _shrink(loaded: LoadedModel, batch: Batch) -> None:
    if batch.rows == 1:
        raise UserError(
            f"A text of {batch.length} tokens does not fit into the memory; use a shorter --max-length, "
            "a 2-byte --dtype or another --device."
        )
    loaded.halvings += 1
    empty_device_caches()
