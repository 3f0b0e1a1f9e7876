"""The real worker with a model that knows words but not what they mean: retellings are alike, new words move them.

Standing in for a language model in the walk of the usage page: on the sample corpus it finds `content` and `peaceful`
told alike, as SmolLM2 does, and one more sentence tells them apart. `GATE` names a file it waits for before it ends.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from stub_collector import collected
from stub_worker import serve

from caa_tui.activations.data import Collected, CollectProgress
from caa_tui.runs.protocol import TrainRequest

GATE = "CAA_WORD_WORKER_GATE"
LAYERS = (12, 16, 20, 24)
WIDTH = 64
FADING = 0.978
"""How much of a word is left one word later; the state at the last token is what is read."""
SEED = "b"


@cache
def meaning(word: str) -> NDArray[np.float32]:
    """(layers, WIDTH), the same in every run."""
    seed = int.from_bytes(hashlib.sha256(f"{SEED}{word}".encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal((len(LAYERS), WIDTH)).astype(np.float32)


def state(text: str) -> NDArray[np.float32]:
    """What the words of a text add up to at its end: (layers, WIDTH)."""
    words = re.findall(r"[a-z']+", text.lower())
    weights = FADING ** np.arange(len(words) - 1, -1, -1, dtype=np.float32)
    total: NDArray[np.float32] = np.tensordot(weights, np.stack([meaning(word) for word in words]), 1)
    return total


class WordCollector:
    """Reads every text each time."""

    def __call__(
        self,
        texts: Sequence[str],
        request: TrainRequest,
        report: Callable[[CollectProgress], None],
        cancelled: Callable[[], bool],
    ) -> Collected:
        report(CollectProgress(phase="load model", detail=request.model))
        states = []
        for done, text in enumerate(texts, 1):
            states.append(state(text))
            report(CollectProgress(phase="read stories", done=done, total=len(texts), tokens=10 * done))
        gate = os.environ.get(GATE)
        while gate is not None and not Path(gate).exists() and not cancelled():
            time.sleep(0.01)
        rows = np.stack(states)
        return collected(texts, request, {layer: rows[:, place] for place, layer in enumerate(LAYERS)})


if __name__ == "__main__":
    serve(WordCollector)
