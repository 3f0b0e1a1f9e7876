"""What the tests of this room share: `collect` with quiet defaults, and the slow, obvious way to the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from caa_tui.activations.collect import Collected, CollectOptions, CollectProgress, ModelHolder, collect


def run(
    texts: Sequence[str],
    model: Path | str,
    store: Path,
    *,
    holder: ModelHolder | None = None,
    report: Callable[[CollectProgress], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Collected:
    """`collect` on the CPU."""
    settings: dict[str, Any] = {"device": "cpu"} | options
    return collect(
        texts,
        CollectOptions(model=str(model), **settings),
        holder=holder or ModelHolder(),
        store=store,
        report=report or (lambda _: None),
        cancelled=cancelled,
    )


class Oracle:
    """One text at a time, fp32, no cache, no batch, no padding; module names given by the test."""

    def __init__(self, folder: Path, auto_class: str = "AutoModelForCausalLM") -> None:
        self.model = getattr(transformers, auto_class).from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    def ids(self, text: str) -> torch.Tensor:
        ids: torch.Tensor = self.tokenizer(text, return_tensors="pt")["input_ids"]
        return ids

    def hidden_states(self, text: str) -> list[NDArray[np.float32]]:
        """(tokens, hidden) of each entry."""
        with torch.inference_mode():
            states = self.model(input_ids=self.ids(text), output_hidden_states=True, use_cache=False).hidden_states
        return [state[0].numpy() for state in states]

    def inputs_of(self, module: str, text: str) -> NDArray[np.float32]:
        """(tokens, width): what the named module gets."""
        seen: list[torch.Tensor] = []

        def hook(_module: object, inputs: tuple[torch.Tensor, ...]) -> None:
            seen.append(inputs[0].detach().clone())

        handle = self.model.get_submodule(module).register_forward_pre_hook(hook)
        with torch.inference_mode():
            self.model(input_ids=self.ids(text), use_cache=False)
        handle.remove()
        inputs: NDArray[np.float32] = seen[0][0].numpy()
        return inputs


def close(ours: NDArray[Any], expected: NDArray[Any], tolerance: float = 2e-5) -> bool:
    """Equal up to fp32 rounding, relative to the largest value."""
    return bool(np.abs(ours - expected).max() <= tolerance * np.abs(expected).max())
