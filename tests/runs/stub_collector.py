"""A collector without a model. The `model` of the request says how it behaves; numbers depend only on the texts."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from caa_tui.activations.data import Collected, CollectProgress, HeadInputs
from caa_tui.choices import ALL
from caa_tui.errors import UserError
from caa_tui.runs.protocol import Described, DescribeRequest, DeviceFacts, ModelFacts, TrainRequest
from caa_tui.runs.train import RunCancelled

HIDDEN = 8
LAYERS = (1, 2)
DEPTH = 30
ERRORS: dict[str, BaseException] = {
    "user": UserError("The model is not there; choose another one."),
    "memory": MemoryError(),
    "defect": KeyError("no such key"),
    "gpu": RuntimeError("CUDA error: device-side assert triggered\nmore"),
    "disk": OSError(28, "No space left on device"),
}


def numbers_of(text: str, layer: int) -> NDArray[np.float32]:
    """(HIDDEN,) float32, the same for the same text and layer."""
    seed = int.from_bytes(hashlib.sha256(f"{layer} {text}".encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(HIDDEN).astype(np.float32)


def stub_described(request: DescribeRequest) -> Described:
    """Two devices; every model has 30 layers and reads 2,048 tokens, but `missing` is not there."""
    name = request.model
    facts = ModelFacts(
        name=name or "",
        layers=DEPTH,
        hidden_size=HIDDEN,
        context=2048,
        extendable=False,
        parameters=10**9,
        size_bytes=10**9,
    )
    if name == "missing":
        facts = ModelFacts(name=name, problem="There is no model at 'missing'; choose another one.")
    if name == "far/away":
        facts = ModelFacts(name=name, on_disk=False)
    return Described(
        run_id=request.run_id,
        devices=(
            DeviceFacts(name="cuda:0", label="Imagined GPU", free_bytes=70 * 10**9, total_bytes=80 * 10**9),
            DeviceFacts(name="cpu", free_bytes=5 * 10**9, total_bytes=16 * 10**9),
        ),
        models=("smollm2", "owner/known"),
        model=facts if name else None,
    )


def collected(texts: Sequence[str], request: TrainRequest, residual: dict[int, NDArray[np.float32]]) -> Collected:
    """What a collector returns that has read every text; `residual`: layer -> (texts, hidden)."""
    return Collected(
        layers=tuple(residual),
        residual=residual,
        attention={},
        down={},
        truncated=(),
        forwarded=len(texts),
        cached=0,
        tokens=10 * len(texts),
        padded_tokens=16 * len(texts),
        device="cpu",
        dtype="fp32",
        hidden_size=next(iter(residual.values())).shape[1],
        provenance={"model": request.model},
    )


class StubCollector:
    """Remembers what it was asked; `endless` reads one text a
    hundredth of a second until cancelled."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __call__(
        self,
        texts: Sequence[str],
        request: TrainRequest,
        report: Callable[[CollectProgress], None],
        cancelled: Callable[[], bool],
    ) -> Collected:
        self.asked.append(tuple(texts))
        if error := ERRORS.get(request.model):
            raise error
        if request.model == "noisy":
            self._make_noise()
        if request.model == "gil":
            # One call into C that never lets another Python thread run.
            report(CollectProgress(phase="read stories", done=1))
            sum(range(10**15))
        report(CollectProgress(phase="load model", detail=request.model, memory_bytes=123))
        if request.model == "late":
            raise UserError("The model does not fit; choose a smaller one.")
        done = 0
        while done < len(texts) or request.model == "endless":
            if cancelled():
                raise RunCancelled(done)
            done += 1
            report(CollectProgress(phase="read stories", done=done, total=len(texts), tokens=10 * done))
            if request.model == "endless":
                time.sleep(0.01)
        layers = range(DEPTH) if request.target_layers == ALL else LAYERS
        rows = {layer: np.stack([numbers_of(text, layer) for text in texts]) for layer in layers}
        return replace(
            collected(texts, request, rows),
            attention={1: HeadInputs(rows[1], heads=2)} if request.quality_report else {},
            truncated=(0,) if request.model == "truncating" else (),
            notices=("This model has no MLP.",),
        )

    def _make_noise(self) -> None:
        os.write(1, b"noise on 1\n")
        os.write(2, b"noise on 2\n")
        sys.stdout.write("a print\n")
        sys.stdout.flush()
        assert sys.stdin.read() == ""
