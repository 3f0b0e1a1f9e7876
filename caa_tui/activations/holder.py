"""The loaded model between runs. Imports no torch: a worker has its holder before it has a model."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caa_tui.activations.structure import Structure

ModelKey = tuple[str, str, str]
"""(fingerprint, dtype, device)."""


@dataclass
class LoadedModel:
    """A model ready to read texts, with what was learned about it."""

    key: ModelKey
    model: Any
    structure: Structure
    masked: bool
    """Pass an attention mask: the probe found that this model needs one for right padding."""
    halvings: int = 0
    """How often memory ran out; each halves the tokens of a batch."""


class ModelHolder:
    """Keeps one model. Not thread-safe: a worker runs one training at a time."""

    def __init__(self) -> None:
        self._loaded: LoadedModel | None = None

    def get(self, key: ModelKey) -> LoadedModel | None:
        """The model loaded under exactly this key."""
        return self._loaded if self._loaded is not None and self._loaded.key == key else None

    def put(self, loaded: LoadedModel) -> None:
        self._loaded = loaded

    def release(self) -> None:
        """Give the memory back, before another model takes it."""
        if self._loaded is None:
            return
        self._loaded = None
        gc.collect()
        torch = sys.modules["torch"]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()
